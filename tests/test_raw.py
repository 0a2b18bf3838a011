"""A camera's raw files: developed as the camera was set, in 16 bits, and not brightened."""

import io

import numpy as np
import pytest
import rawpy
import tifffile
from browsing import downloaded, give, slider_of
from dng import dng
from PIL import Image
from PIL.ExifTags import Base

from lowlight_hub import LowlightError, enhance_file, load_model
from lowlight_hub.photos import SUFFIXES, open_photo, raw, reading
from lowlight_hub.photos.raw import RAW_SUFFIXES

SHAPE = (48, 64)
RED, GREY = (0.04, 0.005, 0.004), (0.01, 0.01, 0.01)


def flat(colour) -> np.ndarray:
    return np.full((*SHAPE, 3), colour)


def srgb(light) -> np.ndarray:
    """Linear light in 0..1 as sRGB in 16 bits (IEC 61966-2-1)."""
    light = np.asarray(light)
    coded = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    return coded * 65535


@pytest.mark.parametrize("colour", [RED, GREY])
@pytest.mark.parametrize("white_balance", [(1, 1, 1), (0.5, 1, 0.7)])
def test_colours_and_light_are_those_of_the_scene(tmp_path, colour, white_balance):
    path = tmp_path / "photo.dng"
    path.write_bytes(dng(flat(colour), white_balance=white_balance))
    photo = open_photo(path)
    assert photo.pixels.dtype == np.uint16 and photo.size == SHAPE[::-1]
    inner = photo.pixels[8:-8, 8:-8].reshape(-1, 3)
    assert np.abs(inner.mean(axis=0) - srgb(colour)).max() < 400
    # No brightening by what this photo holds: twice the light is twice as much.
    path.write_bytes(dng(2 * flat(colour), white_balance=white_balance))
    inner = open_photo(path).pixels[8:-8, 8:-8].reshape(-1, 3)
    assert np.abs(inner.mean(axis=0) - srgb(2 * np.array(colour))).max() < 400


def test_faint_steps_are_kept():
    light = np.repeat(np.linspace(0, 0.01, SHAPE[1])[None], SHAPE[0], axis=0)
    photo = open_photo(io.BytesIO(dng(np.stack([light] * 3, axis=2))))
    row = photo.pixels[SHAPE[0] // 2, 4:-4, 1].astype(int)
    assert (np.diff(row) > 0).all()


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_raw_files_come_out_upright(orientation):
    light = flat(GREY)
    light[:16, :16] = 0.2
    photo = open_photo(io.BytesIO(dng(light, orientation=orientation)))
    turns = {1: 0, 3: 2, 6: 3, 8: 1}[orientation]
    assert photo.size == (SHAPE[::-1] if turns % 2 == 0 else SHAPE)
    bright = photo.pixels[..., 1] > 20_000
    assert np.array_equal(np.rot90(bright, -turns)[:14, :14], np.ones((14, 14), bool))
    assert 200 < bright.sum() < 320


def test_a_raw_file_is_known_by_its_name_where_its_preview_is_a_whole_photo(tmp_path):
    # CR2 and others are TIFFs of which the first picture is the camera's own JPEG.
    tifffile.imwrite(tmp_path / "photo.cr2", np.zeros((*SHAPE, 3), np.uint8), photometric="rgb")
    for name in ("photo.cr2", "The photo"):  # whatever messages call it
        told = f"{name} cannot be read as a photo: it is damaged, or of a camera"
        with pytest.raises(LowlightError, match=told):
            open_photo(tmp_path / "photo.cr2", name)
    # And a JPEG that bears such a name is a JPEG.
    Image.new("RGB", SHAPE[::-1], (9, 90, 9)).save(tmp_path / "photo.nef", "JPEG")
    assert open_photo(tmp_path / "photo.nef").pixels.dtype == np.uint8


@pytest.mark.parametrize("cut", [0, 10, 200, 3000])
def test_damaged_raw_files_are_refused_in_one_line(tmp_path, cut):
    path = tmp_path / "photo.dng"
    path.write_bytes(dng(flat(GREY))[:cut])
    with pytest.raises(LowlightError, match=r"photo\.dng cannot be read") as caught:
        open_photo(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("limit", "allowed"), [("MAX_PIXELS", 3000), ("MAX_SIDE_PX", 60)])
def test_too_large_a_raw_file_is_refused(monkeypatch, limit, allowed):
    monkeypatch.setattr(reading, limit, allowed)
    with pytest.raises(LowlightError, match="the file has 64×48 pixels"):
        open_photo(io.BytesIO(dng(flat(GREY))))


def test_a_raw_file_is_restored_to_a_png_in_16_bits_with_its_camera(tmp_path):
    (tmp_path / "night.dng").write_bytes(dng(flat(GREY)))
    enhance_file(
        load_model("attempt-7"), tmp_path / "night.dng", tmp_path / "lit.png", keep_metadata=True
    )
    lit = open_photo(tmp_path / "lit.png")
    assert lit.pixels.dtype == np.uint16
    assert lit.pixels.mean() > 2 * srgb(GREY).mean()
    with Image.open(tmp_path / "lit.png") as picture:
        assert picture.getexif()[Base.Model] == "A camera"
        assert Base.Orientation not in picture.getexif() or picture.getexif()[Base.Orientation] == 1


def test_the_camera_of_a_raw_file_that_is_no_tiff_is_that_of_its_preview(monkeypatch):
    def no_tiff(_):
        raise SyntaxError

    exif = Image.Exif()
    exif[Base.Model] = "Another camera"
    preview = io.BytesIO()
    Image.new("RGB", (8, 8)).save(preview, "JPEG", exif=exif)
    thumbnail = rawpy.Thumbnail(rawpy.ThumbFormat.JPEG, preview.getvalue())

    class WithPreview(rawpy.RawPy):
        def extract_thumb(self):
            return thumbnail

    def imread(file):
        opened = WithPreview()
        opened.open_buffer(file)
        return opened

    monkeypatch.setattr(raw, "_exif_of", no_tiff)
    monkeypatch.setattr(rawpy, "imread", imread)
    found = Image.Exif()
    found.load(open_photo(io.BytesIO(dng(flat(GREY)))).camera)
    assert found[Base.Model] == "Another camera"
    # LibRaw says of this one, which has no preview, that it has none.
    monkeypatch.undo()
    monkeypatch.setattr(raw, "_exif_of", no_tiff)
    assert open_photo(io.BytesIO(dng(flat(GREY)))).camera == b""


def test_a_raw_file_given_to_the_page_is_shown_by_its_name_and_restored(desktop, tmp_path):
    (tmp_path / "99% dark.dng").write_bytes(dng(flat(GREY)))
    give(desktop, tmp_path / "99% dark.dng")
    slider_of(desktop)
    # No browser can show it.
    assert desktop.locator("#photos .thumbnail-item img").get_attribute("alt") == "99% dark.dng"
    restored = open_photo(io.BytesIO(downloaded(desktop, "#download")))
    assert restored.pixels.dtype == np.uint16 and restored.size == SHAPE[::-1]


def test_folders_offer_their_raw_files():
    assert set(RAW_SUFFIXES) < set(SUFFIXES)
    assert {".dng", ".nef", ".cr2", ".cr3", ".arw", ".raf", ".orf", ".rw2"} <= set(RAW_SUFFIXES)
