"""Folders and buckets, as pyarrow knows them, and what it says of them in one line."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from lowlight_hub.errors import LowlightError, reason_of

# Google's client goes on trying for a quarter of an hour.
GOOGLE_RETRY_S = 60


@dataclass(frozen=True, slots=True)
class Place:
    """A folder of a file system that pyarrow knows: a local one, a bucket."""

    filesystem: Any
    root: str

    def path(self, name: str) -> str:
        """The path, for its file system, of what is called `name` from here."""
        return f"{self.root}/{name}"

    def exists(self) -> bool:
        """Whether there is such a folder."""
        from pyarrow.fs import FileType

        return self.filesystem.get_file_info(self.root).type != FileType.NotFound

    def holds(self, name: str) -> bool:
        """Whether there is a file of this name."""
        return self.filesystem.get_file_info(self.path(name)).is_file


@contextmanager
def explained(place: str, done: str, hint: str = "") -> Iterator[None]:
    """Raises LowlightError for what pyarrow and its clouds raise about a place."""
    from pyarrow import ArrowException

    try:
        yield
    except UnicodeDecodeError as error:
        name = PurePosixPath(os.fsdecode(error.object)).name
        raise LowlightError(
            f"{place} holds a file whose name is not UTF-8, {name!r}: rename it"
        ) from None
    except (OSError, ValueError, NotImplementedError, ArrowException) as error:
        raise LowlightError(f"{place} cannot be {done}: {reason_of(error)}{hint}") from None


def place_of(given: str) -> Place:
    """The place that a path or an address such as s3://bucket/photos names.

    Raises LowlightError for an address of an unknown kind.
    """
    from pyarrow import ArrowInvalid
    from pyarrow.fs import FileSystem

    address = given.rstrip("/") if "://" in given else Path(given).resolve().as_uri()
    if address.startswith(("gs://", "gcs://")) and "?" not in address:
        address += f"?retry_limit_seconds={GOOGLE_RETRY_S}"
    try:
        return Place(*FileSystem.from_uri(address))
    except ArrowInvalid as error:
        raise LowlightError(
            f"{given} is neither a folder nor an address such as s3://bucket/photos: "
            f"{reason_of(error)}"
        ) from None


def names_in(place: Place) -> list[str]:
    """All files below a place, by their path from there, in order."""
    from pyarrow.fs import FileSelector

    selector = FileSelector(place.root, recursive=True, allow_not_found=True)
    files = [it.path for it in place.filesystem.get_file_info(selector) if it.is_file]
    return sorted(str(PurePosixPath(path).relative_to(place.root)) for path in files)
