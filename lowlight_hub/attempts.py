"""The one table of attempts. Everything else that names an attempt derives it from here."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Literal

import torch

from lowlight_hub.data import Views, article_views, whole_view
from lowlight_hub.devices import cpu_computes_in_bfloat16
from lowlight_hub.errors import LowlightError, shown
from lowlight_hub.losses import (
    Loss,
    both_to_bright,
    bright_to_bright,
    dark_to_bright,
    vae_loss,
)
from lowlight_hub.networks import (
    Autoencoder,
    ListingAutoencoder,
    LowlightModel,
    TwoStageAutoencoder,
    VariationalAutoencoder,
)
from lowlight_hub.recipes import BY_THE_ARTICLE, Recipe
from lowlight_hub.two_stage_loss import two_stage_loss

ARTICLE = (
    "https://sasikaamarasinghe.medium.com/"
    "enhancing-low-light-images-a-deep-dive-into-autoencoders-23360cd8e730"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One row: a network, what it learns, and for how long."""

    name: str
    """Folder of its weights, suffix of its Hub repository, choice on command lines, test id."""
    title: str
    """What menus and captions show."""
    network: Callable[..., LowlightModel]
    """network(width=None) -> module from B 3 H W in 0..1 to the same; None is the shipped size."""
    architecture: str
    """The network in words: encoder, decoder, length of the feature vector."""
    loss: Loss
    """loss(model, dark, bright) -> scalar."""
    learns: Literal["dark → bright", "bright → bright", "both"]
    """Which photo of a pair it is given; the bright one is always the target."""
    formula: str
    """The loss in words, as the tables print it."""
    story: str
    """What the article did and made of it, and what it left open."""
    in_article: bool = True
    """Whether the article has it: its card says so."""
    epochs: int
    """Passes over the training pairs."""
    epochs_source: Literal["article", "ours"] = "ours"
    """Whether the article gives the number of epochs, or it was chosen here to converge."""
    lr: float = 1e-3
    """Learning rate of Adam, at its height."""
    recipe: Recipe = BY_THE_ARTICLE
    """How the weights are moved."""
    views: Views = article_views
    """What is kept of the photos that it learns from."""
    precision: Literal["fp32", "bf16"] = "fp32"
    """What it trains in on a CPU made for bfloat16: whichever was measured faster there."""
    continues: str | None = None
    """The attempt whose finished training this one goes on with, if any."""

    @property
    def reads_bright(self) -> bool:
        """Whether a bright photo is a fair input, because it learnt from bright photos."""
        return self.learns != "dark → bright"

    @property
    def answers_in_full(self) -> bool:
        """Whether it learns from whole photos, and its own answer is in full size with all edges,
        so that nothing is to be carried."""
        return self.views is whole_view


FROM_DARK = "MSE(restored from dark, bright)"
FROM_BRIGHT = "MSE(restored from bright, bright)"

