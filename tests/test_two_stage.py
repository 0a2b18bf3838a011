"""The project's own model: what each of its stages is shown, and what each of them learns."""

import pytest
import torch
from torch.nn.functional import avg_pool2d, interpolate

from lowlight_hub import load_model
from lowlight_hub.attempts import DEFAULT
from lowlight_hub.gaussian import blurred
from lowlight_hub.look import Look
from lowlight_hub.networks import TwoStageAutoencoder
from lowlight_hub.networks.coarse import (
    NORMAL_MEAN,
    STEP_PX,
    normalised,
    thumbnail_size,
)
from lowlight_hub.networks.sizes import resize
from lowlight_hub.networks.two_stage import (
    evened,
    no_darker,
    noise_levels,
    plan_for,
    thumbnail_noise,
)
from lowlight_hub.transfer import apply_maps, with_odds
from lowlight_hub.two_stage_loss import two_stage_loss


def test_thumbnails_have_the_shape_of_their_photos():
    assert thumbnail_size(400, 600) == (104, 152)
    assert thumbnail_size(4000, 6000) == (104, 152)
    assert thumbnail_size(600, 400) == (152, 104)
    assert thumbnail_size(1, 5000) == (8, 152)


def test_dark_photos_are_lifted_and_bright_ones_are_left():
    generator = torch.Generator().manual_seed(0)
    photos = torch.rand(2, 3, 40, 60, generator=generator) * torch.tensor([0.1, 1]).view(2, 1, 1, 1)
    lifted = normalised(photos)
    assert lifted[0].mean().item() == pytest.approx(NORMAL_MEAN, abs=0.05)
    torch.testing.assert_close(lifted[1], photos[1])
    assert normalised(torch.zeros(1, 3, 8, 8)).abs().max() == 0
    torch.testing.assert_close(normalised(torch.ones(1, 3, 8, 8)), torch.ones(1, 3, 8, 8))


def test_an_even_photo_is_lit_alike_in_the_middle_and_in_its_corners():
    coarse = load_model(DEFAULT).coarse
    for steps in (2, 3, 5, 20):
        with torch.inference_mode():
            answer = coarse(torch.full((1, 3, 104, 152), steps / 255)).mean(dim=1, keepdim=True)
        places = avg_pool2d(answer, STEP_PX)
        assert places.amax() - places.amin() < 3 / 255


def test_what_the_coarse_stage_would_darken_keeps_its_light_and_colours():
    generator = torch.Generator().manual_seed(0)
    small = torch.rand(1, 3, 8, 8, generator=generator)
    torch.testing.assert_close(no_darker(0.3 * small, small), small)
    lit = small.clone()
    lit[..., :4] = with_odds(small[..., :4], 3)
    lit[..., 4:] *= 0.5
    answer = no_darker(lit, small)
    assert torch.equal(answer[..., :4], lit[..., :4])
    torch.testing.assert_close(answer[..., 4:], small[..., 4:])
    # Of another colour, and clipped in one channel or black: as light, and within 0..1.
    tinted = torch.tensor([1.0, 0.97, 0.9]).view(1, 3, 1, 1)
    for photo in (torch.ones(1, 3, 1, 1), torch.zeros(1, 3, 1, 1), tinted.flip(1)):
        answer = no_darker(photo * tinted, photo)
        assert 0 <= answer.min() <= answer.max() <= 1
        torch.testing.assert_close(answer.mean(), photo.mean())


def test_what_is_flat_is_lit_alike_and_what_is_not_as_the_coarse_stage_says():
    generator = torch.Generator().manual_seed(0)
    small = torch.rand(1, 3, 104, 152, generator=generator)
    small[..., :76] = 0.02
    blotches = 1 + torch.rand(1, 1, 104, 152, generator=generator)
    said = (small + 2 / 255) * blotches - 2 / 255
    lit = evened(said.clamp(0, 1), small)
    # Away from where both meet.
    sky, rest = (slice(None), slice(None), slice(None), slice(60)), (..., slice(92, None))
    assert lit[sky].std() < 0.1 * said[sky].std()
    torch.testing.assert_close(lit[sky].mean(), said[sky].mean(), rtol=0.05, atol=0)
    torch.testing.assert_close(lit[rest], said.clamp(0, 1)[rest], rtol=0, atol=1e-3)


