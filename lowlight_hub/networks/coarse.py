"""Light and colour: an autoencoder that sees a thumbnail of the whole photo."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from lowlight_hub.networks.gated import GatedBlock, same_conv
from lowlight_hub.transfer import with_odds

WIDTH = 40
# The longer side of the thumbnail, and of what both sides are multiples: the strides' product.
THUMBNAIL_PX = 152
STEP_PX = 8
# The mean brightness that the normalised copy is lifted to, about that of a well-exposed photo.
NORMAL_MEAN = 0.4
_BLACK = 1 / 255
_BLOCKS = 2
_MIDDLE_BLOCKS = 6


def thumbnail_size(height: int, width: int) -> tuple[int, int]:
    """Height and width of the thumbnail of a photo: the same shape to within half a STEP_PX."""
    longer = max(height, width)
    return (
        max(1, round(THUMBNAIL_PX * height / longer / STEP_PX)) * STEP_PX,
        max(1, round(THUMBNAIL_PX * width / longer / STEP_PX)) * STEP_PX,
    )


def normalised(photo: Tensor) -> Tensor:
    """Photos B 3 h w in 0..1, the dark ones lifted to about NORMAL_MEAN.

    The odds v / (1 - v) of every value are multiplied by one number for each photo, which clips
    neither lamps nor black.
    """
    mean = photo.mean(dim=(1, 2, 3), keepdim=True).clamp(_BLACK, 1 - _BLACK)
    gain = (NORMAL_MEAN / (1 - NORMAL_MEAN) * (1 - mean) / mean).clamp_min(1)
    return with_odds(photo, gain)


class CoarseAutoencoder(nn.Module):
    """A U-shaped autoencoder from a dark thumbnail to a bright one.

    Shape: B 3 h w to the same, h and w multiples of STEP_PX; values in 0..1 go in, and values
    that may lie a little outside come out.
    """

    def __init__(self, width: int | None = None):
        super().__init__()
        first = WIDTH if width is None else width
        widths = (first, 2 * first, 4 * first)
        self.stem = same_conv(4 * 10, first)
        self.encoders = nn.ModuleList(_blocks(channels, _BLOCKS) for channels in widths[:-1])
        self.downs = nn.ModuleList(
            nn.Conv2d(channels, 2 * channels, kernel_size=2, stride=2) for channels in widths[:-1]
        )
        self.middle = _blocks(widths[-1], _MIDDLE_BLOCKS)
        self.ups = nn.ModuleList(
            nn.Conv2d(2 * channels, 4 * channels, kernel_size=1) for channels in widths[:-1]
        )
        self.decoders = nn.ModuleList(_blocks(channels, _BLOCKS) for channels in widths[:-1])
        self.head = same_conv(first, 4 * 3)

    def forward(self, dark: Tensor) -> Tensor:
        lifted = normalised(dark)
        features = self.stem(functional.pixel_unshuffle(_channels(dark, lifted), 2))
        skipped = []
        for encoder, down in zip(self.encoders, self.downs, strict=True):
            features = encoder(features)
            skipped.append(features)
            features = down(features)
        features = self.middle(features)
        for level in reversed(range(len(skipped))):
            enlarged = functional.pixel_shuffle(self.ups[level](features), 2)
            features = self.decoders[level](enlarged + skipped[level])
        # The sum in float32: bfloat16 has steps of 1/256 near 1.
        return lifted + functional.pixel_shuffle(self.head(features), 2).float()


def _blocks(channels: int, count: int) -> nn.Sequential:
    return nn.Sequential(*(GatedBlock(channels) for _ in range(count)))


def _channels(dark: Tensor, lifted: Tensor) -> Tensor:
    """What the network is shown of a photo: B 10 h w."""
    brightest = dark.amax(dim=1, keepdim=True)
    colour = dark / (brightest + _BLACK)
    light = (brightest + _BLACK).log() / 4 + 0.7
    return torch.cat([dark, lifted, colour, light], dim=1)
