"""Files of every mode, depth and colour profile become sRGB photos."""

import struct
import zlib
from pathlib import Path

import imagecodecs
import numpy as np
import pillow_heif
import pytest
import tifffile
from PIL import Image, ImageCms

from lowlight_hub.photos import SUFFIXES, Photo, open_photo, over_white, photo_of, to_tensor
from lowlight_hub.photos.raw import RAW_SUFFIXES

RAMP_16 = np.linspace(0, 65535, 256).round().astype(np.uint16).reshape(16, 16)


def seen(path: Path) -> np.ndarray:
    """The photo in the file on a white page, in 0..255 whatever its bits."""
    photo = open_photo(path)
    return over_white(photo).astype(float) / photo.white * 255


def of_lab(path):
    red = Image.new("RGB", (4, 4), "red")
    lab = ImageCms.createProfile("LAB")
    ImageCms.profileToProfile(red, ImageCms.createProfile("sRGB"), lab, outputMode="LAB").save(path)


def of_palette(path):
    picture = Image.new("P", (4, 4), 1)
    picture.putpalette([0, 0, 255, 255, 0, 0])
    picture.save(path)


def of_transparent_palette(path):
    picture = Image.new("P", (4, 4), 1)
    picture.putpalette([0, 0, 255, 255, 0, 0])
    picture.save(path, transparency=1)


def of_frames(path):
    frames = [Image.new("RGB", (4, 4), colour) for colour in ("red", "blue")]
    frames[0].save(path, save_all=True, append_images=frames[1:])


def filled(mode, colour):
    return lambda path: Image.new(mode, (4, 4), colour).save(path)


def with_infrared(path):
    values = np.full((4, 4, 4), (65535, 0, 0, 20_000), np.uint16)
    tifffile.imwrite(path, values, photometric="rgb", extrasamples=["unspecified"])


def of_16_bits(*channels):
    values = np.full((4, 4, len(channels)), channels, np.uint16)

    def write(path):
        encode = imagecodecs.png_encode if path.suffix == ".png" else imagecodecs.tiff_encode
        path.write_bytes(encode(values.squeeze()))

    return write


RED, WHITE, PINK, GREY = (255, 0, 0), (255, 255, 255), (255, 127, 127), (64, 64, 64)
ZOO = {
    "cmyk.tif": (filled("CMYK", (0, 255, 255, 0)), RED),
    "cmyk.jpg": (filled("CMYK", (0, 255, 255, 0)), RED),
    "lab.tif": (of_lab, RED),
    "palette.png": (of_palette, RED),
    "palette.gif": (of_palette, RED),
    "palette.bmp": (of_palette, RED),
    "frames.gif": (of_frames, RED),
    "frames.webp": (of_frames, RED),
    "transparent palette.png": (of_transparent_palette, WHITE),
    "transparent red.png": (filled("RGBA", (255, 0, 0, 0)), WHITE),
    "half red.png": (filled("RGBA", (255, 0, 0, 128)), PINK),
    "half red.webp": (filled("RGBA", (255, 0, 0, 128)), PINK),
    "half red.tif": (filled("RGBA", (255, 0, 0, 128)), PINK),
    "half red, 16 bits.png": (of_16_bits(65535, 0, 0, 32896), PINK),
    "half black.png": (filled("LA", (0, 191)), GREY),
    "half black, 16 bits.png": (of_16_bits(0, 49087), GREY),
    "grey.png": (filled("L", 64), GREY),
    "grey.jpg": (filled("L", 64), GREY),
    "one bit.png": (filled("1", 1), WHITE),
    "one bit.tif": (filled("1", 1), WHITE),
    "16 bits.tif": (of_16_bits(65535, 0, 0), RED),
    "float.tif": (filled("F", 64 / 255), GREY),
    "float of bytes.tif": (filled("F", 64.0), GREY),
    "32 bits.tif": (filled("I", 64 * 257), GREY),
    "32 bits of bytes.tif": (filled("I", 64), GREY),
    "infrared, 16 bits.tif": (with_infrared, RED),
}


