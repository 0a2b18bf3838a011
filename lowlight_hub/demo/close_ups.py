"""Close-ups of a photo and its result in their own pixels: the page shows smaller pictures."""

import time
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from math import ceil, floor, sqrt
from pathlib import Path
from threading import BoundedSemaphore, Lock
from typing import Any

from PIL import Image

from lowlight_hub.demo import scratch
from lowlight_hub.demo.answers import handed_out, shown
from lowlight_hub.errors import LowlightError
from lowlight_hub.photos import open_photo, to_picture

# More than a page shows of it. What a client asks for is not trusted.
MAX_PIXELS = 4_000_000
# A large photo and its result take hundreds of megabytes: never those of two visitors at a time,
# and none but a few wait, who keep threads waiting that others need.
_one_at_a_time, _waiting = Lock(), BoundedSemaphore(4)
# A page fetches its close-ups at once, and asks for others with every move: megabytes each.
KEEP_S = 120


def close_up(asked: Mapping[str, Any]) -> dict[str, Any] | None:
    """The same spot of a photo and of its result, as files for the page.

    None where those are gone, where there is no such spot, and where many ask at a time.
    `photo` and `result` are paths of files that the page was given. `box` is the spot: left, top,
    right and bottom, as shares of width and height. `width` is how many pixels wide it is shown:
    no more are sent. `pixels` in the answer is the spot in whole pixels of the photo.
    """
    if not _waiting.acquire(blocking=False):
        return None
    try:
        width = max(1, int(asked["width"]))
        files = [handed_out(asked[name]) for name in ("photo", "result")]
        if not all(it.is_file() for it in files):
            raise LowlightError("These files are gone")
        with _one_at_a_time:
            pictures = _opened(*files)
            pixels = _in_pixels(asked["box"], *pictures[0].size)
            # In PNG: noise that compression takes away is what is to be seen.
            before, after = (
                shown(_spot(picture, pixels, width), name)
                for picture, name in zip(pictures, ("before", "after"), strict=True)
            )
            _made.append((time.monotonic(), [Path(it["path"]) for it in (before, after)]))
    except (LookupError, TypeError, ValueError, ArithmeticError, RuntimeError, LowlightError):
        return None
    finally:
        _waiting.release()
    return {"before": before, "after": after, "pixels": pixels}


# One pair at most: the view is moved more often than the photo is changed.
_held: dict[tuple[Path, Path], tuple[Image.Image, Image.Image]] = {}
scratch.at_sweeps(_held.clear)
_made: deque[tuple[float, list[Path]]] = deque()


@scratch.at_sweeps
def _delete_old() -> None:
    while _made and time.monotonic() - _made[0][0] > KEEP_S:
        for file in _made.popleft()[1]:
            with suppress(OSError):
                file.unlink(missing_ok=True)
                file.parent.rmdir()


def _opened(photo: Path, result: Path) -> tuple[Image.Image, Image.Image]:
    pair = _held.get((photo, result))
    if pair is None:
        _held.clear()  # its memory is for this one
        before, after = (to_picture(open_photo(it, it.name)) for it in (photo, result))
        if before.size != after.size:
            raise LowlightError("The result is not as large as the photo")
        pair = _held[photo, result] = before, after
    return pair


def _in_pixels(box: Sequence[float], width: int, height: int) -> tuple[int, int, int, int]:
    left, top, right, bottom = (min(1.0, max(0.0, float(share))) for share in box)
    if not (left < right and top < bottom):
        raise ValueError("there is nothing in this box")
    return floor(left * width), floor(top * height), ceil(right * width), ceil(bottom * height)


def _spot(picture: Image.Image, pixels: tuple[int, int, int, int], width: int) -> Image.Image:
    spot = picture.crop(pixels)
    # In its own pixels it may be a little wider, ending between those of the page.
    scale = min(
        width / spot.width if spot.width > width + 2 else 1,
        sqrt(MAX_PIXELS / (spot.width * spot.height)),
    )
    if scale >= 1:
        return spot
    size = (max(1, round(spot.width * scale)), max(1, round(spot.height * scale)))
    return spot.resize(size, Image.Resampling.LANCZOS)
