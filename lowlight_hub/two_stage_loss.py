"""What attempt-7 minimises: light and colour on thumbnails, detail and noise on patches."""

import torch
from torch import Tensor
from torch.nn import functional

from lowlight_hub.augmentation import augmented
from lowlight_hub.chance import random, somewhere
from lowlight_hub.gaussian import blurred, filtered
from lowlight_hub.networks.coarse import thumbnail_size
from lowlight_hub.networks.sizes import resize
from lowlight_hub.networks.two_stage import (
    TwoStageAutoencoder,
    evened,
    no_darker,
    noise_levels,
    plan_for,
    thumbnail_noise,
)
from lowlight_hub.transfer import enlarged_at

PATCH_PX = 128
# In training; the rest of a step costs much more than a patch.
PATCHES = 2
SSIM_WEIGHT = 0.2
# Standard deviation, in pixels of a thumbnail, of the blur in which the fine stage's plan is given
# the right light.
LIGHT_PX = 4.0
# A photo of 12 megapixels is larger beside its thumbnail than one of LOL: so, for the fine stage,
# thumbnails are made smaller by one of these.
SHRINKS = (1, 1, 2, 4)
_PORTRAIT_SHARE = 0.25
_SSIM_PX, _SSIM_SIGMA = 11, 1.5


def two_stage_loss(model: TwoStageAutoencoder, dark: Tensor, bright: Tensor) -> Tensor:
    """Mean of L1 and L1 after GT-mean of the coarse answer, + L1 + 0.2 (1 - SSIM) of the fine one.

    `dark` and `bright` are whole photos, B 3 H W. In training they are varied (see augmentation),
    and the fine stage gets random patches of each; else the middle of each. Thumbnails are
    of one shape, the first photo's: the others are stretched to it.
    The stages do not disturb each other: the fine one learns on the coarse answer put into the
    right light, which is not for it to mend, and hands no gradient back. A frozen fine stage has
    no part in the loss, nor in its cost.
    """
    if model.training:
        pairs = [augmented(*pair) for pair in zip(dark, bright, strict=True)]
        if random() < _PORTRAIT_SHARE:
            pairs = [(one.mT, other.mT) for one, other in pairs]
    else:
        pairs = list(zip(dark, bright, strict=True))
    size = thumbnail_size(*pairs[0][0].shape[-2:])
    small, target = (
        torch.cat([resize(photo[None], size) for photo in photos])
        for photos in zip(*pairs, strict=True)
    )
    answer = model.coarse(small)
    light = (functional.l1_loss(answer, target) + _l1_after_gt_mean(answer, target)) / 2
    if not any(weight.requires_grad for weight in model.fine.parameters()):
        return light
    return light + _loss_of_patches(model, pairs, small, answer, target)


def _loss_of_patches(
    model: TwoStageAutoencoder,
    pairs: list[tuple[Tensor, Tensor]],
    small: Tensor,
    answer: Tensor,
    target: Tensor,
) -> Tensor:
    """L1 + 0.2 (1 - SSIM) of the fine stage's answers, on patches of each pair of photos 3 H W.

    Their thumbnails, what the coarse stage made of them and what it should have are B 3 h w.
    """
    with torch.no_grad():
        lit = (answer + blurred(target - answer, LIGHT_PX)).clamp(0, 1)
        if model.training:
            shrink = SHRINKS[int(torch.randint(len(SHRINKS), ()))]
            small, lit = (functional.avg_pool2d(it, shrink) for it in (small, lit))
        lit = evened(no_darker(lit, small), small)
        noise = [
            (thumbnail_noise(photo[None], one[None]), noise_levels(photo[None]))
            for one, (photo, _) in zip(small, pairs, strict=True)
        ]
        plan = plan_for(small, lit, *(torch.cat(it) for it in zip(*noise, strict=True)))
        height, width = (
            min(PATCH_PX, *sides) for sides in zip(*(it.shape[1:] for it, _ in pairs), strict=True)
        )
        patches = [
            _patch(*pair, one_plan, (height, width), middle=not model.training)
            for pair, one_plan in zip(pairs, plan, strict=True)
            for _ in range(PATCHES if model.training else 1)
        ]
    photo, goal, enlarged = (torch.stack(it) for it in zip(*patches, strict=True))
    restored = model.finished(photo, enlarged)
    return functional.l1_loss(restored, goal) + SSIM_WEIGHT * (1 - ssim(restored, goal))


def _l1_after_gt_mean(answer: Tensor, target: Tensor) -> Tensor:
    """L1 after the answer was scaled to the target's mean: colour and contrast, not light."""
    means = [it.detach().mean(dim=(1, 2, 3), keepdim=True) for it in (target, answer)]
    gain = (means[0] / means[1].clamp_min(0.02)).clamp(0.5, 2)
    return functional.l1_loss(gain * answer, target)


def _patch(
    dark: Tensor, bright: Tensor, plan: Tensor, size: tuple[int, int], *, middle: bool
) -> tuple[Tensor, Tensor, Tensor]:
    """A patch of both photos, 3 h w, and of a plan 22 h w enlarged to their size."""
    height, width = dark.shape[-2:]
    rows, columns = somewhere(size, (height, width), at=(0.5, 0.5) if middle else None)
    (enlarged,) = enlarged_at(plan[None], (rows, columns), (height, width))
    return dark[:, rows, columns], bright[:, rows, columns], enlarged


def ssim(restored: Tensor, reference: Tensor) -> Tensor:
    """The mean structural similarity of photos B 3 H W in 0..1, at least 11×11; differentiable.

    Source: Wang et al., "Image Quality Assessment: From Error Visibility to Structural Similarity",
    IEEE TIP 2004. Its own window, without the borders.
    """

    def mean(photos: Tensor) -> Tensor:
        return filtered(photos, _SSIM_SIGMA, _SSIM_PX // 2)

    one, other = restored.float(), reference.float()
    mean_one, mean_other = mean(one), mean(other)
    variances = mean(one.square() + other.square()) - mean_one.square() - mean_other.square()
    covariance = mean(one * other) - mean_one * mean_other
    first, second = 0.01**2, 0.03**2
    light = (2 * mean_one * mean_other + first) / (mean_one**2 + mean_other**2 + first)
    return (light * (2 * covariance + second) / (variances + second)).mean()
