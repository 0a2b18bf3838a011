"""What the demo computes, whatever its page is: photos in, restored photos and figures out."""

import logging
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import chain
from pathlib import Path
from threading import BoundedSemaphore
from typing import Any

import numpy as np
from PIL import Image

from lowlight_hub.attempts import ATTEMPTS, DEFAULT
from lowlight_hub.batch import Found, Job, label_of, plan
from lowlight_hub.demo import scratch
from lowlight_hub.demo.examples import example_in
from lowlight_hub.demo.memory import PeakMemory
from lowlight_hub.demo.zero_gpu import IS_ZERO_GPU, on_gpu, words_of_zero_gpu
from lowlight_hub.errors import LowlightError
from lowlight_hub.folders import bundled
from lowlight_hub.look import Look
from lowlight_hub.networks import LowlightModel
from lowlight_hub.networks.sizes import SIDE_PX, resize
from lowlight_hub.photos import Photo, open_photo, save_photo, to_picture
from lowlight_hub.photos.photo import over_its_mean
from lowlight_hub.restoring import Step, overview_of, restore, restore_each
from lowlight_hub.shelf import Shelf

SHELF = Shelf()
# The first is the photo's own, where it can be written.
FORMATS = ("same", "png", "jpg", "webp")
# Pictures on the page are previews: a large photo would take seconds to encode and to send.
PREVIEW_PX = 1280
# A photo of as many pixels or fewer is restored within a second or two.
QUICK_PIXELS = 4_000_000
MAX_PHOTOS = 50
# How many photos are in work at a time, whoever asks: more would share the same processor.
TOGETHER = 2
_places = BoundedSemaphore(TOGETHER)
# How often one that waits for its turn looks whether anybody still waits for it.
WAIT_S = 0.5
# How bright a scene was no dark photo tells: so small pictures show what other light looks like.
CHOICES = {
    "brightness": (-1.0, -0.5, 0.0, 0.5, 1.0, 1.5),
    "shadows": (-2.0, -1.0, 0.0, 1.0, 2.0, 3.0),
}
CHOICE_PX = 200
LUMINANCE_BINS = 64
OUR_FAULT = "This did not work, and the fault is not your photo's: try again, or another model"


def in_words(error: Exception) -> str:
    """What users are told of an error: what is wrong with what they gave, or that it was not that.

    What they are not shown is logged.
    """
    if isinstance(error, LowlightError):
        return str(error)
    words = words_of_zero_gpu(error)
    if words is not None:
        return words
    logging.error("an error that users are not shown", exc_info=error)
    return OUR_FAULT


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A restored photo, and what it took."""

    photo: Photo
    restored: Photo
    seconds: float
    peak_mb: float
    """Peak memory of the whole process meanwhile, in MB."""
    size: tuple[int, int]
    """Width and height of the photo that was given."""
    is_quick_look: bool = False
    """Whether `photo` is a small one of it."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What can be chosen. Raises LowlightError for what no menu offers: clients send anything."""

    model: str = DEFAULT
    look: Look = field(default_factory=Look)
    file_format: str = "same"
    keep_metadata: bool = False

    def __post_init__(self) -> None:
        for what, value, choices in (
            ("model", self.model, ATTEMPTS),
            ("file format", self.file_format, FORMATS),
        ):
            if value not in choices:
                raise LowlightError(f"There is no {what} {value!r}: choose {', '.join(choices)}")


@contextmanager
def a_turn(step: Step | None = None) -> Iterator[None]:
    """One of TOGETHER at a time: what restores photos waits here for its turn, whoever asks.

    Of a run that was stopped the queue knows nothing, but it goes on to its next `step`, see
    restore; also while it waits.
    """
    while not _places.acquire(timeout=WAIT_S):
        if step is not None:
            step(0, 1)
    try:
        if step is not None:
            step(0, 1)
        yield
    finally:
        _places.release()


def run(photo: Photo | Path, settings: Settings, step: Step | None = None) -> Run:
    """The photo restored by a model; a file is opened once it is its turn.

    Raises LowlightError as load_model, open_photo and restore do.
    """
    with a_turn(step):
        opened = photo if isinstance(photo, Photo) else open_photo(photo, photo.name)
        # ZeroGPU works in another process, which can tell nothing meanwhile.
        return _run(opened, settings, None if IS_ZERO_GPU else step)


@on_gpu
def _run(photo: Photo, settings: Settings, step: Step | None) -> Run:
    model = _model(settings.model)
    with PeakMemory() as memory:
        start = time.perf_counter()
        restored = restore(model, photo, settings.look, step=step)
        seconds = time.perf_counter() - start
    return Run(
        photo=photo,
        restored=restored,
        seconds=seconds,
        peak_mb=memory.peak_mb,
        size=photo.size,
    )


def choices_of(
    path: Path, photo: Photo, settings: Settings
) -> dict[str, list[tuple[float, Image.Image]]]:
    """A file's photo restored in each of CHOICES, small; what else is set stays.

    Remembered for SWEEP_S at most. Raises LowlightError as run does.
    """
    looks = {
        name: [_with(settings.look, name, stops) for stops in CHOICES[name]] for name in CHOICES
    }
    known = _small_results(path, settings.model)
    missing = [it for it in dict.fromkeys(chain(*looks.values())) if it not in known]
    if missing:
        small = _small(photo, CHOICE_PX)
        known.update(zip(missing, _small_runs(small, settings.model, missing), strict=True))
    return {
        name: [(stops, known[it]) for stops, it in zip(CHOICES[name], looks[name], strict=True)]
        for name in CHOICES
    }


