"""Models on disk: the folders that hold their weights, config, history, samples and card."""

import hashlib
import json
import shutil
from functools import partial
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save
from torch import Tensor, nn

from lowlight_hub.attempts import ATTEMPTS, get_attempt
from lowlight_hub.durable import is_folder, replace_file, replace_text
from lowlight_hub.errors import LowlightError, in_utf8, shown
from lowlight_hub.finding import LEAK_FREE, is_of
from lowlight_hub.networks import LowlightModel
from lowlight_hub.weights import WEIGHTS_FILE, check_finite, read_weights

PACKAGE = Path(__file__).parent
# A wheel carries the weights inside the package; a checkout has them beside it.
WEIGHTS = next(
    (folder for folder in (PACKAGE / "weights", PACKAGE.parent / "weights") if folder.is_dir()),
    PACKAGE.parent / "weights",
)
# The SHA-256 of every bundled weights file, as sha256sum writes and checks it.
CHECKSUMS = PACKAGE / "weights.sha256"
# Three times the published width of VGG and ResNet: much wider ones would be too large to be read.
MAX_WIDTH = 192
CONFIG_FILE = "config.json"
MAX_CONFIG_BYTES = 2**20
# What a model card tells of a training, by its type in config.json.
CARD_KEYS: dict[str, Any] = {
    **dict.fromkeys(("status", "precision", "data"), str),
    **dict.fromkeys(("epochs_finished", "epochs_planned", "kept_epoch", "steps", "seed"), int),
    **dict.fromkeys(("batch_size", "training_pairs", "validation_pairs"), int),
    **dict.fromkeys(("lr", "train_loss", "whole_share"), int | float),
    # Not there where all pairs were trained on.
    "validation_loss": int | float | None,
    # Not there in the first trainings, which had one.
    "processes": int | None,
    # Not there in those before pairs could be repeated.
    "repeat": int | None,
    # Not there in those before a part could be frozen.
    "freeze": str | None,
    # Only there where weights were changed by other means than train.py.
    "changed": bool | None,
    # Only there where a training began with weights, and in the mean of several trainings.
    **dict.fromkeys(("init_data", "averaged_with", "averaged_data"), list | None),
}
HISTORY_FILE = "history.jsonl"
SAMPLES_FILE = "samples.webp"
CARD_FILE = "README.md"
# What the folder of a model holds, in weights/ and in a Hub repository; config.json last, since a
# folder that has it is whole.
MODEL_FILES = (WEIGHTS_FILE, HISTORY_FILE, SAMPLES_FILE, CARD_FILE, CONFIG_FILE)


def as_asked_for(folder: Path) -> str:
    """What load_model is to be asked for to give the model in a folder, not one of its name."""
    name = in_utf8(folder.as_posix())
    return name if "/" in name else f"./{name}"


def bundled(name: str) -> Path:
    """The folder of an attempt's weights that come with the package."""
    return WEIGHTS / name


def list_models() -> list[str]:
    """Names of the attempts whose weights come with the package, in the table's order."""
    return [name for name in ATTEMPTS if (bundled(name) / WEIGHTS_FILE).is_file()]


def load_folder(folder: Path) -> LowlightModel:
    """The model in a folder that holds MODEL_FILES, as load_model gives it."""
    config = read_config(folder)
    attempt = get_attempt(config.get("attempt", ""))
    width = _width(config, folder)
    # First without memory, so that nothing is built that the file does not fill.
    with torch.device("meta"):
        skeleton = attempt.network(width=width)
    shapes = {
        key: value.shape
        for key, value in skeleton.state_dict().items()
        if value.is_floating_point()
    }
    weights = read_weights(folder / WEIGHTS_FILE, shapes)
    model = attempt.network(width=width)
    model.load_state_dict(weights)
    model.config, model.digest = config, digest(model)
    return model.eval()


def save_model(model: nn.Module, config: dict[str, Any], folder: Path) -> None:
    """Writes the weights in float16, then the config beside them; each file whole or not at all.

    Raises LowlightError where a weight is not finite in float16, or the disk is full.
    """
    weights = _as_saved(model)
    check_finite(weights, str(folder / WEIGHTS_FILE))
    # One key only: safetensors writes several in an order that changes from run to run.
    metadata = {"attempt": str(config["attempt"])}
    content = save(weights, metadata=metadata)  # save_file() would not tell of a full disk as such
    replace_file(folder / WEIGHTS_FILE, lambda path: path.write_bytes(content))
    text = json.dumps(config, indent=2, ensure_ascii=False) + "\n"
    replace_text(folder / CONFIG_FILE, text)


def digest(model: nn.Module) -> str:
    """The SHA-256 of a model's weights as they are saved, wherever it lies, in hexadecimal."""
    found = hashlib.sha256()
    for value in _as_saved(model).values():
        found.update(value.numpy().data)
    return found.hexdigest()


def _as_saved(model: nn.Module) -> dict[str, Tensor]:
    """Weights in float16. Counters of batches (integers) are of no use after training."""
    return {
        key: value.detach().cpu().half().contiguous()
        for key, value in model.state_dict().items()
        if value.is_floating_point()
    }


