"""Plain convolutional halves, for the variational autoencoder: five stages of VGG's widths."""

from torch import nn

from lowlight_hub.networks._torchvision import Conv2dNormActivation
from lowlight_hub.networks.sizes import enlarge_to, halved
from lowlight_hub.networks.vector import from_vector, to_vector
from lowlight_hub.networks.vgg import POOLED_PX, stage_widths


class Encoder(nn.Sequential):
    """B 3 200 200 to B outputs: five stride-2 convolutions, averaged to 4×4, one linear layer."""

    def __init__(self, outputs: int, width: int | None = None):
        widths = stage_widths(width)
        layers = [
            Conv2dNormActivation(inputs, channels, stride=2)
            for inputs, channels in zip((3, *widths), widths, strict=False)
        ]
        super().__init__(*layers, *to_vector(widths[-1], POOLED_PX, outputs))


class Decoder(nn.Sequential):
    """B latent to B 3 200 200: one convolution and an enlargement by two for each stage."""

    def __init__(self, latent: int, width: int | None = None):
        widths = stage_widths(width)
        channels = widths[-1]
        layers = from_vector(latent, channels, POOLED_PX)
        for stage in reversed(range(len(widths))):
            layers.append(enlarge_to(halved(stage)))
            layers.append(Conv2dNormActivation(channels, widths[stage]))
            channels = widths[stage]
        super().__init__(*layers, nn.Conv2d(channels, 3, kernel_size=3, padding=1))
