"""Untrusted files become upright RGB photos, or one clear line."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from lowlight_hub import LowlightError, photos
from lowlight_hub.photos import open_photo, save_photo, to_picture, to_tensor

ORIENTATION = 0x0112


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".avif", ".tif", ".bmp", ".gif"])
def test_every_format_opens(tmp_path, suffix):
    path = tmp_path / f"photo{suffix}"
    Image.new("RGB", (30, 20), (200, 40, 40)).save(path)
    opened = open_photo(path)
    assert (opened.mode, opened.size) == ("RGB", (30, 20))
    red, green, blue = opened.getpixel((15, 10))
    assert abs(red - 200) < 12 and abs(green - 40) < 12 and abs(blue - 40) < 12


def test_orientation_is_applied(tmp_path):
    upright = Image.new("RGB", (4, 2))
    upright.putpixel((0, 0), (255, 0, 0))
    exif = Image.Exif()
    exif[ORIENTATION] = 6  # to be turned a quarter clockwise
    upright.save(tmp_path / "turned.png", exif=exif)
    opened = open_photo(tmp_path / "turned.png")
    assert opened.size == (2, 4)
    assert opened.getpixel((1, 0)) == (255, 0, 0)


def test_colours_under_transparent_pixels_stay_hidden(tmp_path):
    Image.new("RGBA", (3, 3), (255, 0, 0, 0)).save(tmp_path / "clear.png")
    assert open_photo(tmp_path / "clear.png").getpixel((1, 1)) == (255, 255, 255)


def test_16_bit_grey_is_scaled_and_not_clipped(tmp_path):
    ramp = np.linspace(0, 65535, 256).round().astype(np.uint16).reshape(16, 16)
    for name in ("ramp.png", "ramp.tif"):
        Image.fromarray(ramp).save(tmp_path / name)
        red = np.asarray(open_photo(tmp_path / name))[..., 0]
        assert np.array_equal(red.ravel(), np.arange(256))


def test_floating_point_pixels_are_refused(tmp_path):
    Image.new("F", (3, 3)).save(tmp_path / "float.tif")
    with pytest.raises(LowlightError, match="floating-point"):
        open_photo(tmp_path / "float.tif")


def _text(path: Path):
    path.write_text("this is no photo")


def _empty(path: Path):
    path.write_bytes(b"")


def _truncated(path: Path):
    Image.effect_noise((200, 200), 50).save(path, format="PNG")
    path.write_bytes(path.read_bytes()[:5000])


def _postscript(path: Path):
    path.write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n")


@pytest.mark.parametrize("make", [_text, _empty, _truncated, _postscript])
def test_what_is_no_photo_is_refused_in_one_line(tmp_path, make):
    path = tmp_path / "upload.png"
    make(path)
    with pytest.raises(LowlightError, match=r"upload\.png cannot be read as a photo") as caught:
        open_photo(path)
    assert "\n" not in str(caught.value) and str(tmp_path) not in str(caught.value)


def test_a_missing_file_is_said_to_be_missing(tmp_path):
    with pytest.raises(LowlightError, match=r"nothing\.png does not exist"):
        open_photo(tmp_path / "nothing.png")


def test_too_many_pixels_are_refused_before_they_are_decoded(tmp_path, monkeypatch):
    Image.new("1", (300, 200)).save(tmp_path / "large.png")
    monkeypatch.setattr(photos, "MAX_PIXELS", 50_000)
    with pytest.raises(LowlightError, match="300×200"):
        open_photo(tmp_path / "large.png")


def test_tensor_and_back_is_exact():
    every_value = torch.arange(256, dtype=torch.uint8).reshape(1, 16, 16).repeat(3, 1, 1)
    picture = Image.fromarray(every_value.permute(1, 2, 0).numpy())
    assert torch.equal((to_tensor(picture) * 255).round().byte(), every_value)
    assert to_picture(to_tensor(picture)).tobytes() == picture.tobytes()


def test_a_failed_save_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "kept.png"
    save_photo(Image.new("RGB", (2, 2), "red"), path)
    before = path.read_bytes()

    def full_disk(self, target, **_):
        Path(target).write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Image.Image, "save", full_disk)
    with pytest.raises(LowlightError, match="No space left"):
        save_photo(Image.new("RGB", (2, 2), "blue"), path)
    assert path.read_bytes() == before
    assert [found.name for found in tmp_path.iterdir()] == ["kept.png"]
