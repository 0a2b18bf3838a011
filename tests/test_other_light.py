"""Photos in light that LOL does not have are photos, and lit as they are said to be."""

from functools import partial

import pytest
import torch

from lowlight_hub import other_light
from lowlight_hub.other_light import in_mixed_light, in_other_light
from lowlight_hub.simulation import darken, to_linear


@pytest.fixture
def bright(photo: torch.Tensor) -> torch.Tensor:
    return 0.1 + 0.8 * photo


def test_photos_in_other_light_are_valid_and_both_much_darker_and_much_brighter(bright):
    torch.manual_seed(0)
    photos = [in_other_light(bright) for _ in range(80)]
    assert all(it.shape == bright.shape and it.min() >= 0 and it.max() <= 1 for it in photos)
    shares = [(it.mean() / bright.mean()).item() for it in photos]
    assert min(shares) < 0.3 and max(shares) > 1.3


@pytest.mark.parametrize("size", [(60, 90), (8, 8), (1, 40)])
def test_every_kind_of_light_suits_photos_of_any_size(size):
    torch.manual_seed(0)
    photo = torch.rand(3, *size)
    for _ in range(40):
        for lit in (in_other_light(photo), *in_mixed_light(photo)):
            assert lit.shape == photo.shape and lit.min() >= 0 and lit.max() <= 1


@pytest.mark.parametrize("windows", [0.0, 1.0])
def test_in_mixed_light_a_part_is_nearly_as_it_should_be_and_the_rest_much_darker(
    monkeypatch, windows
):
    monkeypatch.setattr(other_light, "_LAMPS_SHARE", 0.0)
    monkeypatch.setattr(other_light, "_WINDOWS_SHARE", windows)
    torch.manual_seed(0)
    photo = torch.linspace(0.3, 0.9, 60).expand(3, 60, 60)
    stops = []
    for _ in range(40):
        dark, bright = in_mixed_light(photo)
        assert (dark <= bright + 0.1).all()
        light = to_linear(dark).mean(dim=0) / to_linear(bright).mean(dim=0)
        dim, lit = light.quantile(torch.tensor([0.1, 1.0]))
        stops.append((lit / dim).log2().item())
    # Now and then the whole photo is a window.
    assert sorted(stops)[8] > 0.5 and sum(stops) / len(stops) > 1.5


def test_what_windows_show_is_of_other_colours_and_the_rest_of_the_photo_stays(monkeypatch):
    monkeypatch.setattr(other_light, "_LAMPS_SHARE", 0.0)
    monkeypatch.setattr(other_light, "_WINDOWS_SHARE", 1.0)
    monkeypatch.setattr(other_light, "_OUTSIDE_SHARE", 1.0)
    torch.manual_seed(0)
    photo = torch.full((3, 60, 60), 0.4)
    shown = []
    for _ in range(20):
        bright = in_mixed_light(photo)[1]
        shown.append((bright.amax(dim=0) - bright.amin(dim=0) > 0.02).float().mean().item())
    assert min(shown) < 0.1 and max(shown) > 0.3


def test_lamps_stay_what_they_are_and_what_has_least_of_their_light_gains_most(monkeypatch):
    monkeypatch.setattr(other_light, "_LAMPS_SHARE", 1.0)
    monkeypatch.setattr(other_light, "photographed", partial(darken, electrons=1e6))  # no noise
    torch.manual_seed(0)
    photo = torch.full((3, 60, 90), 0.7)
    kept = []
    for _ in range(20):
        dark, bright = (to_linear(it).mean(dim=0).flatten() for it in in_mixed_light(photo))
        assert (dark <= bright + 0.1).all()
        kept.append((dark / bright).max().item())
        order = bright.argsort()
        dim, lit = order[:540], order[-540:-100]
        gains = [bright[part].mean() / (dark[part].mean() + 1e-3) for part in (dim, lit)]
        assert gains[0] > 2 and gains[0] > gains[1]
    # Some lamps are faint.
    assert sorted(kept)[10] > 0.4


def test_a_page_is_mostly_bright_paper_with_dark_ink():
    torch.manual_seed(0)
    black = torch.zeros(3, 120, 160)
    pages = [other_light._on_a_page(black) for _ in range(20)]
    text = [it for it in pages if it.min() > 0]  # the others are illustrated by the photo
    assert 5 < len(text) < 20
    for page in text:
        assert page.median() > 0.5 and page.amin() < 0.7 * page.median()


def test_what_is_drawn_depends_on_the_seed_only(bright):
    drawn = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        drawn.append(torch.stack([in_other_light(bright), *in_mixed_light(bright)]))
    assert torch.equal(drawn[0], drawn[1]) and not torch.equal(drawn[0], drawn[2])
