"""Close-ups of a photo and its result in their own pixels: the page shows smaller pictures."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from math import ceil, floor
from pathlib import Path
from typing import Any

from gradio.utils import get_upload_folder
from PIL import Image

from lowlight_hub.demo import scratch
from lowlight_hub.demo.answers import shown
from lowlight_hub.errors import LowlightError
from lowlight_hub.photos import open_photo, to_picture

# No screen shows more. What a client asks for is not trusted.
MAX_PX = 4096


def close_up(asked: Mapping[str, Any]) -> dict[str, Any] | None:
    """The same spot of a photo and of its result, as files for the page; None if they are gone.

    `photo` and `result` are paths of files that the page was given. `box` is the spot: left, top,
    right and bottom, as shares of width and height. `width` is how many pixels wide it is shown:
    no more are sent. The `box` of the answer is the one asked for or, since it ends between pixels,
    a little larger.
    """
    try:
        pictures = _opened(*(_handed_out(asked[name]) for name in ("photo", "result")))
        pixels = _in_pixels(asked["box"], *pictures[0].size)
        width = min(MAX_PX, int(asked["width"]))
        before, after = (_spot(picture, pixels, width) for picture in pictures)
    except (KeyError, TypeError, ValueError, LowlightError):
        return None
    (across, down), (left, top, right, bottom) = pictures[0].size, pixels
    return {
        "before": shown(before, "before", ".webp"),
        "after": shown(after, "after", ".webp"),
        "box": (left / across, top / down, right / across, bottom / down),
    }


def _handed_out(path: str) -> Path:
    file = Path(path).resolve()
    if not file.is_relative_to(Path(get_upload_folder()).resolve()):
        raise LowlightError("This file is none that the page was given")
    return file


# The view is moved more often than the photo is changed.
@lru_cache(maxsize=1)
def _opened(photo: Path, result: Path) -> tuple[Image.Image, Image.Image]:
    before, after = (to_picture(open_photo(it, it.name)) for it in (photo, result))
    if before.size != after.size:
        raise LowlightError("The result is not as large as the photo")
    return before, after


scratch.at_sweeps(_opened.cache_clear)


def _in_pixels(box: Sequence[float], width: int, height: int) -> tuple[int, int, int, int]:
    left, top, right, bottom = (min(1.0, max(0.0, float(share))) for share in box)
    if not (left < right and top < bottom):
        raise ValueError("There is nothing in this box")
    return floor(left * width), floor(top * height), ceil(right * width), ceil(bottom * height)


def _spot(picture: Image.Image, pixels: tuple[int, int, int, int], width: int) -> Image.Image:
    spot = picture.crop(pixels)
    # In its own pixels it may be a little wider, ending between those of the page.
    if spot.width <= width + 2:
        return spot
    height = max(1, round(spot.height * width / spot.width))
    return spot.resize((width, height), Image.Resampling.LANCZOS)
