"""The gated block of NAFNet (Chen et al., "Simple Baselines for Image Restoration", ECCV 2022)."""

import torch
from torch import Tensor, nn
from torch.nn import functional


def same_conv(inputs: int, outputs: int, groups: int = 1) -> nn.Conv2d:
    """A 3×3 convolution that keeps the size, as if the outermost pixels went on for ever.

    Beside zeros, a photo's corners would be darker places than the rest to the network, which would
    light them more.
    """
    return nn.Conv2d(
        inputs, outputs, kernel_size=3, padding=1, padding_mode="replicate", groups=groups
    )


class ChannelNorm(nn.Module):
    """Layer normalisation of B C H W over the channels of each pixel."""

    def __init__(self, channels: int):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(self, features: Tensor) -> Tensor:
        last = features.permute(0, 2, 3, 1)
        last = functional.layer_norm(last, self.weight.shape, self.weight, self.bias)
        return last.permute(0, 3, 1, 2)


def _gated(features: Tensor) -> Tensor:
    left, right = features.chunk(2, dim=1)
    return left * right


class GatedBlock(nn.Module):
    """B C H W to the same. Every pixel also depends on the mean over all of them."""

    def __init__(self, channels: int):
        super().__init__()
        twice = 2 * channels
        self.norm = ChannelNorm(channels)
        self.spread = nn.Conv2d(channels, twice, kernel_size=1)
        self.around = same_conv(twice, twice, groups=twice)
        self.attention = nn.Conv2d(channels, channels, kernel_size=1)
        self.project = nn.Conv2d(channels, channels, kernel_size=1)
        self.second_norm = ChannelNorm(channels)
        self.second_spread = nn.Conv2d(channels, twice, kernel_size=1)
        self.second_project = nn.Conv2d(channels, channels, kernel_size=1)

    def forward(self, features: Tensor) -> Tensor:
        inner = _gated(self.around(self.spread(self.norm(features))))
        inner = inner * self.attention(inner.mean(dim=(2, 3), keepdim=True))
        features = features + self.project(inner)
        inner = _gated(self.second_spread(self.second_norm(features)))
        return features + self.second_project(inner)
