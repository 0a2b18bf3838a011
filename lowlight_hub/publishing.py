"""What the commands that push have in common: their options, a dry run, and what they print."""

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from lowlight_hub.errors import LowlightError
from lowlight_hub.folders import CARD_FILE
from lowlight_hub.refusals import check_revision
from lowlight_hub.remote import check_apart, push_all, what_is_pushed


def add_push_options(parser: argparse.ArgumentParser) -> None:
    """--private, --revision and --dry-run."""
    parser.add_argument("--private", action="store_true", default=None, help="make it private")
    parser.add_argument(
        "--revision", metavar="TAG", help="the version's tag (default: v1.0, v1.1 and so on)"
    )
    parser.add_argument("--dry-run", action="store_true", help="show what would be pushed")


def publish(
    folders: Sequence[Path],
    user: str,
    options: argparse.Namespace,
    results: Path | None = None,
) -> int:
    """Pushes models, or shows what would be pushed, and prints addresses and refusals.

    `options` are those of add_push_options; gives the exit status.
    """
    if options.dry_run:
        check_revision(options.revision)
        check_apart(folders, user)
        refusals = []
        for folder in folders:
            try:
                repository, files = what_is_pushed(folder, user, results)
            except LowlightError as error:  # the others would go on
                refusals.append(str(error))
                continue
            show_files(repository, files)
            print(files[CARD_FILE].decode())
    else:
        addresses, refusals = push_all(
            folders, user, private=options.private, tag=options.revision, results=results
        )
        for address in addresses:
            print(address)
    for refusal in refusals:
        print(f"error: {refusal}", file=sys.stderr)
    return 1 if refusals else 0


def show_files(name: str, files: Mapping[str, bytes]) -> None:
    """Prints what a repository would hold, with sizes."""
    print(f"{name}, {sum(map(len, files.values())) / 2**20:.2f} MiB:")
    for file, content in files.items():
        print(f"{len(content):10,}  {file}")
