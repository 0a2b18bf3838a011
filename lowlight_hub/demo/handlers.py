"""What the page's events do: inputs of components in, values for components out."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import wraps
from pathlib import Path
from typing import Any, Literal, NamedTuple

import gradio as gr
import pandas as pd
from PIL import Image

from lowlight_hub.attempts import ATTEMPTS
from lowlight_hub.demo import service
from lowlight_hub.demo.figures import loss_frame, loss_title, model_choices
from lowlight_hub.demo.service import Run, Settings, Tile
from lowlight_hub.demo.texts import words
from lowlight_hub.errors import LowlightError
from lowlight_hub.photos import open_photo, save_photo
from lowlight_hub.pictures import comparison_sheet
from lowlight_hub.restoring import DETAILS, MAX_STOPS, Detail
from lowlight_hub.tables import markdown_table

# Of parts whose values come one soon after another: they stay mounted. Gradio sets what a part that
# is not should have when it is mounted, which may be after a later value was set.
HIDDEN: Literal["hidden"] = "hidden"


def told_in_the_note(nothing: Callable[[str], tuple]) -> Callable[[Callable], Callable]:
    """For generator functions: every error as a sentence, shown and kept where the note is.

    `nothing` makes of it what is shown instead of results: those of an older photo are gone.
    """

    def decorated(function: Callable) -> Callable:
        @wraps(function)
        def steps(*inputs: Any) -> Iterator[tuple]:
            try:
                yield from function(*inputs)
            except Exception as error:
                told = f"{service.in_words(error)}."
                gr.Warning(told)
                yield nothing(told)

        return steps

    return decorated


class Restored(NamedTuple):
    """What the page shows of restored photos; what is not given stays as it is there."""

    slider: Any = gr.skip()
    gallery: Any = gr.skip()
    download: Any = gr.skip()
    luminance: Any = gr.skip()
    note: Any = gr.skip()


def nothing_restored(note: str) -> Restored:
    """What enhance_photos gives where there is nothing to show but a note."""
    return Restored(
        slider=None,
        gallery=gr.Gallery([], visible=HIDDEN),
        download=gr.DownloadButton(visible=HIDDEN),
        luminance=gr.LinePlot(visible=False),
        note=note,
    )


def nothing_compared(note: str) -> tuple:
    """What compare_photo gives where there is nothing to show but a note."""
    return None, note, "", gr.DownloadButton(visible=HIDDEN)


def stopped(request: gr.Request) -> tuple:
    """Note and download once the work at photos was stopped: what it had begun is not there."""
    return _said(request)["stopped"], gr.DownloadButton(visible=HIDDEN)


def file_data(file: Path) -> Any:
    """A file as pages and clients fetch it: a gr.FileData, which Gradio wants as a dictionary."""
    return gr.FileData(path=str(file), orig_name=file.name).model_dump()


def shown(picture: Image.Image, name: str) -> Any:
    """A picture as a file for the page: PNG, so that nothing is lost that was not lost before."""
    file = service.scratch() / f"{name}.png"
    save_photo(picture, file)
    return file_data(file)


def _said(request: gr.Request | None) -> Mapping[str, str]:
    return words(request.headers.get("accept-language") if request else None)


@told_in_the_note(nothing_restored)
def enhance_photos(
    photos: list[tuple[str, str | None]] | None,
    model: str,
    strength: float,
    brightness: float,
    detail: Detail,
    file_format: str,
    keep_metadata: bool,
    request: gr.Request,
    progress: gr.Progress = gr.Progress(),  # noqa: B008 - Gradio looks for it there
) -> Iterator[Restored]:
    """One photo under the slider; several in a gallery and one zip."""
    paths = [Path(path) for path, _ in photos or []]
    if not paths:
        yield nothing_restored(_said(request)["start"])
        return
    said = _said(request)
    if detail_shown(model) == HIDDEN:  # what was chosen for another model does not count
        detail = "transfer"
    settings = Settings(model, strength, brightness, detail, file_format, keep_metadata)
    if len(paths) == 1:
        yield from _one(paths[0], settings, said)
    else:
        steps = progress.tqdm(service.run_files(paths, settings), total=len(paths), unit="photo")
        yield from _several(steps, len(paths), said)


def _one(path: Path, settings: Settings, said: Mapping[str, str]) -> Iterator[Restored]:
    done = service.run_file(path, settings)
    label = said["download_raw" if settings.detail == "raw" else "download"]
    # The picture first: a large file takes longer to encode than to restore.
    yield Restored(
        slider=_before_and_after(done, said),
        gallery=gr.Gallery([], visible=HIDDEN),
        download=gr.DownloadButton(label, value=None, interactive=False, visible=True),
        luminance=gr.LinePlot(_histograms(done, said), visible=True),
        note=service.SHELF.sources(),
    )
    target = service.jobs_of([path], settings)[0].target
    save_photo(done.restored, target, keep_metadata=settings.keep_metadata)
    yield Restored(
        download=gr.DownloadButton(label, value=str(target), interactive=True, visible=True)
    )


def _several(
    steps: Iterable[tuple[Path, Run | None, str]], count: int, said: Mapping[str, str]
) -> Iterator[Restored]:
    pictures: list[tuple[str, str]] = []
    files, failures = [], []
    slider = None
    for file, done, failure in steps:
        if done is None:
            failures.append(failure)
        else:
            files.append(file)
            slider = _before_and_after(done, said, f"{file.name} · ")
            pictures.append((slider["after"]["path"], file.name))
        note = f"{len(files)} {said['of']} {count} {said['photo_count']}"
        yield Restored(
            slider=slider,
            gallery=gr.Gallery(pictures, visible=True),
            download=gr.DownloadButton(visible=HIDDEN),
            luminance=gr.LinePlot(visible=False),
            note=note,
        )
    if not files:
        raise LowlightError("; ".join(failures))
    notes = [note, f"{said['failed']}: {'; '.join(failures)}." if failures else ""]
    notes.append(service.SHELF.sources())
    archive = str(service.zipped(files))
    yield Restored(
        # Once more: on a busy machine the page misses pictures that came soon after others.
        gallery=gr.Gallery(pictures, visible=True),
        download=gr.DownloadButton(
            said["download_zip"], value=archive, interactive=True, visible=True
        ),
        note="\n\n".join(filter(None, notes)),
    )


def brightness_choices(
    photos: list[tuple[str, str | None]] | None,
    model: str,
    strength: float,
    detail: Detail,
    request: gr.Request,
) -> dict | None:
    """How the photo looks in other brightness; nothing of several, and where nothing would differ.

    What is wrong with a photo is said where it is restored.
    """
    if not photos or len(photos) > 1 or not strength:
        return None
    if detail_shown(model) == HIDDEN:
        detail = "transfer"
    try:
        found = service.brightness_choices(Path(photos[0][0]), model, strength, detail)
    except Exception as error:
        service.in_words(error)
        return None
    choices = [
        {
            "stops": f"{stops:g}",
            "told": f"{stops:+g}".replace("-", "\N{MINUS SIGN}") if stops else "0",
            "picture": shown(picture, f"{stops:+g}"),
            "width": picture.width,
            "height": picture.height,
        }
        for stops, picture in found
    ]
    return {"choices": choices, "label": _said(request)["choices"]}


def _before_and_after(done: Run, said: Mapping[str, str], of: str = "") -> dict:
    before, after = (service.preview(it, done.photo) for it in (done.photo, done.restored))
    width, height = done.photo.size
    peak = f"{said['peak']} {done.peak_mb / 1e3:.2f} GB"
    small = f"{of}{done.seconds:.2f} s · {width}×{height} · {peak}"
    return {
        "before": shown(before, "before"),
        "after": shown(after, "after"),
        "width": width,
        "height": height,
        "words": {**said, "print": small},
    }


def _histograms(done: Run, said: Mapping[str, str]) -> pd.DataFrame:
    parts = []
    for key, photo in (("before", done.photo), ("after", done.restored)):
        shares = service.histogram(photo)
        middles = [(place + 0.5) * 256 / len(shares) for place in range(len(shares))]
        parts.append(pd.DataFrame({"luminance": middles, "share": shares, "photo": said[key]}))
    return pd.concat(parts, ignore_index=True)


@told_in_the_note(nothing_compared)
def compare_photo(
    photos: list[tuple[str, str | None]] | None,
    reference: str | None,
    detail: Detail,
    request: gr.Request,
) -> Iterator[tuple]:
    """Tiles, a note, the table and the sheet; a tile more at every step."""
    said = _said(request)
    if not photos:
        raise LowlightError(said["no_photo"])
    photo = open_photo(Path(photos[0][0]), "The photo")
    goal = open_photo(Path(reference), "The bright reference") if reference else None
    ends = [(said["dark"], service.preview(photo, photo))]
    if goal is not None:
        ends.append((said["bright"], service.preview(goal, goal)))
    fixed = [
        {**_end(title, picture), "picture": shown(picture, "photo")} for title, picture in ends
    ]
    cells: list[dict] = []
    tiles: list[Tile] = []
    failures: list[str] = []
    hidden = gr.DownloadButton(visible=HIDDEN)
    for tiles, failures in service.compare(photo, goal, detail):  # noqa: B007 - used after it
        cells += [_cell(tile, said) for tile in tiles[len(cells) :]]
        value = {"tiles": [fixed[0], *cells, *fixed[1:]], "words": dict(said)}
        note = f"{len(tiles)} {said['of']} {len(ATTEMPTS)} {said['attempts']}"
        yield value, note, "", hidden
    notes = [f"{len(tiles)} {said['attempts']}."]
    notes += [f"{said['first_of']}: {Path(photos[0][0]).name}."] if len(photos) > 1 else []
    notes += [f"{said['left_out']}: {'; '.join(failures)}."] if failures else []
    notes.append(service.SHELF.sources())
    sheet = comparison_sheet([ends[0], *captioned(tiles), *ends[1:]])
    file = service.scratch() / f"{Path(photos[0][0]).stem}_attempts.png"
    save_photo(sheet, file)
    ranked = sorted((it for it in tiles if it.psnr is not None), key=lambda it: -(it.psnr or 0))
    lines = [[it.attempt.title, f"{it.psnr:.2f}", f"{it.ssim:.3f}"] for it in ranked]
    table = markdown_table([said["by_psnr"], "PSNR", "SSIM"], lines) if lines else ""
    yield (
        gr.skip(),
        "\n\n".join(filter(None, notes)),
        table,
        gr.DownloadButton(said["download_sheet"], value=str(file), visible=True),
    )


def _end(title: str, picture: Image.Image) -> dict:
    return {"title": title, "alt": title, "width": picture.width, "height": picture.height}


def captioned(tiles: Sequence[Tile]) -> list[tuple[str, Image.Image]]:
    """What comparison_sheet takes: captions with the time and, if measured, the figures."""
    return [(f"{tile.attempt.title}\n{_time_and_figures(tile)}", tile.picture) for tile in tiles]


def _time_and_figures(tile: Tile) -> str:
    measured = "" if tile.psnr is None else f" · {tile.psnr:.2f} dB · SSIM {tile.ssim:.3f}"
    return f"{tile.seconds:.2f} s{measured}"


def _cell(tile: Tile, said: Mapping[str, str]) -> dict:
    return {
        **_end(tile.attempt.title, tile.picture),
        "picture": shown(tile.picture, tile.attempt.name),
        "seconds": _time_and_figures(tile),
        "formula": tile.attempt.formula,
        "story": tile.attempt.story,
    }


def about(name: str) -> str:
    """A paragraph on a model, in Markdown: first what it is, last what experts ask."""
    attempt = ATTEMPTS[name]
    network = attempt.architecture[0].upper() + attempt.architecture[1:]
    return f"{attempt.story} *{network}; learns {attempt.learns} by {attempt.formula}.*"


def detail_shown(name: str) -> bool | Literal["hidden"]:
    """Whether there is a detail to choose: not of a model whose own answer is in full size."""
    return HIDDEN if name in ATTEMPTS and ATTEMPTS[name].answers_in_full else True


def about_and_detail(name: str) -> tuple:
    """What the page shows beside the choice of a model."""
    return about(name), gr.Radio(visible=detail_shown(name))


def loss_plot(name: str, request: gr.Request) -> gr.LinePlot:
    """The losses of another model."""
    losses = loss_frame(name)
    return gr.LinePlot(losses, label=_said(request)[loss_title(losses)])


def settings_of_address(request: gr.Request) -> tuple:
    """The settings that the page's address has, in its order; what it does not say stays.

    Of a number that is the usual one: Gradio would make a number that it is told to leave as it is
    anew, without what the page made of it.
    """
    asked = dict(request.query_params)
    known = [name for _, name in model_choices()]
    model = asked["model"] if asked.get("model") in known else gr.skip()
    detail = asked["detail"] if asked.get("detail") in DETAILS else gr.skip()
    strength = _asked_number(asked, "strength", 0, 1, usual=1)
    return (
        model,
        strength,
        _asked_number(asked, "brightness", -MAX_STOPS, MAX_STOPS, usual=0),
        detail,
    )


def _asked_number(
    asked: Mapping[str, str], name: str, least: float, most: float, *, usual: float
) -> float:
    try:
        value = float(asked[name])
    except (KeyError, ValueError):
        return usual
    return usual if value != value else min(most, max(least, value))
