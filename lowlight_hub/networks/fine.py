"""Detail and noise: a light network at full size that knows what the coarse one made of the light.

It works on 2×2 pixels as channels and, inside, at a quarter of each side, so that it is quick, and
it has nothing that looks at the whole photo, so that it can run on tiles.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

WIDTH = 24
STRIDE_PX = 4
# Three photos, and noise level maps.
_PHOTO_CHANNELS, _LEVELS = 9, 3
_INNER_BLOCKS = 3


class _Block(nn.Module):
    def __init__(self, channels: int):
        super().__init__()
        self.first = nn.Conv2d(channels, channels, kernel_size=3, padding=1)
        self.second = nn.Conv2d(channels, channels, kernel_size=3, padding=1)

    def forward(self, features: Tensor) -> Tensor:
        return features + self.second(functional.gelu(self.first(features)))


class FineStage(nn.Module):
    """Three photos B 3 H W, lit, guided and enlarged, to the restored one: B 3 H W, float.

    "Lit" is the dark photo times how much brighter the coarse answer is around each pixel, sharp
    and noisy; "guided" the dark photo with the coarse answer's colour maps applied, smoother;
    "enlarged" the coarse answer itself. All are about 0..1, and so is the result. `levels`, B 3 H W
    in about -1..1.5, are noise level maps, since a few pixels do not say whether they are grain or
    fine texture: logarithms of the lit photo's noise from pixel to pixel, of that between means of
    2×2, and of how much it is lit. Any size from 1×1 up.
    Source of the noise level maps: Zhang et al., "FFDNet: Toward a Fast and Flexible Solution for
    CNN-based Image Denoising", IEEE TIP 2018.
    """

    # Two 3×3 convolutions at half the size at each end and in each outer block (2 pixels a
    # convolution), two at a quarter in each inner block (4 pixels), and the grid of STRIDE_PX.
    reach_px = 2 * 2 + 2 * 4 + 8 * _INNER_BLOCKS + STRIDE_PX
    stride_px = STRIDE_PX

    def __init__(self, width: int = WIDTH):
        super().__init__()
        self.stem = nn.Conv2d(4 * _PHOTO_CHANNELS + _LEVELS, width, kernel_size=3, padding=1)
        self.before = _Block(width)
        self.down = nn.Conv2d(width, 2 * width, kernel_size=2, stride=2)
        self.inner = nn.Sequential(*(_Block(2 * width) for _ in range(_INNER_BLOCKS)))
        self.up = nn.Conv2d(2 * width, 4 * width, kernel_size=1)
        self.after = _Block(width)
        self.head = nn.Conv2d(width, 4 * 3, kernel_size=3, padding=1)
        # Starts as nearly nothing beside the guided photo: random detail would drive the first
        # steps to silence the features for good. Not normal_(), which on the meta device imports
        # torch's compiler: that takes as long as all else that a photo needs.
        nn.init.uniform_(self.head.weight, -2e-3, 2e-3)

    def forward(self, lit: Tensor, guided: Tensor, enlarged: Tensor, levels: Tensor) -> Tensor:
        height, width = lit.shape[-2:]
        # A division by nearly nothing must not drown out the rest.
        seen = [lit.clamp(-0.25, 1.5), guided.clamp(-0.5, 1.5), enlarged, levels]
        padding = (0, -width % STRIDE_PX, 0, -height % STRIDE_PX)
        if any(padding):  # a copy, even by nothing
            seen = [functional.pad(it, padding, mode="replicate") for it in seen]
        *photos, levels = seen
        # Of what changes slowly, one pixel of four says as much as all of them.
        shown = [*(functional.pixel_unshuffle(it, 2) for it in photos), levels[..., ::2, ::2]]
        features = self.stem(torch.cat(shown, dim=1))
        features = self.before(features)
        inner = self.inner(self.down(features))
        features = self.after(features + functional.pixel_shuffle(self.up(inner), 2))
        detail = functional.pixel_shuffle(self.head(features), 2).float()
        return guided + detail[..., :height, :width]
