"""What options of several commands take."""

import argparse
from pathlib import Path


def path(text: str) -> Path:
    """A file or folder, as argparse's `type`; not the empty name that an unset variable leaves.

    For Path that would be the folder where we are.
    """
    if not text:
        raise argparse.ArgumentTypeError("an empty name")
    return Path(text)
