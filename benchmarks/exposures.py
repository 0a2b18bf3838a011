"""PSNR by exposure on free photos darkened by the simulator, beside gamma and CLAHE.

    python benchmarks/exposures.py [--megapixels 0.3 12] [--into FILE] [--pictures FOLDER]
                                   [--photos FOLDER] [--shadows 0 1 2]
                                   [--beside NAME=FOLDER ...] [--dark FOLDER] [--before-after FILE]

Two faces, an animal, a still life, a man outdoors, a rocket at night, a galaxy field, a page of
text, the moon's ground, a brick wall, coins, a garage, and an eye and tissue through instruments:
no model was trained on any of them. Each is darkened to several exposures at each size and compared
with the bright photo itself: dB, means over the photos. An exposure of 1 asks whether a photo that
is already bright stays as it is, "0.1, window 0.7" what becomes of a dark room with a bright
window, a tenth of the photo, which keeps seven tenths of its light, and "0.1, half sky" of dark
ground where the upper half is a pale sky, which is to stay so, "0.1, JPEG" of a photo that went
through a camera's processing: its noise blurred by half a pixel, then stored at quality 80, and
"0.7, power 2.5" of one whose tones, to the power of 2.5, keep their white and lose the rest. The
bright photo is only one of the ways in which it could have been exposed, and no dark photo tells
which: so behind a stroke stands what a network's answer has once it was scaled to the right mean
(GT-mean).

How well the light is guessed varies so much from photo to photo that fourteen tell little of the
difference between two models: --photos measures on those of a folder instead, some hundreds, say.

To put other software beside ours: --dark writes the dark photos into a folder and measures nothing;
each --beside names a folder of what somebody else's program made of them, PNG files of the same
names, and the table is of these and ours. Measured without it, our model's column in that table is
renewed as well, so that the two tables agree. --shadows measures our model with its
shadows lifted by so many stops, each in a column. With --pictures, a sheet of each photo is
written, to be looked at; --before-after writes the README's first picture instead of measuring: the
project's free photos, dark and restored.
"""

import argparse
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from skimage.exposure import equalize_adapthist

sys.path.insert(0, str(Path(__file__).parent.parent))

from dark_photos import LIGHTS, darkened, evenly, file_name, in_full_light, of_size, photos_of

from lowlight_hub import enhance, load_model
from lowlight_hub.attempts import DEFAULT
from lowlight_hub.bright_photos import free_photos
from lowlight_hub.errors import LowlightError
from lowlight_hub.evaluation import psnr, psnr_gt_mean
from lowlight_hub.look import RANGES, Look
from lowlight_hub.photos import photos_below, to_picture
from lowlight_hub.tables import markdown_table, put_table, read_table

TABLE = "benchmarks/exposures.py"
THUMBNAIL_PX = 360
BEFORE_AFTER_LIGHT, ROW_PX, GAP_PX = evenly(0.1), 1280, 8
Way = Callable[[Image.Image, str], Image.Image]
"""From a dark photo and the name of its file to what is made of it."""


def classical() -> dict[str, Way]:
    """What is compared that has learnt nothing, by the head of its column."""
    curve = [round(255 * (value / 255) ** 0.4) for value in range(256)] * 3
    return {
        "the dark photo": lambda photo, _: photo,
        "gamma 0.4": lambda photo, _: photo.point(curve),
        "CLAHE": lambda photo, _: Image.fromarray(
            (equalize_adapthist(np.array(photo)) * 255).round().astype(np.uint8)
        ),
    }


def networks(model: str, looks: list[Look], beside: dict[str, Path]) -> dict[str, Way]:
    """The networks that are compared: other programs' answers, and our model."""
    network = load_model(model)

    def ours(photo: Image.Image, _: str, look: Look) -> Image.Image:
        return enhance(network, photo, **look.settings)

    return {
        **{title: partial(_found, folder) for title, folder in beside.items()},
        **{
            f"`{model}`" + (f", shadows {it.shadows:g}" if it.shadows else ""): partial(
                ours, look=it
            )
            for it in looks
        },
    }


