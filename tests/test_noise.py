"""How noisy a photo is, is judged in close-ups of it, in its own pixels."""

import numpy as np
import pytest

from lowlight_hub.photos import Photo
from lowlight_hub.restoring import closeups_of, overview_of
from lowlight_hub.transfer import noise_of


@pytest.mark.parametrize("size", [(1, 1), (30, 700), (768, 100)], ids=str)
def test_a_small_photo_is_its_own_closeup(size):
    pixels = np.random.default_rng(0).integers(256, size=(*size, 3), dtype=np.uint8)
    seen = closeups_of(Photo(pixels))[0].permute(1, 2, 0)
    assert np.array_equal((seen * 255).round().byte().numpy(), pixels)


def test_the_noise_of_a_large_photo_is_judged_in_its_own_size():
    generator = np.random.default_rng(0)
    noise = 2000 * generator.standard_normal((1600, 2000, 3))
    # Of a light of its own in every close-up and from column to column in none: an edge at each
    # seam, which noise must not be mistaken for.
    cells = [np.arange(side) * 12 // side for side in (1600, 2000)]
    ground = 20_000 + 10_000 * ((cells[0][:, None] + cells[1]) % 3)[..., None]
    photo = Photo((ground + noise).clip(0, 65535).astype(np.uint16))
    assert noise_of(closeups_of(photo)).item() == pytest.approx(2000 / 65535, rel=0.05)
    assert noise_of(overview_of(photo)).item() < 0.7 * 2000 / 65535


def test_what_is_transparent_or_black_hides_no_noise():
    generator = np.random.default_rng(0)
    pixels = (30 + 4 * generator.standard_normal((300, 400, 3))).clip(0, 255).astype(np.uint8)
    whole = noise_of(closeups_of(Photo(pixels))).item()
    alpha = np.full((300, 400), 255, np.uint8)
    alpha[:200] = 0
    hidden = pixels.copy()
    hidden[:200] = 90
    assert noise_of(closeups_of(Photo(hidden, alpha))).item() == pytest.approx(whole, rel=0.05)
    hidden[:200] = 0
    assert noise_of(closeups_of(Photo(hidden))).item() == pytest.approx(whole, rel=0.05)
    assert noise_of(closeups_of(Photo(np.zeros_like(pixels)))) == 0
