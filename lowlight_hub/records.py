"""What a model's config says of its training, in words."""

import re
from collections.abc import Mapping
from typing import Any

from lowlight_hub.finding import AND, BRIGHT, HUB_PREFIX, LEAK_FREE, LOL, SIMULATED, is_of


def trained_in_words(config: dict[str, Any]) -> str:
    """How far a training came: epochs, which were kept, and whether it was cut short.

    One that began with trained weights is not known to be short of anything.
    """
    finished, kept = config["epochs_finished"], config["kept_epoch"]
    words = f"{finished} epoch{'s' if finished > 1 else ''}"
    if kept != finished:
        words += f", best {kept}"
    if config.get("init_from"):
        words += " on from earlier weights"
    elif config["status"].startswith("cut short"):
        words += f", **cut short** of {config['epochs_planned']}"
    return words


def training_command(config: dict[str, Any]) -> str:
    """The command that trains such a model, with words in capitals for what is not recorded."""
    data = config["data"]
    parts = ["train.py", config["attempt"]]
    if is_of(data, LOL) or is_of(data, LEAK_FREE):
        parts += ["--data", "PATH_OF_LOL"]
    elif data.startswith(HUB_PREFIX):
        parts += ["--data", data.partition(AND)[0]]
    elif not data.startswith((BRIGHT, SIMULATED)):  # without --data, either of these
        parts += ["--data", "PATH"]
    if BRIGHT in data:
        name = re.sub(r"\W+", "_", data.partition(BRIGHT)[2].strip())
        parts += ["--bright", f"PATH_OF_{name}"]
    parts += ["--leak-free"] if is_of(data, LEAK_FREE) else []
    parts += ["--all-pairs"] if config.get("all_pairs") else []
    parts += ["--init-from", "FOLDER"] if config.get("init_from") else []
    parts += ["--freeze", config["freeze"]] if config.get("freeze") else []
    parts += ["--repeat", str(config["repeat"])] if (config.get("repeat") or 1) > 1 else []
    parts += ["--width", str(config["width"])] if config["width"] is not None else []
    if config["whole_share"] != 0.5:
        parts += ["--whole-share", str(config["whole_share"])]
    parts += ["--epochs", str(config["epochs_finished"])]
    parts += ["--batch-size", str(photos_a_step(config))]
    for option in ("lr", "seed", "precision"):
        parts += [f"--{option}", str(config[option])]
    return " ".join(parts)


def learnt_from(config: Mapping[str, Any]) -> list[str]:
    """What is recorded of what weights learnt from: in their own training, before it, in a mean.

    And that they were changed by other means, where they were.

    As the records call it, see finding.source_of; that of the weights' own training first.
    """
    others = [*(config.get("init_data") or []), *(config.get("averaged_data") or [])]
    others += ["photos that are not recorded"] if config.get("changed") else []
    return list(dict.fromkeys([str(config["data"]), *others]))


def photos_a_step(config: dict[str, Any]) -> int:
    """Of all processes together; the first trainings, which had one, do not say so."""
    return config["batch_size"] * (config.get("processes") or 1)


def losses_in_words(losses: Mapping[str, Any]) -> str:
    """The losses of an epoch: training, and validation where photos were kept for it."""
    words = f"training loss {losses['train_loss']:.5f}"
    if losses.get("validation_loss") is not None:
        words += f", validation {losses['validation_loss']:.5f}"
    return words
