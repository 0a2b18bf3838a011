"""Options that several commands have, and what they take."""

import argparse
import math
import os
from pathlib import Path

from lowlight_hub.attempts import DEFAULT
from lowlight_hub.look import DETAILS, RANGES


def place(text: str) -> str:
    """The name of a place, as argparse's `type`; not the empty one that an unset variable leaves.

    That would be the folder where we are. Of ~ shells make a folder only where a word begins: not
    in --out=~/bright.
    """
    if not text:
        raise argparse.ArgumentTypeError("an empty name")
    return os.path.expanduser(text)  # noqa: PTH111 - Path would take // out of addresses


def path(text: str) -> Path:
    """A file or folder, as argparse's `type`; as place has it."""
    return Path(place(text))


def positive(kind: type):
    """A number of this kind above 0, as argparse's `type`."""
    noun = "whole" if kind is int else "finite"

    def number(text: str):
        value = kind(text)
        if not (value > 0 and math.isfinite(value)):
            raise argparse.ArgumentTypeError(f"{text} is not a {noun} number above 0")
        return value

    number.__name__ = f"{noun} number above 0"  # argparse says so where kind() raises
    return number


def within(least: int, most: int):
    """A whole number from `least` to `most`, as argparse's `type`."""

    def whole_number(text: str) -> int:
        value = int(text)
        if not least <= value <= most:
            raise argparse.ArgumentTypeError(f"{text} is not between {least} and {most}")
        return value

    whole_number.__name__ = f"whole number between {least} and {most}"
    return whole_number


def share(text: str) -> float:
    """A number from 0 to 1, as argparse's `type`."""
    value = float(text)
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and 1")
    return value


share.__name__ = "number between 0 and 1"


def add_light_options(parser: argparse.ArgumentParser, *, named: str) -> None:
    """--brightness and --shadows, each a list of what was given, or None.

    `named` ends what help says of them: what results are called, and where there are several.
    """
    for name, told in (
        ("brightness", "light beyond the model's answer"),
        (
            "shadows",
            "light only for what is still dark in that answer, such as people before a bright sky, "
            "or less of it where black should be black",
        ),
    ):
        parser.add_argument(
            f"--{name}",
            type=float,
            action="append",
            metavar="STOPS",
            help=f"{told}, {RANGES[name]} stops (default: 0); {named}",
        )


def add_restoring_options(parser: argparse.ArgumentParser) -> None:
    """--model, --detail, --strength, --keep-metadata and --overwrite."""
    parser.add_argument(
        "--model",
        default=DEFAULT,
        metavar="NAME",
        help="a bundled model, a folder of train.py, or USER/NAME[@REVISION] on the Hugging "
        "Face Hub (default: %(default)s)",
    )
    parser.add_argument(
        "--detail",
        choices=DETAILS,
        default="transfer",
        help="transfer: the photo itself, sharp, in the light and colours that the network gives "
        "it; network: the network's own answer (of attempt-7 the same); raw: that at 200×200 "
        "(default: %(default)s)",
    )
    parser.add_argument(
        "--strength",
        type=float,
        default=1.0,
        help=f"{RANGES['strength']}: 0 is the photo as it was, 1 the model's answer "
        "(default: %(default)s)",
    )
    parser.add_argument(
        "--keep-metadata",
        action="store_true",
        help="keep camera, lens, exposure and date (never the place)",
    )
    parser.add_argument("--overwrite", action="store_true", help="replace results that exist")
