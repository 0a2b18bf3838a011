"""What an attempt minimises: every loss is loss(model, dark, bright) -> scalar tensor.

`dark` and `bright` are the two photos of each pair, B 3 H W, float, RGB in 0..1.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import mse_loss

# A model is anything that maps B 3 H W to B 3 H W; vae_loss asks for a VariationalAutoencoder.
Loss = Callable[[Any, Tensor, Tensor], Tensor]

# Weight of the KL term (a sum over the latent) beside a mean over 120,000 pixel values. Matched to
# the pixel error at which this VAE arrives (about 0.02), the evidence lower bound asks for
# 2 * 0.02 / 120000 = 3e-7 (Rybkin et al., "Simple and Effective VAE Training with Calibrated
# Decoders", ICML 2021); three times that keeps the latent close enough to normal to be sampled.
VAE_BETA = 1e-6


def dark_to_bright(model: Any, dark: Tensor, bright: Tensor) -> Tensor:
    """MSE(restored from dark, bright)."""
    return mse_loss(model(dark), bright)


def bright_to_bright(model: Any, dark: Tensor, bright: Tensor) -> Tensor:
    """MSE(restored from bright, bright): plain compression."""
    return mse_loss(model(bright), bright)


def both_to_bright(model: Any, dark: Tensor, bright: Tensor) -> Tensor:
    """MSE(restored from bright, bright) + MSE(restored from dark, bright)."""
    # One pass over both, so that batch normalisation sees in training the mixture whose
    # statistics it uses afterwards.
    from_bright, from_dark = model(torch.cat([bright, dark])).chunk(2)
    return mse_loss(from_bright, bright) + mse_loss(from_dark, bright)


def vae_loss(model: Any, dark: Tensor, bright: Tensor) -> Tensor:
    """MSE(restored from dark, bright) + beta * KL(latent, standard normal).

    Source: Kingma and Welling, "Auto-Encoding Variational Bayes", ICLR 2014, appendix B.
    """
    mean, logvar = model.distribution(dark)
    restored = model.decode(model.sample(mean, logvar))
    kl = (mean.square() + logvar.exp() - 1 - logvar).sum(dim=1).mean() / 2
    return mse_loss(restored, bright) + VAE_BETA * kl
