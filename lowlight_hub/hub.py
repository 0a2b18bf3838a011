"""Weights on disk: the only file that writes or reads them."""

import hashlib
import json
import shutil
from functools import partial
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import nn

from lowlight_hub.attempts import ATTEMPTS, get_attempt
from lowlight_hub.durable import replace_file, replace_text
from lowlight_hub.errors import LowlightError

PACKAGE = Path(__file__).parent
# A wheel carries the weights inside the package; a checkout has them beside it.
WEIGHTS = next(
    (folder for folder in (PACKAGE / "weights", PACKAGE.parent / "weights") if folder.is_dir()),
    PACKAGE.parent / "weights",
)
# Four times the published width of VGG and ResNet.
MAX_WIDTH = 256
WEIGHTS_FILE = "model.safetensors"
CONFIG_FILE = "config.json"
HISTORY_FILE = "history.jsonl"
SAMPLES_FILE = "samples.webp"
CARD_FILE = "README.md"
# What the folder of a model holds, in weights/ and in a Hub repository; config.json last, since a
# folder that has it is whole.
MODEL_FILES = (WEIGHTS_FILE, HISTORY_FILE, SAMPLES_FILE, CARD_FILE, CONFIG_FILE)


def bundled(name: str) -> Path:
    """The folder of an attempt's weights that come with the package."""
    return WEIGHTS / name


def list_models() -> list[str]:
    """Names of the attempts whose weights come with the package, in the table's order."""
    return [name for name in ATTEMPTS if (bundled(name) / WEIGHTS_FILE).is_file()]


def load_model(name: str | Path) -> nn.Module:
    """A trained model, in eval mode, on the CPU, in float32.

    `name` is an attempt with bundled weights (see list_models) or a folder written by train.py.
    The module takes and gives B 3 H W, float, RGB in 0..1.
    Raises LowlightError for an unknown name and for weights that are missing or damaged.
    """
    # A name of the table always means the bundled weights; "./vae" is a folder.
    if isinstance(name, Path) or "/" in str(name):
        folder = Path(name)
    else:
        folder = bundled(get_attempt(name).name)
    config = read_config(folder)
    model = get_attempt(config.get("attempt", "")).network(width=_width(config, folder))
    _fill(model, folder / WEIGHTS_FILE)
    return model.eval()


def save_model(model: nn.Module, config: dict[str, Any], folder: Path) -> None:
    """Writes the weights in float16, then the config beside them; each file whole or not at all.

    Raises LowlightError where a weight is not finite in float16, or the disk is full.
    """
    # Counters of batches (integers) are of no use after training.
    weights = {
        key: value.detach().cpu().half().contiguous()
        for key, value in model.state_dict().items()
        if value.is_floating_point()
    }
    _check_finite(weights, str(folder / WEIGHTS_FILE))
    # One key only: safetensors writes several in an order that changes from run to run.
    metadata = {"attempt": str(config["attempt"])}
    replace_file(folder / WEIGHTS_FILE, lambda path: save_file(weights, path, metadata=metadata))
    text = json.dumps(config, indent=2, ensure_ascii=False) + "\n"
    replace_text(folder / CONFIG_FILE, text)


def fingerprint(name: str) -> str:
    """The SHA-256 of an attempt's bundled weights, in hexadecimal."""
    return hashlib.sha256((bundled(name) / WEIGHTS_FILE).read_bytes()).hexdigest()


def bundle(folder: Path) -> Path:
    """Copies a finished training to the weights that come with the package, and says where.

    Raises LowlightError where a file is missing or the weights do not load; nothing is replaced.
    """
    load_model(folder)
    for file in MODEL_FILES:
        if not (folder / file).is_file():
            raise LowlightError(f"{folder} lacks {file}: is its training finished?")
    target = bundled(read_config(folder)["attempt"])
    for file in MODEL_FILES:
        replace_file(target / file, partial(shutil.copyfile, folder / file))
    return target


def read_config(folder: Path) -> dict[str, Any]:
    """The config.json of a model's folder. Raises LowlightError where it is missing or damaged."""
    try:
        config = json.loads((folder / CONFIG_FILE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise LowlightError(f"{folder} holds no {CONFIG_FILE}: has it been trained?") from None
    except (OSError, ValueError) as error:
        raise LowlightError(f"{folder / CONFIG_FILE} is damaged: {error}") from None
    if not isinstance(config, dict):
        raise LowlightError(f"{folder / CONFIG_FILE} is damaged: not a JSON object")
    return config


def _width(config: dict[str, Any], folder: Path) -> int | None:
    width = config.get("width")
    if width is None or (type(width) is int and 1 <= width <= MAX_WIDTH):
        return width
    raise LowlightError(f"{folder}: width is {width!r}, not a number from 1 to {MAX_WIDTH}")


def _fill(model: nn.Module, path: Path) -> None:
    try:
        weights = load_file(path)
    except FileNotFoundError:
        raise LowlightError(f"there is no {path}: has it been trained?") from None
    except (OSError, SafetensorError) as error:
        raise LowlightError(f"{path} is damaged: {error}") from None
    _check_finite(weights, str(path))
    try:
        model.load_state_dict({key: value.float() for key, value in weights.items()})
    except RuntimeError:
        expected = {key for key, value in model.state_dict().items() if value.is_floating_point()}
        differing = sorted(expected ^ weights.keys()) or ["the shapes"]
        raise LowlightError(
            f"{path} does not fit its network: {differing[0]} and {len(differing) - 1} more differ"
        ) from None


def _check_finite(weights: dict[str, torch.Tensor], where: str) -> None:
    for key, value in weights.items():
        if not (value.is_floating_point() and value.isfinite().all()):
            raise LowlightError(f"{where}: {key} holds something other than finite numbers")
