"""Writing photos: PNG in 8 or 16 bits, JPEG, WebP."""

import io
import struct
import zlib
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
from PIL import Image
from torch import Tensor

from lowlight_hub.durable import replace_file
from lowlight_hub.errors import LowlightError
from lowlight_hub.photos.photo import Photo, in_8_bits, over_white, to_picture, to_tensor
from lowlight_hub.photos.reading import photo_of

# The longest side that each format can hold, in pixels.
_LONGEST_SIDE = {".png": 2**31 - 1, ".jpg": 65_500, ".jpeg": 65_500, ".webp": 16_383}
SAVED_SUFFIXES = tuple(_LONGEST_SIDE)
# What else JPEG files are called, the last by cameras that put several in one.
_OTHER_JPEG = (".jpe", ".jfif", ".mpo")
JPEG_QUALITY = 95
WEBP_QUALITY = 90
# Where a PNG's first chunk (IHDR) ends: 8 bytes of signature, 25 of the chunk.
_AFTER_HEADER = 33


def saved_suffix(suffix: str) -> str:
    """Of a photo with this suffix, that of its result: its own format's, or .png's.

    A suffix that can be written stays as it is, in capitals too.
    """
    if suffix.lower() in SAVED_SUFFIXES:
        return suffix
    return ".jpg" if suffix.lower() in _OTHER_JPEG else ".png"


def check_saved_suffix(path: Path) -> None:
    """Raises LowlightError for a name that does not end as one of SAVED_SUFFIXES."""
    if path.suffix.lower() not in SAVED_SUFFIXES:
        raise LowlightError(f"cannot write {path}: name it {', '.join(SAVED_SUFFIXES)}")


def save_photo(photo: Photo | Image.Image, path: Path, *, keep_metadata: bool = False) -> None:
    """Writes the photo in the format of the path's suffix, one of SAVED_SUFFIXES.

    JPEG at quality 95 without chroma subsampling, transparency over white; WebP at quality 90; PNG
    in 16 bits where the photo has them. With `keep_metadata`, the photo's camera data go with it.
    Raises LowlightError where it cannot be written; what was at `path` is then untouched.
    """
    photo = photo_of(photo) if isinstance(photo, Image.Image) else photo
    suffix = path.suffix.lower()
    check_saved_suffix(path)
    if max(photo.size) > _LONGEST_SIDE[suffix]:
        raise LowlightError(
            f"cannot write {path}: a {suffix} holds at most {_LONGEST_SIDE[suffix]} pixels a side, "
            f"and this photo is {photo.size[0]}×{photo.size[1]}; take .png"
        )
    camera = photo.camera if keep_metadata else b""
    if suffix == ".png" and photo.pixels.dtype == np.uint16:
        replace_file(path, lambda beside: beside.write_bytes(_png_in_16_bits(photo, camera)))
        return
    if suffix in (".jpg", ".jpeg"):
        picture = to_picture(Photo(over_white(in_8_bits(photo))))
        settings: dict[str, Any] = {"quality": JPEG_QUALITY, "subsampling": 0}
    else:
        picture = to_picture(photo)
        settings = {"quality": WEBP_QUALITY} if suffix == ".webp" else {}
    if camera:
        settings["exif"] = camera
    replace_file(path, lambda beside: _save(picture, beside, settings))


def _save(picture: Image.Image, path: Path, settings: dict[str, Any]) -> None:
    with path.open("wb") as file:
        # Of a file with a descriptor Pillow does not notice where a disk takes less than all of it.
        stream: Any = SimpleNamespace(write=file.write, flush=file.flush)
        picture.save(stream, Image.registered_extensions()[path.suffix.lower()], **settings)


def through_jpeg(photo: Tensor, quality: int) -> Tensor:
    """What JPEG of this quality, 1 to 100, with its usual chroma subsampling leaves of a photo.

    3 H W in 0..1, to the same on the same device.
    """
    stored = io.BytesIO()
    to_picture(photo).save(stored, "JPEG", quality=quality)
    with Image.open(stored, formats=("JPEG",)) as picture:
        return to_tensor(Photo(np.array(picture))).to(photo.device)


def _png_in_16_bits(photo: Photo, camera: bytes) -> bytes:
    # Pillow has no mode for 16-bit colour. Imported where used: a training machine does without.
    import imagecodecs

    layers = photo.pixels if photo.alpha is None else np.dstack([photo.pixels, photo.alpha])
    encoded = bytes(imagecodecs.png_encode(np.ascontiguousarray(layers)))
    if not camera:
        return encoded
    data = b"eXIf" + camera.removeprefix(b"Exif\0\0")
    chunk = struct.pack(">I", len(data) - 4) + data + struct.pack(">I", zlib.crc32(data))
    return encoded[:_AFTER_HEADER] + chunk + encoded[_AFTER_HEADER:]
