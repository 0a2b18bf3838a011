"""What a training is told, how it is judged, and what it leaves behind in its folder."""

import json
import platform
from dataclasses import asdict, dataclass
from functools import cached_property
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import torch
from torch import nn

from lowlight_hub.attempts import Attempt
from lowlight_hub.cards import model_card
from lowlight_hub.data import CROP, Pairs
from lowlight_hub.durable import replace_text
from lowlight_hub.errors import LowlightError, shown
from lowlight_hub.finding import PHOTO
from lowlight_hub.folders import (
    CARD_FILE,
    HISTORY_FILE,
    SAMPLES_FILE,
    as_asked_for,
    fingerprint,
    read_config,
    save_model,
)
from lowlight_hub.photos import save_photo
from lowlight_hub.pictures import loss_curve, sample_sheet, samples_of_free_photos
from lowlight_hub.records import learnt_from

# A row has converged when the last tenth of its epochs lowered the validation loss by less.
CONVERGED_GAIN = 0.01
# Where the article gives no number of epochs, training stops after this many without a lower
# validation loss, and the weights of the lowest are kept. Of few photos an epoch is a few steps, in
# which a network hardly moves, and its loss may rise before it falls: so it takes these, too.
PATIENCE_EPOCHS, PATIENCE_STEPS = 20, 1000
RECORDED_PACKAGES = ("torch", "torchvision", "accelerate", "safetensors", "pillow")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How to train, beyond what the attempt's row says. `epochs` may grow on a resumed training."""

    epochs: int
    batch_size: int = 8
    lr: float = 1e-3
    seed: int = 0
    width: int | None = None
    precision: str = "fp32"
    """fp32 or bf16 (autocast; the weights stay in float32)."""
    whole_share: float = 0.5
    """Share of the samples that show the whole photo at 200×200 and not the article's crop."""
    device: str = "cpu"
    init_from: Path | None = None
    """The folder of a model whose weights it starts with, not those drawn by the seed."""
    all_pairs: bool = False
    """Whether no pairs are kept for validation: for the last training, once all was chosen."""
    freeze: str | None = None
    """The part of the network, if any, whose weights stay as they are in `init_from`."""
    repeat: int = 1
    """How often an epoch shows each pair that was taken; those of bright photos it shows once."""

    def autocast(self, device: torch.device) -> torch.autocast:
        """What computes a step in this precision."""
        # Not Accelerate's own: that one is fixed for the process, and `train.py all` mixes.
        return torch.autocast(device.type, torch.bfloat16, enabled=self.precision == "bf16")

    def to_repeat(self, attempt: Attempt) -> dict[str, Any]:
        """The settings that a resumed training must share."""
        # How fast the rate falls depends on how many epochs there are.
        free = {"device"} if attempt.recipe.cosine else {"device", "epochs"}
        settings = {key: value for key, value in asdict(self).items() if key not in free}
        if self.init_from:
            settings["init_from"], _ = self._weights_to_start_with
        return settings

    @property
    def init_data(self) -> list[str]:
        """What the weights to start with have learnt from, as the records call it."""
        return self._weights_to_start_with[1] if self.init_from else []

    @cached_property
    def _weights_to_start_with(self) -> tuple[str, list[str]]:
        # Once: they may be moved while it trains.
        assert self.init_from is not None
        config = read_config(self.init_from)
        learnt = learnt_from(config) if "data" in config else []
        return f"weights of SHA-256 {fingerprint(self.init_from)}", learnt


def keeps_last(attempt: Attempt) -> bool:
    """Whether the last weights are kept, not those of the lowest validation loss."""
    return attempt.epochs_source == "article" or attempt.recipe.cosine


def check_trainable(attempt: Attempt, settings: Settings) -> None:
    """Raises LowlightError for settings that this attempt cannot be trained with."""
    if settings.all_pairs and not keeps_last(attempt):
        raise LowlightError(
            f"{attempt.name} keeps the weights of the lowest validation loss, so its validation "
            "photos cannot be trained on: leave --all-pairs out"
        )
    if settings.freeze is None:
        return
    if settings.init_from is None:
        raise LowlightError("--freeze is of trained weights: name their folder with --init-from")
    with torch.device("meta"):
        parts = [name for name, _ in attempt.network(width=settings.width).named_children()]
    if settings.freeze not in parts:
        raise LowlightError(
            f"{attempt.name} has no part {shown(settings.freeze)} to freeze, but {', '.join(parts)}"
        )


def kept_epoch(attempt: Attempt, history: list[dict[str, float]]) -> int:
    """The epoch, from 1, whose weights are kept.

    The last one where the article says how many there are, or the learning rate falls to the end;
    else that of the lowest validation loss.
    """
    if keeps_last(attempt):
        return len(history)
    losses = [line["validation_loss"] for line in history]
    return losses.index(min(losses)) + 1


