"""The one error that users are meant to see."""


class LowlightError(Exception):
    """What was wrong and what would be right, in one line; commands print it and exit with 1."""