class _Darker(torch.nn.Module):
    def forward(self, dark: torch.Tensor) -> torch.Tensor:
        return 0.3 * dark


def test_a_photo_that_the_coarse_stage_would_darken_stays_unless_less_light_is_asked_for():
    model = TwoStageAutoencoder(width=8).eval()
    model.coarse = _Darker()
    photo = resize(torch.rand(1, 3, 12, 16, generator=torch.Generator().manual_seed(0)), (48, 64))
    torch.testing.assert_close(model(photo), photo, atol=0.02, rtol=0)
    (plan,) = model.plans(photo, photo, (48, 64), [Look(brightness=-1.0)])
    answer, small = plan[:, 12:15], plan[:, 15:18]
    assert (answer.mean() / small.mean()).item() == pytest.approx(0.7, abs=0.15)


def test_a_plan_makes_the_answer_of_the_thumbnail():
    generator = torch.Generator().manual_seed(0)
    small = 0.2 * torch.rand(1, 3, 48, 64, generator=generator)
    answer = small * torch.tensor([3.0, 2.5, 2.0]).view(1, 3, 1, 1) + 0.05
    plan = plan_for(small, answer, torch.zeros(1), torch.zeros(1, 2))
    assert plan.shape == (1, 22, 48, 64)
    torch.testing.assert_close(apply_maps(plan[:, :12], small), answer, atol=0.02, rtol=0)
    both = torch.cat([answer, small], dim=1)
    torch.testing.assert_close(plan[:, 12:18], both, atol=1e-3, rtol=0)


def test_a_plan_is_smooth_where_there_is_nothing_but_noise():
    generator = torch.Generator().manual_seed(0)
    small = 0.1 + 0.01 * torch.randn(1, 3, 48, 64, generator=generator)
    small[..., 32:] += 0.3
    smooth = plan_for(small, 2 * small, torch.full((1,), 0.01), torch.zeros(1, 2))[:, 12:15]
    assert smooth[..., :30].std() < 0.5 * (2 * small[..., :30]).std()
    step = smooth[..., 40:].mean() - smooth[..., :30].mean()
    assert (smooth[..., 33] - smooth[..., 30]).mean() == pytest.approx(step.item(), rel=0.1)


def test_a_bright_window_keeps_its_colours_and_the_dark_wall_around_it_is_lit_up_to_its_frame():
    small = torch.full((1, 3, 48, 64), 0.1)
    window = torch.tensor([0.7, 0.8, 0.9]).view(3, 1, 1)
    small[0, :, 10:30, 20:40] = window
    answer = 4 * small
    answer[0, :, 10:30, 20:40] = window + torch.tensor([0.1, -0.05, -0.05]).view(3, 1, 1)
    plan = plan_for(small, answer, torch.zeros(1), torch.zeros(1, 2))
    with torch.inference_mode():
        restored = TwoStageAutoencoder(width=8).finished(small, plan)[0]
    inside = restored[:, 13:27, 23:37]
    torch.testing.assert_close(
        inside / inside[:1], (window / 0.7).expand_as(inside), atol=0.01, rtol=0
    )
    fine_share = plan[0, 18]
    assert fine_share[11:29, 21:39].max() < 1e-3 and fine_share[10, 20:40].min() == 1


def test_the_less_noise_the_shipped_model_is_told_of_the_more_it_takes_for_texture():
    generator = torch.Generator().manual_seed(0)
    photo = 0.1 + 0.01 * torch.randn(1, 3, 120, 160, generator=generator)
    model = load_model(DEFAULT)
    left = []
    with torch.inference_mode():
        (plan,) = model.plans(photo, photo, (120, 160), [Look()])
        plan = interpolate(plan, size=(120, 160))
        for stops_less in (0, 1, 2, 3):
            told = plan.clone()
            told[:, 19:21] -= stops_less / 4
            left.append(model.finished(photo, told).std().item())
    assert left == sorted(left) and left[-1] > 1.1 * left[0]


