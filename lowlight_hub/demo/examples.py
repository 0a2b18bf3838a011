"""The demo's examples: the project's free photos, darkened, always in the same way."""

import hashlib
from functools import cache
from pathlib import Path

from PIL import Image

from lowlight_hub.bright_photos import dark_free_photos
from lowlight_hub.demo.scratch import temporary_folder
from lowlight_hub.photos import save_photo, to_picture

THUMBNAIL_PX = 240


def example_files() -> list[Path]:
    """The dark examples, PNG."""
    return sorted(_folder().iterdir())


@cache
def thumbnails() -> list[Path]:
    """What the page shows of the examples, small JPEG files of the same stems, in their order.

    All examples as they are would be most of what a visitor has to load.
    """
    folder = temporary_folder()
    for file in example_files():
        with Image.open(file) as picture:
            picture.thumbnail((THUMBNAIL_PX, THUMBNAIL_PX))
            picture.save(folder / f"{file.stem}.jpg", quality=90)
    return sorted(folder.iterdir())


def example_in(file: Path) -> Path | None:
    """The example that a file is a copy of: of its name, and the same to the byte."""
    digests = _digests()
    if file.name in digests and _digest(file) == digests[file.name]:
        return _folder() / file.name
    return None


def with_example(
    photos: list[tuple[str, str | None]] | None, sample: list[list[str]]
) -> list[tuple[str, str | None]]:
    """A visitor's photos and the example of a thumbnail; it takes the place of another example."""
    files = [Path(path) for path, _ in photos or []]
    own = [(str(it), None) for it in files if it.is_file() and example_in(it) is None]
    return [*own, (str(_folder() / f"{Path(sample[0][0]).stem}.png"), None)]


@cache
def _folder() -> Path:
    folder = temporary_folder()
    for name, photo in dark_free_photos().items():
        save_photo(to_picture(photo), folder / f"{name}.png")
    return folder


@cache
def _digests() -> dict[str, bytes]:
    return {it.name: _digest(it) for it in example_files()}


def _digest(file: Path) -> bytes:
    return hashlib.sha256(file.read_bytes()).digest()
