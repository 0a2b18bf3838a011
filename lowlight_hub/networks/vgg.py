"""VGG-11 halves (Simonyan and Zisserman, ICLR 2015), with batch normalisation."""

from torch import nn

from lowlight_hub.networks._torchvision import VGG_LAYOUTS, Conv2dNormActivation, make_vgg_layers
from lowlight_hub.networks.sizes import enlarge_to, halved
from lowlight_hub.networks.vector import from_vector, to_vector

SLIM_WIDTHS = (16, 32, 64, 64, 64)
POOLED_PX = 4


def stage_widths(width: int | None) -> tuple[int, ...]:
    """Channels of VGG-11's five stages: doubled three times as published, or the slim ones."""
    if width is None:
        return SLIM_WIDTHS
    return (width, 2 * width, 4 * width, 8 * width, 8 * width)


def _layout(width: int | None) -> list[str | int]:
    """Torchvision's layout "A" with this network's channels in place of the published ones."""
    stages = iter(stage_widths(width))
    now, layout = next(stages), []
    for entry in VGG_LAYOUTS["A"]:
        layout.append("M" if entry == "M" else now)
        if entry == "M":
            now = next(stages, now)
    return layout


class Encoder(nn.Sequential):
    """B 3 200 200 to B outputs: VGG-11, averaged to 4×4, one linear layer."""

    def __init__(self, outputs: int, width: int | None = None):
        super().__init__(
            make_vgg_layers(_layout(width), batch_norm=True),
            *to_vector(stage_widths(width)[-1], POOLED_PX, outputs),
        )


class Decoder(nn.Sequential):
    """B latent to B 3 200 200: VGG-11 backwards, enlarging where the encoder pools."""

    def __init__(self, latent: int, width: int | None = None):
        channels = stage_widths(width)[-1]
        layers = from_vector(latent, channels, POOLED_PX)
        layout = _layout(width)
        pools = layout.count("M")
        for entry in reversed(layout):
            if entry == "M":
                pools -= 1
                layers.append(enlarge_to(halved(pools)))
            else:
                layers.append(Conv2dNormActivation(channels, int(entry)))
                channels = int(entry)
        super().__init__(*layers, nn.Conv2d(channels, 3, kernel_size=3, padding=1))
