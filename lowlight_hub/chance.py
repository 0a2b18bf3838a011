"""Numbers and places drawn at random for training, from torch's global generator.

The training loop seeds that for every step, so that a training that was stopped goes on the same.
"""

import torch


def random() -> float:
    """A number in 0..1."""
    return torch.rand(()).item()


def log_uniform(least: float, most: float) -> float:
    """A number between these, evenly on a scale of stops."""
    return least * (most / least) ** random()


def somewhere(
    part: tuple[int, int], whole: tuple[int, int], at: tuple[float, float] | None = None
) -> tuple[slice, slice]:
    """Rows and columns of a part within the whole, both given by height and width in pixels.

    `at` are the shares, below 1, of the room that it leaves above it and left of it, else random.
    """
    shares = (random(), random()) if at is None else at
    rows, columns = (
        slice(start := int(share * (side - it + 1)), start + it)
        for share, it, side in zip(shares, part, whole, strict=True)
    )
    return rows, columns
