"""Training pairs are varied in light and framing, and stay pairs."""

import pytest
import torch

from lowlight_hub import augmentation, camera
from lowlight_hub.augmentation import augmented


@pytest.fixture
def bright(photo: torch.Tensor) -> torch.Tensor:
    return 0.1 + 0.8 * photo


def test_a_pair_stays_a_pair(monkeypatch, bright):
    """What is left of the dark photo lies where it lies in the bright one, whatever was drawn."""
    # That light is as uneven as any photo; see test_other_light.
    monkeypatch.setattr(augmentation, "MIXED_LIGHT_SHARE", 0)
    # Nor is that noise, which may be stronger than the photo; see test_camera.
    monkeypatch.setattr(camera, "_GRAINY_SHARE", 0)
    torch.manual_seed(0)
    kinds = set()
    for _ in range(60):
        before, after = augmented(0.1 * bright, bright)
        assert before.shape == after.shape
        assert all(side >= least / 2 for side, least in zip(after.shape, bright.shape, strict=True))
        assert before.min() >= 0 and before.max() <= 1
        both = torch.stack([before.flatten(), after.flatten()])
        if both.std(dim=1).min() > 0.02:  # else there is little but noise
            assert torch.corrcoef(both)[0, 1] > 0.5
        kinds.add((before.mean() / after.mean() > 0.99).item())
    # Some dark, and some to be left as they are.
    assert kinds == {True, False}


def test_what_is_drawn_depends_on_the_seed_only(bright):
    drawn = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        drawn.append([before.mean() for before, _ in (augmented(bright, bright) for _ in range(9))])
    assert drawn[0] == drawn[1] != drawn[2]
