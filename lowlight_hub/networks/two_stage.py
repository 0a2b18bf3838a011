"""The project's own model: light and colour from a thumbnail, detail and noise at full size."""

from collections.abc import Sequence
from functools import partial

import torch
from torch import Tensor
from torch.nn import functional

from lowlight_hub.look import Look
from lowlight_hub.networks.coarse import CoarseAutoencoder, thumbnail_size
from lowlight_hub.networks.fine import FineStage
from lowlight_hub.networks.model import LowlightModel, TileNetwork, as_weights
from lowlight_hub.networks.sizes import check_photos, resize
from lowlight_hub.transfer import (
    adjusted,
    apply_maps,
    colour_maps,
    enlarged_at,
    noise_of,
    ridge_of,
    window_mean,
)

# Noise grows with the signal, and so does what counts as an edge: in shares of the mean brightness.
_EDGE_SHARE = 0.08
_LEAST_MEAN = 4e-3
# Of white noise, what resize() leaves when n by n pixels become one: this, divided by n.
_NOISE_LEFT = 2 / 3
# What is added to both sides of the ratio by which a place is lit: two 8-bit steps.
_BLACK = 2 / 255
# The logarithm to base 2 of that ratio from which on the fine stage has all the say: a third more.
_LIT = 0.4
# What differs by less around a place, a standard deviation of half of an 8-bit step, is flat; by a
# radius of this share of the longer side.
_FLAT, _FLAT_RADIUS = 0.5 / 255, 0.05
# Noise level maps are logarithms, of this more: a quarter of an 8-bit step.
_LEAST_NOISE = 2**-10
_MAPS, _ANSWER, _SMALL, _FINE_SHARE = slice(0, 12), slice(12, 15), slice(15, 18), slice(18, 19)
_LEVELS = slice(19, 22)


class TwoStageAutoencoder(LowlightModel):
    """A coarse autoencoder for light and colour, then a light full-size stage for detail and noise.

    Shape: B 3 H W to B 3 H W, float, RGB in 0..1, any size from 1×1 up. The coarse autoencoder sees
    a thumbnail of the whole photo, 152 pixels on its longer side, since the light of a scene is a
    global fact. Local affine colour maps carry its answer to the photo (He and Sun, "Fast Guided
    Filter", arXiv 1505.00996, 2015), and the fine stage mends what they leave: noise and blur.
    No place of the thumbnail is given less light than it has. `width` is the number of channels of
    the coarse autoencoder's first level.
    """

    details_by_tiles = ("transfer", "network")

    def __init__(self, *, width: int | None = None):
        super().__init__()
        self.coarse = CoarseAutoencoder(width)
        self.fine = FineStage()
        # On a CPU the fine stage takes half the time so.
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def plans(
        self, overview: Tensor, closeups: Tensor, size: tuple[int, int], looks: Sequence[Look]
    ) -> list[Tensor]:
        """What is to be done with a photo of this height and width, B 22 h w, for each look.

        `overview` and `closeups` are as tiles_of takes them, or the photo itself, B 3 H W in 0..1.
        Of looks count brightness and shadows, light beyond that which the coarse stage, which takes
        none away, would give it.
        """
        small = resize(overview, thumbnail_size(*size))
        answer = self.coarse(as_weights(self, small)).to(small.dtype).clamp(0, 1)
        device = answer.device
        if device.type == "mps":
            # Apple's have no float64, and for what is small there is no need of them.
            overview, closeups, answer = (it.cpu() for it in (overview, closeups, answer))
        small = small.to(answer)
        answer = evened(no_darker(answer, small), small)
        noise, levels = thumbnail_noise(overview, small), noise_levels(closeups)
        told = noise.to(answer), levels.to(answer)
        return [plan_for(small, adjusted(answer, small, it), *told).to(device) for it in looks]

    def finished(self, photo: Tensor, plan: Tensor) -> Tensor:
        """The photo B 3 H W, restored by a plan enlarged to its size; about 0..1.

        Where it is hardly brighter than before, its noise is not either, and there is nothing that
        the fine stage should take away: there the photo itself is kept, as much brighter as the
        answer is, in its own colours.
        """
        guided = apply_maps(plan[:, _MAPS], photo)
        answer, small = plan[:, _ANSWER], plan[:, _SMALL]
        lit = (photo + _BLACK) * _ratio(answer, small) - _BLACK
        kept = (photo + _BLACK) * _ratio(_grey(answer), _grey(small)) - _BLACK
        levels = plan[:, _LEVELS]
        mended = self.fine(*(as_weights(self, it) for it in (lit, guided, answer, levels)))
        return torch.lerp(kept, mended.to(kept), plan[:, _FINE_SHARE])

    def forward(self, photo: Tensor) -> Tensor:
        check_photos(photo)
        height, width = size = photo.shape[-2:]
        (plan,) = self.plans(photo, photo, (height, width), [Look()])
        plan = functional.interpolate(plan, size=size, mode="bilinear", align_corners=False)
        return self.finished(photo, plan).clamp(0, 1)

    def tiles_of(
        self, overview: Tensor, closeups: Tensor, size: tuple[int, int], looks: Sequence[Look]
    ) -> list[TileNetwork]:
        grey = bool((overview == overview[:, :1]).all())

        def restored(plan: Tensor, tile: Tensor, top: int, left: int) -> Tensor:
            down, across = tile.shape[2:]
            place = slice(top, top + down), slice(left, left + across)
            enlarged = enlarged_at(plan, place, size)
            answer = self.finished(tile.to(enlarged.device), enlarged)
            return answer.mean(dim=1, keepdim=True).repeat(1, 3, 1, 1) if grey else answer

        return [
            TileNetwork(
                partial(restored, plan),
                self.fine.reach_px,
                self.fine.stride_px,
                in_bfloat16=True,
            )
            for plan in self.plans(overview, closeups, size, looks)
        ]


