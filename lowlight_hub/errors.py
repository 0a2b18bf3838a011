"""The one error that users are meant to see, and how what is said to them is said."""

import io
import sys


class LowlightError(Exception):
    """What was wrong and what would be right, in one line; commands print it and exit with 1."""


class HubAwayError(LowlightError):
    """The Hugging Face Hub did not answer: asking for the next model would only take time."""


def in_utf8(name: str) -> str:
    """A file's name as it can be written down: some file systems have names that are no UTF-8."""
    return name.encode("utf-8", "backslashreplace").decode()


def shown(foreign: object) -> str:
    """A value that somebody else wrote, in one short line, for a message."""
    text = repr(foreign)
    return text if len(text) <= 60 else f"{text[:57]}..."


def print_every_name() -> None:
    """Prints what the encoding of stdout lacks as stderr does, by its number, without an error."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def reason_of(error: BaseException) -> str:
    """The first line of what an error says, or its kind."""
    return (str(error) or type(error).__name__).splitlines()[0]
