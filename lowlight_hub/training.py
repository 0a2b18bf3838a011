"""Fitting one attempt: a loop on Hugging Face Accelerate that picks up where it was stopped."""

import math
import time
from functools import partial
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from accelerate import Accelerator
from torch import Tensor, nn
from tqdm import tqdm

from lowlight_hub.attempts import Attempt
from lowlight_hub.data import (
    CROP,
    WHOLE,
    Pairs,
    batch_at,
    split_by_scene,
    steps_per_epoch,
)
from lowlight_hub.durable import make_folder, replace_file
from lowlight_hub.errors import LowlightError
from lowlight_hub.folders import CONFIG_FILE
from lowlight_hub.outcome import Settings, is_finished, kept_epoch, write_outcome

CHECKPOINT_FILE = "checkpoint.pt"
CHECKPOINT_KEYS = {"attempt", "settings", "data", "history", "model", "kept", "optimizer"}
VALIDATION_BATCH = 32


def train(
    attempt: Attempt,
    pairs: Pairs,
    settings: Settings,
    folder: Path,
    *,
    resume: bool = False,
    continued: Path | None = None,
) -> Path:
    """Fits `attempt` to `pairs` and writes weights, config, history and pictures to `folder`.

    Every epoch leaves a checkpoint in `folder`. `resume` goes on from it, or starts where there is
    none; `continued` is the folder of the finished training that this one goes on with.
    Returns `folder`. Raises LowlightError for a folder that already holds a training, for settings
    that differ from the resumed ones, and for a loss that is not finite; no weights are then
    written.
    """
    training, validation = split_by_scene(pairs)
    per_epoch = steps_per_epoch(training, settings.batch_size)
    state = _starting_state(attempt, pairs, settings, folder, resume, continued)
    history: list[dict[str, float]] = state["history"] if state else []
    if is_finished(attempt, settings, history) and (folder / CONFIG_FILE).is_file():
        print(f"{attempt.name}: already finished, {len(history)} epochs, in {folder}")
        return folder
    make_folder(folder)  # before hours of training, not after

    accelerator = Accelerator(cpu=settings.device == "cpu")
    torch.manual_seed(settings.seed)
    model = attempt.network(width=settings.width)
    model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimizer = torch.optim.Adam(model.parameters(), lr=settings.lr)
    if state:
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
    kept = state["kept"] if state else {}
    model, optimizer = accelerator.prepare(model, optimizer)

    while not is_finished(attempt, settings, history):
        epoch = len(history)
        train_loss, rate = _epoch(
            attempt, model, optimizer, accelerator, training, settings, epoch, per_epoch
        )
        losses = {
            "epoch": epoch + 1,
            "train_loss": train_loss,
            **validate(attempt, model, validation, settings, accelerator),
        }
        _check_finite(losses["validation_loss"], "validation loss", attempt, settings, epoch)
        history.append(losses)
        weights = accelerator.unwrap_model(model).state_dict()
        if kept_epoch(attempt, history) == len(history):
            kept = {key: value.clone() for key, value in weights.items()}
        checkpoint = {
            "attempt": attempt.name,
            "settings": settings.to_repeat(),
            "data": pairs.fingerprint(),
            "history": history,
            "model": weights,
            "kept": kept,
            "optimizer": optimizer.state_dict(),
        }
        replace_file(folder / CHECKPOINT_FILE, partial(torch.save, checkpoint))
        tqdm.write(
            f"{attempt.name}: epoch {epoch + 1} of {settings.epochs}, loss {train_loss:.5f}, "
            f"validation {losses['validation_loss']:.5f}, {rate:.0f} images/s"
        )

    trained = accelerator.unwrap_model(model)
    trained.load_state_dict(kept)
    trained = trained.cpu().eval()
    write_outcome(attempt, trained, training, validation, settings, history, folder)
    return folder


