"""Training as the article's listing implies it, beside ours: images a second, waiting, memory.

    python benchmarks/training.py [PATH_OF_LOL] [--seconds 30] [--device cpu] [--into FILE]

The article's way: every batch opens its photos with Pillow, makes float32 arrays of them, and
trains in float32 and the default memory format. Ours: photos decoded once into uint8 tensors,
batches cut out of them, channels last, the row's own precision, a fused optimiser. Both on the same
photos written as PNG, the format that LOL is published in, with the same loss and batches of 8; one
after the other, so run nothing beside it, and each in a process of its own, since the second would
find the memory that the first one left. Memory is what is added to that of the process, on a GPU
what is taken of its own. The last column is what the ratio would be if nothing in our step took
time but its convolutions: with PyTorch's, no way of training the same network can do better.
"""

import argparse
import gc
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import count
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import psutil
import torch
from PIL import Image
from torch import Tensor
from torch.profiler import profile

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from lowlight_hub.attempts import ATTEMPTS, Attempt, precision_on  # noqa: E402
from lowlight_hub.bright_photos import (  # noqa: E402
    SIMULATED_EXPOSURES,
    dark_free_photos,
    free_photos,
)
from lowlight_hub.data import article_views, load_pairs, whole_view  # noqa: E402
from lowlight_hub.demo.memory import PeakMemory  # noqa: E402
from lowlight_hub.finding import PhotoPair, find_pairs, source_of  # noqa: E402
from lowlight_hub.networks.sizes import SIDE_PX  # noqa: E402
from lowlight_hub.photos import open_photo, save_photo, to_picture  # noqa: E402
from lowlight_hub.sampling import batch_at  # noqa: E402
from lowlight_hub.tables import markdown_table, put_table  # noqa: E402

NAMES = ("attempt-1", "attempt-4b", "attempt-7")
BATCH, PAIRS = 8, 64
WARM_UP, PROFILED = 2, 5  # steps

Batches = Iterator[tuple[Tensor, Tensor]]


def pairs_as_png(data: Path | None, folder: Path) -> list[PhotoPair]:
    """PAIRS pairs of LOL, or the free photos, as PNG files."""
    pairs = []
    if data is None:
        bright = free_photos()
        photos = [
            # Of one size, as a batch of whole photos must be.
            (
                f"{name}-{exposure}",
                [to_picture(whole_view(photo)[0]) for photo in (dark, bright[name])],
            )
            for exposure in SIMULATED_EXPOSURES
            for name, dark in dark_free_photos(exposure).items()
        ]
    else:
        photos = [
            (pair.name, [to_picture(open_photo(path)) for path in (pair.dark, pair.bright)])
            for pair in find_pairs(data)[:PAIRS]
        ]
    for name, pictures in photos:
        dark_file, bright_file = (folder / side / f"{name}.png" for side in ("low", "high"))
        for picture, file in zip(pictures, (dark_file, bright_file), strict=True):
            save_photo(picture, file)
        pairs.append(PhotoPair(name, dark_file, bright_file, scene=name))
    return pairs


def as_in_the_article(attempt: Attempt, pairs: list[PhotoPair]) -> Batches:
    """Opens, crops and converts each photo again whenever it is asked for."""
    generator = torch.Generator().manual_seed(0)

    def opened(path: Path) -> Tensor:
        with Image.open(path) as picture:
            photo = picture.convert("RGB")
        if attempt.views is article_views:
            photo = photo.crop((0, 0, SIDE_PX, SIDE_PX))
        return torch.from_numpy(np.asarray(photo, np.float32) / 255).permute(2, 0, 1)

    while True:
        chosen = torch.randint(len(pairs), (BATCH,), generator=generator).tolist()
        yield (
            torch.stack([opened(pairs[row].dark) for row in chosen]).contiguous(),
            torch.stack([opened(pairs[row].bright) for row in chosen]).contiguous(),
        )


def as_here(attempt: Attempt, pairs: list[PhotoPair], source: str, device: torch.device) -> Batches:
    """Cut out of photos that were decoded once."""
    decoded = load_pairs(pairs, source, attempt.views).to(device)
    for step in count():
        dark, bright = batch_at(decoded, step, seed=0, batch_size=BATCH, whole_share=0.5)
        yield (
            dark.contiguous(memory_format=torch.channels_last),
            bright.contiguous(memory_format=torch.channels_last),
        )


