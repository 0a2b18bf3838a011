"""Light and colours are carried over; edges, black and white stay."""

import pytest
import torch
from torch.nn.functional import interpolate

from lowlight_hub.transfer import apply_maps, colour_maps, noise_of, relit, ridge_of

LEAST_RIDGE = 1e-6


def test_an_answer_that_changes_nothing_changes_nothing(photo):
    dark = photo[None] * 0.2
    assert torch.allclose(relit(dark, dark), dark, atol=1e-6)
    assert torch.allclose(apply_maps(colour_maps(dark, dark, LEAST_RIDGE), dark), dark, atol=2e-3)


def test_an_even_photo_takes_the_light_of_the_answer():
    dark, answer = torch.full((1, 3, 40, 60), 0.05), torch.full((1, 3, 40, 60), 0.4)
    assert torch.allclose(relit(dark, answer), answer, atol=0.02)
    assert torch.allclose(
        apply_maps(colour_maps(dark, relit(dark, answer), 2e-4), dark), answer, atol=0.02
    )


def test_colours_go_part_of_the_way_to_those_of_the_answer():
    dark = torch.tensor([0.12, 0.1, 0.08]).view(1, 3, 1, 1).expand(1, 3, 40, 60)
    answer = torch.tensor([0.4, 0.5, 0.6]).view(1, 3, 1, 1).expand(1, 3, 40, 60)
    red, green, blue = relit(dark, answer)[0, :, 20, 30]
    # Redder than the answer says, bluer than the dark photo was.
    assert red / green > 0.4 / 0.5 and blue / green < 0.6 / 0.5
    assert red / green < 0.12 / 0.1 and blue / green > 0.08 / 0.1
    assert (red + green + blue) / 3 == pytest.approx(0.5, abs=0.03)


def test_black_stays_black_and_lamps_do_not_clip():
    dark = torch.full((1, 3, 50, 50), 0.05)
    dark[..., :10, :10], dark[..., 20:25, 20:25] = 0.0, 0.9
    lit = relit(dark, torch.full_like(dark, 0.6))
    assert (lit[..., :10, :10] == 0).all()
    assert (lit[..., 20:25, 20:25] < 1).all() and (lit[..., 20:25, 20:25] > 0.9).all()
    lamp = dark == 0.9
    assert lit[lamp].min() > lit[~lamp].max()


def test_light_is_only_added_and_bright_photos_keep_their_colours(photo):
    bright = photo[None] * 0.5 + 0.4
    assert torch.allclose(relit(bright, torch.full_like(bright, 0.3)), bright, atol=1e-6)


def test_a_bright_window_leaves_no_shade_around_it():
    dark = torch.full((1, 3, 100, 100), 0.05)
    dark[..., 30:60, 40:70] = 0.95
    answer = torch.full_like(dark, 0.5)
    lit = relit(dark, answer)[0, 0]
    beside, far = lit[45, 35], lit[95, 5]
    assert beside > 0.9 * far > 0.4


def test_edges_come_from_the_photo_and_not_from_the_answer():
    dark = torch.full((1, 3, 100, 100), 0.04)
    dark[..., 50:] = 0.12
    blur = interpolate(
        torch.tensor([[[[0.3, 0.6]]]]).expand(1, 3, 1, 2), (100, 100), mode="bilinear"
    )
    restored = apply_maps(colour_maps(dark, relit(dark, blur), 2e-6), dark)
    step = restored[0, 0, 50].diff()
    assert step.argmax() == 49
    assert step[49] > 0.9 * step.sum() > 0.1
    assert blur[0, 0, 50].diff().max() < 0.05


@pytest.mark.parametrize("value", [0.0, 0.5, 1.0])
def test_photos_without_any_detail_give_finite_maps(value):
    dark = torch.full((1, 3, 8, 8), value)
    maps = colour_maps(dark, relit(dark, torch.rand(1, 3, 8, 8)), ridge_of(noise_of(dark)))
    assert maps.isfinite().all()


def test_noise_below_the_measured_one_is_smoothed():
    clean = torch.full((1, 3, 200, 200), 0.1)
    noisy = clean + 0.01 * torch.randn(clean.shape, generator=torch.Generator().manual_seed(0))
    answer = torch.full_like(clean, 0.6)
    kept = apply_maps(colour_maps(noisy, relit(noisy, answer), LEAST_RIDGE), noisy).std()
    smoothed = apply_maps(
        colour_maps(noisy, relit(noisy, answer), ridge_of(noise_of(noisy))), noisy
    ).std()
    assert smoothed < 0.6 * kept


@pytest.mark.parametrize("sigma", [0.003, 0.02])
def test_noise_is_measured_and_edges_are_not_taken_for_it(photo, sigma):
    generator = torch.Generator().manual_seed(0)
    stripes = photo[None].clone()
    stripes[..., 120:, :] = (torch.arange(320) // 40 % 2).float()
    noisy = stripes + sigma * torch.randn(stripes.shape, generator=generator)
    assert noise_of(noisy) == pytest.approx(sigma, rel=0.1)
    assert noise_of(photo[None]) < 1e-4
    assert noise_of(torch.rand(1, 3, 1, 9)) == 0
