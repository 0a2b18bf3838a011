"""The one error that users are meant to see."""


class LowlightError(Exception):
    """What was wrong and what would be right, in one line; commands print it and exit with 1."""


class HubAwayError(LowlightError):
    """The Hugging Face Hub did not answer: asking for the next model would only take time."""
