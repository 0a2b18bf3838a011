"""What the processes of one training have to agree on."""

from pathlib import Path

import torch
from accelerate import Accelerator
from accelerate.utils import gather_object
from torch import nn

from lowlight_hub.errors import LowlightError


def check_same_start(accelerator: Accelerator, step: int, data: str, folder: Path) -> None:
    """Raises LowlightError where the processes would start at other steps, or with other photos.

    `data` is the photos' fingerprint, `folder` where checkpoints were looked for.
    """
    if accelerator.num_processes == 1:
        return
    if len(set(gather_object([(step, data)]))) > 1:
        raise LowlightError(
            f"the processes found other photos, or other checkpoints in {folder}: "
            "--data must hold the same on all machines, and --out be a folder they share"
        )


def agreed(accelerator: Accelerator, *flags: bool) -> list[bool]:
    """What holds for any process, so that all do the same."""
    if accelerator.num_processes == 1:
        return list(flags)
    mine = torch.tensor(flags, dtype=torch.float32, device=accelerator.device)
    return (accelerator.reduce(mine, "sum") > 0).tolist()


def share_buffers(accelerator: Accelerator, model: nn.Module) -> None:
    """Gives every process the first one's buffers, running means: those are what is kept."""
    if accelerator.num_processes > 1:
        for buffer in model.buffers():
            torch.distributed.broadcast(buffer, src=0)


def leave_processes() -> None:
    """Once all is trained: after it the processes of a training can no longer speak."""
    if torch.distributed.is_available() and torch.distributed.is_initialized():
        torch.distributed.destroy_process_group()
