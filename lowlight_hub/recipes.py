"""How weights are moved: learning rate by step, decay, clipping, averaging."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

_Weights = tuple[Tensor, ...] | list[Tensor]

# What is left of the learning rate at the end of a cosine.
_LAST_SHARE = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """By default Adam at a constant rate, and nothing else."""

    cosine: bool = False
    """Whether the learning rate falls to 1 % along half a cosine over all the epochs, which must
    then be known from the start, and the last weights are kept."""
    warmup_steps: int = 0
    """Steps over which the learning rate rises to its height, or a tenth of all where that is
    less."""
    beta2: float = 0.999
    weight_decay: float = 0.0
    """Decoupled, as in AdamW (Loshchilov and Hutter, ICLR 2019)."""
    clip_norm: float | None = None
    """The norm to which gradients are cut."""
    average: float | None = None
    """Decay of the running average of the weights, which is then what is kept (Polyak)."""

    def rate(self, step: int, steps: int) -> float:
        """The share of the learning rate at a step, from 0, of so many."""
        warmup = min(self.warmup_steps, steps // 10)
        risen = min(1.0, (step + 1) / warmup) if warmup else 1.0
        if not self.cosine:
            return risen
        fallen = (1 + math.cos(math.pi * step / steps)) / 2
        return risen * (_LAST_SHARE + (1 - _LAST_SHARE) * fallen)

    def optimizer(self, model: nn.Module, lr: float) -> torch.optim.Optimizer:
        """Adam, or AdamW, over all parameters of a model."""
        # Fused: one pass over all weights, on a CPU as well.
        return torch.optim.AdamW(
            model.parameters(),
            lr=lr,
            betas=(0.9, self.beta2),
            weight_decay=self.weight_decay,
            fused=True,
        )

    def averaged(self, model: nn.Module) -> AveragedModel | None:
        """What keeps the running average of a model's weights, if this recipe has one."""
        if self.average is None:
            return None
        most = self.average

        def update(averages: _Weights, weights: _Weights, count: Tensor | int) -> None:
            # At first the average follows closely: the weights it starts with are random.
            number = int(count)
            decay = min(most, (number + 1) / (number + 10))
            torch._foreach_lerp_(list(averages), list(weights), 1 - decay)

        return AveragedModel(model, multi_avg_fn=update)


BY_THE_ARTICLE = Recipe()
