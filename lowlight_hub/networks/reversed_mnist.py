"""MNIST-style halves in reverse order: they expand to 800×800 before anything is compressed.

In the article this attempt died of lack of memory. Here each photo is expanded on its own and its
large activations are thrown away and computed again in the backward pass (activation
checkpointing: Chen et al., "Training Deep Nets with Sublinear Memory Cost", 2016), so that the
memory does not grow with the batch. `benchmarks/memory.py` measures both ways.
"""

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from lowlight_hub.networks.mnist import SLIM_WIDTH, down, up
from lowlight_hub.networks.sizes import SIDE_PX, halved

EXPANDED_PX = 4 * SIDE_PX


class PhotoByPhoto(nn.Module):
    """Runs `layers` on one photo of the batch at a time and keeps none of what lies between.

    Shape: whatever `layers` takes and gives. `remedy = False` turns it off, to measure what the
    layers would have taken.
    """

    remedy = True

    def __init__(self, layers: nn.Module):
        super().__init__()
        self.layers = layers

    def forward(self, batch: Tensor) -> Tensor:
        if not self.remedy:
            return self.layers(batch)
        return torch.cat(
            [checkpoint(self.layers, photo, use_reentrant=False) for photo in batch.split(1)]
        )


class Encoder(nn.Sequential):
    """B 3 200 200 to B outputs: expanded to 400×400 and 800×800, averaged to 25×25, flattened."""

    def __init__(self, outputs: int, width: int | None = None):
        channels = SLIM_WIDTH if width is None else width
        super().__init__(
            PhotoByPhoto(
                nn.Sequential(
                    up(3, channels),
                    nn.ReLU(),
                    up(channels, channels),
                    nn.ReLU(),
                    nn.AvgPool2d(EXPANDED_PX // halved(3)),
                )
            ),
            nn.Flatten(),
            nn.Linear(channels * halved(3) ** 2, outputs),
        )


class Decoder(nn.Sequential):
    """B latent to B 3 200 200: 25×25 enlarged to 800×800, compressed to 400×400 and 200×200."""

    def __init__(self, latent: int, width: int | None = None):
        channels = SLIM_WIDTH if width is None else width
        super().__init__(
            nn.Linear(latent, channels * halved(3) ** 2),
            nn.Unflatten(1, (channels, halved(3), halved(3))),
            PhotoByPhoto(
                nn.Sequential(
                    nn.Upsample(scale_factor=EXPANDED_PX // halved(3), mode="bilinear"),
                    nn.ReLU(),
                    down(channels, channels),
                    nn.ReLU(),
                    down(channels, 3),
                )
            ),
        )
