"""MNIST-style halves: three stride-2 convolutions, a linear layer, and their mirror image."""

from torch import nn

from lowlight_hub.networks.sizes import halved

SLIM_WIDTH = 16


def stage_widths(width: int | None) -> tuple[int, int, int]:
    first = SLIM_WIDTH if width is None else width
    return first, 2 * first, 4 * first


def down(inputs: int, outputs: int) -> nn.Module:
    return nn.Conv2d(inputs, outputs, kernel_size=3, stride=2, padding=1)


def up(inputs: int, outputs: int) -> nn.Module:
    return nn.ConvTranspose2d(inputs, outputs, kernel_size=3, stride=2, padding=1, output_padding=1)


class Encoder(nn.Sequential):
    """B 3 200 200 to B outputs: 16, 32 and 64 channels, flattened at 25×25."""

    def __init__(self, outputs: int, width: int | None = None):
        one, two, three = stage_widths(width)
        super().__init__(
            down(3, one),
            nn.ReLU(inplace=True),
            down(one, two),
            nn.ReLU(inplace=True),
            down(two, three),
            nn.ReLU(inplace=True),
            nn.Flatten(),
            nn.Linear(three * halved(3) ** 2, outputs),
        )


class Decoder(nn.Sequential):
    """B latent to B 3 200 200: the encoder's mirror image."""

    def __init__(self, latent: int, width: int | None = None):
        one, two, three = stage_widths(width)
        super().__init__(
            nn.Linear(latent, three * halved(3) ** 2),
            nn.Unflatten(1, (three, halved(3), halved(3))),
            nn.ReLU(inplace=True),
            up(three, two),
            nn.ReLU(inplace=True),
            up(two, one),
            nn.ReLU(inplace=True),
            up(one, 3),
        )
