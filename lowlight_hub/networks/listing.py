"""The article's printed listing: one channel in, two convolutions, no feature vector."""

from collections.abc import Sequence
from functools import partial

from torch import Tensor, nn

from lowlight_hub.look import Look
from lowlight_hub.networks.mnist import down, up
from lowlight_hub.networks.model import LowlightModel, TileNetwork, as_weights
from lowlight_hub.networks.sizes import SIDE_PX, check_photos, resize
from lowlight_hub.transfer import (
    apply_maps,
    colour_maps,
    enlarged_at,
    gain_of,
    noise_of,
    relit,
    ridge_of,
    with_odds,
    without_rounding,
)

SLIM_WIDTH = 16


class ListingAutoencoder(LowlightModel):
    """The article's printed code, run on each of R, G and B.

    Shape: B 3 H W to B 3 H W, float, RGB in 0..1, any size from 1×1 up.
    Source: "Enhancing Low Light Images: A Deep Dive into Autoencoders" (2024).
    """

    details_by_tiles = ("network",)

    def __init__(self, *, width: int | None = None):
        super().__init__()
        first = SLIM_WIDTH if width is None else width
        self.encoder = nn.Sequential(down(1, first), nn.ReLU(), down(first, 2 * first), nn.ReLU())
        self.decoder = nn.Sequential(up(2 * first, first), nn.ReLU(), up(first, 1), nn.Sigmoid())

    def tiles_of(
        self, overview: Tensor, closeups: Tensor, size: tuple[int, int], looks: Sequence[Look]
    ) -> list[TileNetwork]:
        def restored(look: Look, maps: Tensor | None, tile: Tensor, top: int, left: int) -> Tensor:
            answer = self(as_weights(self, tile))
            if maps is None:
                return with_odds(answer, 2.0**look.brightness)
            down, across = tile.shape[2:]
            place = slice(top, top + down), slice(left, left + across)
            stops = apply_maps(enlarged_at(maps, place, size), tile)
            # Of specks that the small photo did not show, maps say more than that.
            stops = stops.clamp(*sorted((look.brightness, look.brightness + look.shadows)))
            gain = 2 ** stops.to(answer)
            return without_rounding(with_odds(answer, gain), tile.to(answer), gain, look)

        maps: list[Tensor | None] = [None] * len(looks)
        if any(look.shadows for look in looks):
            # Of the light that it gives, which has no rings at edges, carried as light is.
            small = resize(overview, (SIDE_PX, SIDE_PX))
            light = relit(small, self(as_weights(self, small)).float().cpu())
            ridge = ridge_of(noise_of(overview))
            maps = [colour_maps(small, gain_of(light, look).log2(), ridge) for look in looks]
        return [
            TileNetwork(partial(restored, look, of_it), reach_px=16, stride_px=4)
            for look, of_it in zip(looks, maps, strict=True)
        ]

    def forward(self, photo: Tensor) -> Tensor:
        check_photos(photo)
        batch, channels, height, width = photo.shape
        one_channel = photo.reshape(batch * channels, 1, height, width)
        restored = self.decoder(self.encoder(one_channel))[..., :height, :width]
        return restored.reshape(batch, channels, height, width)