def _starting_state(
    attempt: Attempt,
    pairs: Pairs,
    settings: Settings,
    folder: Path,
    resume: bool,
    continued: Path | None,
) -> dict[str, Any] | None:
    own = folder / CHECKPOINT_FILE
    if own.is_file() and not resume:
        raise LowlightError(
            f"{folder} already holds a training of {attempt.name}: go on with it by --resume, or "
            "choose another --out"
        )
    name: str | None = attempt.name
    path = own
    if not own.is_file():
        if continued is None:
            return None
        name, path = attempt.continues, continued / CHECKPOINT_FILE
    state = _read_checkpoint(path)
    then = {"attempt": state["attempt"], "data": state["data"], **state["settings"]}
    now = {"attempt": name, "data": pairs.fingerprint(), **settings.to_repeat()}
    differing = [f"{key} {then.get(key)} → {now[key]}" for key in now if now[key] != then.get(key)]
    if differing:
        raise LowlightError(
            f"{path} was trained with other settings ({', '.join(differing)}): repeat those, or "
            "choose another --out"
        )
    return state


def _read_checkpoint(path: Path) -> dict[str, Any]:
    try:
        state = torch.load(path, weights_only=True, map_location="cpu")
    except FileNotFoundError:
        raise LowlightError(f"there is no {path} to go on from") from None
    except (OSError, RuntimeError, ValueError, EOFError, UnpicklingError):
        state = None
    if not isinstance(state, dict) or not state.keys() >= CHECKPOINT_KEYS:
        raise LowlightError(f"{path} is damaged: choose another --out, or delete its folder")
    return state


def _epoch(
    attempt: Attempt,
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    accelerator: Accelerator,
    training: Pairs,
    settings: Settings,
    epoch: int,
    per_epoch: int,
) -> tuple[float, float]:
    """One pass over the training pairs: the mean loss, and images per second."""
    model.train()
    total, started = 0.0, time.perf_counter()
    steps = range(epoch * per_epoch, (epoch + 1) * per_epoch)
    bar = tqdm(
        total=per_epoch * settings.batch_size,
        desc=f"{attempt.name} {epoch + 1}/{settings.epochs}",
        unit="image",
        leave=False,
        mininterval=1,
    )
    with bar:
        for step in steps:
            dark, bright = batch_at(
                training,
                step,
                seed=settings.seed,
                batch_size=settings.batch_size,
                whole_share=settings.whole_share,
            )
            # What a step draws at random depends on the seed and the step only.
            torch.manual_seed(settings.seed * 1_000_003 + step)
            with _autocast(settings, accelerator):
                loss = attempt.loss(model, _placed(dark, accelerator), _placed(bright, accelerator))
            value = loss.item()
            _check_finite(value, f"loss at step {step}", attempt, settings, epoch)
            optimizer.zero_grad()
            accelerator.backward(loss)
            optimizer.step()
            total += value
            bar.update(settings.batch_size)
            bar.set_postfix(loss=f"{value:.4f}", refresh=False)
    rate = per_epoch * settings.batch_size / (time.perf_counter() - started)
    return total / per_epoch, rate


def _check_finite(
    value: float, name: str, attempt: Attempt, settings: Settings, epoch: int
) -> None:
    if not math.isfinite(value):
        raise LowlightError(
            f"{attempt.name}: the {name} (epoch {epoch + 1}) is {value}: start again with a lower "
            f"--lr than {settings.lr} and another --out"
        )


def _autocast(settings: Settings, accelerator: Accelerator) -> torch.autocast:
    # Not Accelerate's own: that one is fixed for the process, and `train.py all` mixes precisions.
    device = accelerator.device.type
    return torch.autocast(device, torch.bfloat16, enabled=settings.precision == "bf16")


def _placed(photos: Tensor, accelerator: Accelerator) -> Tensor:
    return photos.to(accelerator.device, memory_format=torch.channels_last)


@torch.no_grad()
def validate(
    attempt: Attempt, model: nn.Module, pairs: Pairs, settings: Settings, accelerator: Accelerator
) -> dict[str, float]:
    """The attempt's loss on each view of `pairs`, and as the views are mixed in training."""
    model.eval()
    losses = []
    for view in (CROP, WHOLE):
        total = 0.0
        for start in range(0, len(pairs), VALIDATION_BATCH):
            rows = slice(start, start + VALIDATION_BATCH)
            dark = _placed(pairs.dark[rows, view].float() / 255, accelerator)
            bright = _placed(pairs.bright[rows, view].float() / 255, accelerator)
            with _autocast(settings, accelerator):
                total += attempt.loss(model, dark, bright).item() * len(dark)
        losses.append(total / len(pairs))
    crop, whole = losses
    mixed = (1 - settings.whole_share) * crop + settings.whole_share * whole
    return {
        "validation_loss": mixed,
        "validation_loss_crop": crop,
        "validation_loss_whole": whole,
    }
