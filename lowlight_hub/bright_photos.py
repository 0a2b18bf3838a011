"""Pairs made by the simulator, of bright photos alone: the project's free ones, or a folder's."""

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from lowlight_hub.data import Pairs, Views, article_views, decoded
from lowlight_hub.errors import LowlightError
from lowlight_hub.finding import PACKAGE, SIMULATED, PhotoPair, lol_set
from lowlight_hub.photos import SUFFIXES, open_photo, photos_below, to_tensor
from lowlight_hub.simulation import darken

SIMULATED_EXPOSURES = (0.3, 0.15, 0.07, 0.03)
# The exposure at which examples and sample sheets show the free photos.
SHOWN_EXPOSURE = 0.07
# Those of a folder of bright photos: from nearly black to hardly darker.
_LEAST_EXPOSURE, _MOST_EXPOSURE = 0.02, 0.6
# Its multiples, without what is before the point, are even and never repeat.
_GOLDEN_RATIO = 0.6180339887


def find_bright_photos(folder: Path) -> list[PhotoPair]:
    """The photos in a folder and its subfolders, each once and a scene of its own, to be darkened.

    Exposures are spread evenly, on a scale of stops, from almost none of the light to most of it.
    Raises LowlightError where there is no such folder, or no photo in it, for one within it that
    may not be read, and for photos of LOL: some are dark, and some its test set.
    """
    if not folder.is_dir():
        raise LowlightError(f"there is no folder {folder}")
    found, complaints = photos_below(folder)
    if complaints:
        raise LowlightError(complaints[0])
    # A link is no second photo.
    photos = {path.resolve(): path for path in found}
    if not photos:
        raise LowlightError(f"{folder} holds no photo ({', '.join(SUFFIXES)})")
    pairs = []
    for number, (real, path) in enumerate(photos.items()):
        if lol_set(real.parent):
            raise LowlightError(f"{path} is of LOL: name LOL with --data, and other photos here")
        share = number * _GOLDEN_RATIO % 1
        exposure = _LEAST_EXPOSURE * (_MOST_EXPOSURE / _LEAST_EXPOSURE) ** share
        name = path.relative_to(folder).as_posix()
        # Scenes are written down and published; what somebody's photos are called is not.
        pairs.append(PhotoPair(name, path, path, f"bright photo {number + 1}", exposure))
    return pairs


def free_photos() -> dict[str, Tensor]:
    """The free photos that the package ships, by name: 3 H W, float, RGB in 0..1."""
    paths = sorted((PACKAGE / "free_photos").glob("*.webp"))
    return {path.stem: to_tensor(open_photo(path)) for path in paths}


def dark_free_photos(exposure: float = SHOWN_EXPOSURE) -> dict[str, Tensor]:
    """The free photos as a shorter exposure would have taken them, always with the same noise."""
    generator = torch.Generator().manual_seed(0)
    return {
        name: darken(photo, exposure=exposure, generator=generator)
        for name, photo in free_photos().items()
    }


def simulated_pairs(
    exposures: Sequence[float] = SIMULATED_EXPOSURES, views: Views = article_views
) -> Pairs:
    """Pairs made from the free photos, darkened at several exposures: always the same ones."""
    targets = free_photos()
    darks = [
        (exposure, name, dark)
        for exposure in exposures
        for name, dark in dark_free_photos(exposure).items()
    ]
    return decoded(
        SIMULATED,
        [f"{name}-{exposure}" for exposure, name, _ in darks],
        [name for _, name, _ in darks],
        ((views(dark), views(targets[name])) for _, name, dark in darks),
        simulated=[True] * len(darks),
    )
