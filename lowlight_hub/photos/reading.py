"""Untrusted bytes to a Photo, or one clear sentence."""

import logging
import os
import stat
import struct
import warnings
import zlib
from io import BytesIO
from pathlib import Path, PurePath
from typing import IO

import numpy as np
from PIL import Image, UnidentifiedImageError
from PIL.TiffImagePlugin import TiffImageFile

from lowlight_hub.durable import is_folder
from lowlight_hub.errors import LowlightError
from lowlight_hub.photos.colours import (
    alpha_of,
    deep_pixels,
    grey_in_16_bits,
    is_deep,
    srgb_pixels,
)
from lowlight_hub.photos.metadata import camera_data, orientation_of
from lowlight_hub.photos.photo import Photo
from lowlight_hub.photos.raw import RAW_SUFFIXES, raw_photo

# No MPO here: naming it breaks Pillow's look-up, and such files open as JPEG.
FORMATS: list[str] = ["JPEG", "PNG", "WEBP", "AVIF", "TIFF", "BMP", "GIF"]
SUFFIXES: tuple[str, ...] = (
    ".jpg",
    ".jpeg",
    ".jpe",
    ".jfif",
    ".mpo",
    ".png",
    ".webp",
    ".avif",
    ".tif",
    ".tiff",
    ".bmp",
    ".gif",
)
try:
    from pillow_heif import register_heif_opener
except ImportError:  # a training machine may do without
    pass
else:
    register_heif_opener(thumbnails=False)
    FORMATS.append("HEIF")
    SUFFIXES += (".heic", ".heif", ".hif")
SUFFIXES += RAW_SUFFIXES
# Pillow's own remarks on damaged files would go to the terminal beside our sentence. Not by
# catch_warnings(), which changes the filters of all threads and may leave them changed.
logging.getLogger("PIL").addHandler(logging.NullHandler())
warnings.filterwarnings("ignore", module=r"PIL\.")
MAX_FILE_BYTES = 512 * 2**20
# Under the 89 megapixels from which Pillow itself suspects a decompression bomb.
MAX_PIXELS = 80_000_000
MAX_SIDE_PX = 40_000
# Tags of TIFF: the first one's lowest bit says that the picture is a smaller one of another.
_SUBFILE_TYPE, _DNG_VERSION = 254, 50706

# What decoders may raise on a damaged or hostile file; imagecodecs' errors are RuntimeErrors.
_DECODING_ERRORS = (
    OSError,
    SyntaxError,
    ValueError,
    NotImplementedError,
    OverflowError,
    RuntimeError,
    EOFError,
    IndexError,
    KeyError,
    TypeError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
    Image.DecompressionBombWarning,
)
_FORBIDDEN = "its permissions forbid it"


def is_photo(name: str | PurePath) -> bool:
    """Whether a file, from the folder that was given, is named as a photo is, and not hidden.

    As what lies in .thumbnails or .Trash is.
    """
    path = PurePath(name)
    return path.suffix.lower() in SUFFIXES and not any(it.startswith(".") for it in path.parts)


def photos_below(folder: Path) -> tuple[list[Path], list[str]]:
    """The photos in a folder and its subfolders, by name, in order; and complaints.

    Of folders that may not be read. Links to folders are not followed, hidden ones not entered.
    """
    unread: list[OSError] = []
    found: list[Path] = []

    def is_file(path: Path) -> bool:
        try:
            return stat.S_ISREG(path.stat().st_mode)
        except OSError as error:  # a link to nothing, or in a folder that may only be listed
            if isinstance(error, PermissionError):
                unread.append(error)
            return False

    for parent, folders, names in os.walk(folder, onerror=unread.append):
        folders[:] = [name for name in folders if not name.startswith(".")]
        found += [Path(parent, name) for name in names if is_photo(name)]
    photos = sorted(filter(is_file, found))
    return photos, [f"{it.filename} may not be read: {_FORBIDDEN}" for it in unread]


def open_photo(source: str | Path | IO[bytes], name: str | None = None) -> Photo:
    """The photo in a file: upright, in sRGB, in 16 bits where a PNG, TIFF or HEIC has more than 8.

    A camera's raw file is developed, see raw_photo. `name` is what messages call it, and what the
    kind of what has no path is known by. Raises
    LowlightError for anything that is not a whole photo in one of FORMATS, or a raw one, within
    MAX_FILE_BYTES, MAX_PIXELS and MAX_SIDE_PX. Of several frames, the first.
    """
    path = PurePath(source) if isinstance(source, str | Path) else None
    name = name or (path.name if path else "the file")
    suffix = (path or PurePath(name)).suffix.lower()
    try:
        encoded = _read(source, name)
        picture = _developed(encoded, suffix)
        if picture is None:
            return raw_photo(encoded, lambda size: _check_size(size, name))
        with picture:
            _check_size(picture.size, name)
            return _photo_of(picture, encoded if is_deep(picture) else None)
    except FileNotFoundError:
        raise LowlightError(f"{name} does not exist") from None
    except IsADirectoryError:
        raise LowlightError(f"{name} is a folder, not a photo") from None
    except PermissionError:
        raise LowlightError(f"{name} may not be read: {_FORBIDDEN}") from None
    except MemoryError:
        raise LowlightError(f"{name}: there is not enough memory to read it") from None
    except UnidentifiedImageError:
        raise LowlightError(_unidentified(encoded, name, suffix)) from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise LowlightError(f"{name} has too many pixels: {_LIMITS}") from None
    except _DECODING_ERRORS:
        raise LowlightError(_unidentified(b"", name, suffix)) from None