def no_darker(answer: Tensor, small: Tensor) -> Tensor:
    """An answer B 3 h w to thumbnails B 3 h w, both in 0..1, with at least their light everywhere.

    What it lacks is taken from the thumbnail's own colours. A network that takes a lit place in the
    dark for a night that is to stay would darken it; more light never does.
    """
    lacking = (_grey(small) - _grey(answer)).clamp_min(0)
    missing = torch.maximum(answer, small) - answer
    share = lacking / _grey(missing).clamp_min(torch.finfo(missing.dtype).tiny)
    return answer + share * missing


def evened(answer: Tensor, small: Tensor) -> Tensor:
    """An answer B 3 h w to thumbnails B 3 h w, both in 0..1, lit alike all over what is flat.

    In a black sky, say, what the coarse stage tells from place to place is rounding and JPEG's
    blocks, and what it makes of them blotches. So by how much such a place is lit is the mean of
    what is flat around it.
    """
    before, after = (_grey(it).double() for it in (small, answer))
    radius_px = max(1, round(_FLAT_RADIUS * max(small.shape[-2:])))
    variance = window_mean(before.square(), radius_px) - window_mean(before, radius_px).square()
    flat = _FLAT**2 / (variance.clamp_min(0) + _FLAT**2)
    stops = _ratio(after, before).log2()
    mean = window_mean(flat * stops, radius_px) / window_mean(flat, radius_px)
    lit = (answer + _BLACK) * (flat * (mean - stops)).exp2() - _BLACK
    return lit.clamp(0, 1).to(answer)


def plan_for(small: Tensor, answer: Tensor, noise: Tensor, levels: Tensor) -> Tensor:
    """A plan, B 22 h w, that makes of thumbnails B 3 h w what the coarse answers to them say.

    `noise` is its standard deviation in each thumbnail, B. It is smoothed away here: to the fine
    stage it would be blotches of many pixels, which it cannot tell from the photo. `levels`, B 2,
    as noise_levels() has them, are those of each photo itself, and are left to the fine stage.
    The plan's channels: affine colour maps (12), the answer (3), the thumbnail (3), the share of
    what the fine stage says (1), the noise level maps that it is told (3).
    """
    noisy = ridge_of(noise)
    both = torch.cat([answer, small], dim=1)
    both = apply_maps(colour_maps(small, both, noisy).to(small), small).clamp(0, 1)
    mean = small.double().mean(dim=(1, 2, 3)).clamp_min(_LEAST_MEAN)
    edges = torch.maximum((_EDGE_SHARE * mean).square(), noisy.to(mean))
    brighter, before = both.split(3, dim=1)
    maps = colour_maps(small, brighter, edges)
    lit = _ratio(_grey(brighter), _grey(before))
    share = (lit.log2() / _LIT).clamp(0, 1)
    # Not only there but around it: what lies between a window and a dark wall is of the wall.
    mended = functional.max_pool2d(share, kernel_size=3, stride=1, padding=1)
    lit_levels = (lit * levels.to(lit)[..., None, None] + _LEAST_NOISE).log2()
    # To about -1..1.5, as what else the fine stage sees.
    told = [lit_levels / 4 + 1.5, lit.log2() / 4]
    return torch.cat([maps.to(both), both, mended, *told], dim=1)


def _ratio(after: Tensor, before: Tensor) -> Tensor:
    """How many times as bright as before a place is."""
    return (after + _BLACK) / (before + _BLACK)


def _grey(photos: Tensor) -> Tensor:
    return photos.mean(dim=1, keepdim=True)


def thumbnail_noise(photo: Tensor, small: Tensor) -> Tensor:
    """The standard deviation of the noise of photos B 3 H W in their thumbnails B 3 h w: B.

    That of the photos made smaller: in the thumbnails themselves texture looks like noise.
    """
    scale = max(small.shape[-2:]) / max(photo.shape[-2:])
    return noise_of(photo) * (_NOISE_LEFT * scale if scale < 1 else 1.0)


def noise_levels(closeups: Tensor) -> Tensor:
    """The noise levels of photos B 3 H W, or of close-ups of them, in 0..1: B 2.

    Standard deviations, of the noise from pixel to pixel and of that between means of 2×2: in a
    sensor's own noise the second is half of the first; where a camera smoothed it, or JPEG took the
    finest away, it may be more than the first.
    """
    # Also of photos one pixel wide.
    means = functional.avg_pool2d(closeups.float(), 2, ceil_mode=True)
    return torch.stack([noise_of(closeups), noise_of(means)], dim=1)
