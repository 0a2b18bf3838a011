"""Detail transfer: what a network made of a small photo, carried to the same photo at any size.

A network that squeezes a photo through a few numbers knows the light and the colours of the scene
but none of its edges. So its answer is read as a tone curve for every place, applied to the small
photo itself, and the local affine colour maps from the small photo to that result are what is
applied at full size.
"""

from math import log

import torch
from torch import Tensor
from torch.nn import functional

from lowlight_hub.look import Look

# Chosen on the validation scenes; `benchmarks/detail.py` prints what they give.
# Blur, in shares of a side, beyond which the network's answer is trusted.
LIGHT_SHARE = 0.16
# How much of its colours is followed: all of them turn warm scenes grey, none leave the dark
# photo's cast.
COLOUR_SHARE = 0.5
# Window of the guided filter: pixels around a pixel of the small photo.
RADIUS_PX = 1
# How many variances of the noise an edge must exceed.
_NOISE_VARIANCES = 2.0
# Shadows end at middle grey. From there down each stop gets this share of what black gets, so that
# three stops of them leave the order of tones, and a quarter of their contrast.
_SHADOWS_SLOPE = 0.25
# How dark a place is says the mean around it, by a radius of this share of the longer side of what
# the network saw, and within edges of more than so many square stops.
_SHADOWS_RADIUS = 0.05
_SHADOWS_EDGES = 1.0
# How bright a place must be for half of its colour to be lifted with it: four 8-bit steps.
_COLOURLESS = 4 / 255
# Keeps the curve of a black place finite: half of an 8-bit step.
_BLACK = 2e-3
# For photos without any noise.
_LEAST_VARIANCE = 1e-7
# Into how many blocks of each side a photo is divided to judge its noise.
NOISE_BLOCKS = 12


def colour_maps(dark: Tensor, target: Tensor, ridge: Tensor | float) -> Tensor:
    """Affine maps that take a dark photo's colours to those that it should have.

    `dark` is B 3 h w, RGB in 0..1: a small photo; `target` B C h w, what it should be. `ridge` is
    the variance, of values in 0..1, below which edges are smoothed away: one number, or B of them.
    The result is B 4C h w: for each of the target's channels the factors of the dark R, G, B and an
    offset; see apply_maps.
    Source: He and Sun, "Fast Guided Filter", arXiv 1505.00996, 2015, with the photo's own RGB as
    the guide.
    """
    # Variances as differences of squares leave nothing in float32 where the photo is flat.
    guide, target = dark.double(), target.double()
    mean_guide, mean_target = window_mean(guide), window_mean(target)
    covariance = window_mean(_products(guide, guide)) - _products(mean_guide, mean_guide)
    across = window_mean(_products(guide, target)) - _products(mean_guide, mean_target)
    ridge = torch.as_tensor(ridge, dtype=guide.dtype, device=guide.device).view(-1, 1, 1, 1, 1)
    factors = torch.linalg.solve(
        _matrices(covariance) + ridge * torch.eye(3, dtype=guide.dtype, device=guide.device),
        _matrices(across),
    )
    # B h w 3 C by input and output colour, to B C 3 h w by output and input colour.
    factors = factors.permute(0, 4, 3, 1, 2)
    offsets = mean_target - (factors * mean_guide[:, None]).sum(dim=2)
    maps = torch.cat([factors, offsets[:, :, None]], dim=2)
    return window_mean(maps.flatten(1, 2)).float()


