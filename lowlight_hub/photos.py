"""Reading and writing photos: the only file that decodes untrusted image bytes."""

import warnings
from pathlib import Path
from typing import IO

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import Tensor

from lowlight_hub.durable import replace_file
from lowlight_hub.errors import LowlightError

# No MPO here: naming it breaks Pillow's look-up, and such files open as JPEG.
FORMATS = ("JPEG", "PNG", "WEBP", "AVIF", "TIFF", "BMP", "GIF")
SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".avif", ".tif", ".tiff", ".bmp", ".gif")
MAX_PIXELS = 100_000_000

# What Pillow may raise on a damaged or hostile file.
_DECODING_ERRORS = (
    OSError,
    SyntaxError,
    MemoryError,
    ValueError,
    NotImplementedError,
    OverflowError,
    Image.DecompressionBombError,
    Image.DecompressionBombWarning,
)


def open_photo(source: str | Path | IO[bytes], name: str | None = None) -> Image.Image:
    """The photo as an upright 8-bit RGB picture, transparency over white.

    `name` is what messages call it. Raises LowlightError for anything that is not a whole photo in
    one of FORMATS with at most MAX_PIXELS.
    """
    name = name or (Path(source).name if isinstance(source, str | Path) else "the file")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(source, formats=FORMATS) as picture:
                if picture.width * picture.height > MAX_PIXELS:
                    raise LowlightError(
                        f"{name} has {picture.width}×{picture.height} pixels: "
                        f"at most {MAX_PIXELS // 1_000_000} megapixels can be read"
                    )
                picture.load()
                return upright_rgb(picture)
    except FileNotFoundError:
        raise LowlightError(f"{name} does not exist") from None
    except _DECODING_ERRORS:
        raise LowlightError(
            f"{name} cannot be read as a photo: it is damaged or not one of {', '.join(FORMATS)}"
        ) from None


def upright_rgb(picture: Image.Image) -> Image.Image:
    """The picture turned as its EXIF says, in 8-bit RGB, transparency over white.

    Raises LowlightError for floating-point pixels, whose range is not known.
    """
    picture = ImageOps.exif_transpose(picture)
    if picture.mode == "F":
        raise LowlightError("floating-point photos cannot be read: save it with 8 or 16 bits")
    if picture.mode.startswith("I"):
        # Pillow clips 16 bits at 255 instead of scaling them.
        grey = np.asarray(picture).clip(0, 65535) / 257
        picture = Image.fromarray(grey.round().astype(np.uint8))
    if not picture.has_transparency_data:
        return picture.convert("RGB")
    # A plain conversion would uncover the colours hidden under transparent pixels.
    over_white = Image.new("RGBA", picture.size, "white")
    over_white.alpha_composite(picture.convert("RGBA"))
    return over_white.convert("RGB")


def save_photo(photo: Image.Image, path: Path) -> None:
    """Writes the photo in the format of the path's suffix; WebP at quality 90.

    Raises LowlightError where it cannot be written; what was at `path` is then untouched.
    """
    replace_file(path, lambda beside: photo.save(beside, quality=90))


def to_tensor(photo: Image.Image) -> Tensor:
    """An RGB picture as 3 H W, float32 in 0..1."""
    return torch.from_numpy(np.array(photo)).permute(2, 0, 1).contiguous().float() / 255


def to_picture(photo: Tensor) -> Image.Image:
    """A photo 3 H W, float in 0..1, as an 8-bit RGB picture, rounded."""
    values = (photo.detach().float().clamp(0, 1) * 255).round().byte()
    return Image.fromarray(values.permute(1, 2, 0).contiguous().cpu().numpy())