def _unidentified(encoded: bytes, name: str, suffix: str) -> str:
    if suffix in RAW_SUFFIXES:
        return (
            f"{name} cannot be read as a photo: it is damaged, or of a camera that is not known "
            "(then develop it to a TIFF or JPEG first)"
        )
    if encoded.startswith((b"II*\0", b"MM\0*")):
        return (
            f"{name} is a TIFF of a kind that cannot be read, or damaged: save it with 8 or 16 "
            "bits a colour"
        )
    kinds = [*FORMATS, *(["a camera's raw file"] if RAW_SUFFIXES else [])]
    return f"{name} cannot be read as a photo: it is damaged or not one of {', '.join(kinds)}"


_LIMITS = (
    f"at most {MAX_PIXELS // 1_000_000} megapixels and {MAX_SIDE_PX} pixels a side can be read"
)


def _read(source: str | Path | IO[bytes], name: str) -> bytes:
    try:
        if not isinstance(source, str | Path):
            encoded = source.read(MAX_FILE_BYTES + 1)
        else:
            if is_folder(source):  # on Windows it would be one that may not be read
                raise IsADirectoryError
            path = Path(source)
            if path.exists() and not path.is_file():
                raise LowlightError(f"{name} is not a file: it may never end")
            with path.open("rb") as file:
                encoded = file.read(MAX_FILE_BYTES + 1)
    except (FileNotFoundError, IsADirectoryError, PermissionError):
        raise
    except (OSError, ValueError) as error:  # of the disk, or of a name that no file can have
        reason = getattr(error, "strerror", None) or error
        raise LowlightError(f"{name} cannot be read: {reason}") from error
    if len(encoded) > MAX_FILE_BYTES:
        raise LowlightError(
            f"{name} is too large a file: at most {MAX_FILE_BYTES // 2**20} MiB can be read"
        )
    return encoded


def _developed(encoded: bytes, suffix: str) -> Image.Image | None:
    """The picture in a file, or None: in a raw file Pillow finds nothing, or a preview."""
    try:
        picture = Image.open(BytesIO(encoded), formats=FORMATS)
    except UnidentifiedImageError:
        # LibRaw would take any for a sensor's values.
        if suffix in (".tif", ".tiff"):
            raise
        return None
    if not isinstance(picture, TiffImageFile):
        return picture
    is_named_raw = suffix in RAW_SUFFIXES
    is_reduced = bool(picture.tag_v2.get(_SUBFILE_TYPE, 0) & 1)
    if is_named_raw or is_reduced or _DNG_VERSION in picture.tag_v2:
        picture.close()
        return None
    return picture


def _check_size(size: tuple[int, int], name: str) -> None:
    width, height = size
    if 0 in size:
        raise LowlightError(f"{name} has no pixels: it is {width}×{height}")
    if width * height > MAX_PIXELS or max(width, height) > MAX_SIDE_PX:
        raise LowlightError(f"{name} has {width}×{height} pixels: {_LIMITS}")


def photo_of(picture: Image.Image) -> Photo:
    """A picture in any of Pillow's modes as a Photo.

    Raises LowlightError where it cannot be converted, or is over MAX_PIXELS or MAX_SIDE_PX.
    """
    _check_size(picture.size, "the picture")
    try:
        return _photo_of(picture, None)
    except _DECODING_ERRORS as error:
        raise LowlightError(f"the picture cannot be converted to RGB: {error}") from None


def _photo_of(picture: Image.Image, deep: bytes | None) -> Photo:
    """`deep` is the whole file where it has 16-bit colour, which Pillow would cut to 8 bits."""
    # Pillow turns a TIFF upright while loading it, and forgets how it lay.
    turned = orientation_of(picture) if picture.format == "TIFF" else None
    # With 16-bit colour too, for Pillow's checks: imagecodecs lets damaged files pass.
    picture.load()
    orientation = orientation_of(picture)
    if deep is not None:
        pixels, alpha = deep_pixels(picture, deep)
        orientation = turned or orientation
        if sorted(pixels.shape[:2]) != sorted(picture.size):
            raise ValueError("not the size that the header says")
    elif picture.mode == "F" or picture.mode.startswith("I"):
        pixels, alpha = grey_in_16_bits(picture), None
    else:
        pixels, alpha = srgb_pixels(picture), alpha_of(picture)
    pixels = np.ascontiguousarray(upright(pixels, orientation))
    if alpha is not None:
        alpha = np.ascontiguousarray(upright(alpha, orientation))
        pixels[alpha == 0] = np.iinfo(pixels.dtype).max
    return Photo(pixels, alpha, camera_data(picture.getexif))


def upright(values: np.ndarray, orientation: int) -> np.ndarray:
    """Pixels H W ..., stored in an EXIF orientation from 1 to 8, as they are to be seen."""
    if orientation >= 5:
        values = values.swapaxes(0, 1)
    if orientation in (2, 3, 6, 7):
        values = values[:, ::-1]
    if orientation in (3, 4, 7, 8):
        values = values[::-1]
    return values
