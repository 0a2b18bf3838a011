"""What restoring a large photo takes in time and memory, beside what Pillow takes to convert it.

    python benchmarks/photos.py [--megapixels 12 24 50] [--into docs/measured.md]

Each size and model is measured in a process of its own: a JPEG made from a free photo, darkened, is
opened, restored with detail transfer and written as PNG. Times are medians of RUNS runs after a
first one; memory is the peak of the whole process.
"""

import argparse
import json
import math
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

ROOT = Path(__file__).parent.parent
RUNS = 3
# A network whose answer is 200×200, and the default, which also works at full size.
MODELS = ("vae", "attempt-7")
# The peak memory allowed, by megapixels.
ALLOWED_GB = {12: 1.2, 50: 2.5}


def _seconds(action: Callable[[], object]) -> float:
    action()
    times = []
    for _ in range(RUNS):
        started = time.perf_counter()
        action()
        times.append(time.perf_counter() - started)
    return statistics.median(times)


def _peak_gb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9


def convert(path: Path, _: str) -> dict[str, float]:
    """Pillow alone: decode and encode as PNG."""
    from PIL import Image

    def action():
        with Image.open(path) as picture:
            picture.save(BytesIO(), format="PNG")

    return {"seconds": _seconds(action), "peak_gb": _peak_gb()}


def restore_it(path: Path, name: str) -> dict[str, float]:
    """Ours: detail transfer, network included, and the peak of a process that does it all."""
    from lowlight_hub import enhance_file, load_model
    from lowlight_hub.photos import open_photo
    from lowlight_hub.restoring import restore

    model = load_model(name)
    enhance_file(model, path, path.with_suffix(".png"))
    peak_gb = _peak_gb()
    photo = open_photo(path)
    return {"seconds": _seconds(lambda: restore(model, photo)), "peak_gb": peak_gb}


def _in_a_process(task: str, path: Path, model: str = "") -> dict[str, float]:
    command = [sys.executable, __file__, "--task", task, "--model", model, str(path)]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def measure(sizes: list[int], page: Path | None) -> None:
    """Prints the table, and puts it into a page where one is named."""
    # Not where a process is measured: what these need counts as memory.
    from dark_photos import darkened, evenly, of_size

    from lowlight_hub.bright_photos import SHOWN_EXPOSURE, free_photos
    from lowlight_hub.photos import to_picture
    from lowlight_hub.tables import markdown_table, put_table

    bright = to_picture(free_photos()["coffee"])
    titles = ["photo", "Pillow: decode, encode PNG"]
    for name in MODELS:
        titles += [f"`{name}`", "its process, peak"]
    lines, failed = [], []
    with tempfile.TemporaryDirectory() as folder:
        for megapixels in sizes:
            path = Path(folder) / f"{megapixels}.jpg"
            darkened(of_size(bright, megapixels), evenly(SHOWN_EXPOSURE)).save(path, quality=92)
            seconds = _in_a_process("convert", path)["seconds"]
            cells = [f"{megapixels} megapixels", f"{seconds:.2f} s"]
            for name in MODELS:
                ours = _in_a_process("restore", path, name)
                cells += [f"{ours['seconds']:.2f} s", f"{ours['peak_gb']:.2f} GB"]
                allowed_gb = ALLOWED_GB.get(megapixels, math.inf)
                if ours["peak_gb"] > allowed_gb:
                    failed.append(f"{name}: {megapixels} megapixels take over {allowed_gb} GB")
            lines.append(cells)
    table = markdown_table(titles, lines, text=1)
    print(table)
    if page:
        put_table(page, "benchmarks/photos.py", table)
    print("\n" + ("; ".join(failed) or "Within the limits: 1.2 and 2.5 GB."))


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--megapixels", type=int, nargs="+", default=[12, 24, 50])
    parser.add_argument("--into", type=Path, metavar="FILE")
    parser.add_argument("--task", choices=["convert", "restore"], help=argparse.SUPPRESS)
    parser.add_argument("--model", help=argparse.SUPPRESS)
    parser.add_argument("path", type=Path, nargs="?", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.task:
        task = convert if arguments.task == "convert" else restore_it
        print(json.dumps(task(arguments.path, arguments.model)))
    else:
        measure(arguments.megapixels, arguments.into)
