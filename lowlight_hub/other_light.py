"""Light that LOL does not have, put into photos for training: nights, fog, pages, windows."""

import math

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor
from torch.nn import functional

from lowlight_hub.camera import photographed
from lowlight_hub.chance import log_uniform, random, somewhere
from lowlight_hub.gaussian import blurred
from lowlight_hub.simulation import to_linear, to_srgb
from lowlight_hub.transfer import with_odds

# Shares of the photos in another light: by night, in fog, as a page; the rest is white.
_NIGHT_SHARE, _FOG_SHARE, _PAGE_SHARE = 0.10, 0.40, 0.20
_MOST_LAMPS = 100
# Of mixed light: how often it is a night with lamps; and of the rest, how often the bright part is
# windows, and not the photo's own bright places.
_LAMPS_SHARE, _WINDOWS_SHARE = 0.5, 0.65
# How much light lamps give where they give most, and the power of it that is to be seen: from 6 %
# become 32 %, from 80 % 91 %.
_LAMP_LIGHT, _LIFTED = (0.06, 0.8), 0.4
# How often windows show something else, and not the photo in more light.
_OUTSIDE_SHARE = 0.4
_WHOLE_SIDE_SHARE = 0.3
_DIM_EXPOSURES, _LIT_EXPOSURES = (0.03, 0.3), (0.5, 0.98)
# About as frequent as in text; spaces end words.
_LETTERS = "eeetttaaoinnshrdlucmfwgypbvkMTA.,      "
_ILLUSTRATED_SHARE = 0.4


def in_other_light(photo: Tensor) -> Tensor:
    """A photo, 3 H W in 0..1, in light that LOL does not have: its shape and range stay.

    A night with lamps or stars, fog, a printed page, or nearly white. LOL's bright photos are all
    about as bright and of much contrast, so a network that sees no others makes grey of a night sky
    and of paper; and one that sees no fog beside the paper makes paper of fog.
    """
    kind = random()
    if kind < _NIGHT_SHARE:
        return _by_night(photo)
    if (kind := kind - _NIGHT_SHARE) < _FOG_SHARE:
        return torch.lerp(photo.mean(dim=(1, 2), keepdim=True), photo, log_uniform(0.1, 0.6))
    if kind - _FOG_SHARE < _PAGE_SHARE:
        return _on_a_page(photo)
    return with_odds(photo, log_uniform(1.3, 4))


def in_mixed_light(bright: Tensor) -> tuple[Tensor, Tensor]:
    """A photo taken for its bright part, windows, lamps or a sky; and the same with the rest lit.

    Both are of the shape of the given photo, 3 H W, in 0..1. What is seen through windows has
    colours of its own, may be of one colour or nearly white, and stays so.
    """
    if random() < _LAMPS_SHARE:
        return _lit_by_lamps(bright)
    part = _windows(bright) if random() < _WINDOWS_SHARE else _brightest_part(bright)
    if random() < _OUTSIDE_SHARE:
        bright = torch.lerp(bright, _outside(bright), part)
    dim, lit = log_uniform(*_DIM_EXPOSURES), log_uniform(*_LIT_EXPOSURES)
    exposure = (part * math.log(lit) + (1 - part) * math.log(dim)).exp()
    return photographed(bright, exposure=exposure), bright


def _windows(photo: Tensor) -> Tensor:
    """Where one to three bright windows are, H W in 0..1, their edges sharp or a little soft.

    From spots to the whole height or width, so that they can be lamps or a sky as well.
    """
    height, width = photo.shape[-2:]
    part = photo.new_zeros(1, 1, height, width)
    for _ in range(int(torch.randint(1, 4, ()))):
        down, across = (
            side if random() < _WHOLE_SIDE_SHARE else max(1, int(side * log_uniform(0.05, 0.9)))
            for side in (height, width)
        )
        rows, columns = somewhere((down, across), (height, width))
        part[..., rows, columns] = 1
    return blurred(part, log_uniform(0.5, 0.03 * min(height, width) + 0.5))[0, 0].clamp(0, 1)


def _outside(photo: Tensor) -> Tensor:
    """What windows show, 3 H W: the photo mirrored, faded, overexposed and in another colour."""
    view = torch.lerp(photo.mean(dim=(1, 2), keepdim=True), photo.flip(2), random())
    colour = 1 - log_uniform(0.03, 0.9) * torch.rand(3, 1, 1)
    return with_odds(view, log_uniform(2, 30)) * colour.to(photo)


