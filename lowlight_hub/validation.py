"""The loss on pairs that were kept back from training."""

from collections.abc import Callable, Sequence

import torch
from accelerate import Accelerator
from torch import nn

from lowlight_hub.attempts import Attempt
from lowlight_hub.data import Pairs
from lowlight_hub.outcome import Settings


@torch.no_grad()
def validation_losses(
    attempt: Attempt,
    model: nn.Module,
    pairs: Pairs,
    settings: Settings,
    accelerator: Accelerator,
    before_batch: Callable[[], None],
) -> dict[str, float]:
    """The attempt's loss on each view of the pairs, and as training mixes them.

    The processes share the batches; `before_batch` is called before each of them.
    """
    model.eval()
    # What fits into memory in training does so here, and a stop waits no longer than there.
    size = settings.batch_size
    totals = []
    for view in range(pairs.views):
        total = torch.zeros((), device=accelerator.device)
        first, jump = accelerator.process_index, accelerator.num_processes
        for start in range(first * size, len(pairs), jump * size):
            before_batch()
            some = range(start, min(start + size, len(pairs)))
            dark, bright = (
                photos.contiguous(memory_format=torch.channels_last)
                for photos in pairs.photos(some, view)
            )
            with settings.autocast(accelerator.device):
                loss = attempt.loss(model, dark, bright)
            total += loss * len(dark)
        totals.append(total)
    means = accelerator.reduce(torch.stack(totals), "sum") / len(pairs)
    return _by_view(means.tolist(), settings.whole_share)


def _by_view(losses: Sequence[float], whole_share: float) -> dict[str, float]:
    if len(losses) == 1:
        return {"validation_loss": losses[0]}
    crop, whole = losses
    mixed = (1 - whole_share) * crop + whole_share * whole
    return {
        "validation_loss": mixed,
        "validation_loss_crop": crop,
        "validation_loss_whole": whole,
    }
