"""Which state a training starts from, and whether it may."""

from dataclasses import fields
from pathlib import Path
from typing import Any

from lowlight_hub.attempts import Attempt
from lowlight_hub.checkpoints import checkpoints, read_newest
from lowlight_hub.errors import LowlightError
from lowlight_hub.folders import CONFIG_FILE, WEIGHTS_FILE, read_config
from lowlight_hub.outcome import Settings


def starting_state(
    attempt: Attempt, folder: Path, now: dict[str, Any], *, resume: bool, continued: Path | None
) -> dict[str, Any] | None:
    """The checkpoint that a training of `attempt` in `folder` goes on from, if any.

    `now` is what it must share with that one; `continued`, the folder of the finished training of
    another attempt, serves where `folder` has none.
    Raises LowlightError where `folder` holds a training that is not to be resumed, or a model
    without checkpoints, and where the checkpoint is of other settings.
    """
    check_may_start(attempt, folder, resume=resume)
    state, name, where = read_newest(folder), attempt.name, folder
    if not state and continued is not None:
        state, name, where = read_newest(continued), attempt.continues or "", continued
        if not state:
            raise LowlightError(f"{continued} holds no checkpoint to go on from")
    if not state:
        return None
    _check_same(state, where, {"attempt": name, **now})
    return state


def check_same(attempt: Attempt, folder: Path, now: dict[str, Any]) -> None:
    """Raises LowlightError where `folder` holds a checkpoint of other settings than these.

    Of those known before photos are read; starting_state looks at all.
    """
    if state := read_newest(folder):
        _check_same(state, folder, {"attempt": attempt.name, **now})


def _check_same(state: dict[str, Any], where: Path, now: dict[str, Any]) -> None:
    """Raises LowlightError where a checkpoint in the folder `where` is of other settings."""
    # A setting that there was not yet, had the value that is its default now.
    defaults = {it.name: it.default for it in fields(Settings)}
    kept = {key: state[key] for key in ("attempt", "data", "processes")}
    then = {**defaults, **kept, **state["settings"]}
    differing = [f"{key} {then.get(key)} → {now[key]}" for key in now if now[key] != then.get(key)]
    if differing:
        raise LowlightError(
            f"{where} was trained with other settings ({', '.join(differing)}): repeat those, or "
            "choose another --out"
        )


def check_may_start(attempt: Attempt, folder: Path, *, resume: bool) -> None:
    """Raises LowlightError where `folder` holds a training or a model that would be overwritten."""
    has_checkpoints = bool(checkpoints(folder))
    if has_checkpoints and not resume:
        raise LowlightError(
            f"{folder} already holds a training of {attempt.name}: go on with it by --resume, or "
            "choose another --out"
        )
    if not has_checkpoints and (folder / CONFIG_FILE).is_file():
        raise LowlightError(
            f"{folder} already holds a finished model, and no checkpoint to go on from: choose "
            "another --out"
        )


def written_epochs(folder: Path) -> int | None:
    """Of how many epochs the model in a folder is; None where there is none yet, or not all."""
    if not ((folder / CONFIG_FILE).is_file() and (folder / WEIGHTS_FILE).is_file()):
        return None
    return read_config(folder).get("epochs_finished")
