"""Thousands of damaged files: each gives a photo or our own error, and none takes memory."""

import io
import random
import struct
import zlib

import imagecodecs
import numpy as np
import psutil
import pytest
from dng import dng
from PIL import Image, ImageCms
from PIL.ExifTags import GPS, IFD, Base

from lowlight_hub import LowlightError
from lowlight_hub.photos import open_photo

FLIPPED_FILES = 10_000


def _good_files() -> dict[str, bytes]:
    values = np.random.default_rng(0).integers(0, 65536, (20, 24, 3)).astype(np.uint16)
    picture = Image.fromarray((values >> 8).astype(np.uint8))
    exif = Image.Exif()
    exif[Base.Make] = "A camera"
    exif.get_ifd(IFD.GPSInfo)[GPS.GPSLatitude] = (1.0, 2.0, 3.0)
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    files = {
        "16 bits PNG": imagecodecs.png_encode(values),
        "16 bits TIFF": imagecodecs.tiff_encode(values),
        "DNG": dng(np.tile(values / 65535, (2, 2, 1))),
    }
    for kind in ("JPEG", "PNG", "WEBP", "HEIF", "AVIF", "GIF"):
        file = io.BytesIO()
        picture.save(file, format=kind, exif=exif, icc_profile=profile)
        files[kind] = file.getvalue()
    for compression in ("raw", "tiff_lzw"):
        file = io.BytesIO()
        picture.save(file, format="TIFF", exif=exif, compression=compression)
        files[f"TIFF {compression}"] = file.getvalue()
    return files


def with_checksums(png: bytearray) -> bytearray:
    """The PNG with every chunk's checksum right again, so that damage reaches the decoder."""
    start = 8
    while start + 12 <= len(png):
        length = int.from_bytes(png[start : start + 4], "big")
        end = start + 8 + length
        if end + 4 > len(png):
            break
        png[end : end + 4] = struct.pack(">I", zlib.crc32(png[start + 4 : end]))
        start = end + 4
    return png


@pytest.mark.parametrize(("name", "good"), _good_files().items(), ids=list(_good_files()))
def test_flipped_bytes_give_a_photo_or_our_own_error(name, good):
    source = random.Random(name)
    open_photo(io.BytesIO(good))
    process = psutil.Process()
    outcomes = {"photo": 0, "error": 0}
    before = None
    for count in range(FLIPPED_FILES // len(_good_files())):
        if count == 100:  # libraries allocate what they keep on first use
            before = process.memory_info().rss
        damaged = bytearray(good)
        for _ in range(source.randint(1, 4)):
            # Every other time in the header, where it hurts most.
            end = min(len(good), 400) if count % 2 else len(good)
            damaged[source.randrange(end)] = source.randrange(256)
        if "PNG" in name and count % 3:
            damaged = with_checksums(damaged)
        try:
            photo = open_photo(io.BytesIO(damaged))
        except LowlightError as error:
            assert "\n" not in str(error)
            outcomes["error"] += 1
        else:
            assert photo.pixels.dtype in (np.uint8, np.uint16) and photo.pixels.shape[2] == 3
            outcomes["photo"] += 1
    assert outcomes["error"] > 20, outcomes
    assert process.memory_info().rss - before < 64 * 2**20
