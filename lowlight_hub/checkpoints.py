"""Checkpoints of a training: the two newest, each whole or not there at all."""

import io
import re
import sys
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import torch

from lowlight_hub.durable import PARTIAL_FILES, is_full, replace_file
from lowlight_hub.errors import LowlightError, reason_of

KEPT = 2
KEYS = {
    *("attempt", "settings", "data", "processes", "step", "history", "losses"),
    *("model", "average", "kept", "optimizer"),
}
_NAME = re.compile(r"checkpoint-\d+\.pt")


def checkpoints(folder: Path) -> list[Path]:
    """The checkpoints in a folder, the newest first."""
    found = (path for path in folder.glob("checkpoint-*.pt") if _NAME.fullmatch(path.name))
    return sorted(found, key=_step, reverse=True)


def _step(path: Path) -> int:
    return int(path.stem.removeprefix("checkpoint-"))


def save_checkpoint(state: dict[str, Any], folder: Path) -> Path:
    """Writes a checkpoint beside the others of `folder`, and deletes all but the newest two.

    Raises LowlightError where the disk is full; the earlier ones are then still there.
    """
    path = folder / f"checkpoint-{state['step']:08d}.pt"
    # In memory first: what is wrong with the disk is then an OSError that says what.
    buffer = io.BytesIO()
    torch.save(state, buffer)
    with nothing_lost(folder):
        replace_file(path, lambda beside: beside.write_bytes(buffer.getbuffer()))
    _delete(checkpoints(folder)[KEPT:])
    return path


@contextmanager
def nothing_lost(folder: Path) -> Iterator[None]:
    """Adds to a LowlightError about a file of `folder` what is still there, and how to go on."""
    try:
        yield
    except LowlightError as error:
        newest = next(iter(checkpoints(folder)), None)
        safe = f"{newest.name} is intact" if newest else "there is no earlier checkpoint"
        mend = "make room" if is_full(error) else "mend that"
        raise LowlightError(f"{error}; {safe}: {mend}, then go on with --resume") from error


def read_newest(folder: Path) -> dict[str, Any] | None:
    """The newest checkpoint of a folder that can be read; None where there is none.

    Raises LowlightError where there are some and all are damaged.
    """
    found = checkpoints(folder)
    for path in found:
        state = _read(path)
        if state is not None:
            return state
        print(f"warning: {path} is damaged and left out", file=sys.stderr)
    if found:
        raise LowlightError(
            f"{found[0]} is damaged: choose another --out, or delete its folder to start again"
        )
    return None


def clear_leftovers(folder: Path, step: int) -> None:
    """Deletes what a save that was killed left behind, and checkpoints after `step`.

    These were passed over as damaged: they would count among the newest two.
    """
    _delete(folder.glob(PARTIAL_FILES))
    _delete(path for path in checkpoints(folder) if _step(path) > step)


def _read(path: Path) -> dict[str, Any] | None:
    """A checkpoint; None where it is damaged. Raises LowlightError where it cannot be read."""
    try:
        content = io.BytesIO(path.read_bytes())
    except OSError as error:
        raise LowlightError(f"cannot read {path}: {error.strerror or error}") from error
    try:
        with zipfile.ZipFile(content) as file:
            if file.testzip() is not None:  # torch.load() compares no checksums
                return None
    except Exception:  # of damaged bytes decoders raise anything
        return None
    content.seek(0)
    try:
        state = torch.load(content, weights_only=True, map_location="cpu")
    # Whole, so what is wrong is elsewhere; PyTorch's own want of memory is a RuntimeError.
    except Exception as error:
        told = f"cannot load {path}: {reason_of(error)}; to go on from the one before, move it away"
        raise LowlightError(told) from error
    if not (isinstance(state, dict) and state.keys() >= KEYS):
        raise LowlightError(f"{path} is no checkpoint of this version: choose another --out")
    return state


def _delete(paths: Iterable[Path]) -> None:
    for path in paths:
        with suppress(OSError):
            path.unlink()