def _brightest_part(photo: Tensor) -> Tensor:
    """Where the photo itself is brightest, a tenth to two thirds of it: H W in 0..1."""
    light = blurred(photo.mean(dim=0)[None, None], 0.01 * min(photo.shape[-2:]) + 0.5)[0, 0]
    edge = light.flatten().float().quantile(1 - log_uniform(0.1, 0.67))
    return ((light - edge) / log_uniform(0.01, 0.1)).sigmoid()


def _on_a_page(photo: Tensor) -> Tensor:
    """A page of text, under unevenly falling light; the photo illustrates it, or is not shown."""
    height, width = photo.shape[-2:]
    ink = Image.new("L", (width, height))
    draw = ImageDraw.Draw(ink)
    letter_px = max(4, round(min(height, width) * log_uniform(0.02, 0.12)))
    font = ImageFont.load_default(letter_px)
    margin, spacing = int(width * 0.2 * random()), letter_px * (1.1 + 0.6 * random())
    for line in range(1 + int(height / spacing)):
        # About two letters are as wide as they are high; a paragraph now and then ends early.
        count = int((width - 2 * margin) / letter_px * 2 * (random() if random() < 0.2 else 1))
        text = "".join(_LETTERS[it] for it in torch.randint(len(_LETTERS), (count,)).tolist())
        draw.text((margin, int((line + 0.3) * spacing)), text, fill=255, font=font)
    paper = 1 - 0.25 * random() ** 2 - 0.06 * torch.rand(3, 1, 1)
    shade = 1 - 0.2 * random() * functional.interpolate(
        torch.rand(1, 1, 3, 3), size=(height, width), mode="bicubic"
    )[0].clamp(0, 1)
    darkness = torch.from_numpy(np.array(ink)).float()[None] / 255 * (1 - 0.4 * random() ** 2)
    page = (paper * shade * (1 - darkness)).to(photo)
    if random() < _ILLUSTRATED_SHARE:
        # In its own place, so that what is around it is what was cut off.
        down, across = int(height * (0.2 + 0.5 * random())), int(width * (0.2 + 0.6 * random()))
        rows, columns = somewhere((down, across), (height, width))
        page[:, rows, columns] = photo[:, rows, columns]
    return page


def _by_night(photo: Tensor) -> Tensor:
    """The photo in the uneven, tinted light of a few places, and lamps or stars in it."""
    light = _uneven_light(photo) * log_uniform(0.1, 1)
    return to_srgb((to_linear(photo) * light + _lamps(photo)).clamp(0, 1))


def _lit_by_lamps(photo: Tensor) -> tuple[Tensor, Tensor]:
    """A night as it is taken, with lamps that are bright and little around them; and that lit."""
    light, lamps = _uneven_light(photo) * log_uniform(*_LAMP_LIGHT), _lamps(photo)
    # By one number for every place, so that the light keeps its tint.
    more = light.mean(dim=0) ** (_LIFTED - 1)
    linear = to_linear(photo)
    dark, bright = (to_srgb((linear * it + lamps).clamp(0, 1)) for it in (light, light * more))
    return photographed(dark, exposure=log_uniform(0.4, 1)), bright


def _uneven_light(photo: Tensor) -> Tensor:
    """What a few places of different tints give to every pixel of a photo: 3 H W, at most 1."""
    stops = 1.5 * torch.randn(1, 1, 3, 4) + 0.3 * torch.randn(1, 3, 3, 4)
    size = photo.shape[-2:]
    light = functional.interpolate(stops.to(photo), size=size, mode="bicubic").exp2()[0]
    return light / light.amax()


def _lamps(photo: Tensor) -> Tensor:
    """The glow of lamps or stars in a photo, all of one colour and size: linear light, 3 H W."""
    size = photo.shape[-2:]
    sigma_px = log_uniform(0.6, 6)
    places = torch.randint(photo[0].numel(), (int(log_uniform(1, _MOST_LAMPS)),))
    powers = 2 * torch.rand(len(places)) ** 2 * 2 * math.pi * sigma_px**2
    colour = 1 - 0.4 * torch.rand(3, 1, 1)
    lamps = photo.new_zeros(photo[0].numel())
    lamps[places.to(lamps.device)] = powers.to(lamps)
    return blurred(lamps.view(1, 1, *size), sigma_px)[0] * colour.to(lamps)
