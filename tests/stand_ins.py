"""A photo and networks that tests know all about."""

import numpy as np
import torch

from lowlight_hub.photos import Photo


class AsItIs(torch.nn.Module):
    """Gives back what it gets."""

    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(1))

    def forward(self, photos):
        return photos


class Brighter(AsItIs):
    def forward(self, photos):
        return (photos * 4).clamp(0, 1)


def noise(width: int, height: int, bits: int = 8, alpha: bool = False) -> Photo:
    kind = np.uint8 if bits == 8 else np.uint16
    values = np.random.default_rng(0).integers(0, 2 ** (bits - 2), (height, width, 4)).astype(kind)
    return Photo(values[..., :3], values[..., 3] if alpha else None)
