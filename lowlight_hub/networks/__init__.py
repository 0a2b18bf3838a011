"""The networks: each maps photos B 3 H W in 0..1 to photos of the same shape and range."""

from lowlight_hub.networks.autoencoder import Autoencoder, VariationalAutoencoder
from lowlight_hub.networks.listing import ListingAutoencoder
from lowlight_hub.networks.model import LowlightModel

__all__ = ["Autoencoder", "ListingAutoencoder", "LowlightModel", "VariationalAutoencoder"]