def _found(folder: Path, photo: Image.Image, name: str) -> Image.Image:
    path = folder / name
    if not path.exists():
        sys.exit(f"{path} is missing: --dark writes the photos that it takes answers to")
    with Image.open(path) as answer:
        if answer.size != photo.size:
            sys.exit(f"{path} has {answer.size} pixels, not {photo.size} as the dark photo has")
        return answer.convert("RGB")


def figures_of(answer: Image.Image, truth: np.ndarray, *, gt_mean: bool) -> list[float]:
    """PSNR in dB, and what it is after GT-mean if that is asked for."""
    pixels = np.array(answer)
    found = [psnr(pixels, truth)]
    if gt_mean:
        found.append(psnr_gt_mean(torch.from_numpy(pixels).permute(2, 0, 1) / 255, truth))
    return found


def sheet(rows: list[list[Image.Image]]) -> Image.Image:
    """The pictures, made small, in rows."""
    width = THUMBNAIL_PX
    height = round(width * rows[0][0].height / rows[0][0].width)
    paper = Image.new("RGB", (width * len(rows[0]), height * len(rows)))
    for down, row in enumerate(rows):
        for across, picture in enumerate(row):
            paper.paste(picture.resize((width, height)), (across * width, down * height))
    return paper


def before_after(model: str) -> Image.Image:
    """The project's free photos, darkened and restored, two pairs in a row of one width."""
    network, pairs = load_model(model), []
    for photo in free_photos().values():
        dark = darkened(of_size(to_picture(photo), 0.3), BEFORE_AFTER_LIGHT)
        pair = Image.new("RGB", (2 * dark.width, dark.height))
        pair.paste(dark, (0, 0))
        pair.paste(enhance(network, dark), (dark.width, 0))
        pairs.append(pair)
    # The widest beside the narrowest, so that rows are about as high.
    pairs.sort(key=lambda pair: pair.width / pair.height)
    paper, bottom = Image.new("RGB", (ROW_PX, 2 * ROW_PX), "white"), 0
    for number in range(len(pairs) // 2):
        row, left = (pairs[number], pairs[-1 - number]), 0
        height = round((ROW_PX - GAP_PX) / sum(pair.width / pair.height for pair in row))
        for pair in row:
            width = round(pair.width * height / pair.height)
            paper.paste(pair.resize((width, height), Image.Resampling.LANCZOS), (left, bottom))
            left += width + GAP_PX
        bottom += height + GAP_PX
    return paper.crop((0, 0, ROW_PX, bottom - GAP_PX))


def write_dark(folder: Path, sizes: list[float], photos: Path | None) -> None:
    """Writes every dark photo that is measured, for other programs to restore."""
    for megapixels in sizes:
        for stem, photo in photos_of(megapixels, photos):
            for name, light in LIGHTS.items():
                darkened(photo, light).save(folder / file_name(stem, name))


def measured(
    photo: Image.Image, stem: str, simple: dict[str, Way], learnt: dict[str, Way]
) -> tuple[dict[str, list[list[float]]], Image.Image]:
    """What every way has in every light of a photo, and a sheet of its answers."""
    figures, rows = {}, []
    for light, exposures in LIGHTS.items():
        goal, dark = in_full_light(photo, exposures), darkened(photo, exposures)
        name = file_name(stem, light)
        answers = {title: way(dark, name) for title, way in (simple | learnt).items()}
        truth = np.array(goal)
        figures[light] = [
            figures_of(answer, truth, gt_mean=title in learnt) for title, answer in answers.items()
        ]
        rows.append([*answers.values(), goal])
        told = ("/".join(f"{it:.1f}" for it in found) for found in figures[light])
        print(" ".join([name, *told]), flush=True)
    return figures, sheet(rows)


def line_of(megapixels: float, light: str, photos: list[list[list[float]]]) -> list[str]:
    """A line of the table: means over the photos."""
    cells = [f"{megapixels:g} megapixels", light]
    for column in zip(*photos, strict=True):
        means = np.mean(column, axis=0)
        cells.append(" / ".join(f"{it:.1f}" for it in means))
    return cells


def renewed(table: str, lines: list[list[str]]) -> str:
    """The table, its last column as it is in the lines of the same size and exposure."""
    latest = {tuple(line[:2]): line[-1] for line in lines}
    titles, _, *known = ([it.strip() for it in row.split("|")[1:-1]] for row in table.splitlines())
    cells = [[*line[:-1], latest.get(tuple(line[:2]), line[-1])] for line in known]
    return markdown_table(titles, cells, text=1)


def _folder(text: str) -> Path:
    if not photos_below(Path(text))[0]:
        raise argparse.ArgumentTypeError(f"there are no photos in {text}")
    return Path(text)


def _named(text: str) -> tuple[str, Path]:
    name, _, folder = text.partition("=")
    if not Path(folder).is_dir() or not folder:
        raise argparse.ArgumentTypeError(f"{text} is not NAME=FOLDER, of a folder that exists")
    return name, Path(folder)


def _options() -> argparse.Namespace:
    """What is asked for; options that do not go together are refused."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--model", default=DEFAULT, help="default: %(default)s")
    parser.add_argument("--megapixels", type=float, nargs="+", default=[0.3])
    parser.add_argument("--photos", type=_folder, metavar="FOLDER", help="bright ones, measured on")
    parser.add_argument(
        "--shadows", type=float, nargs="+", default=[0.0], help=f"{RANGES['shadows']} stops"
    )
    parser.add_argument("--into", type=Path, metavar="FILE", help="whose table is written")
    parser.add_argument("--pictures", type=Path, metavar="FOLDER", help="where sheets are written")
    parser.add_argument("--before-after", type=Path, metavar="FILE", help="written, and no more")
    parser.add_argument("--dark", type=Path, metavar="FOLDER", help="dark photos, and no more")
    parser.add_argument(
        "--beside",
        type=_named,
        nargs="+",
        default=[],
        metavar="NAME=FOLDER",
        help="others' answers",
    )
    arguments = parser.parse_args()
    if arguments.into and arguments.photos:
        parser.error("that table is of this script's own photos: leave --photos out")
    if arguments.shadows != [0.0] and (arguments.into or arguments.dark or arguments.before_after):
        parser.error("what is written is of no shadows: leave --shadows out")
    try:
        arguments.looks = [Look(shadows=it) for it in arguments.shadows]
    except LowlightError as error:
        parser.error(str(error))
    return arguments


def main() -> None:
    arguments = _options()
    if arguments.before_after:
        before_after(arguments.model).save(arguments.before_after, quality=85)
        return
    for folder in filter(None, (arguments.dark, arguments.pictures)):
        folder.mkdir(parents=True, exist_ok=True)
    if arguments.dark:
        write_dark(arguments.dark, arguments.megapixels, arguments.photos)
        return
    # A table of its own: other programs' answers are seldom at hand for all sizes.
    others = f"{TABLE} --beside"
    name = others if arguments.beside else TABLE
    simple = {} if arguments.beside else classical()
    learnt = networks(arguments.model, arguments.looks, dict(arguments.beside))
    titles = ["size", "exposure", *simple, *learnt]
    lines: list[list[str]] = []
    # A photo for each processor: most of the work, CLAHE for one, never takes more than one.
    with ThreadPoolExecutor(
        torch.get_num_threads(), initializer=torch.set_num_threads, initargs=(1,)
    ) as threads:
        measure = partial(threads.map, partial(measured, simple=simple, learnt=learnt))
        for megapixels in arguments.megapixels:
            stems, photos = zip(*photos_of(megapixels, arguments.photos), strict=True)
            found = []
            for stem, (figures, answers) in zip(stems, measure(photos, stems), strict=True):
                found.append(figures)
                if arguments.pictures:
                    answers.save(arguments.pictures / f"{stem}.png")
            lines += [line_of(megapixels, it, [one[it] for one in found]) for it in LIGHTS]
    table = markdown_table(titles, lines, text=1)
    print(table)
    if arguments.into:
        put_table(arguments.into, name, table)
        if not arguments.beside:
            known = read_table(arguments.into, others)
            put_table(arguments.into, others, renewed(known, lines))


if __name__ == "__main__":
    main()
