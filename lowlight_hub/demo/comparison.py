"""One photo through all attempts, and what each made of it."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from PIL import Image
from PIL.Image import Resampling

from lowlight_hub.attempts import ATTEMPTS, Attempt
from lowlight_hub.demo import service
from lowlight_hub.demo.service import Settings
from lowlight_hub.errors import LowlightError
from lowlight_hub.evaluation import check_measurable, psnr_and_ssim
from lowlight_hub.look import Detail, Look
from lowlight_hub.photos import Photo, over_white, to_picture
from lowlight_hub.photos.photo import in_8_bits
from lowlight_hub.restoring import Step

# PSNR and SSIM of larger photos are taken at this size: SSIM of 12 megapixels takes seconds.
MEASURED_PIXELS = 2_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """What one attempt made of a photo. `psnr` in dB and `ssim` where there is a reference."""

    attempt: Attempt
    picture: Image.Image
    seconds: float
    psnr: float | None = None
    ssim: float | None = None


def compare(
    photo: Photo, reference: Photo | None, detail: Detail, step: Step | None = None
) -> Iterator[tuple[list[Tile], list[str]]]:
    """One tile more at each step, in the table's order, and why attempts are left out.

    Raises LowlightError for an unknown detail and for a reference of another size.
    """
    look = Look(detail)
    if reference is not None and reference.size != photo.size:
        sizes = ["{}×{}".format(*it.size) for it in (reference, photo)]
        raise LowlightError(
            f"The bright reference is {sizes[0]} pixels and the photo {sizes[1]}: "
            "give two of the same size"
        )
    if reference is not None:
        check_measurable(reference, "The bright reference")
    goal = None if reference is None else _measurable(reference)
    tiles: list[Tile] = []
    failures: list[str] = []
    for name, attempt in ATTEMPTS.items():
        try:
            done = service.run(photo, Settings(name, look), step)
        except Exception as error:  # nor one model the others
            failures.append(f"{attempt.title}: {service.in_words(error)}")
            continue
        figures: tuple[float, float] | tuple[None, None] = (None, None)
        if goal is not None:
            figures = psnr_and_ssim(_measurable(done.restored, goal.shape), goal)
        tiles.append(
            Tile(
                attempt=attempt,
                picture=service.preview(done.restored, photo),
                seconds=done.seconds,
                psnr=figures[0],
                ssim=figures[1],
            )
        )
        yield tiles, failures
    if not tiles:
        yield tiles, failures


def _measurable(photo: Photo, shape: tuple[int, ...] | None = None) -> np.ndarray:
    """H W 3, uint8, of at most MEASURED_PIXELS, or of the shape given."""
    picture = to_picture(Photo(over_white(in_8_bits(photo))))
    width, height = picture.size
    if shape is not None:
        height, width = shape[:2]
    elif width * height > MEASURED_PIXELS:
        scale = (MEASURED_PIXELS / (width * height)) ** 0.5
        width, height = (max(1, round(side * scale)) for side in (width, height))
    if (width, height) != picture.size:
        # What is enlarged, a raw answer, as it is shown.
        smaller = width < picture.width
        picture = picture.resize((width, height), Resampling.BOX if smaller else Resampling.BICUBIC)
    return np.asarray(picture)