@lru_cache(maxsize=24)
def _small_results(path: Path, model: str) -> dict[Look, Image.Image]:
    return {}


scratch.at_sweeps(_small_results.cache_clear)


def _with(look: Look, name: str, stops: float) -> Look:
    change: dict[str, Any] = {name: stops}
    return replace(look, **change)


def _small(photo: Photo, side_px: int) -> Photo:
    """The photo, opaque, its longer side of at most so many pixels, or fewer, see overview_of."""
    seen = overview_of(Photo(over_its_mean(photo)))
    # Of a panorama that has a shape of its own.
    scale = min(side_px, max(seen.shape[-2:])) / max(photo.size)
    width, height = (max(1, round(side * scale)) for side in photo.size)
    small = resize(seen, (height, width))[0]
    # In 16 bits: much of a dark photo lies within a few steps of 8.
    pixels = (small.clamp(0, 1) * 65535).round().permute(1, 2, 0).numpy().astype(np.uint16)
    return Photo(pixels)


@on_gpu
def _small_runs(photo: Photo, model: str, looks: Sequence[Look]) -> list[Image.Image]:
    return [preview(it, photo) for it in restore_each(_model(model), photo, looks)]


def _model(name: str) -> LowlightModel:
    try:
        return SHELF.get(name)
    except LowlightError as error:
        raise _without(bundled(name).parent, error) from None


def _without(folder: Path, error: LowlightError) -> LowlightError:
    """Visitors learn which file it is, not where this machine keeps it."""
    return LowlightError(str(error).replace(f"{folder}/", ""))


def run_file(path: Path, settings: Settings, step: Step | None = None) -> Run:
    """As run, of a file; what an example gives is remembered."""
    example = example_in(path)
    if example is not None:
        return _run_of_example(example, settings)
    return run(path, settings, step)


def runs_of_file(path: Path, settings: Settings, step: Step | None = None) -> Iterator[Run]:
    """As run_file; where that takes seconds, a quick look comes first."""
    example = example_in(path)
    if example is not None:
        yield _run_of_example(example, settings)
        return
    with a_turn(step):
        photo = open_photo(path, path.name)
    pixels = photo.size[0] * photo.size[1]
    takes_seconds = ATTEMPTS[settings.model].answers_in_full and pixels > QUICK_PIXELS
    # A small photo has no alpha, and on ZeroGPU each call waits for a GPU.
    if takes_seconds and photo.alpha is None and not IS_ZERO_GPU:
        quick = run(_small(photo, PREVIEW_PX), settings, step)
        yield replace(quick, size=photo.size, is_quick_look=True)
    yield run(photo, settings, step)


def jobs_of(paths: Sequence[Path], settings: Sequence[Settings]) -> list[Job]:
    """Where the results of these photos are written; `settings` are those of each, one at least.

    They differ in their looks alone.
    Raises LowlightError for more than MAX_PHOTOS photos.
    """
    if len(paths) > MAX_PHOTOS:
        raise LowlightError(
            f"{len(paths)} photos are too many at once: take up to {MAX_PHOTOS}, "
            "or `python -m lowlight_hub enhance FOLDER` on your own machine"
        )
    labels = [label_of(it.model, it.look) for it in settings]
    file_format = settings[0].file_format
    suffix = None if file_format == "same" else f".{file_format}"
    return plan([Found(path) for path in paths], scratch.new_folder(), labels, suffix)


def save(done: Run, job: Job, settings: Settings) -> None:
    """Writes a result, in full resolution, where its job says.

    Raises LowlightError as save_photo does.
    """
    try:
        save_photo(done.restored, job.target, keep_metadata=settings.keep_metadata)
    except LowlightError as error:
        raise _without(job.target.parent, error) from None


def run_job(job: Job, settings: Settings, step: Step | None = None) -> tuple[Run | None, str]:
    """One of several photos restored and written in full resolution; or None, and what went wrong.

    One photo must never stop the others.
    """
    if not job.source.is_file():
        return None, f"{job.source.name} was deleted, as all are within an hour: give it again"
    try:
        done = run_file(job.source, settings, step)
        save(done, job, settings)
    except Exception as error:
        words, name = in_words(error), job.source.name
        return None, words if name in words else f"{name}: {words}"
    return done, ""


@lru_cache(maxsize=24)
def _run_of_example(example: Path, settings: Settings) -> Run:
    return run(example, settings)


def preview(restored: Photo, photo: Photo) -> Image.Image:
    """What the page shows: of a square raw answer the photo's own proportions again."""
    picture = to_picture(restored)
    if restored.size != photo.size:
        scale = SIDE_PX / min(photo.size)
        # A strip of a photo stays within what a page can show.
        size = [min(max(1, round(side * scale)), PREVIEW_PX) for side in photo.size]
        return picture.resize((size[0], size[1]), Image.Resampling.BICUBIC)
    picture.thumbnail((PREVIEW_PX, PREVIEW_PX), Image.Resampling.LANCZOS)
    return picture


def histogram(photo: Photo) -> np.ndarray:
    """Shares of what is seen, in percent, by luminance (Rec. 601) from black to white."""
    picture = preview(photo, photo)
    opacity = np.asarray(picture.convert("RGBA").getchannel("A"), np.float64)
    luminance = np.asarray(picture.convert("L"))
    counts, _ = np.histogram(luminance, LUMINANCE_BINS, (0, 256), weights=opacity)
    return 100 * counts / max(opacity.sum(), 1)
