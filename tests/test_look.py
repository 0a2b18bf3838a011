"""Strength, brightness and shadows do what they say, alone and several at once."""

import math
from fractions import Fraction

import numpy as np
import pytest
from PIL import Image
from stand_ins import AsItIs, Brighter, noise

from lowlight_hub import LowlightError, enhance, load_model
from lowlight_hub.attempts import DEFAULT
from lowlight_hub.look import DETAILS, Look
from lowlight_hub.photos import Photo
from lowlight_hub.restoring import restore, restore_each


@pytest.mark.parametrize("alpha", [False, True])
@pytest.mark.parametrize("bits", [8, 16])
def test_strength_goes_from_the_photo_to_the_answer(bits, alpha):
    before = noise(120, 90, bits, alpha)
    shown = before.pixels.copy()
    if alpha:
        shown[before.alpha == 0] = before.white
    for detail in ("transfer", "network"):
        none, half, full = (
            restore(Brighter(), before, Look(detail, it)).pixels.astype(int)
            for it in (0.0, 0.5, 1.0)
        )
        assert np.array_equal(none, shown)
        assert full.mean() > 1.5 * none.mean()
        assert np.abs(half - (none + full) / 2).max() <= 1


@pytest.mark.parametrize("detail", ["transfer", "network", "raw"])
@pytest.mark.parametrize("name", ["listing", "vae", DEFAULT])
def test_brightness_moves_the_light_by_stops(name, detail, dark_file):
    model = load_model(name)
    darker, same, brighter = (
        np.asarray(enhance(model, dark_file, detail=detail, brightness=it), float) / 255
        for it in (-1, 0, 1)
    )
    assert np.array_equal(same, np.asarray(enhance(model, dark_file, detail=detail)) / 255)
    # A stop doubles the odds; what the models do afterwards moves it a little.
    odds = [np.median(it / (1 - it.clip(0, 0.99))) for it in (darker, same, brighter)]
    assert odds[1] / odds[0] == pytest.approx(2, rel=0.15)
    assert odds[2] / odds[1] == pytest.approx(2, rel=0.15)
    assert (brighter == 1).mean() <= (same == 1).mean() + 0.01  # nothing burns out


@pytest.mark.parametrize("detail", ["transfer", "network"])
@pytest.mark.parametrize(
    "model",
    [AsItIs(), load_model("listing"), load_model(DEFAULT)],
    ids=["as it is", "listing", DEFAULT],
)
def test_shadows_are_lifted_or_deepened_and_what_is_bright_stays(model, detail):
    pixels = np.full((150, 200, 3), 15, np.uint8)
    pixels[:, 100:] = 215
    pixels[::2, :100:2] = 25
    plain, lifted, deepened = (
        restore(model, Photo(pixels), Look(detail, brightness=-1, shadows=it)).pixels.astype(int)
        for it in (0, 2, -2)
    )
    for other in (lifted, deepened):
        assert np.abs(other - plain)[:, 102:].max() <= 3
    dark, less, more = (it[:, :98].mean() for it in (deepened, plain, lifted))
    assert more > 1.1 * less > 1.2 * dark


@pytest.mark.parametrize("detail", DETAILS)
@pytest.mark.parametrize(
    "model", [load_model("listing"), load_model(DEFAULT)], ids=["listing", DEFAULT]
)
def test_several_looks_are_those_that_each_has_alone(model, detail):
    before = noise(60, 40)
    looks = [Look(detail, 0.8, 1, 0), Look(detail), Look(detail, 1, -1, 2)]
    for look, restored in zip(looks, restore_each(model, before, looks), strict=True):
        assert np.array_equal(restored.pixels, restore(model, before, look).pixels)


@pytest.mark.parametrize("detail", ["transfer", "network"])
@pytest.mark.parametrize("name", ["listing", "vae", DEFAULT])
def test_shadows_throw_no_halo(name, detail):
    pixels = np.full((64, 1200, 3), 12, np.uint8)
    pixels[:, 600:] = 215
    plain, lifted = (
        restore(load_model(name), Photo(pixels), Look(detail, brightness=-1, shadows=it))
        for it in (0, 2)
    )
    shares = [it.pixels[32, 400:585].mean(axis=-1) / 255 for it in (plain, lifted)]
    odds = [it / (1 - it) for it in shares]
    gain = odds[1] / odds[0]
    assert gain.min() > 1.2 and gain.max() < 1.4 * gain.min()


