"""ResNet-18 halves (He et al., CVPR 2016)."""

from torch import Tensor, nn

from lowlight_hub.networks._torchvision import BasicBlock, Conv2dNormActivation
from lowlight_hub.networks.sizes import enlarge_to, halved
from lowlight_hub.networks.vector import from_vector, to_vector

SLIM_WIDTHS = (16, 32, 64, 64)
BLOCKS_PER_STAGE = 2
POOLED_PX = 3


def stage_widths(width: int | None) -> tuple[int, ...]:
    """Channels of ResNet-18's four stages: doubled as published, or the slim ones."""
    if width is None:
        return SLIM_WIDTHS
    return (width, 2 * width, 4 * width, 8 * width)


class _Shortcut(Conv2dNormActivation):
    """A strided 1×1 convolution, normalised, as a plain one of every stride-th pixel.

    B inputs H W to B outputs and both sides a stride-th, rounded up.
    oneDNN's own for few channels writes past its memory in training (uxlfoundation/oneDNN#6035).
    """

    def __init__(self, inputs: int, outputs: int, stride: int):
        super().__init__(inputs, outputs, kernel_size=1, activation_layer=None)
        self.stride = stride

    def forward(self, features: Tensor) -> Tensor:
        return super().forward(features[..., :: self.stride, :: self.stride])


def _block(inputs: int, outputs: int, stride: int = 1) -> nn.Module:
    if stride == 1 and inputs == outputs:
        return BasicBlock(inputs, outputs)
    return BasicBlock(inputs, outputs, stride, _Shortcut(inputs, outputs, stride))


class Encoder(nn.Sequential):
    """B 3 200 200 to B outputs: ResNet-18, averaged to 3×3, one linear layer."""

    def __init__(self, outputs: int, width: int | None = None):
        widths = stage_widths(width)
        channels = widths[0]
        layers: list[nn.Module] = [
            Conv2dNormActivation(3, channels, kernel_size=7, stride=2),
            nn.MaxPool2d(kernel_size=3, stride=2, padding=1),
        ]
        for stage, stage_width in enumerate(widths):
            for block in range(BLOCKS_PER_STAGE):
                stride = 2 if stage > 0 and block == 0 else 1
                layers.append(_block(channels, stage_width, stride))
                channels = stage_width
        super().__init__(*layers, *to_vector(channels, POOLED_PX, outputs))


class Decoder(nn.Sequential):
    """B latent to B 3 200 200: ResNet-18 backwards, enlarging where the encoder strides."""

    def __init__(self, latent: int, width: int | None = None):
        widths = stage_widths(width)
        channels = widths[-1]
        layers = from_vector(latent, channels, POOLED_PX)
        for stage in reversed(range(len(widths))):
            # Stage 0 works at a quarter of the size: the stem halves twice.
            layers.append(enlarge_to(halved(stage + 2)))
            for _ in range(BLOCKS_PER_STAGE):
                layers.append(_block(channels, widths[stage]))
                channels = widths[stage]
        super().__init__(
            *layers,
            enlarge_to(halved(1)),
            Conv2dNormActivation(channels, channels),
            enlarge_to(halved(0)),
            nn.Conv2d(channels, 3, kernel_size=7, padding=3),
        )