def relit(dark: Tensor, restored: Tensor) -> Tensor:
    """The dark photo, B 3 h w in 0..1, with the light and colours of the restored one.

    At every place the odds v / (1 - v) of the dark values are multiplied by the mean ratio, around
    it, of the restored odds to the dark ones: a curve from 0 to 0 and from 1 to 1 that neither
    clips lamps nor lifts black. Dark places count more in that mean, so that a bright window throws
    no shade around it. Light is only added: what is bright enough stays, in its own colours.
    """
    dark_grey, restored_grey = (photo.mean(dim=1, keepdim=True) for photo in (dark, restored))
    need = 1 - dark_grey + _BLACK

    def mean_change(before: Tensor, after: Tensor) -> Tensor:
        return _blurred(need * (_log_odds(after) - _log_odds(before))) / _blurred(need)

    grey_change = mean_change(dark_grey, restored_grey)
    light = grey_change.clamp_min(0)
    colour = COLOUR_SHARE * (1 - (-light).exp()) * (mean_change(dark, restored) - grey_change)
    return with_odds(dark, (light + colour).exp())


def with_odds(values: Tensor, gain: Tensor | float) -> Tensor:
    """Values in 0..1 with their odds v / (1 - v) multiplied: clips neither lamps nor black."""
    return gain * values / (1 + (gain - 1) * values)


def adjusted(answer: Tensor, small: Tensor, look: Look) -> Tensor:
    """Answers B 3 h w in 0..1 in the brightness and with the shadows of a look, see gain_of.

    `small` are the photos that they are answers to, see without_rounding.
    """
    gain = gain_of(answer, look)
    return without_rounding(with_odds(answer, gain), small, gain, look)


def without_rounding(lit: Tensor, small: Tensor, gain: Tensor, look: Look) -> Tensor:
    """Answers B 3 h w that were lit by this gain, B 1 h w, greyer where the photos are black.

    Where `small`, the photos B 3 h w in 0..1, is so but for a few 8-bit steps, its colour is one of
    rounding, often an olive one, or in more bits of noise. Shadows that are lifted do not lift
    that; brightness, which lifts all, does.
    """
    if look.shadows <= 0:
        return lit
    lifted = 1 - 2.0**look.brightness / gain
    power = small.mean(dim=1, keepdim=True).square()
    rounded = _COLOURLESS**2 / (power + _COLOURLESS**2)
    return torch.lerp(lit, lit.mean(dim=1, keepdim=True).expand_as(lit), lifted * rounded)


def gain_of(answer: Tensor, look: Look) -> Tensor:
    """What the odds of answers B 3 h w in 0..1 are to be multiplied by for a look: B 1 h w.

    `brightness` doubles them by each stop; on middle greys of sRGB that is about what a stop of
    exposure does. `shadows` does so with black, less by and by towards middle grey, and not at all
    from there on; below 0 it halves them, so that what is black in the scene is black again. How
    dark a place is says its base layer, the mean around it up to the next edge
    (a guided filter of the stops by themselves): so what lies in the shadows keeps its texture.
    """
    gain = torch.full_like(answer[:, :1], 2.0**look.brightness)
    if not look.shadows:
        return gain
    stops = _log_odds(with_odds(answer, gain).mean(dim=1, keepdim=True).double()) / log(2)
    radius_px = max(1, round(_SHADOWS_RADIUS * max(stops.shape[-2:])))
    mean = window_mean(stops, radius_px)
    variance = window_mean(stops.square(), radius_px) - mean.square()
    share = variance / (variance + _SHADOWS_EDGES)
    base = window_mean(share, radius_px) * stops + window_mean((1 - share) * mean, radius_px)
    dark = (-_SHADOWS_SLOPE * base).clamp(0, 1)
    return gain * 2.0 ** (look.shadows * dark).to(gain)


def _log_odds(values: Tensor) -> Tensor:
    return ((values + _BLACK) / (1 - values + _BLACK)).log()


def ridge_of(noise: Tensor) -> Tensor:
    """The ridges for colour_maps, B, that smooth noise of these standard deviations, B, away."""
    return (_NOISE_VARIANCES * noise.square()).clamp_min(_LEAST_VARIANCE)


