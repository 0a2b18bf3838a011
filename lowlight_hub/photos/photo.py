"""A decoded photo, and the ways between it, tensors and Pillow's pictures."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image
from torch import Tensor

# What is worked on at once: rows of about this many pixels, so that intermediate results stay
# small however large the photo is.
STRIP_PX = 1 << 20


@dataclass(frozen=True)
class Photo:
    """Upright sRGB pixels in 8 or 16 bits.

    `pixels` are H W 3, `alpha` H W or None (opaque), both uint8 or both uint16. Colours under
    fully transparent pixels are white, so that nothing hidden comes to light. `camera` is EXIF data
    without the place and the thumbnail, ready to be written, or empty.
    """

    pixels: np.ndarray
    alpha: np.ndarray | None = None
    camera: bytes = b""

    @property
    def size(self) -> tuple[int, int]:
        """Width and height, as Pillow has them."""
        return self.pixels.shape[1], self.pixels.shape[0]

    @property
    def white(self) -> int:
        """The largest value of a pixel: 255 or 65535."""
        return int(np.iinfo(self.pixels.dtype).max)


def strips(height: int, width: int) -> Iterator[slice]:
    """Slices of rows that cover a photo from top to bottom, of about STRIP_PX pixels each."""
    rows = max(1, STRIP_PX // width)
    for top in range(0, height, rows):
        yield slice(top, min(top + rows, height))


def over_white(photo: Photo) -> np.ndarray:
    """The pixels, H W 3, as they look on a white page; those of `photo` where it is opaque."""
    return _over(photo, np.full(3, photo.white))


def over_its_mean(photo: Photo) -> np.ndarray:
    """The pixels, H W 3, on a page of their own mean colour, which says nothing about the light."""
    if photo.alpha is None or not photo.alpha.any():
        return photo.pixels
    total = np.zeros(3)
    for rows in strips(*photo.alpha.shape):
        total += np.einsum("hwc,hw->c", photo.pixels[rows].astype(float), photo.alpha[rows])
    return _over(photo, (total / photo.alpha.sum(dtype=float)).round())


def _over(photo: Photo, page: np.ndarray) -> np.ndarray:
    if photo.alpha is None:
        return photo.pixels
    flat = np.empty_like(photo.pixels)
    white = np.uint32(photo.white)
    for rows in strips(*photo.alpha.shape):
        alpha = photo.alpha[rows, :, None].astype(np.uint32)
        mixed = photo.pixels[rows] * alpha + page.astype(np.uint32) * (white - alpha)
        flat[rows] = (mixed + white // 2) // white
    return flat


def to_tensor(photo: Photo) -> Tensor:
    """A photo on a white page as 3 H W, float32 in 0..1."""
    pixels = over_white(photo).astype(np.float32) / photo.white
    return torch.from_numpy(pixels).permute(2, 0, 1).contiguous()


def to_picture(photo: Tensor | Photo) -> Image.Image:
    """An 8-bit picture: RGB of a tensor 3 H W in 0..1, rounded; RGB or RGBA of a Photo."""
    if isinstance(photo, Tensor):
        values = (photo.detach().float().clamp(0, 1) * 255).round().byte()
        return Image.fromarray(values.permute(1, 2, 0).contiguous().cpu().numpy())
    photo = in_8_bits(photo)
    if photo.alpha is None:
        return Image.fromarray(photo.pixels)
    return Image.fromarray(np.dstack([photo.pixels, photo.alpha]))


def in_8_bits(photo: Photo) -> Photo:
    """The photo with every value rounded to 8 bits."""
    if photo.pixels.dtype == np.uint8:
        return photo
    alpha = None if photo.alpha is None else _rounded_to_8_bits(photo.alpha)
    return Photo(_rounded_to_8_bits(photo.pixels), alpha, photo.camera)


def _rounded_to_8_bits(values: np.ndarray) -> np.ndarray:
    rounded = np.empty(values.shape, np.uint8)
    for rows in strips(*values.shape[:2]):
        # 65535 = 255 * 257
        rounded[rows] = (values[rows].astype(np.uint32) + 128) // 257
    return rounded
