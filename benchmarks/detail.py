"""Which `detail` serves which model, on the validation scenes of LOL's our485 (never on eval15).

    python benchmarks/detail.py PATH_OF_LOL [--every N] [--models NAME,NAME] [--into FILE]

PSNR in dB and SSIM at 600×400, means over every N-th validation photo. This is how the constants of
lowlight_hub/transfer.py were chosen. A model that was trained on all pairs has seen these photos:
it is left out.
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from lowlight_hub import list_models, load_model
from lowlight_hub.evaluation import measure
from lowlight_hub.finding import find_pairs
from lowlight_hub.look import Look
from lowlight_hub.photos import open_photo, to_tensor
from lowlight_hub.restoring import restore
from lowlight_hub.results import Figures
from lowlight_hub.sampling import validation_rows
from lowlight_hub.tables import markdown_table, put_table


def main(data: Path, every: int, names: list[str], page: Path | None) -> None:
    """Prints a line for each model, and puts the table into a page where one is named."""
    pairs = find_pairs(data)
    chosen = [pairs[row] for row in validation_rows([pair.scene for pair in pairs])][::every]
    dark = [open_photo(pair.dark) for pair in chosen]
    bright = [to_tensor(open_photo(pair.bright)) for pair in chosen]
    gamma = _in_words(measure(zip((to_tensor(it) ** 0.4 for it in dark), bright, strict=True)))
    lines = [["*gamma 0.4*", gamma, ""]]
    print(f"{len(chosen)} photos", " ".join(lines[0]), sep="\n")
    for name in names:
        model = load_model(name)
        if (model.config or {}).get("all_pairs"):
            print(f"{name} has seen the validation scenes: left out")
            continue
        cells = [f"`{name}`"]
        for detail in ("transfer", "network"):
            restored = (to_tensor(restore(model, photo, Look(detail))) for photo in dark)
            cells.append(_in_words(measure(zip(restored, bright, strict=True))))
        lines.append(cells)
        print(*cells, flush=True)
    table = markdown_table(["model", "transfer", "network"], lines, text=1)
    print(table)
    if page:
        put_table(page, "benchmarks/detail.py", table)


def _in_words(figures: Figures) -> str:
    return f"{figures['psnr']:.2f} / {figures['ssim']:.3f}"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--models", type=lambda text: text.split(","), default=list_models())
    parser.add_argument("--into", type=Path, metavar="FILE")
    arguments = parser.parse_args()
    main(arguments.data, arguments.every, arguments.models, arguments.into)
