"""The networks: each maps photos B 3 H W in 0..1 to photos of the same shape and range."""

from lowlight_hub.networks.autoencoder import Autoencoder, VariationalAutoencoder
from lowlight_hub.networks.listing import ListingAutoencoder
from lowlight_hub.networks.model import LowlightModel
from lowlight_hub.networks.two_stage import TwoStageAutoencoder

__all__ = [
    "Autoencoder",
    "ListingAutoencoder",
    "LowlightModel",
    "TwoStageAutoencoder",
    "VariationalAutoencoder",
]
