"""What cameras make of little light, of many kinds, for training: noise, grain, tones, JPEG."""

from torch import Tensor

from lowlight_hub.chance import log_uniform, random
from lowlight_hub.photos import through_jpeg
from lowlight_hub.simulation import darken
from lowlight_hub.transfer import with_odds

# A photo's noise is that of its sensor, pixel by pixel, only where nothing was done to it: colours
# that were filled in, smoothing and a change of size leave it coarser and weaker.
_GRAINY_SHARE = 0.4
_GRAINS_PX = (0.4, 1.5)
_JPEG_SHARE = 0.4
_JPEG_QUALITIES = (75, 97)
# How many fill a pixel: of a phone's sensor, up to a large one's photo made smaller.
_ELECTRONS = (700, 40_000)
# Of tone curves: powers, and how many times the odds.
_POWERS, _ODDS = (1.4, 4), (0.04, 0.5)


def photographed(bright: Tensor, *, exposure: float | Tensor) -> Tensor:
    """The photo, 3 H W in 0..1, as some camera would have taken it with this share of its light.

    `exposure` is as `darken()` takes it.
    """
    electrons = log_uniform(*_ELECTRONS)
    grain_px = log_uniform(*_GRAINS_PX) if random() < _GRAINY_SHARE else 0.0
    return darken(bright, exposure=exposure, electrons=electrons, grain_px=grain_px)


def toned(bright: Tensor) -> Tensor:
    """The photo, 3 H W in 0..1, darkened by a tone curve: what is white stays so.

    A camera that spares a lamp or the sky leaves the rest dark like this, and not as a shorter
    exposure of everything would.
    Sources: powers as in Lore et al., "LLNet: A deep autoencoder approach to natural low-light
    image enhancement", Pattern Recognition 2017; the other curve is the shoulder of Reinhard et
    al., "Photographic Tone Reproduction for Digital Images", SIGGRAPH 2002.
    """
    if random() < 0.5:
        return bright ** log_uniform(*_POWERS)
    return with_odds(bright, log_uniform(*_ODDS))


def stored(photo: Tensor) -> Tensor:
    """The photo, 3 H W in 0..1, as cameras and messengers store it: now and then through JPEG."""
    if random() < _JPEG_SHARE:
        return through_jpeg(photo, round(log_uniform(*_JPEG_QUALITIES)))
    return photo
