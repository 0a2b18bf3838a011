"""PSNR by exposure on free photos darkened by the simulator, beside gamma and CLAHE.

    python benchmarks/exposures.py [--megapixels 0.3 12] [--readme README.md] [--pictures FOLDER]
                                   [--before-after FILE]

Two faces, an animal, a still life, a man outdoors, a rocket at night, a galaxy field, a page of
text, the moon's ground, a brick wall, coins, a garage, and an eye and tissue through instruments:
no model was trained on any of them. Each is darkened to several exposures at each size and
compared with the bright photo itself: dB, means over the photos. An exposure of 1 asks whether a
photo that is already bright stays as it is. The bright photo is only one of the ways in which it
could have been exposed, and no dark photo tells which: so the last column first scales the answer
to the right mean (GT-mean). With --pictures, a sheet of each photo is written, to be looked at;
--before-after writes the README's first picture instead of measuring: the project's free photos,
dark and restored.
"""

import argparse
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from skimage import data as more_photos
from skimage.exposure import equalize_adapthist

sys.path.insert(0, str(Path(__file__).parent.parent))

from lowlight_hub import enhance, load_model
from lowlight_hub.attempts import DEFAULT
from lowlight_hub.bright_photos import free_photos
from lowlight_hub.evaluation import psnr, psnr_gt_mean
from lowlight_hub.photos import to_picture
from lowlight_hub.results import put_table
from lowlight_hub.simulation import darken

EXPOSURES = (1.0, 0.5, 0.2, 0.1, 0.05, 0.02)
THUMBNAIL_PX = 360
BEFORE_AFTER_EXPOSURE, ROW_PX, GAP_PX = 0.1, 1280, 8
STRIP_PX = 256
OTHER_KINDS = (
    "hubble_deep_field",
    "page",
    "moon",
    "brick",
    "coins",
    "retina",
    "immunohistochemistry",
)

Way = Callable[[Image.Image], Image.Image]


def bright_photos() -> Iterator[tuple[str, Image.Image]]:
    """The project's free photos, and more kinds that scikit-image brings."""
    for name, photo in free_photos().items():
        yield name, to_picture(photo)
    for name in OTHER_KINDS:
        yield name, Image.fromarray(getattr(more_photos, name)()).convert("RGB")
    yield "motorcycle", Image.fromarray(more_photos.stereo_motorcycle()[0])


def of_size(photo: Image.Image, megapixels: float) -> Image.Image:
    """The photo with about so many pixels."""
    scale = (megapixels * 1e6 / (photo.width * photo.height)) ** 0.5
    return photo.resize((round(photo.width * scale), round(photo.height * scale)))


def darkened(photo: Image.Image, exposure: float) -> Image.Image:
    """What the simulator's sensor makes of the photo at this exposure."""
    generator = torch.Generator().manual_seed(0)
    pixels = np.array(photo)
    # By strips, since the simulator's numbers take many times the room of the picture.
    for top in range(0, len(pixels), STRIP_PX):
        strip = torch.from_numpy(pixels[top : top + STRIP_PX]).float() / 255
        dark = darken(strip, exposure=exposure, generator=generator)
        pixels[top : top + STRIP_PX] = (dark * 255).round().byte().numpy()
    return Image.fromarray(pixels)


def ways(model: str) -> dict[str, Way]:
    """What is compared, by the head of its column."""
    network = load_model(model)
    curve = [round(255 * (value / 255) ** 0.4) for value in range(256)] * 3
    return {
        "the dark photo": lambda photo: photo,
        "gamma 0.4": lambda photo: photo.point(curve),
        "CLAHE": lambda photo: Image.fromarray(
            (equalize_adapthist(np.array(photo)) * 255).round().astype(np.uint8)
        ),
        f"`{model}`": lambda photo: enhance(network, photo),
    }


def after_gt_mean(restored: Image.Image, truth: np.ndarray) -> float:
    """PSNR in dB once the answer was scaled to the right mean."""
    return psnr_gt_mean(torch.from_numpy(np.array(restored)).permute(2, 0, 1) / 255, truth)


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
        dark = darkened(of_size(to_picture(photo), 0.3), BEFORE_AFTER_EXPOSURE)
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


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--model", default=DEFAULT, help="default: %(default)s")
    parser.add_argument("--megapixels", type=float, nargs="+", default=[0.3])
    parser.add_argument("--readme", type=Path, metavar="FILE", help="whose table is written")
    parser.add_argument("--pictures", type=Path, metavar="FOLDER", help="where sheets are written")
    parser.add_argument("--before-after", type=Path, metavar="FILE", help="written, and no more")
    arguments = parser.parse_args()
    if arguments.before_after:
        before_after(arguments.model).save(arguments.before_after, quality=85)
        return
    compared = ways(arguments.model)
    titles = ["size", "exposure", *compared, f"`{arguments.model}`, GT-mean"]
    lines = [f"| {' | '.join(titles)} |", "|---|" + "--:|" * (len(titles) - 1)]
    for megapixels in arguments.megapixels:
        figures: dict[float, list[list[float]]] = {exposure: [] for exposure in EXPOSURES}
        for name, photo in bright_photos():
            bright, rows = of_size(photo, megapixels), []
            truth = np.array(bright)
            for exposure in EXPOSURES:
                dark = darkened(bright, exposure)
                answers = [way(dark) for way in compared.values()]
                found = [psnr(np.array(answer), truth) for answer in answers]
                figures[exposure].append([*found, after_gt_mean(answers[-1], truth)])
                rows.append([*answers, bright])
                print(megapixels, name, exposure, *(f"{it:.1f}" for it in found), flush=True)
            if arguments.pictures:
                arguments.pictures.mkdir(parents=True, exist_ok=True)
                sheet(rows).save(arguments.pictures / f"{name}-{megapixels}.png")
        for exposure, photos in figures.items():
            cells = [f"{value:.1f}" for value in np.mean(photos, axis=0)]
            lines.append(f"| {megapixels:g} megapixels | {exposure:g} | {' | '.join(cells)} |")
    print(*lines, sep="\n")
    if arguments.readme:
        put_table(arguments.readme, "benchmarks/exposures.py", "\n".join(lines))


if __name__ == "__main__":
    main()
