"""The frame that the article's networks share, the listing apart: photo, feature vector, photo."""

from importlib import import_module
from types import ModuleType
from typing import Literal

import torch
from torch import Tensor

from lowlight_hub.networks.model import LowlightModel
from lowlight_hub.networks.sizes import SIDE_PX, check_photos, resize

Halves = Literal["mnist", "reversed_mnist", "vgg", "resnet", "plain"]


def _halves(name: Halves) -> ModuleType:
    """The module of an encoder and its decoder.

    Encoder(outputs, width) maps B 3 200 200 to B outputs, and Decoder(latent, width) B latent to
    B 3 200 200, before the sigmoid. It is imported with the first network that is made of it, since
    three of them need torchvision, which takes as long to import as torch does.
    """
    return import_module(f"lowlight_hub.networks.{name}")


class Autoencoder(LowlightModel):
    """A photo squeezed through a vector of `latent` numbers.

    Shape: B 3 H W to B 3 H W, float, RGB in 0..1. The network itself sees 200×200 pixels, as in
    the article: another size is resized to that, and the answer back. `width` is the number of
    channels of the first stage; None takes the slim network that the project ships.
    Source: "Enhancing Low Light Images: A Deep Dive into Autoencoders" (2024).
    """

    def __init__(self, *, encoder: Halves, decoder: Halves, latent: int, width: int | None = None):
        super().__init__()
        self.encoder = _halves(encoder).Encoder(latent, width)
        self.decoder = _halves(decoder).Decoder(latent, width)

    def encode(self, photo: Tensor) -> Tensor:
        """The feature vector, B latent, of photos B 3 H W in 0..1."""
        check_photos(photo)
        return self.encoder(resize(photo, (SIDE_PX, SIDE_PX)))

    def decode(self, latent: Tensor) -> Tensor:
        """The photo, B 3 200 200 in 0..1, that feature vectors B latent stand for."""
        # In bfloat16 a sigmoid near 1 has steps of 1/256: too coarse for a picture.
        return self.decoder(latent).float().sigmoid()

    def forward(self, photo: Tensor) -> Tensor:
        return resize(self.decode(self.encode(photo)), photo.shape[-2:])


class VariationalAutoencoder(Autoencoder):
    """An autoencoder whose feature vector is a normal distribution, sampled in training.

    Shape: B 3 H W to B 3 H W, float, RGB in 0..1. In eval mode the answer is that of the mean.
    Source: Kingma and Welling, "Auto-Encoding Variational Bayes", ICLR 2014.
    """

    def __init__(self, *, encoder: Halves, decoder: Halves, latent: int, width: int | None = None):
        super().__init__(encoder=encoder, decoder=decoder, latent=latent, width=width)
        # One network gives the mean and the log-variance side by side.
        self.encoder = _halves(encoder).Encoder(2 * latent, width)

    def distribution(self, photo: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log-variance, each B latent, for photos B 3 H W in 0..1."""
        mean, logvar = super().encode(photo).chunk(2, dim=1)
        # Beyond these bounds exp() leaves what half precision can hold.
        return mean, logvar.clamp(-12, 8)

    def sample(self, mean: Tensor, logvar: Tensor) -> Tensor:
        """A feature vector drawn from N(mean, exp(logvar)) in training, the mean otherwise."""
        if not self.training:
            return mean
        return mean + torch.randn_like(mean) * (logvar / 2).exp()

    def encode(self, photo: Tensor) -> Tensor:
        return self.sample(*self.distribution(photo))