@pytest.mark.parametrize("name", ZOO)
def test_every_mode_has_its_colours(tmp_path, name):
    write, colour = ZOO[name]
    write(tmp_path / name)
    # Lossy formats cost a few steps, and a step of Lab in 8 bits is up to five of sRGB.
    assert np.abs(seen(tmp_path / name) - colour).max() <= 5


@pytest.mark.parametrize("suffix", sorted({*SUFFIXES} - {*RAW_SUFFIXES}))
def test_every_format_opens(tmp_path, suffix):
    path = tmp_path / f"photo{suffix}"
    Image.new("RGB", (30, 20), (200, 40, 40)).save(path)
    assert open_photo(path).size == (30, 20)
    assert np.abs(seen(path) - (200, 40, 40)).max() < 12


def test_a_16_bit_ramp_keeps_every_step(tmp_path):
    for name in ("ramp.png", "ramp.tif"):
        Image.fromarray(RAMP_16).save(tmp_path / name)
        photo = open_photo(tmp_path / name)
        assert np.array_equal(photo.pixels, np.repeat(RAMP_16[..., None], 3, axis=2))
    colours = np.stack([RAMP_16, RAMP_16[::-1], RAMP_16.T], axis=2)
    (tmp_path / "rgb.png").write_bytes(imagecodecs.png_encode(colours))
    (tmp_path / "rgb.tif").write_bytes(imagecodecs.tiff_encode(colours))
    for name in ("rgb.png", "rgb.tif"):
        assert np.array_equal(open_photo(tmp_path / name).pixels, colours)
    # Dark photos live in the lowest bits: none of them is lost on the way to the network.
    faint = to_tensor(Photo(np.arange(12, dtype=np.uint16).reshape(2, 2, 3)))
    assert len(faint.unique()) == 12


def test_what_is_transparent_keeps_its_secret(tmp_path):
    Image.new("RGBA", (3, 3), (255, 0, 0, 0)).save(tmp_path / "clear.png")
    photo = open_photo(tmp_path / "clear.png")
    assert photo.alpha is not None and (photo.alpha == 0).all()
    assert (photo.pixels == 255).all()


def test_10_bit_heic_keeps_its_steps(tmp_path):
    ramp = np.repeat(np.linspace(0, 65535, 1024).astype(np.uint16)[None], 64, axis=0)
    colours = np.stack([ramp, ramp, ramp], axis=2)
    encoded = pillow_heif.from_bytes("RGB;16", (1024, 64), colours.tobytes())
    encoded.save(tmp_path / "ramp.heic", quality=-1, chroma=444)
    photo = open_photo(tmp_path / "ramp.heic")
    assert photo.pixels.dtype == np.uint16 and photo.size == (1024, 64)
    assert len(np.unique(photo.pixels)) > 700
    assert np.abs(photo.pixels.astype(int) - colours).mean() < 100


def test_a_grey_heic_of_10_bits_is_read(tmp_path):
    ramp = np.repeat(np.linspace(0, 65535, 64).astype(np.uint16)[None], 48, axis=0)
    encoded = pillow_heif.from_bytes("I;16", (64, 48), ramp.tobytes())
    encoded.save(tmp_path / "ramp.heic", quality=-1)
    photo = open_photo(tmp_path / "ramp.heic")
    assert photo.pixels.dtype == np.uint16 and photo.size == (64, 48)
    assert np.abs(photo.pixels[..., 1].astype(int) - ramp).max() < 300


def test_units_are_not_guessed_from_one_pixel(tmp_path):
    grey = np.full((20, 20), 0.5, np.float32)
    grey[3, 4] = 1.5
    Image.fromarray(grey).save(tmp_path / "float.tif")
    assert seen(tmp_path / "float.tif")[0, 0] == pytest.approx(127.5, abs=0.5)
    whole = np.full((20, 20), 30_000, np.int32)
    whole[3, 4] = 70_000
    Image.fromarray(whole).save(tmp_path / "whole.tif")
    assert seen(tmp_path / "whole.tif")[0, 0] == pytest.approx(30_000 / 257, abs=0.5)
    twelve = np.full((4, 4), 2048, np.uint16)
    tifffile.imwrite(tmp_path / "packed.tif", twelve, photometric="minisblack")
    assert seen(tmp_path / "packed.tif")[0, 0] == pytest.approx(2048 / 257, abs=0.5)


