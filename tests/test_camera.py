"""Dark photos for training are noisy and stored in the ways of many cameras."""

import pytest
import torch

from lowlight_hub import camera
from lowlight_hub.camera import photographed, stored, toned
from lowlight_hub.simulation import to_linear

EXPOSURE = 0.2


def alike(noise: torch.Tensor) -> float:
    """How much the noise of a pixel resembles that of the next one, 0 to 1."""
    return torch.corrcoef(torch.stack([noise[..., 1:].flatten(), noise[..., :-1].flatten()]))[
        0, 1
    ].item()


def test_some_photos_have_noise_from_pixel_to_pixel_and_some_have_coarser_one():
    torch.manual_seed(0)
    grey = torch.full((3, 60, 90), 0.7)
    photos = [photographed(grey, exposure=EXPOSURE) for _ in range(30)]
    for dark in photos:
        share = to_linear(dark).mean() / to_linear(grey).mean()
        assert share.item() == pytest.approx(EXPOSURE, rel=0.1)
    likeness = [alike(it) for it in photos]
    assert min(likeness) < 0.05 and max(likeness) > 0.7


def test_sensors_are_noisy_to_very_different_degrees(monkeypatch):
    monkeypatch.setattr(camera, "_GRAINY_SHARE", 0.0)
    torch.manual_seed(0)
    grey = torch.full((3, 60, 90), 0.7)
    strengths = [photographed(grey, exposure=EXPOSURE).std().item() for _ in range(30)]
    assert max(strengths) > 4 * min(strengths)


def test_tone_curves_darken_all_but_white_and_black_and_turn_no_tones_around():
    torch.manual_seed(0)
    tones = torch.linspace(0, 1, 100).repeat(3, 1, 1)
    curves = [toned(tones) for _ in range(40)]
    for dark in curves:
        assert dark[..., 0].max() == 0 and dark[..., -1].min() == pytest.approx(1)
        assert (dark <= tones + 1e-6).all() and (dark.diff(dim=-1) > 0).all()
    # Of the middle is left from next to nothing to most.
    middles = [dark[0, 0, 50].item() for dark in curves]
    assert min(middles) < 0.1 and max(middles) > 0.3


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_photos_that_went_through_jpeg_are_nearly_as_they_were(monkeypatch, photo, share):
    monkeypatch.setattr(camera, "_JPEG_SHARE", share)
    torch.manual_seed(0)
    kept = [stored(photo) for _ in range(4)]
    differences = [(it - photo).abs().mean().item() for it in kept]
    if share:
        assert len(set(differences)) == 4  # of several qualities
        assert min(differences) > 0 and max(differences) < 0.05
    else:
        assert differences == [0] * 4
