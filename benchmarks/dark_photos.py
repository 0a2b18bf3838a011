"""The free photos that benchmarks measure on, and what is left of them in little light."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from PIL import Image
from skimage import data as more_photos

from lowlight_hub.bright_photos import free_photos
from lowlight_hub.photos import open_photo, photos_below, through_jpeg, to_picture
from lowlight_hub.simulation import darken

# Of how many rows the simulator is given at a time.
STRIP_PX = 256
OTHER_KINDS = (
    "hubble_deep_field",
    "page",
    "moon",
    "brick",
    "coins",
    "retina",
    "immunohistochemistry",
)


class Light(NamedTuple):
    """How a photo is exposed, and a part of it: from where to where, in shares of each side.

    The part may show one colour, 8-bit RGB, instead of the photo. The noise may have a grain, and
    the photo have been stored as JPEG. `power` is that of a tone curve before all this: what is
    white stays so, and the rest becomes darker.
    """

    exposure: float
    part_exposure: float
    down: tuple[float, float]
    across: tuple[float, float]
    colour: tuple[int, int, int] | None = None
    grain_px: float = 0.0
    jpeg_quality: int | None = None
    power: float = 1.0

    def part(self, pixels: np.ndarray) -> np.ndarray:
        """A view of the part of an array H W C."""
        down, across = (
            slice(*(round(share * side) for share in shares))
            for shares, side in zip((self.down, self.across), pixels.shape[:2], strict=True)
        )
        return pixels[down, across]


def evenly(exposure: float) -> Light:
    """The same light everywhere."""
    return Light(exposure, exposure, (0, 1), (0, 1))


LIGHTS = {
    **{f"{it:g}": evenly(it) for it in (1.0, 0.5, 0.2, 0.1, 0.05, 0.02)},
    "0.1, window 0.7": Light(0.1, 0.7, down=(0.2, 0.6), across=(0.6, 0.85)),
    "0.1, half sky": Light(0.1, 1, down=(0, 0.5), across=(0, 1), colour=(190, 212, 240)),
    "0.1, JPEG": evenly(0.1)._replace(grain_px=0.5, jpeg_quality=80),
    "0.7, power 2.5": evenly(0.7)._replace(power=2.5),
}


def bright_photos(folder: Path | None) -> Iterator[tuple[str, Image.Image]]:
    """The photos in a folder; without one the project's own, and more that scikit-image brings."""
    if folder:
        for path in photos_below(folder)[0]:
            name = path.relative_to(folder).as_posix().replace("/", "-")  # two may have one stem
            yield name, to_picture(open_photo(path)).convert("RGB")
        return
    for name, photo in free_photos().items():
        yield name, to_picture(photo)
    for name in OTHER_KINDS:
        yield name, Image.fromarray(getattr(more_photos, name)()).convert("RGB")
    yield "motorcycle", Image.fromarray(more_photos.stereo_motorcycle()[0])


def of_size(photo: Image.Image, megapixels: float) -> Image.Image:
    """The photo with about so many pixels."""
    scale = (megapixels * 1e6 / (photo.width * photo.height)) ** 0.5
    return photo.resize((round(photo.width * scale), round(photo.height * scale)))


def photos_of(megapixels: float, folder: Path | None) -> Iterator[tuple[str, Image.Image]]:
    """The bright photos at one size, and what their files' names begin with."""
    for name, photo in bright_photos(folder):
        yield f"{name}-{megapixels:g}", of_size(photo, megapixels)


def in_full_light(photo: Image.Image, light: Light) -> Image.Image:
    """What the photo is to become again: itself, or with the colour that a part of it shows."""
    pixels = np.array(photo)
    if light.colour is not None:
        light.part(pixels)[:] = light.colour
    return Image.fromarray(pixels)


def darkened(photo: Image.Image, light: Light) -> Image.Image:
    """What the simulator's sensor makes of the photo in this light."""
    generator = torch.Generator().manual_seed(0)
    pixels = np.array(in_full_light(photo, light))
    exposures = torch.full(pixels.shape[:2], light.exposure)
    light.part(exposures.numpy())[:] = light.part_exposure
    # By strips, since the simulator's numbers take many times the room of the picture.
    for top in range(0, len(pixels), STRIP_PX):
        rows = slice(top, top + STRIP_PX)
        strip = torch.from_numpy(pixels[rows]).permute(2, 0, 1).float() / 255
        dark = darken(
            strip**light.power,
            exposure=exposures[rows],
            grain_px=light.grain_px,
            generator=generator,
        )
        pixels[rows] = (dark * 255).round().byte().permute(1, 2, 0).numpy()
    if light.jpeg_quality is None:
        return Image.fromarray(pixels)
    dark = torch.from_numpy(pixels).permute(2, 0, 1) / 255
    return to_picture(through_jpeg(dark, light.jpeg_quality))


def file_name(stem: str, light: str) -> str:
    """What the file of a dark photo is called, and other programs' answers to it."""
    return f"{stem}-{light.replace(', ', '-').replace(' ', '-')}.png"