def test_all_of_32_bits_counts(tmp_path):
    ramp = np.linspace(0, 2**32 - 1, 256).astype(np.uint32).reshape(16, 16)
    (tmp_path / "ramp.tif").write_bytes(imagecodecs.tiff_encode(ramp))
    grey = seen(tmp_path / "ramp.tif")[..., 0]
    assert np.allclose(grey, np.arange(256).reshape(16, 16), atol=0.5)


def adobe_rgb_to_srgb(colour):
    """By the definitions of both spaces (Adobe RGB 1998; IEC 61966-2-1), in 0..1."""
    to_xyz = [[0.57667, 0.18556, 0.18823], [0.29734, 0.62736, 0.07529], [0.02703, 0.07069, 0.99134]]
    to_rgb = [
        [3.24097, -1.53738, -0.49861],
        [-0.96924, 1.87597, 0.04156],
        [0.05563, -0.20398, 1.05697],
    ]
    linear = np.array(to_rgb) @ np.array(to_xyz) @ np.array(colour) ** (563 / 256)
    return np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)


@pytest.mark.parametrize("white", [255, 65535])
def test_colour_profiles_are_converted_to_srgb(tmp_path, white):
    profile = imagecodecs.cms_profile(
        "rgb",
        whitepoint=[0.3127, 0.329, 1.0],
        primaries=[0.64, 0.33, 1.0, 0.21, 0.71, 1.0, 0.15, 0.06, 1.0],
        gamma=563 / 256,
    )
    colour = np.array([0.5, 0.6, 0.4])
    values = np.full((4, 4, 3), (colour * white).round(), np.uint8 if white == 255 else np.uint16)
    path = tmp_path / "adobe.png"
    if white == 255:
        Image.fromarray(values).save(path, icc_profile=profile)
    else:
        path.write_bytes(with_profile(imagecodecs.png_encode(values), profile))
    expected = adobe_rgb_to_srgb(colour) * 255
    assert np.abs(expected - colour * 255).max() > 10
    assert np.abs(seen(path) - expected).max() < 1.5


def with_profile(png: bytes, profile: bytes) -> bytes:
    """The PNG with an iCCP chunk after its header."""
    data = b"iCCP" + b"Adobe\0\0" + zlib.compress(profile)
    chunk = struct.pack(">I", len(data) - 4) + data + struct.pack(">I", zlib.crc32(data))
    return png[:33] + chunk + png[33:]


def test_a_damaged_profile_is_left_aside(tmp_path):
    Image.new("RGB", (3, 3), "red").save(tmp_path / "red.png", icc_profile=b"no profile")
    assert (seen(tmp_path / "red.png") == RED).all()
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    every = np.random.default_rng(0).integers(0, 256, (9, 9, 3)).astype(np.uint8)
    Image.fromarray(every).save(tmp_path / "srgb.png", icc_profile=srgb)
    assert np.array_equal(open_photo(tmp_path / "srgb.png").pixels, every)
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    Image.new("RGB", (3, 3), "red").save(tmp_path / "lab.png", icc_profile=lab)
    assert (seen(tmp_path / "lab.png") == RED).all()


def test_pictures_of_every_mode_are_taken():
    for mode in (
        "1",
        "L",
        "LA",
        "P",
        "RGB",
        "RGBA",
        "CMYK",
        "YCbCr",
        "HSV",
        "LAB",
        "I",
        "F",
        "I;16",
    ):
        assert photo_of(Image.new(mode, (5, 3))).pixels.shape == (3, 5, 3), mode
