"""Simulated dark photos behave as a sensor with less light does."""

import math

import pytest
import torch

from lowlight_hub.simulation import darken, to_linear, to_srgb


def test_srgb_and_back():
    values = torch.linspace(0, 1, 256)
    torch.testing.assert_close(to_srgb(to_linear(values)), values, atol=1e-5, rtol=0)
    assert to_linear(torch.tensor(0.5)).item() == pytest.approx(0.21404, abs=1e-5)


@pytest.mark.parametrize("exposure", [0.5, 0.1])
def test_the_mean_light_falls_with_the_exposure(exposure):
    bright = torch.full((3, 100, 100), 0.8)
    dark = darken(bright, exposure=exposure, generator=torch.Generator().manual_seed(0))
    assert to_linear(dark).mean().item() == pytest.approx(
        exposure * to_linear(bright).mean().item(), rel=0.02
    )


def test_every_place_may_have_its_own_exposure():
    bright = torch.full((3, 100, 100), 0.8)
    exposure = torch.full((100, 100), 0.5)
    exposure[:, 50:] = 0.05
    dark = darken(bright, exposure=exposure, generator=torch.Generator().manual_seed(0))
    left, right = (to_linear(half).mean().item() for half in dark.chunk(2, dim=2))
    assert left / right == pytest.approx(10, rel=0.03)
    with pytest.raises(ValueError, match="exposure"):
        darken(bright, exposure=1.5 * exposure / exposure.max())


def test_noise_is_relatively_stronger_in_less_light():
    generator = torch.Generator().manual_seed(0)
    bright = torch.full((3, 100, 100), 0.8)
    light = [to_linear(darken(bright, exposure=it, generator=generator)) for it in (0.5, 0.05)]
    assert light[1].std() / light[1].mean() > 2 * light[0].std() / light[0].mean()


def test_grain_is_weaker_than_the_noise_of_single_pixels_and_coarser():
    grey, sensor = torch.full((3, 100, 100), 0.5), {"exposure": 0.3, "electrons": 300}
    fine, coarse = (
        to_linear(darken(grey, **sensor, grain_px=it, generator=torch.Generator().manual_seed(0)))
        for it in (0.0, 1.5)
    )
    # A Gaussian blur leaves 1 / (4 pi sigma^2) of the variance of white noise.
    left = (4 * math.pi * 1.5**2) ** -0.5
    assert coarse.std().item() == pytest.approx(left * fine.std().item(), rel=0.1)
    steps = [it.diff(dim=2).std() / it.std() for it in (fine, coarse)]
    assert steps[0] > 1.3 and steps[1] < 0.6


def test_result_is_in_8_bit_steps():
    steps = darken(torch.rand(3, 20, 20), exposure=0.2) * 255
    torch.testing.assert_close(steps, steps.round(), atol=1e-3, rtol=0)


def test_grain_suits_many_photos_at_once_and_is_even_up_to_the_borders():
    grey = torch.full((40, 3, 9, 9), 0.5)
    generator = torch.Generator().manual_seed(0)
    dark = darken(grey, exposure=0.3, electrons=300, grain_px=1.5, generator=generator)
    border, middle = dark[..., 0, :].std(), dark[..., 4, :].std()
    assert border.item() == pytest.approx(middle.item(), rel=0.15)


@pytest.mark.parametrize("exposure", [0, -1, 1.5])
def test_impossible_exposures_are_refused(exposure):
    with pytest.raises(ValueError, match="exposure"):
        darken(torch.rand(3, 2, 2), exposure=exposure)


def test_photos_on_another_device_are_darkened_there():
    # No device but the processor is at hand in a test: this one computes nothing, but is another.
    assert darken(torch.rand(3, 8, 8, device="meta"), exposure=0.5).device.type == "meta"
