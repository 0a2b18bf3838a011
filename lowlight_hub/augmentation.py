"""Variety for training on pairs of whole photos: other light, other colours, other framing.

Scenes recur in LOL, so that memory of them must not be all that a network learns; and photos from
elsewhere are lit, tinted, noisy and stored in more ways than LOL's.
"""

import math

import torch
from torch import Tensor

from lowlight_hub.camera import photographed, stored, toned
from lowlight_hub.chance import log_uniform, random, somewhere
from lowlight_hub.other_light import in_mixed_light, in_other_light
from lowlight_hub.simulation import to_linear, to_srgb

# Shares of the samples; the rest of the dark photos are left as they are, but for JPEG.
BRIGHT_SHARE = 0.10  # bright photos, which are to stay as they are
BETWEEN_SHARE = 0.04  # between dark and bright
SIMULATED_SHARE = 0.10  # the bright photo, as a shorter exposure would have taken it
TONED_SHARE = 0.08  # the bright photo, darkened by a tone curve
EXPOSURE_SHARE = 0.04  # the dark photo, a little brighter or darker
OTHER_LIGHT_SHARE = 0.17  # the bright photo in another light, as it is or darkened
MIXED_LIGHT_SHARE = 0.21  # the bright photo, part of it in much less light than the rest
TINT_SHARE, PERMUTED_SHARE = 0.10, 0.05
CROP_SHARE = 0.5
_EXPOSURES = (0.015, 0.6)
_TONED_EXPOSURES = (0.4, 1.0)
_OTHER_LIGHT_EXPOSURES = (0.03, 1.0)
_AS_IT_IS_SHARE = 0.15  # of these photos, those that are to stay as they are


def augmented(dark: Tensor, bright: Tensor) -> tuple[Tensor, Tensor]:
    """One pair of photos, 3 H W in 0..1 each, varied: 3 h w each, no smaller than half a side."""
    dark, bright = _framed(dark, bright)
    kind = random()
    if kind < BRIGHT_SHARE:
        dark = bright
    elif (kind := kind - BRIGHT_SHARE) < BETWEEN_SHARE:
        share = 0.6 * random() ** 2
        dark = to_srgb(torch.lerp(to_linear(dark), to_linear(bright), share))
    elif (kind := kind - BETWEEN_SHARE) < SIMULATED_SHARE:
        dark = _shorter(bright, *_EXPOSURES)
    elif (kind := kind - SIMULATED_SHARE) < TONED_SHARE:
        dark = _shorter(toned(bright), *_TONED_EXPOSURES)
    elif (kind := kind - TONED_SHARE) < EXPOSURE_SHARE:
        gain = math.exp(1.4 * (random() - 0.6))
        dark = to_srgb((gain * to_linear(dark)).clamp(0, 1))
    elif (kind := kind - EXPOSURE_SHARE) < MIXED_LIGHT_SHARE:
        dark, bright = in_mixed_light(bright)
    elif kind - MIXED_LIGHT_SHARE < OTHER_LIGHT_SHARE:
        bright = in_other_light(bright)
        as_it_is = random() < _AS_IT_IS_SHARE
        dark = bright if as_it_is else _shorter(bright, *_OTHER_LIGHT_EXPOSURES)
    dark, bright = _tinted(dark, bright)
    return stored(dark), bright


def _shorter(bright: Tensor, least: float, most: float) -> Tensor:
    """The photo as a shorter exposure, between these shares of the light, would have taken it."""
    return photographed(bright, exposure=log_uniform(least, most))


def _framed(dark: Tensor, bright: Tensor) -> tuple[Tensor, Tensor]:
    """Both photos cropped, half of the time, and mirrored."""
    if random() < CROP_SHARE:
        height, width = dark.shape[-2:]
        share, aspect = 0.5 + 0.5 * random(), math.exp(0.4 * (random() - 0.5))
        down = max(-(-height // 2), min(height, int(height * share * aspect)))
        across = max(-(-width // 2), min(width, int(width * share / aspect)))
        rows, columns = somewhere((down, across), (height, width))
        dark, bright = dark[:, rows, columns], bright[:, rows, columns]
    mirrored = [side for side in (1, 2) if random() < 0.5]
    return dark.flip(mirrored), bright.flip(mirrored)


def _tinted(dark: Tensor, bright: Tensor) -> tuple[Tensor, Tensor]:
    """Both photos, some of them in other colours."""
    kind = random()
    if kind < TINT_SHARE:
        gains = (0.5 * torch.rand(3, 1, 1) - 0.25).exp().to(dark)
        return (dark * gains).clamp(0, 1), (bright * gains).clamp(0, 1)
    if kind - TINT_SHARE < PERMUTED_SHARE:
        order = torch.randperm(3).to(dark.device)
        return dark[order], bright[order]
    return dark, bright
