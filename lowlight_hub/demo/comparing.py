"""What the events of the page's Compare tab do: inputs of parts in, values for parts out."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import gradio as gr
from PIL import Image

from lowlight_hub.attempts import ATTEMPTS
from lowlight_hub.demo import scratch, service
from lowlight_hub.demo.answers import (
    HIDDEN,
    paragraphs,
    said_to,
    shown,
    told_in_the_note,
)
from lowlight_hub.demo.comparison import Tile, compare
from lowlight_hub.demo.work import Work
from lowlight_hub.errors import LowlightError
from lowlight_hub.look import Detail
from lowlight_hub.photos import open_photo, save_photo
from lowlight_hub.pictures import comparison_sheet
from lowlight_hub.tables import markdown_table


def stop(number: int, work: Work, request: gr.Request) -> Any:
    """Ends the work, for the note; the tiles so far stay."""
    if number <= max(work.done, work.stopped):
        return gr.skip()
    work.stop(number)
    return said_to(request)["stopped_compare"]


def not_begun(number: int, work: Work, request: gr.Request) -> Any:
    """For the note where Gradio itself refused, see enhancing.not_begun."""
    return gr.skip() if work.knows(number) else said_to(request)["not_begun"]


def nothing_compared(note: str) -> tuple:
    """What compare_photo gives where there is nothing new to show but a note.

    What was compared before stays, faint where it is of another photo than the one in view.
    """
    return gr.skip(), note, gr.skip(), gr.skip()


@told_in_the_note(nothing_compared)
def compare_photo(
    number: int,
    work: Work,
    photos: list[tuple[str, str | None]] | None,
    reference: str | None,
    detail: Detail,
    request: gr.Request,
) -> Iterator[tuple]:
    """Tiles, a note, the table and the sheet; a tile more at every step."""
    said = said_to(request)
    work.begin(number)
    if not photos:
        raise LowlightError(said["no_photo"])
    if not all(Path(it).is_file() for it in (photos[0][0], reference) if it):
        raise LowlightError(said["gone"])  # shown still, but swept away
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
    steps = compare(photo, goal, detail, lambda *_: work.check(number))
    for tiles, failures in steps:  # noqa: B007 - used after it
        cells += [_cell(tile, said) for tile in tiles[len(cells) :]]
        value = {
            "photo": photos[0][0],
            "reference": reference,
            "detail": detail,
            "tiles": [fixed[0], *cells, *fixed[1:]],
            "words": dict(said),
        }
        note = f"{len(tiles)} {said['of']} {len(ATTEMPTS)} {said['attempts']}"
        yield value, note, "", hidden
    notes = [f"{len(tiles)} {said['attempts']}."]
    notes += [f"{said['first_of']}: {Path(photos[0][0]).name}."] if len(photos) > 1 else []
    notes += [f"{said['left_out']}: {'; '.join(failures)}."] if failures else []
    notes.append(service.SHELF.sources())
    sheet = comparison_sheet([ends[0], *captioned(tiles), *ends[1:]])
    label = "attempts" if detail == "transfer" else f"attempts_{detail}"
    file = scratch.new_folder() / f"{Path(photos[0][0]).stem}_{label}.png"
    save_photo(sheet, file)
    ranked = sorted((it for it in tiles if it.psnr is not None), key=lambda it: -(it.psnr or 0))
    lines = [[it.attempt.title, f"{it.psnr:.2f}", f"{it.ssim:.3f}"] for it in ranked]
    table = markdown_table([said["by_psnr"], "PSNR", "SSIM"], lines) if lines else ""
    # With the tiles again: of what comes at the same time, a page draws the last only.
    yield (
        value,
        paragraphs(*notes),
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
