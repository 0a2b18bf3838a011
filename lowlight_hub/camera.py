"""What cameras make of little light, of many kinds, for training: noise, grain, JPEG."""

from torch import Tensor

from lowlight_hub.chance import log_uniform, random
from lowlight_hub.photos import through_jpeg
from lowlight_hub.simulation import darken

# A photo's noise is that of its sensor, pixel by pixel, only where nothing was done to it: colours
# that were filled in, smoothing and a change of size leave it coarser and weaker.
_GRAINY_SHARE = 0.4
_GRAINS_PX = (0.4, 1.5)
_JPEG_SHARE = 0.4
_JPEG_QUALITIES = (75, 97)
# How many fill a pixel: of a phone's sensor, up to a large one's photo made smaller.
_ELECTRONS = (700, 40_000)


def photographed(bright: Tensor, *, exposure: float | Tensor) -> Tensor:
    """The photo, 3 H W in 0..1, as some camera would have taken it with this share of its light.

    `exposure` is as `darken()` takes it.
    """
    electrons = log_uniform(*_ELECTRONS)
    grain_px = log_uniform(*_GRAINS_PX) if random() < _GRAINY_SHARE else 0.0
    return darken(bright, exposure=exposure, electrons=electrons, grain_px=grain_px)


def stored(photo: Tensor) -> Tensor:
    """The photo, 3 H W in 0..1, as cameras and messengers store it: now and then through JPEG."""
    if random() < _JPEG_SHARE:
        return through_jpeg(photo, round(log_uniform(*_JPEG_QUALITIES)))
    return photo