def is_finished(
    attempt: Attempt, settings: Settings, history: list[dict[str, float]], steps_per_epoch: int
) -> bool:
    """Whether all epochs are done, or the validation loss has stopped falling."""
    if not history:
        return False
    return len(history) >= settings.epochs or _waited_long(attempt, history, steps_per_epoch)


def _waited_long(attempt: Attempt, history: list[dict[str, float]], steps_per_epoch: int) -> bool:
    """Whether it has been long since the epoch whose weights are kept."""
    return _is_long(len(history) - kept_epoch(attempt, history), steps_per_epoch)


def _is_long(epochs: int, steps_per_epoch: int) -> bool:
    return epochs >= PATIENCE_EPOCHS and epochs * steps_per_epoch >= PATIENCE_STEPS


def last_gain(history: list[dict[str, float]]) -> float:
    """By which share the last tenth of the epochs lowered the best validation loss before it."""
    tenth = max(1, len(history) // 10)
    losses = [line["validation_loss"] for line in history]
    if len(losses) <= tenth:
        return 1.0
    best_before = min(losses[:-tenth])
    return max(0.0, 1 - min(losses[-tenth:]) / best_before)


def _status(
    attempt: Attempt, settings: Settings, history: list[dict[str, float]], steps_per_epoch: int
) -> str:
    if keeps_last(attempt) and settings.init_from:
        return "done: the epochs asked for, on from earlier weights"
    if keeps_last(attempt):
        whose = "the article" if attempt.epochs_source == "article" else "its row"
        if len(history) >= attempt.epochs:
            return f"done: {whose}'s epochs"
        return f"cut short: {whose} has more epochs"
    if _waited_long(attempt, history, steps_per_epoch):
        return "done: converged"
    if not _is_long(len(history), steps_per_epoch):
        return "cut short: too few steps to tell whether it has converged"
    if last_gain(history) >= CONVERGED_GAIN:
        return "cut short: the validation loss was still falling"
    return "done: converged"


def write_outcome(
    attempt: Attempt,
    model: nn.Module,
    training: Pairs,
    validation: Pairs,
    settings: Settings,
    history: list[dict[str, float]],
    folder: Path,
    *,
    steps: int,
    processes: int,
) -> None:
    """Writes weights, config, history, card and pictures of a finished training to `folder`."""
    kept = kept_epoch(attempt, history)
    config = {
        "attempt": attempt.name,
        "width": settings.width,
        "data": training.source,
        "training_pairs": len(set(training.rows)),
        "validation_pairs": len(validation),
        # What somebody's photo is called is not published.
        "validation_scenes": sorted({it for it in validation.scenes if not it.startswith(PHOTO)}),
        "epochs_planned": max(attempt.epochs, settings.epochs),
        "epochs_finished": len(history),
        "steps": steps,
        "processes": processes,
        "status": _status(attempt, settings, history, steps // len(history)),
        "kept_epoch": kept,
        **history[kept - 1],
        **settings.to_repeat(attempt),
        "init_data": settings.init_data,
        "versions": {"python": platform.python_version(), **_versions()},
    }
    del config["epoch"]
    write_history(history, folder)
    write_curve(attempt, history, folder)
    samples = samples_of_free_photos(model, from_bright=attempt.reads_bright)
    save_photo(samples, folder / SAMPLES_FILE)
    if len(validation):
        write_samples(attempt, model, validation, folder)
    replace_text(folder / CARD_FILE, model_card(attempt, config, repository=as_asked_for(folder)))
    # Last, so that a folder with a config is a finished training.
    save_model(model, config, folder)


def write_history(history: list[dict[str, float]], folder: Path) -> None:
    """Writes the losses so far as JSON lines."""
    replace_text(folder / HISTORY_FILE, "".join(json.dumps(line) + "\n" for line in history))


def write_curve(attempt: Attempt, history: list[dict[str, float]], folder: Path) -> None:
    """Draws the losses so far."""
    loss_curve(attempt.title, history, folder / "loss.png")


def write_samples(
    attempt: Attempt, model: nn.Module, pairs: Pairs, folder: Path, *, step: int | None = None
) -> None:
    """Draws what the model makes of the first few pairs, always the same ones."""
    few = range(min(6, len(pairs)))
    dark, bright = (photos.cpu() for photos in pairs.photos(few, CROP))
    sheet = sample_sheet(model, dark, bright, from_bright=attempt.reads_bright)
    name = "validation" if step is None else f"validation-{step:08d}"
    save_photo(sheet, folder / f"{name}.webp")


def _versions() -> dict[str, str]:
    found = {}
    for package in RECORDED_PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
