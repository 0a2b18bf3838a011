"""The demo's endpoints for programs: gradio_client, HTTP and, where it is switched on, MCP."""

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import gradio as gr

from lowlight_hub.attempts import ATTEMPTS, DEFAULT
from lowlight_hub.demo import comparison, service
from lowlight_hub.demo.answers import file_data, handed_out, shown
from lowlight_hub.demo.comparing import captioned
from lowlight_hub.demo.figures import figures_by_model
from lowlight_hub.demo.scratch import zipped
from lowlight_hub.demo.service import Settings
from lowlight_hub.demo.texts import words
from lowlight_hub.errors import LowlightError
from lowlight_hub.folders import list_models
from lowlight_hub.look import Detail, Look
from lowlight_hub.photos import open_photo
from lowlight_hub.pictures import comparison_sheet

# What Gradio is told of all that works at photos: it waits in one queue, whoever asks.
QUEUED: dict[str, Any] = {"concurrency_id": "photos", "concurrency_limit": service.TOGETHER}


def in_a_sentence(function: Callable) -> Callable:
    """The function, every error of it as a sentence for clients."""

    @wraps(function)
    def call(*inputs: Any) -> Any:
        try:
            return function(*inputs)
        except Exception as error:
            raise gr.Error(f"{service.in_words(error)}.", print_exception=False) from None

    return call


@in_a_sentence
def enhance(
    photo: gr.FileData,
    model: str = DEFAULT,
    strength: float = 1.0,
    detail: Detail = "transfer",
    file_format: str = "same",
    keep_metadata: bool = False,
    brightness: float = 0.0,
    shadows: float = 0.0,
) -> tuple[gr.FileData, dict]:
    """Brightens a dark photo; gives the file in full resolution, and what it took.

    Args:
        photo: A photo (JPEG, PNG, WebP, AVIF, HEIC, TIFF, BMP, GIF) or a camera's raw file (DNG,
            NEF, CR2, CR3, ARW and others), up to 80 megapixels.
        model: One of the names that models gives.
        strength: From 0, the photo as it was, to 1, the model's answer.
        detail: "transfer" (sharp), "network" (the network's own answer) or "raw" (200×200).
        file_format: "same" (the photo's own where it can be written, else PNG), "png", "jpg" or
            "webp".
        keep_metadata: Whether camera, lens, exposure and date are kept. The place never is.
        brightness: Light beyond the model's answer, from -2 to 2 stops.
        shadows: Light only for what is still dark in that answer, from -3 (less) to 3 stops.
    """
    look = Look(detail, strength, brightness, shadows)
    settings = Settings(model, look, file_format, keep_metadata)
    (job,) = service.jobs_of([_path(photo)], [settings])
    done, failure = service.run_job(job, settings)
    if done is None:
        raise LowlightError(failure)
    width, height = done.restored.size
    took = {"seconds": round(done.seconds, 3), "peak_mb": round(done.peak_mb)}
    return file_data(job.target), {"model": model, "width": width, "height": height, **took}


@in_a_sentence
def enhance_batch(
    photos: list[gr.FileData],
    model: str = DEFAULT,
    strength: float = 1.0,
    detail: Detail = "transfer",
    file_format: str = "same",
    keep_metadata: bool = False,
    brightness: float = 0.0,
    shadows: float = 0.0,
) -> tuple[gr.FileData, list[str]]:
    """Brightens several dark photos; gives one zip, and a sentence for each that failed.

    Args:
        photos: Up to 50 photos.
        model: One of the names that models gives.
        strength: From 0, the photos as they were, to 1, the model's answer.
        detail: "transfer" (sharp), "network" (the network's own answer) or "raw" (200×200).
        file_format: "same" (the photo's own where it can be written, else PNG), "png", "jpg" or
            "webp".
        keep_metadata: Whether camera, lens, exposure and date are kept. The place never is.
        brightness: Light beyond the model's answer, from -2 to 2 stops.
        shadows: Light only for what is still dark in that answer, from -3 (less) to 3 stops.
    """
    look = Look(detail, strength, brightness, shadows)
    settings = Settings(model, look, file_format, keep_metadata)
    if not isinstance(photos, list):
        raise LowlightError("Give photos as a list, of one photo too")
    if not photos:
        raise LowlightError(words(None)["no_photo"])
    files, failures = [], []
    for job in service.jobs_of([_path(photo) for photo in photos], len(photos) * [settings]):
        done, failure = service.run_job(job, settings)
        if done is None:
            failures.append(failure)
        else:
            files.append(job.target)
    if not files:
        raise LowlightError(failures[0])
    archive = zipped(files)
    for file in files:  # Gradio, which deletes what is handed out, does not know of these
        file.unlink()
    return file_data(archive), failures


@in_a_sentence
def compare(
    photo: gr.FileData, reference: gr.FileData | None = None, detail: Detail = "transfer"
) -> tuple[gr.FileData, list[dict]]:
    """One photo through all attempts: a sheet of all, and what each made of it.

    Args:
        photo: A dark photo.
        reference: The same photo in good light and of the same size, for PSNR and SSIM.
        detail: "transfer" (sharp), "network" (the network's own answer) or "raw" (200×200).
    """
    opened = open_photo(_path(photo), "The photo")
    goal = open_photo(_path(reference), "The bright reference") if reference else None
    *_, (tiles, failures) = comparison.compare(opened, goal, detail)
    if not tiles:
        raise LowlightError(failures[0])
    answers = [
        {
            "model": tile.attempt.name,
            "title": tile.attempt.title,
            "seconds": round(tile.seconds, 3),
            "psnr": tile.psnr,
            "ssim": tile.ssim,
            "picture": shown(tile.picture, tile.attempt.name),
        }
        for tile in tiles
    ]
    return shown(comparison_sheet(captioned(tiles)), "attempts"), answers


def models() -> list[dict]:
    """The models that there are: name, title, what each learns, and its figures on LOL eval15."""
    figures = figures_by_model()
    return [
        {
            "name": name,
            "title": ATTEMPTS[name].title,
            "learns": ATTEMPTS[name].learns,
            "story": ATTEMPTS[name].story,
            "default": name == DEFAULT,
            "psnr": figures[name][0] if name in figures else None,
            "ssim": figures[name][1] if name in figures else None,
        }
        for name in list_models()
    ]


def add_endpoints() -> None:
    """Adds /enhance, /enhance_batch, /compare and /models to the Blocks around it."""
    for name, function in (
        ("enhance", enhance),
        ("enhance_batch", enhance_batch),
        ("compare", compare),
    ):
        gr.api(function, api_name=name, **QUEUED)
    gr.api(models, api_name="models", queue=False)


def _path(file: Any) -> Path:
    # Gradio hands over what it calls a FileData as a dictionary, of whatever the client sent.
    path = file.get("path") if isinstance(file, dict) else None
    if not isinstance(path, str):
        raise LowlightError("Send a photo as a file, as handle_file of gradio_client does")
    return handed_out(path)