def finished(device: torch.device) -> None:
    """Waits for what a GPU was told to do, so that the clock shows whose time it was."""
    if device.type == "cuda":
        torch.cuda.synchronize()


def convolutions_of(recorded: profile) -> float:
    """The share of convolutions in the time that the processor was busy."""
    busy_us = {event.key: event.self_cpu_time_total for event in recorded.key_averages()}
    return sum(us for key, us in busy_us.items() if "convolution" in key) / sum(busy_us.values())


def measured(
    name: str, pairs: list[PhotoPair], source: str, seconds: float, device: torch.device, ours: bool
) -> tuple[float, float, float, float | None]:
    """Images a second, share of the time waiting for data, memory in MB, share of convolutions.

    The last of our own way on a CPU only: what a GPU does, the processor's clock does not tell.
    """
    attempt = ATTEMPTS[name]
    torch.manual_seed(0)
    gc.collect()
    before_mb = psutil.Process().memory_info().rss / 1e6
    model, recipe = attempt.network().to(device), attempt.recipe
    # Set either way: attempt-7 is built with the one that is faster.
    layout = torch.channels_last if ours else torch.contiguous_format
    model.to(memory_format=layout)  # type: ignore[call-overload]
    if ours:
        optimizer, average = recipe.optimizer(model, attempt.lr), recipe.averaged(model)
    else:
        optimizer, average = torch.optim.Adam(model.parameters(), lr=attempt.lr), None
    precision = precision_on(device.type, attempt)
    mixed = torch.autocast(device.type, torch.bfloat16, enabled=ours and precision == "bf16")
    with PeakMemory() as memory:
        supply = (
            as_here(attempt, pairs, source, device) if ours else as_in_the_article(attempt, pairs)
        )
        waited = 0.0

        def take_step() -> None:
            nonlocal waited
            asked = time.perf_counter()
            dark, bright = (photos.to(device) for photos in next(supply))
            finished(device)
            waited += time.perf_counter() - asked
            with mixed:
                loss = attempt.loss(model, dark, bright)
            optimizer.zero_grad()
            loss.backward()
            if ours and recipe.clip_norm is not None:
                torch.nn.utils.clip_grad_norm_(model.parameters(), recipe.clip_norm)
            optimizer.step()
            if average:
                average.update_parameters(model)
            finished(device)

        for _ in range(WARM_UP):
            take_step()
        waited, steps, start = 0.0, 0, time.perf_counter()
        while (took := time.perf_counter() - start) < seconds:
            take_step()
            steps += 1
        waiting = waited / took
    rate = steps * BATCH / took
    if device.type == "cuda":
        return rate, waiting, torch.cuda.max_memory_allocated() / 1e6, None
    taken_mb = memory.peak_mb - before_mb
    if not ours:
        return rate, waiting, taken_mb, None
    with profile() as recorded:
        for _ in range(PROFILED):
            take_step()
    return rate, waiting, taken_mb, convolutions_of(recorded)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("data", type=Path, nargs="?", help="the folder of LOL; else free photos")
    parser.add_argument("--seconds", type=float, default=30, help="for each; default: %(default)s")
    parser.add_argument("--device", type=torch.device, default="cpu", help="default: %(default)s")
    parser.add_argument("--into", type=Path, help="whose table is written")
    arguments = parser.parse_args()
    how = (arguments.seconds, arguments.device)
    source = source_of(arguments.data) if arguments.data else "free photos"
    titles = ["attempt", "article: images/s", "waiting", "memory", "here: images/s", "waiting"]
    titles += ["memory", "ratio", "if only convolutions took time"]
    lines = []
    alone = ProcessPoolExecutor(1, get_context("spawn"), max_tasks_per_child=1)
    with tempfile.TemporaryDirectory() as folder, alone:
        pairs = pairs_as_png(arguments.data, Path(folder))
        for name in NAMES:
            then, now = (
                alone.submit(measured, name, pairs, source, *how, ours).result()
                for ours in (False, True)
            )
            cells = [
                cell
                for rate, waiting, peak, _ in (then, now)
                for cell in (f"{rate:.0f}", f"{waiting:.0%}", f"{peak:.0f} MB")
            ]
            ratio, share = now[0] / then[0], now[3]
            best = f"{ratio / share:.1f}×" if share else "–"
            lines.append([f"`{name}`", *cells, f"{ratio:.1f}×", best])
    table = markdown_table(titles, lines, text=1)
    print(table)
    if arguments.into:
        put_table(arguments.into, "benchmarks/training.py", table)


if __name__ == "__main__":
    main()
