"""Between feature maps and the feature vector, where a network averages before it flattens."""

from torch import nn


def to_vector(channels: int, side_px: int, outputs: int) -> list[nn.Module]:
    """Layers from B channels h w to B outputs, averaged to side_px × side_px on the way."""
    return [
        nn.AdaptiveAvgPool2d(side_px),
        nn.Flatten(),
        nn.Linear(channels * side_px**2, outputs),
    ]


def from_vector(latent: int, channels: int, side_px: int) -> list[nn.Module]:
    """Layers from B latent to B channels side_px side_px."""
    return [
        nn.Linear(latent, channels * side_px**2),
        nn.Unflatten(1, (channels, side_px, side_px)),
    ]
