"""Photos come out upright; what is none is refused in one clear line."""

import os
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
import tifffile
from PIL import Image
from PIL.ExifTags import Base

from lowlight_hub import LowlightError
from lowlight_hub.photos import open_photo, reading

RAMP_16 = np.linspace(0, 65535, 256).round().astype(np.uint16).reshape(16, 16)


def test_tiffs_of_other_kinds_are_named(tmp_path):
    tifffile.imwrite(tmp_path / "float.tif", np.zeros((9, 9, 3), np.float32), photometric="rgb")
    with pytest.raises(LowlightError, match="a TIFF of a kind that cannot be read"):
        open_photo(tmp_path / "float.tif")


def test_a_tiff_that_is_not_known_is_not_taken_for_a_raw_file(tmp_path):
    grey_and_alpha = np.stack([RAMP_16, np.full_like(RAMP_16, 65535)], axis=2)
    tifffile.imwrite(
        tmp_path / "grey.tif", grey_and_alpha, photometric="minisblack", extrasamples=[2]
    )
    with pytest.raises(LowlightError, match="a TIFF of a kind that cannot be read"):
        open_photo(tmp_path / "grey.tif")


@pytest.mark.parametrize("tags", [{"subfiletype": 1}, {"extratags": [(50706, 1, 4, b"\1\4\0\0")]}])
def test_of_a_raw_file_the_thumbnail_is_not_taken_for_the_photo(tmp_path, tags):
    thumbnail = np.zeros((120, 160, 3), np.uint8)
    tifffile.imwrite(tmp_path / "raw.tif", thumbnail, photometric="rgb", **tags)
    with pytest.raises(LowlightError, match=r"raw\.tif is a TIFF of a kind that cannot be read"):
        open_photo(tmp_path / "raw.tif")


def test_pipes_and_lack_of_memory_have_their_own_sentence(tmp_path, monkeypatch):
    os.mkfifo(tmp_path / "pipe.jpg")
    with pytest.raises(LowlightError, match="is not a file"):
        open_photo(tmp_path / "pipe.jpg")
    Image.new("RGB", (3, 3)).save(tmp_path / "good.png")

    def no_memory(self):
        raise MemoryError

    monkeypatch.setattr(Image.Image, "load", no_memory)
    with pytest.raises(LowlightError, match=r"good\.png: there is not enough memory"):
        open_photo(tmp_path / "good.png")


def oriented(upright: np.ndarray, orientation: int) -> np.ndarray:
    """How a camera that was held so stores the photo."""
    stored = {
        1: lambda it: it,
        2: lambda it: it[:, ::-1],
        3: lambda it: np.rot90(it, 2),
        4: lambda it: it[::-1],
        5: lambda it: it.swapaxes(0, 1),
        6: lambda it: np.rot90(it, 1),
        7: lambda it: np.rot90(it, 2).swapaxes(0, 1),
        8: lambda it: np.rot90(it, -1),
    }
    return np.ascontiguousarray(stored[orientation](upright))


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", [".png", ".tif", ".webp", ".jpg"])
def test_all_orientations_come_out_the_same(tmp_path, suffix, orientation):
    upright = np.zeros((16, 24, 3), np.uint8)
    upright[:8, :8], upright[8:, :8], upright[:8, 16:] = (255, 0, 0), (0, 255, 0), (0, 0, 255)
    exif = Image.Exif()
    exif[Base.Orientation] = orientation
    settings = {".webp": {"lossless": True}, ".jpg": {"quality": 100, "subsampling": 0}}
    path = tmp_path / f"turned{suffix}"
    picture = Image.fromarray(oriented(upright, orientation))
    picture.save(path, exif=exif, **settings.get(suffix, {}))
    opened = open_photo(path)
    assert opened.size == (24, 16)
    assert np.abs(opened.pixels.astype(int) - upright).max() <= (3 if suffix == ".jpg" else 0)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("planes", ["contig", "separate"])
def test_16_bit_tiffs_are_turned_once(tmp_path, planes, orientation):
    upright = np.stack([RAMP_16[:8], RAMP_16[:8] // 2, RAMP_16[8:]], axis=2)
    stored = oriented(upright, orientation)
    tifffile.imwrite(
        tmp_path / "turned.tif",
        stored if planes == "contig" else np.moveaxis(stored, 2, 0),
        photometric="rgb",
        planarconfig=planes,
        compression="zlib",
        extratags=[(Base.Orientation, "H", 1, orientation, True)],
    )
    assert np.array_equal(open_photo(tmp_path / "turned.tif").pixels, upright)


def _text(path: Path):
    path.write_text("this is no photo")


def _empty(path: Path):
    path.write_bytes(b"")


def _truncated(path: Path):
    Image.effect_noise((200, 200), 50).save(path, format="PNG")
    path.write_bytes(path.read_bytes()[:5000])


def _truncated_16_bits(path: Path):
    path.write_bytes(imagecodecs.png_encode(np.full((4, 4, 3), (1, 2, 3), np.uint16))[:-20])


def _postscript(path: Path):
    path.write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n")


@pytest.mark.parametrize("make", [_text, _empty, _truncated, _truncated_16_bits, _postscript])
def test_what_is_no_photo_is_refused_in_one_line(tmp_path, make):
    path = tmp_path / "upload.png"
    make(path)
    with pytest.raises(LowlightError, match=r"upload\.png cannot be read as a photo") as caught:
        open_photo(path)
    assert "\n" not in str(caught.value) and str(tmp_path) not in str(caught.value)


def test_what_cannot_be_opened_is_named(tmp_path):
    with pytest.raises(LowlightError, match=r"nothing\.png does not exist"):
        open_photo(tmp_path / "nothing.png")
    with pytest.raises(LowlightError, match="is a folder"):
        open_photo(tmp_path)
    with pytest.raises(LowlightError, match="does not exist"):
        open_photo("https://example.com/photo.jpg")
    # Not that they were damaged: nothing of them was read.
    with pytest.raises(LowlightError, match=r"^\S+ cannot be read: File name too long$"):
        open_photo(tmp_path / ("a" * 300 + ".jpg"))
    (tmp_path / "file").touch()
    with pytest.raises(LowlightError, match=r"^photo\.jpg cannot be read: Not a directory$"):
        open_photo(tmp_path / "file" / "photo.jpg")
    with pytest.raises(LowlightError, match=r"cannot be read: embedded null byte$"):
        open_photo("a\0b.jpg")


@pytest.mark.parametrize(
    ("limit", "allowed"), [("MAX_PIXELS", 50_000), ("MAX_SIDE_PX", 250), ("MAX_FILE_BYTES", 100)]
)
def test_what_is_over_a_limit_is_refused_before_it_is_decoded(
    tmp_path, monkeypatch, limit, allowed
):
    Image.effect_noise((300, 200), 50).save(tmp_path / "large.png")
    open_photo(tmp_path / "large.png")
    monkeypatch.setattr(reading, limit, allowed)
    monkeypatch.setattr(Image.Image, "load", lambda self: pytest.fail("it was decoded"))
    with pytest.raises(LowlightError, match=r"large\.png (has 300×200|is too large)"):
        open_photo(tmp_path / "large.png")


def test_a_decompression_bomb_is_refused(tmp_path):
    # A few kilobytes that claim to be 400 megapixels.
    Image.new("1", (20_000, 20_000)).save(tmp_path / "bomb.png")
    assert (tmp_path / "bomb.png").stat().st_size < 100_000
    with pytest.raises(
        LowlightError, match=r"bomb\.png has too many pixels: at most 80 megapixels"
    ):
        open_photo(tmp_path / "bomb.png")
