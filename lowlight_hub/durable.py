"""Writing a file so that a crash, a kill or a full disk leaves the old one or the new one."""

import errno
import os
import secrets
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from lowlight_hub.errors import LowlightError

# What a kill in the middle of replace_file leaves beside its target.
PARTIAL_FILES = ".*.partial*"


def replace_text(path: Path, text: str) -> None:
    """As replace_file, for text in UTF-8."""
    # The same bytes on every system: they are compared.
    replace_file(path, lambda beside: beside.write_bytes(text.encode()))


def replace_file(path: Path, write: Callable[[Path], object]) -> None:
    """Calls `write` with a path beside `path`, then puts what it wrote in place.

    Who may read it is what the umask says of every new file, whatever `write` made of it.

    Raises LowlightError where the disk is full or the folder cannot be written to; what was at
    `path` is then still there, untouched.
    """
    # Keeps the suffix, by which Pillow chooses the format; short, since the target's name may be as
    # long as names can be, and random, since another process may be writing the same file.
    beside = path.with_name(f".{secrets.token_hex(4)}.partial{path.suffix}")
    make_folder(path.parent)
    try:
        beside.touch()
        mode = stat.S_IMODE(beside.stat().st_mode)
        write(beside)
        with beside.open("rb+") as file:
            os.fsync(file.fileno())
        beside.chmod(mode)
        beside.replace(path)
        _sync_folder(path.parent)
    except OSError as error:
        raise LowlightError(f"cannot write {path}: {error.strerror or error}") from error
    finally:
        with suppress(OSError):
            beside.unlink(missing_ok=True)


def is_full(error: LowlightError) -> bool:
    """Whether a full disk, or a used up quota, is what replace_file raised this for."""
    cause = error.__cause__
    return isinstance(cause, OSError) and cause.errno in (errno.ENOSPC, errno.EDQUOT)


def _sync_folder(folder: Path) -> None:
    """Makes new names last through a loss of power, where the system can do that."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def file_id(path: str | Path) -> tuple[int, int] | None:
    """The same for all names of one file, None where there is none.

    Some file systems do not tell upper from lower case, of which the names themselves say nothing.
    """
    try:
        found = os.stat(path)  # noqa: PTH116 - of both kinds of paths
    except (OSError, ValueError):
        return None
    return found.st_dev, found.st_ino


def is_folder(path: str | Path) -> bool:
    """Whether a folder is there; also of a name that is too long for one."""
    return os.path.isdir(path)  # noqa: PTH112 - Path.is_dir() raises there


def expanded(path: str | Path) -> Path:
    """The path with ~ as the user's folder; as it is where no such user is known."""
    return Path(os.path.expanduser(path))  # noqa: PTH111 - Path.expanduser() raises there


def make_folder(folder: Path) -> None:
    """Makes a folder and those above it. Raises LowlightError where that cannot be."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LowlightError(f"cannot make {folder}: {error.strerror or error}") from error


def make_writable(folder: Path) -> None:
    """As make_folder. Raises LowlightError too where new files cannot be written to it."""
    make_folder(folder)
    if not os.access(folder, os.W_OK):
        raise LowlightError(f"cannot write to {folder}: choose another folder")
