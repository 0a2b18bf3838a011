"""Checkpoints of a training: the two newest, each whole or not there at all."""

import io
import re
import sys
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch

from lowlight_hub.durable import PARTIAL_FILES, replace_file
from lowlight_hub.errors import LowlightError

KEPT = 2
KEYS = {
    *("attempt", "settings", "data", "processes", "step", "history", "losses"),
    *("model", "average", "kept", "optimizer"),
}
_NAME = re.compile(r"checkpoint-(\d+)\.pt")


def checkpoints(folder: Path) -> list[Path]:
    """The checkpoints in a folder, the newest first."""
    found = {path: _NAME.fullmatch(path.name) for path in folder.glob("checkpoint-*.pt")}
    steps = {path: int(match[1]) for path, match in found.items() if match}
    return sorted(steps, key=steps.__getitem__, reverse=True)


def save_checkpoint(state: dict[str, Any], folder: Path) -> Path:
    """Writes a checkpoint beside the others of `folder`, and deletes all but the newest two.

    Raises LowlightError where the disk is full; the earlier ones are then still there.
    """
    path = folder / f"checkpoint-{state['step']:08d}.pt"
    # In memory first: what is wrong with the disk is then an OSError that says what.
    buffer = io.BytesIO()
    torch.save(state, buffer)
    earlier = next(iter(checkpoints(folder)), None)
    try:
        replace_file(path, lambda beside: beside.write_bytes(buffer.getbuffer()))
    except LowlightError as error:
        safe = f"{earlier.name} is intact" if earlier else "there is no earlier checkpoint"
        raise LowlightError(f"{error}; {safe}: make room, then go on with --resume") from error
    _delete(checkpoints(folder)[KEPT:])
    return path


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


def clear_leftovers(folder: Path) -> None:
    """Deletes what a save that was killed left behind."""
    _delete(folder.glob(PARTIAL_FILES))


def _read(path: Path) -> dict[str, Any] | None:
    try:
        state = torch.load(path, weights_only=True, map_location="cpu")
    except (OSError, RuntimeError, ValueError, EOFError, UnpicklingError):
        return None
    return state if isinstance(state, dict) and state.keys() >= KEYS else None


def _delete(paths: Iterable[Path]) -> None:
    for path in paths:
        with suppress(OSError):
            path.unlink()
