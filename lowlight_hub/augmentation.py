"""Variety for training on pairs of whole photos: other light, other colours, other framing.

Scenes recur in LOL, so that memory of them must not be all that a network learns; and photos from
elsewhere are lit, tinted and noisy in more ways than LOL's. All is drawn from torch's global
generator, which the training loop seeds for every step.
"""

import math

import torch
from torch import Tensor
from torch.nn import functional

from lowlight_hub.gaussian import blurred
from lowlight_hub.simulation import darken, to_linear, to_srgb
from lowlight_hub.transfer import with_odds

# Shares of the samples; the rest of the dark photos are left as they are.
BRIGHT_SHARE = 0.10  # bright photos, which are to stay as they are
BETWEEN_SHARE = 0.05  # between dark and bright
SIMULATED_SHARE = 0.12  # the bright photo, as a shorter exposure would have taken it
EXPOSURE_SHARE = 0.05  # the dark photo, a little brighter or darker
OTHER_LIGHT_SHARE = 0.24  # the bright photo in another light, as it is or darkened
TINT_SHARE, PERMUTED_SHARE = 0.10, 0.05
CROP_SHARE = 0.5
_EXPOSURES = (0.015, 0.6)
_OTHER_LIGHT_EXPOSURES = (0.03, 1.0)
# Shares of the photos in another light: by night, of little contrast, and the rest white.
_NIGHT_SHARE, _FLAT_SHARE = 0.4, 0.35
_AS_IT_IS_SHARE = 0.15  # of these photos, those that are to stay as they are
_MOST_LAMPS = 100


def augmented(dark: Tensor, bright: Tensor) -> tuple[Tensor, Tensor]:
    """One pair of photos, 3 H W in 0..1 each, varied: 3 h w each, no smaller than half a side."""
    dark, bright = _framed(dark, bright)
    kind = _random()
    if kind < BRIGHT_SHARE:
        dark = bright
    elif (kind := kind - BRIGHT_SHARE) < BETWEEN_SHARE:
        share = 0.6 * _random() ** 2
        dark = to_srgb(torch.lerp(to_linear(dark), to_linear(bright), share))
    elif (kind := kind - BETWEEN_SHARE) < SIMULATED_SHARE:
        dark = _shorter(bright, *_EXPOSURES)
    elif (kind := kind - SIMULATED_SHARE) < EXPOSURE_SHARE:
        gain = math.exp(1.4 * (_random() - 0.6))
        dark = to_srgb((gain * to_linear(dark)).clamp(0, 1))
    elif kind - EXPOSURE_SHARE < OTHER_LIGHT_SHARE:
        bright = in_other_light(bright)
        as_it_is = _random() < _AS_IT_IS_SHARE
        dark = bright if as_it_is else _shorter(bright, *_OTHER_LIGHT_EXPOSURES)
    return _tinted(dark, bright)


def in_other_light(photo: Tensor) -> Tensor:
    """A photo, 3 H W in 0..1, in light that LOL does not have: its shape and range stay.

    A night with lamps or stars, little contrast, or a white page. LOL's bright photos are all about
    as bright and of much contrast, so a network that sees no others makes grey of a night sky and
    of paper; and one that sees no fog beside the paper makes paper of fog.
    """
    kind = _random()
    if kind < _NIGHT_SHARE:
        return _by_night(photo)
    if kind - _NIGHT_SHARE < _FLAT_SHARE:
        return torch.lerp(photo.mean(dim=(1, 2), keepdim=True), photo, _log_uniform(0.1, 0.6))
    return with_odds(photo, _log_uniform(1.3, 4))


def _by_night(photo: Tensor) -> Tensor:
    """The photo in the uneven, tinted light of a few places, and lamps or stars in it."""
    size = photo.shape[-2:]
    stops = 1.5 * torch.randn(1, 1, 3, 4) + 0.3 * torch.randn(1, 3, 3, 4)
    light = functional.interpolate(stops.to(photo), size=size, mode="bicubic").exp2()[0]
    light = light / light.amax() * _log_uniform(0.1, 1)
    sigma_px = _log_uniform(0.6, 6)
    places = torch.randint(photo[0].numel(), (int(_log_uniform(1, _MOST_LAMPS)),))
    powers = 2 * torch.rand(len(places)) ** 2 * 2 * math.pi * sigma_px**2
    colour = 1 - 0.4 * torch.rand(3, 1, 1)
    lamps = photo.new_zeros(photo[0].numel())
    lamps[places.to(lamps.device)] = powers.to(lamps)
    glow = blurred(lamps.view(1, 1, *size), sigma_px)[0] * colour.to(lamps)
    return to_srgb((to_linear(photo) * light + glow).clamp(0, 1))


def _shorter(bright: Tensor, least: float, most: float) -> Tensor:
    """The photo as a shorter exposure, between these shares of the light, would have taken it."""
    electrons = 2000 * _log_uniform(math.exp(-1), math.e)
    return darken(bright, exposure=_log_uniform(least, most), electrons=electrons)


def _log_uniform(least: float, most: float) -> float:
    return least * (most / least) ** _random()


def _framed(dark: Tensor, bright: Tensor) -> tuple[Tensor, Tensor]:
    """Both photos cropped, half of the time, and mirrored."""
    if _random() < CROP_SHARE:
        height, width = dark.shape[-2:]
        share, aspect = 0.5 + 0.5 * _random(), math.exp(0.4 * (_random() - 0.5))
        down = max(-(-height // 2), min(height, int(height * share * aspect)))
        across = max(-(-width // 2), min(width, int(width * share / aspect)))
        top, left = int(_random() * (height - down + 1)), int(_random() * (width - across + 1))
        window = (slice(None), slice(top, top + down), slice(left, left + across))
        dark, bright = dark[window], bright[window]
    mirrored = [side for side in (1, 2) if _random() < 0.5]
    return dark.flip(mirrored), bright.flip(mirrored)


def _tinted(dark: Tensor, bright: Tensor) -> tuple[Tensor, Tensor]:
    """Both photos, some of them in other colours."""
    kind = _random()
    if kind < TINT_SHARE:
        gains = (0.5 * torch.rand(3, 1, 1) - 0.25).exp().to(dark)
        return (dark * gains).clamp(0, 1), (bright * gains).clamp(0, 1)
    if kind - TINT_SHARE < PERMUTED_SHARE:
        order = torch.randperm(3).to(dark.device)
        return dark[order], bright[order]
    return dark, bright


def _random() -> float:
    return torch.rand(()).item()
