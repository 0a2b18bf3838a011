"""Photos become tensors, pictures and files, and nothing is lost or let out on the way."""

import os
import stat
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from PIL.ExifTags import GPS, IFD, Base

from lowlight_hub import LowlightError
from lowlight_hub.photos import Photo, open_photo, save_photo, through_jpeg, to_picture, to_tensor


def test_tensor_and_back_is_exact():
    every_value = torch.arange(256, dtype=torch.uint8).reshape(1, 16, 16).repeat(3, 1, 1)
    photo = Photo(every_value.permute(1, 2, 0).numpy())
    assert torch.equal((to_tensor(photo) * 255).round().byte(), every_value)
    assert to_picture(to_tensor(photo)).tobytes() == photo.pixels.tobytes()


def photo_with_alpha(bits: int) -> Photo:
    generator = np.random.default_rng(1)
    kind = np.uint8 if bits == 8 else np.uint16
    values = generator.integers(0, 2**bits, (20, 30, 4)).astype(kind)
    return Photo(values[..., :3], values[..., 3])


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("opaque", [True, False])
def test_png_keeps_every_value(tmp_path, bits, opaque):
    photo = photo_with_alpha(bits)
    photo = Photo(photo.pixels) if opaque else photo
    save_photo(photo, tmp_path / "out.png")
    read = open_photo(tmp_path / "out.png")
    shown = (
        photo.pixels if opaque else np.where(photo.alpha[..., None] > 0, photo.pixels, 2**bits - 1)
    )
    assert np.array_equal(read.pixels, shown)
    assert read.alpha is None if opaque else np.array_equal(read.alpha, photo.alpha)


def test_jpeg_has_full_colour_and_a_white_page(tmp_path):
    fine = np.zeros((32, 32, 3), np.uint8)
    fine[:, ::2, 0] = 255  # red and black columns: halved chroma would mix them
    save_photo(
        Photo(fine, np.where(np.arange(32) < 16, 255, 0).astype(np.uint8)[:, None].repeat(32, 1)),
        tmp_path / "out.jpg",
    )
    read = open_photo(tmp_path / "out.jpg").pixels.astype(int)
    assert np.abs(read[:16] - fine[:16]).max() < 40
    assert read[17:].min() > 240


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp"])
def test_a_disk_that_takes_less_than_all_of_it_leaves_the_file_before(tmp_path, suffix):
    resource = pytest.importorskip("resource")  # not on Windows
    file = tmp_path / f"out{suffix}"
    photo = photo_with_alpha(8)
    save_photo(photo, file)
    before = file.read_bytes()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) - 10, limits[1]))
        with pytest.raises(LowlightError, match="cannot write"):
            save_photo(photo, file)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert file.read_bytes() == before
    assert list(tmp_path.iterdir()) == [file]


def test_jpeg_takes_more_of_a_tensor_the_lower_its_quality(photo):
    found = [through_jpeg(photo, it) for it in (20, 95)]
    assert all(it.shape == photo.shape and it.dtype == torch.float32 for it in found)
    low, high = ((it - photo).abs().mean() for it in found)
    assert 0 < high < 0.03 and low > 2 * high


def test_16_bits_become_8_where_the_format_has_no_more(tmp_path):
    photo = Photo(np.full((8, 8, 3), 100 * 257 + 100, np.uint16))
    save_photo(photo, tmp_path / "out.webp")
    assert np.abs(open_photo(tmp_path / "out.webp").pixels.astype(int) - 100).max() <= 2


def photo_of_a_camera(path: Path, description: str = "A street") -> Path:
    exif = Image.Exif()
    exif[Base.Make], exif[Base.Model], exif[Base.Orientation] = "Maker", "Camera 1", 6
    exif[Base.ImageDescription] = description
    details = exif.get_ifd(IFD.Exif)
    details[Base.FNumber], details[Base.ISOSpeedRatings], details[Base.LensModel] = (
        1.8,
        3200,
        "Lens",
    )
    details[Base.MakerNote], details[Base.BodySerialNumber] = b"secret", "123456"
    details[Base.LensMake] = "far too long " * 1000
    exif[Base.Artist] = "123456"
    exif.get_ifd(IFD.GPSInfo)[GPS.GPSLatitude] = (52.0, 31.0, 12.0)
    Image.new("RGB", (30, 20), "red").save(path, exif=exif)
    return path


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp"])
def test_camera_data_are_kept_on_request_and_the_place_never(tmp_path, suffix, bits):
    photo = open_photo(photo_of_a_camera(tmp_path / "in.jpg"))
    if bits == 16:
        photo = Photo(photo.pixels.astype(np.uint16) * 257, camera=photo.camera)
    kept, dropped = tmp_path / f"kept{suffix}", tmp_path / f"dropped{suffix}"
    save_photo(photo, kept, keep_metadata=True)
    save_photo(photo, dropped)
    with Image.open(dropped) as picture:
        assert len(picture.getexif()) == 0
    with Image.open(kept) as picture:
        picture.load()
        assert picture.size == (20, 30)
        exif = picture.getexif()
        details = exif.get_ifd(IFD.Exif)
    assert (exif[Base.Make], exif[Base.Model], exif[Base.Orientation]) == ("Maker", "Camera 1", 1)
    assert (float(details[Base.FNumber]), details[Base.ISOSpeedRatings]) == (1.8, 3200)
    assert details[Base.LensModel] == "Lens"
    assert Base.MakerNote not in details and Base.BodySerialNumber not in details
    assert not exif.get_ifd(IFD.GPSInfo) and not exif.get_ifd(IFD.IFD1)
    assert b"secret" not in kept.read_bytes() and b"123456" not in kept.read_bytes()


def test_what_cannot_be_written_is_said(tmp_path):
    photo = Photo(np.zeros((1, 17_000, 3), np.uint8))
    with pytest.raises(LowlightError, match=r"\.webp holds at most 16383 pixels a side"):
        save_photo(photo, tmp_path / "wide.webp")
    with pytest.raises(LowlightError, match=r"name it \.png, \.jpg"):
        save_photo(photo, tmp_path / "out.tif")
    assert not list(tmp_path.iterdir())


def test_who_may_read_a_result_is_what_the_umask_says(tmp_path):
    before = os.umask(0o077)
    try:
        save_photo(Image.new("RGB", (2, 2)), tmp_path / "private.png")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "private.png").stat().st_mode) == 0o600


def test_what_is_written_stays_where_folders_cannot_be_synced(tmp_path, monkeypatch):
    fsync = os.fsync

    def files_only(descriptor):
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(22, "Invalid argument")
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", files_only)
    save_photo(Image.new("RGB", (2, 2)), tmp_path / "out.png")
    assert [path.name for path in tmp_path.iterdir()] == ["out.png"]


def test_a_failed_save_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "kept.png"
    save_photo(Image.new("RGB", (2, 2), "red"), path)
    before = path.read_bytes()

    def full_disk(self, target, *_, **__):
        target.write(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Image.Image, "save", full_disk)
    with pytest.raises(LowlightError, match="No space left"):
        save_photo(Image.new("RGB", (2, 2), "blue"), path)
    assert path.read_bytes() == before
    assert [found.name for found in tmp_path.iterdir()] == ["kept.png"]