@pytest.mark.parametrize("shrink", [2.5, 4, 7])
def test_noise_in_a_thumbnail_is_what_resizing_leaves_of_it(shrink):
    generator = torch.Generator().manual_seed(0)
    noisy = 0.3 + 0.04 * torch.randn(1, 3, 420, 630, generator=generator)
    small = resize(noisy, (round(420 / shrink), round(630 / shrink)))
    assert thumbnail_noise(noisy, small).item() == pytest.approx(small.std().item(), rel=0.15)


@pytest.mark.parametrize("size", [(40, 60), (130, 300), (22, 22)], ids=str)
def test_photos_smaller_than_two_patches_are_learnt_from(size):
    torch.manual_seed(0)
    model = TwoStageAutoencoder(width=8).train()
    bright = torch.rand(6, 3, *size)
    for _ in range(3):
        loss = two_stage_loss(model, 0.1 * bright, bright)
        loss.backward()
        assert loss.isfinite()


def test_the_stages_do_not_disturb_each_other():
    torch.manual_seed(0)
    model = TwoStageAutoencoder(width=8).eval()
    bright = torch.rand(2, 3, 150, 200)
    whole = two_stage_loss(model, 0.1 * bright, bright)
    (of_coarse,) = torch.autograd.grad(whole, [model.coarse.head.bias], retain_graph=True)
    model.fine.head.weight.data.zero_()
    (without_fine,) = torch.autograd.grad(
        two_stage_loss(model, 0.1 * bright, bright), [model.coarse.head.bias]
    )
    torch.testing.assert_close(of_coarse, without_fine)
    # A frozen one has no part in the loss.
    model.fine.requires_grad_(False)
    alone = two_stage_loss(model, 0.1 * bright, bright)
    torch.testing.assert_close(
        torch.autograd.grad(alone, [model.coarse.head.bias])[0], without_fine
    )
    assert alone < whole


def test_in_training_every_photo_gives_the_fine_stage_a_patch():
    torch.manual_seed(0)
    model = TwoStageAutoencoder(width=8).train()
    bright = torch.rand(3, 3, 60, 80)

    def gradient(photos):
        torch.manual_seed(1)
        loss = two_stage_loss(model, 0.1 * photos, photos)
        return torch.autograd.grad(loss, [model.fine.head.weight])[0]

    before = gradient(bright)
    for number in range(len(bright)):
        changed = bright.clone()
        changed[number] = torch.rand(3, 60, 80)
        assert not torch.allclose(gradient(changed), before)


def test_in_a_batch_each_photo_has_its_own_noise():
    torch.manual_seed(0)
    model = TwoStageAutoencoder(width=8).eval()
    photos = 0.2 + torch.tensor([0.002, 0.03]).view(2, 1, 1, 1) * torch.randn(2, 3, 80, 120)
    together, alone = [], []
    model.fine.register_forward_pre_hook(lambda _, inputs: together.append(inputs[-1]))
    two_stage_loss(model, photos, photos)
    for photo in photos:
        two_stage_loss(model, photo[None], photo[None])
    (both, *alone) = together
    torch.testing.assert_close(both, torch.cat(alone))
    assert (both[1, 0] - both[0, 0]).mean() > 0.5


def test_the_fine_stage_is_told_what_noise_to_expect():
    generator = torch.Generator().manual_seed(0)
    white = 0.2 + 0.02 * torch.randn(1, 3, 240, 240, generator=generator)
    single, means = noise_levels(white)[0].tolist()
    assert single == pytest.approx(0.02, rel=0.1) and means == pytest.approx(0.01, rel=0.1)
    coarse = 0.2 + 5 * (blurred(white, 1.0) - 0.2)
    single, means = noise_levels(coarse)[0].tolist()
    assert single < 0.8 * means
    assert noise_levels(torch.rand(2, 3, 1, 5)).shape == (2, 2)


def test_where_a_photo_is_lit_more_more_noise_is_expected():
    small = torch.full((1, 3, 48, 64), 0.1)
    answer = small.clone()
    answer[..., 32:] = 0.4
    told = plan_for(small, answer, torch.zeros(1), torch.tensor([[0.02, 0.01]]))[0, 19:]
    unlit, lit = told[:, 24, 10], told[:, 24, 50]
    assert unlit[2] == pytest.approx(0, abs=0.01)
    # All three are logarithms on one scale: a constant more in each.
    assert (lit - unlit).std() < 0.05 and lit[2] > 0.4
    assert unlit[0] > unlit[1]
