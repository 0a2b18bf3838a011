"""The weights file: safetensors, in which nothing is trusted before it has been checked."""

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from safetensors import SafetensorError
from safetensors.torch import load
from torch import Tensor

from lowlight_hub.errors import LowlightError, shown

WEIGHTS_FILE = "model.safetensors"
# The widest network that a config may ask for has 430 MiB, in float16, as weights are written.
MAX_FILE_BYTES = 512 * 2**20
MAX_HEADER_BYTES = 2**20
# Bytes of a value, by what a header calls its type.
DTYPES = {"F16": 2, "BF16": 2, "F32": 4}
_LENGTH_BYTES = 8


def read_weights(path: Path, shapes: Mapping[str, Sequence[int]]) -> dict[str, Tensor]:
    """The tensors of a safetensors file, if they are exactly those named, finite, in float32.

    `shapes` are the shapes that the network has, by key. Only the header is read before keys,
    shapes and types are known to fit.
    Raises LowlightError that says what is wrong: no safetensors, too large, truncated, tensors
    missing, too many, of another shape or type, or not finite.
    """
    if path.suffix != ".safetensors":
        raise LowlightError(f"{path} is not read: only .safetensors files cannot run code")
    try:
        if not path.is_file():
            raise FileNotFoundError
        size = path.stat().st_size
        if size > MAX_FILE_BYTES:
            raise LowlightError(
                f"{path} is {size / 2**20:.0f} MiB, more than the {MAX_FILE_BYTES // 2**20} MiB "
                "that are read"
            )
        with path.open("rb") as file:
            header = _header(file.read(_LENGTH_BYTES + MAX_HEADER_BYTES), path)
            _check_header(header, shapes, path)
            _check_size(header, size, file, path)
            file.seek(0)
            weights = load(file.read(size))
    except FileNotFoundError:
        raise LowlightError(f"there is no {path}: has it been trained?") from None
    except (OSError, SafetensorError) as error:
        raise LowlightError(f"{path} is damaged: {error}") from None
    check_finite(weights, str(path))
    return {key: value.float() for key, value in weights.items()}


def check_finite(weights: Mapping[str, Tensor], where: str) -> None:
    """Raises LowlightError for a tensor that holds something other than finite numbers."""
    for key, value in weights.items():
        if not (value.is_floating_point() and value.isfinite().all()):
            raise LowlightError(f"{where}: {key} holds something other than finite numbers")


def _header(start: bytes, path: Path) -> dict[str, Any]:
    length = int.from_bytes(start[:_LENGTH_BYTES], "little")
    if len(start) < _LENGTH_BYTES or start[_LENGTH_BYTES : _LENGTH_BYTES + 1] != b"{":
        raise LowlightError(f"{path} is not a safetensors file, whatever its name says")
    if length > MAX_HEADER_BYTES:
        raise LowlightError(
            f"{path} has a header of {length} bytes, more than the {MAX_HEADER_BYTES} that are read"
        )
    try:
        header = json.loads(start[_LENGTH_BYTES : _LENGTH_BYTES + length])
    except (ValueError, RecursionError):
        header = None
    if not isinstance(header, dict):
        raise LowlightError(f"{path} is damaged: its header is not a JSON object")
    header.pop("__metadata__", None)
    return header


def _check_size(header: Mapping[str, Any], size: int, file: IO[bytes], path: Path) -> None:
    file.seek(0)
    length = int.from_bytes(file.read(_LENGTH_BYTES), "little")
    values = sum(math.prod(it["shape"]) * DTYPES[it["dtype"]] for it in header.values())
    if size != _LENGTH_BYTES + length + values:
        raise LowlightError(
            f"{path} is damaged: it has {size} bytes, and {_LENGTH_BYTES + length + values} by its "
            "header"
        )


def _check_header(
    header: Mapping[str, Any], shapes: Mapping[str, Sequence[int]], path: Path
) -> None:
    for word, keys in (("lacks", shapes.keys() - header), ("has besides", header.keys() - shapes)):
        if keys:
            more = f" and {len(keys) - 1} more" if len(keys) > 1 else ""
            raise LowlightError(
                f"{path} does not fit its network: it {word} {shown(min(keys))}{more}"
            )
    for key, shape in shapes.items():
        entry = header[key] if isinstance(header[key], dict) else {}
        if entry.get("shape") != list(shape):
            raise LowlightError(
                f"{path} does not fit its network: {key} is {shown(entry.get('shape'))}, "
                f"not {list(shape)}"
            )
        if entry.get("dtype") not in tuple(DTYPES):  # it may be a list, which no dictionary finds
            raise LowlightError(
                f"{path}: {key} holds {shown(entry.get('dtype'))}, not one of {', '.join(DTYPES)}"
            )