_TABLE = (
    Attempt(
        name="listing",
        title="The printed listing",
        network=ListingAutoencoder,
        architecture="Conv 1→16→32, stride 2, and its mirror image, on each of R, G and B; "
        "no feature vector",
        loss=dark_to_bright,
        learns="dark → bright",
        formula=FROM_DARK,
        story="The code that the article prints: two convolutions and their mirror image on one "
        "channel, without a feature vector. Here it runs on each of R, G and B.",
        epochs=100,
    ),
    Attempt(
        name="attempt-1",
        title="1 · MNIST-style, 8 numbers",
        network=partial(Autoencoder, encoder="mnist", decoder="mnist", latent=8),
        architecture="MNIST-style, 8 numbers",
        loss=dark_to_bright,
        learns="dark → bright",
        formula=FROM_DARK,
        story="The first try: the network of the MNIST tutorials with a feature vector of 8 "
        "numbers, from the dark photo to the bright one.",
        epochs=100,
        lr=3e-4,
    ),
    Attempt(
        name="attempt-2",
        title="2 · MNIST-style, bright to bright",
        network=partial(Autoencoder, encoder="mnist", decoder="mnist", latent=8),
        architecture="MNIST-style, 8 numbers",
        loss=bright_to_bright,
        learns="bright → bright",
        formula=FROM_BRIGHT,
        story="The same network as a plain autoencoder of bright photos: it has never seen a dark "
        "one.",
        epochs=100,
        lr=3e-4,
    ),
    Attempt(
        name="attempt-3",
        title="3 · MNIST-style in reverse",
        network=partial(Autoencoder, encoder="reversed_mnist", decoder="reversed_mnist", latent=8),
        architecture="MNIST-style in reverse order, 8 numbers",
        loss=dark_to_bright,
        learns="dark → bright",
        formula=FROM_DARK,
        story="The layers in reverse order, so that the photo grows to 800×800 before anything is "
        "compressed. In the article it ran out of memory; here activation checkpointing "
        "lets it train.",
        epochs=60,
        precision="bf16",
    ),
    Attempt(
        name="attempt-4a-40",
        title="4a · VGG to ResNet, joint loss, 40 epochs",
        network=partial(Autoencoder, encoder="vgg", decoder="resnet", latent=128),
        architecture="VGG-11 → ResNet-18, 128 numbers",
        loss=both_to_bright,
        learns="both",
        formula=f"{FROM_BRIGHT} + {FROM_DARK}",
        story="A joint loss: restore the bright photo from itself and from the dark one. The "
        "article states no architecture for attempt 4; VGG encoder and ResNet decoder is the only "
        "pair that it names and no other attempt uses.",
        epochs=40,
        epochs_source="article",
    ),
    Attempt(
        name="attempt-4a-80",
        title="4a · VGG to ResNet, joint loss, 80 epochs",
        network=partial(Autoencoder, encoder="vgg", decoder="resnet", latent=128),
        architecture="VGG-11 → ResNet-18, 128 numbers",
        loss=both_to_bright,
        learns="both",
        formula=f"{FROM_BRIGHT} + {FROM_DARK}",
        story="The same training, 40 epochs on.",
        epochs=80,
        epochs_source="article",
        continues="attempt-4a-40",
    ),
    Attempt(
        name="attempt-4b",
        title="4b · VGG to ResNet, dark to bright",
        network=partial(Autoencoder, encoder="vgg", decoder="resnet", latent=128),
        architecture="VGG-11 → ResNet-18, 128 numbers",
        loss=dark_to_bright,
        learns="dark → bright",
        formula=FROM_DARK,
        story="Attempt 4 without the first half of its loss: straight from dark to bright.",
        epochs=40,
        epochs_source="article",
    ),
    Attempt(
        name="attempt-5",
        title="5 · VGG to VGG, bright to bright",
        network=partial(Autoencoder, encoder="vgg", decoder="vgg", latent=128),
        architecture="VGG-11 → VGG-11, 128 numbers",
        loss=bright_to_bright,
        learns="bright → bright",
        formula=FROM_BRIGHT,
        story="VGG on both sides as a plain autoencoder of bright photos, which the article finds "
        "fit for compression. It also stands for the article's plain attempt 4, which has no "
        "results there.",
        epochs=100,
    ),
    Attempt(
        name="attempt-6",
        title="6 · ResNet to ResNet",
        network=partial(Autoencoder, encoder="resnet", decoder="resnet", latent=128),
        architecture="ResNet-18 → ResNet-18, 128 numbers",
        loss=dark_to_bright,
        learns="dark → bright",
        formula=FROM_DARK,
        story="ResNet on both sides. The article does not say what it was given; here it learns "
        "the task itself, dark to bright.",
        epochs=100,
    ),
    Attempt(
        name="vae",
        title="Variational autoencoder",
        network=partial(VariationalAutoencoder, encoder="plain", decoder="plain", latent=128),
        architecture="five convolutions each, mean and log-variance of 128 numbers",
        loss=vae_loss,
        learns="dark → bright",
        formula=f"{FROM_DARK} + β·KL",
        story="The article's last word: the feature vector becomes a distribution, and the result "
        "appealing, if not perfect.",
        epochs=100,
    ),
    Attempt(
        name="attempt-7",
        title="7 · Two stages, beyond the article",
        network=TwoStageAutoencoder,
        architecture="gated U-shaped autoencoder of a thumbnail, then convolutions at full size",
        loss=two_stage_loss,
        learns="dark → bright",
        formula="½·(L1 + L1 after GT-mean) of the thumbnail, L1 + 0.2·(1 - SSIM) at full size",
        story="Where the article ends, this goes on: light and colours are found on a thumbnail of "
        "the whole photo, and a light second stage at full size takes the noise away and gives the "
        "edges back.",
        in_article=False,
        epochs=600,
        lr=1.5e-3,
        recipe=Recipe(
            cosine=True,
            warmup_steps=200,
            beta2=0.99,
            weight_decay=1e-3,
            clip_norm=1.0,
            average=0.999,
        ),
        views=whole_view,
        precision="bf16",
    ),
)

ATTEMPTS: dict[str, Attempt] = {attempt.name: attempt for attempt in _TABLE}
"""The attempts by name, in the order in which they are shown."""

DEFAULT = "attempt-7"
"""The one to take where nobody says which: the best at full size on the validation scenes."""


def get_attempt(name: str) -> Attempt:
    """The row with this name. Raises LowlightError that lists the known names."""
    try:
        return ATTEMPTS[name]
    except (KeyError, TypeError):
        raise LowlightError(
            f"no attempt is called {shown(name)}; known are: {', '.join(ATTEMPTS)}"
        ) from None


def precision_on(device: str, attempt: Attempt) -> Literal["fp32", "bf16"]:
    """What an attempt trains in on this machine's "cuda" or "cpu".

    On CUDA bfloat16 where the card computes in it: those before Ampere emulate it. On a CPU the
    row's own where that computes in bfloat16. Others imitate it: a step of attempt-7 took
    ten times as long as in float32 on a CPU with AVX2, and twice as long on one with AVX-512 but
    without its bfloat16.
    """
    if device == "cuda":
        return "bf16" if torch.cuda.is_bf16_supported(including_emulation=False) else "fp32"
    return attempt.precision if cpu_computes_in_bfloat16() else "fp32"
