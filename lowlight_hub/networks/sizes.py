"""The article's picture size, and going to it and back."""

from collections.abc import Sequence

from torch import Tensor, nn
from torch.nn import functional

SIDE_PX = 200


def check_photos(photos: Tensor) -> None:
    """Raises ValueError for anything but B 3 H W in floats."""
    if not photos.is_floating_point():
        raise ValueError(f"expected floats in 0..1, not {photos.dtype}")
    if photos.dim() != 4 or photos.shape[1] != 3:
        raise ValueError(f"expected photos B 3 H W, not {tuple(photos.shape)}")


def resize(photo: Tensor, size_px: Sequence[int]) -> Tensor:
    """Photos B C H W at (height, width), antialiased; untouched where that is their size."""
    if tuple(photo.shape[-2:]) == tuple(size_px):
        return photo
    # On a CPU there is no such thing in 16 bits.
    wide = photo.float() if photo.dtype.itemsize < 4 else photo
    return functional.interpolate(
        wide, size=tuple(size_px), mode="bilinear", antialias=True, align_corners=False
    ).to(photo.dtype)


def halved(times: int) -> int:
    """The side, in pixels, after `times` stride-2 stages from the article's size, rounded up."""
    return -(-SIDE_PX // 2**times)


def enlarge_to(side_px: int) -> nn.Module:
    """A layer that takes B C h w to B C side_px side_px."""
    return nn.Upsample(size=(side_px, side_px), mode="bilinear", align_corners=False)
