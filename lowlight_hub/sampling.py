"""Decoded pairs as a training sees them: split by scene, and dealt in batches."""

import hashlib
from collections.abc import Sequence

import torch
from torch import Tensor

from lowlight_hub.data import Pairs
from lowlight_hub.errors import LowlightError

VALIDATION_SHARE = 0.1


def split_by_scene(pairs: Pairs) -> tuple[Pairs, Pairs]:
    """Training and validation pairs; see validation_rows."""
    validation = validation_rows(pairs.scenes)
    return pairs.at(sorted(set(range(len(pairs))) - set(validation))), pairs.at(validation)


def validation_rows(scenes: Sequence[str]) -> list[int]:
    """Which pairs, given the scene of each, are kept for validation: all shots of some scenes.

    Scenes are taken in the order of a hash of their name until VALIDATION_SHARE of the pairs is
    reached, so that the split is the same in every training. Raises LowlightError where there are
    fewer than two scenes.
    """
    order = sorted(set(scenes), key=lambda name: hashlib.sha256(name.encode()).hexdigest())
    if len(order) < 2:
        raise LowlightError("training needs pairs of at least two scenes: one is for validation")
    kept: set[str] = set()
    for scene in order[:-1]:
        kept.add(scene)
        if sum(it in kept for it in scenes) >= VALIDATION_SHARE * len(scenes):
            break
    return [row for row, scene in enumerate(scenes) if scene in kept]


def repeated(pairs: Pairs, times: int) -> Pairs:
    """The same pairs, but those whose dark photo is no simulation so many times."""
    rows = range(len(pairs))
    taken = [row for row in rows if not pairs.simulated[row]]
    return pairs.at(taken * times + [row for row in rows if pairs.simulated[row]])


def batch_at(
    pairs: Pairs,
    step: int,
    *,
    seed: int,
    batch_size: int,
    whole_share: float,
    part: tuple[int, int] = (0, 1),
) -> tuple[Tensor, Tensor]:
    """Batch number `step` of a training: dark and bright, B 3 H W, float in 0..1.

    A function of (seed, step) alone: each epoch deals every pair once, in a new order; where pairs
    have two views as a crop or, for `whole_share` of them, as a whole photo. What does not fill a
    batch waits for the next epoch's order. `part` (k, n) is the k-th of n equal parts of the batch.
    """
    per_epoch = steps_per_epoch(pairs, batch_size)
    epoch, position = divmod(step, per_epoch)
    generator = torch.Generator().manual_seed(seed * 1_000_003 + epoch)
    order = torch.randperm(len(pairs), generator=generator)
    view = (torch.rand(len(pairs), generator=generator) < whole_share).long() % pairs.views
    number, parts = part
    size = batch_size // parts
    first = position * batch_size + number * size
    dealt = order[first : first + size]
    return pairs.photos(dealt.tolist(), view[dealt].tolist())


def steps_per_epoch(pairs: Pairs, batch_size: int) -> int:
    """Batches in an epoch. Raises LowlightError for a batch larger than the training set."""
    if batch_size > len(pairs):
        raise LowlightError(
            f"a batch of {batch_size} is more than the {len(pairs)} pairs to learn from, beside "
            f"those that are validated on: take --batch-size {len(pairs)} or less"
        )
    return len(pairs) // batch_size