def fingerprint(folder: Path) -> str:
    """The SHA-256 of the weights in a model's folder, in hexadecimal."""
    return hashlib.sha256((folder / WEIGHTS_FILE).read_bytes()).hexdigest()


def bundle(folder: Path, *, overwrite: bool = False) -> Path:
    """Copies a finished training to the weights that come with the package, and says where.

    Raises LowlightError where a file is missing or the weights do not load, and without `overwrite`
    where there are others already; nothing is replaced then.
    """
    load_whole(folder)
    config = read_card_config(folder)
    if is_of(config["data"], LEAK_FREE):
        raise LowlightError(
            f"{folder} is leak-free: what comes with the package learnt from all scenes, and its "
            "figures are beside those (python -m lowlight_hub evaluate --models)"
        )
    target = bundled(config["attempt"])
    is_there = (target / WEIGHTS_FILE).is_file()
    if is_there and not overwrite and fingerprint(target) != fingerprint(folder):
        raise LowlightError(
            f"{target} holds other weights: --overwrite replaces them by {folder}'s"
        )
    for file in MODEL_FILES:
        replace_file(target / file, partial(shutil.copyfile, folder / file))
    sums = "".join(
        f"{fingerprint(bundled(name))}  {name}/{WEIGHTS_FILE}\n" for name in list_models()
    )
    replace_text(CHECKSUMS, sums)
    return target


def load_whole(folder: Path) -> LowlightModel:
    """As load_folder, and raises LowlightError where a file beside the weights is missing."""
    model = load_folder(folder)
    for file in MODEL_FILES:
        if not (folder / file).is_file():
            raise LowlightError(
                f"{folder} lacks {file}, which train.py writes when a training is finished"
            )
    return model


def load_bundled(name: str) -> LowlightModel:
    """The model of an attempt whose weights come with the package, as load_model gives it.

    Raises LowlightError for an unknown name and for weights other than those that were packed.
    """
    attempt = get_attempt(name)
    folder = bundled(attempt.name)
    model = check_attempt(load_folder(folder), name, str(folder))
    line = f"{fingerprint(folder)}  {name}/{WEIGHTS_FILE}"
    if line not in CHECKSUMS.read_text(encoding="utf-8").splitlines():
        raise LowlightError(
            f"{folder / WEIGHTS_FILE} is not the file that the package was made with: install it "
            "again, or make your own weights part of it by `python -m lowlight_hub bundle`"
        )
    return model


def check_attempt(model: LowlightModel, name: str, where: str) -> LowlightModel:
    """The model; raises LowlightError where it is not that of the attempt asked for."""
    held = (model.config or {}).get("attempt")
    if held != name:
        raise LowlightError(f"{where} holds {shown(held)}, not {name}")
    return model


def read_config(folder: Path) -> dict[str, Any]:
    """The config.json of a model's folder. Raises LowlightError where it is missing or damaged."""
    try:
        if not (folder / CONFIG_FILE).is_file():
            raise FileNotFoundError
        with (folder / CONFIG_FILE).open("rb") as file:
            text = file.read(MAX_CONFIG_BYTES + 1)
        if len(text) > MAX_CONFIG_BYTES:
            raise LowlightError(f"{folder / CONFIG_FILE} is larger than {MAX_CONFIG_BYTES} bytes")
        config = json.loads(text)
    except FileNotFoundError:
        if not is_folder(folder):
            raise LowlightError(f"there is no folder {folder}") from None
        trained = sorted(it.parent for it in folder.glob(f"*/{CONFIG_FILE}"))
        hint = f"{trained[0]} does" if trained else "has it been trained?"
        raise LowlightError(f"{folder} holds no {CONFIG_FILE}: {hint}") from None
    except (OSError, ValueError, RecursionError) as error:
        raise LowlightError(f"{folder / CONFIG_FILE} is damaged: {error}") from None
    if not isinstance(config, dict):
        raise LowlightError(f"{folder / CONFIG_FILE} is damaged: not a JSON object")
    return config


def read_card_config(folder: Path) -> dict[str, Any]:
    """As read_config. Raises LowlightError too where it lacks what a model card tells."""
    config = read_config(folder)
    check_card_config(config, str(folder))
    return config


def check_card_config(config: dict[str, Any], where: str) -> None:
    """Raises LowlightError for a config that lacks what a model card tells."""
    for key, kind in CARD_KEYS.items():
        if not isinstance(config.get(key), kind):
            raise LowlightError(
                f"{where}: its config says {shown(config.get(key))} for {key}: that is nothing "
                "that train.py wrote"
            )
    for key in ("init_data", "averaged_with", "averaged_data"):
        if not all(isinstance(it, str) for it in config.get(key) or []):
            raise LowlightError(f"{where}: its config says {shown(config[key])} for {key}")


def _width(config: dict[str, Any], folder: Path) -> int | None:
    width = config.get("width")
    if width is None or (type(width) is int and 1 <= width <= MAX_WIDTH):
        return width
    raise LowlightError(f"{folder}: width is {shown(width)}, not a number from 1 to {MAX_WIDTH}")