def test_several_looks_ask_for_the_light_once():
    model, asked = load_model(DEFAULT), []
    model.coarse.register_forward_hook(lambda *_: asked.append(1))
    assert len(restore_each(model, noise(60, 40), [Look(), Look(shadows=1)])) == 2
    assert len(asked) == 1


@pytest.mark.parametrize("detail", ["transfer", "network"])
@pytest.mark.parametrize("name", ["listing", DEFAULT])
def test_shadows_take_no_light_from_what_is_bright_in_them(name, detail):
    pixels = np.full((64, 2400, 3), 3, np.uint8)
    pixels[:, 1200:] = 13
    pixels[30:33, 1199:1202] = 230
    plain, lifted = (
        restore(load_model(name), Photo(pixels), Look(detail, brightness=-2, shadows=it))
        for it in (0, 3)
    )
    spots = [it.pixels[31, 1199:1202].astype(int) for it in (plain, lifted)]
    assert (spots[1] > 0.95 * spots[0]).all()


@pytest.mark.parametrize(
    ("model", "detail"),
    [
        (AsItIs(), "transfer"),
        (AsItIs(), "network"),
        (load_model("listing"), "network"),
        (load_model(DEFAULT), "transfer"),
    ],
)
def test_shadows_do_not_lift_the_colours_of_rounding(model, detail):
    pixels = np.empty((150, 200, 3), np.uint8)
    pixels[:, :100], pixels[:, 100:] = (2, 2, 0), (40, 40, 20)
    in_16_bits = Photo(pixels.astype(np.uint16) * 257)
    plain, lifted = (
        restore(model, in_16_bits, Look(detail, brightness=-1, shadows=it)).pixels.astype(float)
        for it in (0, 3)
    )
    night, dusk = (np.s_[75, column] for column in (40, 160))

    def saturation(colour):
        return (colour.max() - colour.min()) / colour.max()

    assert lifted[night].mean() > 2 * plain[night].mean()
    assert saturation(lifted[night]) < saturation(plain[night]) / 2
    # A colour that is more than that stays the one it was.
    assert saturation(lifted[dusk]) > 0.6 * saturation(plain[dusk])


def test_shadows_keep_their_texture():
    pixels = np.full((150, 200, 3), 215, np.uint8)
    pixels[:, :100] = 30
    pixels[:, :100:10] = 60
    plain, lifted = (
        restore(AsItIs(), Photo(pixels), Look(shadows=it)).pixels[75, :, 0] / 255 for it in (0, 2)
    )
    odds = [it / (1 - it) for it in (plain, lifted)]
    assert 2.5 < odds[1][15] / odds[0][15] < 4
    contrasts = [it[10] / it[15] for it in odds]
    assert contrasts[1] > 0.85 * contrasts[0]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"detail": "best"}, "detail is 'best', and must be one of transfer, network, raw"),
        ({"strength": 1.5}, "strength is 1.5, and must be a number from 0 to 1"),
        ({"strength": "full"}, "strength is 'full', and must be a number"),
        ({"strength": math.nan}, "strength is nan"),
        ({"brightness": 3}, "brightness is 3, and must be a number of stops from -2 to 2"),
        ({"brightness": "+1"}, r"brightness is '\+1', and must be a number of stops"),
        ({"brightness": True}, "brightness is True, and must be a number of stops"),
        ({"brightness": math.nan}, "brightness is nan"),
        ({"shadows": -3.1}, "shadows is -3.1, and must be a number of stops from -3 to 3"),
        ({"shadows": math.nan}, "shadows is nan"),
    ],
)
def test_what_cannot_be_is_said(settings, message):
    with pytest.raises(LowlightError, match=message):
        enhance(AsItIs(), Image.new("RGB", (3, 3)), **settings)


def test_numbers_of_any_kind_are_taken():
    photo = noise(20, 10)
    for settings in (
        {"strength": np.float32(0.5)},
        {"brightness": np.int64(1)},
        {"shadows": Fraction(3, 2)},
    ):
        (plain,) = ({key: float(value)} for key, value in settings.items())
        one, other = (restore(Brighter(), photo, Look(**it)) for it in (settings, plain))
        assert np.array_equal(one.pixels, other.pixels)
