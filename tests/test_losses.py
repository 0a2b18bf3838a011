"""Losses see the photos that the table says they see."""

import math

import pytest
import torch
from stand_ins import AsItIs

from lowlight_hub import losses
from lowlight_hub.networks import VariationalAutoencoder

DARK, BRIGHT = torch.full((2, 3, 4, 4), 0.1), torch.full((2, 3, 4, 4), 0.6)


@pytest.mark.parametrize(
    ("loss", "expected"),
    [(losses.dark_to_bright, 0.25), (losses.bright_to_bright, 0.0), (losses.both_to_bright, 0.25)],
)
def test_inputs_of_a_loss(loss, expected):
    # Of what gives back its inputs, a loss tells them.
    assert loss(AsItIs(), DARK, BRIGHT).item() == pytest.approx(expected, abs=1e-6)


def test_both_adds_the_two_halves():
    class Grey(torch.nn.Module):
        def forward(self, photo):
            return torch.full_like(photo, 0.5)

    single = losses.dark_to_bright(Grey(), DARK, BRIGHT)
    assert losses.both_to_bright(Grey(), DARK, BRIGHT).item() == pytest.approx(2 * single.item())


def test_kl_of_a_known_distribution():
    class Known(VariationalAutoencoder):
        def distribution(self, photo):
            return torch.ones(len(photo), 128), torch.full((len(photo), 128), math.log(4.0))

        def decode(self, latent):
            return BRIGHT

    model = Known(encoder="plain", decoder="plain", latent=128).eval()
    # KL(N(1, 4) || N(0, 1)) = (1 + 4 - 1 - log 4) / 2 for each of the 128 numbers
    expected = losses.VAE_BETA * 128 * (4 - math.log(4)) / 2
    assert losses.vae_loss(model, DARK, BRIGHT).item() == pytest.approx(expected, rel=1e-5)


def test_ssim_is_as_exact_under_autocast_and_agrees_with_the_measured_one():
    from lowlight_hub.evaluation import psnr_and_ssim
    from lowlight_hub.two_stage_loss import ssim

    torch.manual_seed(0)
    reference = (
        torch.rand(1, 3, 8, 8).repeat_interleave(8, 2).repeat_interleave(8, 3) * 255
    ).byte()
    restored = (reference.float() + 20 * torch.randn(1, 3, 64, 64)).clamp(0, 255).byte()
    one, other = restored.float() / 255, reference.float() / 255
    exact = ssim(one, other)
    with torch.autocast("cpu", torch.bfloat16):
        assert ssim(one, other) == exact
    assert ssim(other, other).item() == pytest.approx(1)
    pixels = (it[0].permute(1, 2, 0).numpy() for it in (restored, reference))
    assert exact.item() == pytest.approx(psnr_and_ssim(*pixels)[1], abs=0.001)