def apply_maps(maps: Tensor, photo: Tensor) -> Tensor:
    """A photo B 3 H W with the affine colour maps B 4C H W of its pixels applied: B C H W."""
    restored = []
    for red, green, blue, offset in maps.unflatten(1, (-1, 4)).permute(1, 2, 0, 3, 4):
        colour = torch.addcmul(offset, red, photo[:, 0])
        restored.append(colour.addcmul_(green, photo[:, 1]).addcmul_(blue, photo[:, 2]))
    return torch.stack(restored, dim=1)


def noise_of(photos: Tensor) -> Tensor:
    """The standard deviations, B, of the noise of photos B 3 H W, in their own unit.

    Root mean square of the diagonal Haar detail, which few edges reach; the median over blocks, so
    that textured ones do not count, nor those that are nothing but black or white, which hides it.
    """
    height, width = (side // 2 * 2 for side in photos.shape[-2:])
    if min(height, width) == 0:
        return photos.new_zeros(len(photos), dtype=torch.float32)
    even, odd = photos[..., :height:2, :width].float(), photos[..., 1:height:2, :width].float()
    detail = (even[..., ::2] - even[..., 1::2] - odd[..., ::2] + odd[..., 1::2]) / 2
    down, across = (min(NOISE_BLOCKS, side) for side in detail.shape[-2:])
    power, light = (
        functional.adaptive_avg_pool2d(it.mean(dim=1), (down, across)).flatten(1)
        for it in (detail.square(), even[..., ::2])
    )
    hidden = (power == 0) & ((light == 0) | (light == 1))
    return power.masked_fill(hidden, torch.nan).nanmedian(dim=1).values.nan_to_num().sqrt()


def enlarged_at(small: Tensor, place: tuple[slice, slice], size: tuple[int, int]) -> Tensor:
    """What is at a place, rows and columns, of B C h w enlarged to a size: B C rows columns.

    Bilinear, as interpolate() does it; `size` is height and width.
    """
    # Centres of the pixels there, in -1..1 over the whole, as grid_sample() wants them.
    down, across = (
        (torch.arange(it.start, it.stop, device=small.device) + 0.5) / side * 2 - 1
        for it, side in zip(place, size, strict=True)
    )
    grid = torch.stack(torch.meshgrid(across, down, indexing="xy"), dim=-1)
    enlarged = functional.grid_sample(
        small.float(),
        grid.expand(len(small), -1, -1, -1),
        mode="bilinear",
        padding_mode="border",
        align_corners=False,
    )
    return enlarged.to(small)


def window_mean(photos: Tensor, radius_px: int = RADIUS_PX) -> Tensor:
    """The means of B C h w over squares around each pixel, the edges repeated outwards."""
    padded = functional.pad(photos, [radius_px] * 4, mode="replicate")
    return functional.avg_pool2d(padded, 2 * radius_px + 1, stride=1)


def _products(left: Tensor, right: Tensor) -> Tensor:
    """Every channel of `left`, B 3 h w, times every channel of `right`, B C h w: B 3C h w."""
    return (left[:, :, None] * right[:, None]).flatten(1, 2)


def _matrices(products: Tensor) -> Tensor:
    return products.unflatten(1, (3, -1)).permute(0, 3, 4, 1, 2)


def _blurred(photos: Tensor) -> Tensor:
    """Gaussian blur of B C h w by LIGHT_SHARE of each side, the edges repeated outwards."""
    height, width = photos.shape[-2:]
    return _blur_matrix(height).to(photos) @ photos @ _blur_matrix(width).to(photos).T


def _blur_matrix(side_px: int) -> Tensor:
    sigma_px = LIGHT_SHARE * side_px
    reach_px = int(3 * sigma_px)
    offsets = torch.arange(-reach_px, reach_px + 1)
    weights = torch.exp(-(offsets.double() ** 2) / (2 * sigma_px**2))
    weights = (weights / weights.sum()).expand(side_px, -1)
    sources = (torch.arange(side_px)[:, None] + offsets).clamp(0, side_px - 1)
    return torch.zeros(side_px, side_px, dtype=weights.dtype).scatter_add_(1, sources, weights)
