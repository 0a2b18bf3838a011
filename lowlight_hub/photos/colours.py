"""From the colour modes of files to sRGB in 8 or 16 bits."""

from contextlib import suppress
from io import BytesIO
from typing import Any

import numpy as np
from PIL import Image, ImageCms
from PIL.TiffImagePlugin import (
    BITSPERSAMPLE,
    EXTRASAMPLES,
    PHOTOMETRIC_INTERPRETATION,
    SAMPLEFORMAT,
)

from lowlight_hub.photos.photo import strips

# Float values a few times over 1 are highlights, not another unit.
_OVERSHOOT = 4
_DEEP_PNG = ("RGB;16B", "RGBA;16B", "LA;16B")
_TIFF_RGB, _TIFF_WHITE_IS_ZERO = 2, 0
_UNSPECIFIED, _PREMULTIPLIED_ALPHA = (0,), (1,)
_SIGNED = (2,)
_WHITE_16 = 65535
# What grey values beyond 0..1 are shares of: whichever of these holds them all.
_WHITES = (1.0, 255.0, 65535.0, 2.0**32 - 1)
_SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))


def srgb_pixels(picture: Image.Image) -> np.ndarray:
    """The colours of a loaded picture of at most 8 bits as H W 3, uint8, whatever its alpha."""
    if picture.mode == "LAB":
        return np.array(_converted(picture, ImageCms.createProfile("LAB")))
    profile = _profile(picture)
    if picture.mode in ("1", "LA"):
        picture = picture.convert("L")
    elif picture.mode == "RGBA":
        picture = picture.convert("RGB")
    elif picture.mode not in ("L", "CMYK", "RGB"):
        picture = picture.convert("RGBA").convert("RGB")
    if profile is not None:
        # Where it is no profile of this mode, the colours are taken for sRGB, as browsers do.
        with suppress(ImageCms.PyCMSError, ValueError):
            picture = _converted(picture, profile)
    return np.array(picture.convert("RGB"))


def _converted(picture: Image.Image, profile: Any) -> Image.Image:
    converted = ImageCms.profileToProfile(picture, profile, _SRGB, outputMode="RGB")
    assert converted is not None  # only a conversion in place gives none
    return converted


def _profile(picture: Image.Image) -> ImageCms.ImageCmsProfile | None:
    """The picture's colour profile, None where it has none, a damaged one, or sRGB itself."""
    encoded = picture.info.get("icc_profile")
    if not isinstance(encoded, bytes) or not encoded:
        return None
    try:
        profile = ImageCms.ImageCmsProfile(BytesIO(encoded))
    except (ImageCms.PyCMSError, OSError, ValueError):
        return None
    return None if _acts_as_srgb(profile) else profile


def _acts_as_srgb(profile: ImageCms.ImageCmsProfile) -> bool:
    # By what it does: others, too, have sRGB in their name.
    steps = np.linspace(0, 255, 6).astype(np.uint8)
    probe = np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(6, 36, 3)
    try:
        converted = np.array(_converted(Image.fromarray(probe), profile))
    except (ImageCms.PyCMSError, ValueError):
        return False  # a profile of greys or of CMYK
    return int(np.abs(converted.astype(int) - probe).max()) <= 1


def alpha_of(picture: Image.Image) -> np.ndarray | None:
    """The alpha of a loaded picture of at most 8 bits as H W, uint8; None where it is opaque."""
    if not picture.has_transparency_data:
        return None
    has_channel = picture.mode in ("RGBA", "LA")
    alpha = np.array((picture if has_channel else picture.convert("RGBA")).getchannel("A"))
    return None if alpha.min() == 255 else alpha


def grey_in_16_bits(picture: Image.Image) -> np.ndarray:
    """A loaded grey picture of mode I;16, I or F as H W 3, uint16."""
    values = np.asarray(picture)
    if picture.mode == "F":
        values = _in_unit_of_16_bits(values, _WHITES)
    elif values.dtype.itemsize > 2:
        is_of_tiff = _tag(picture, BITSPERSAMPLE) == (32,)
        if is_of_tiff and _tag(picture, SAMPLEFORMAT) != _SIGNED:
            values = values.view(np.uint32)  # Pillow's mode I has a sign
        # Much of a dark photo lies under 255, whatever its unit, but not all of it.
        is_of_bytes = values.max() <= _WHITES[1]
        values = _in_unit_of_16_bits(values, _WHITES[1 if is_of_bytes else 2 :])
    elif _tag(picture, BITSPERSAMPLE) == (12,):
        values = (values.astype(np.uint32) * _WHITE_16 // 4095).astype(np.uint16)
    values = values.astype(np.uint16)
    if _tag(picture, PHOTOMETRIC_INTERPRETATION) == _TIFF_WHITE_IS_ZERO and picture.mode != "F":
        values = _WHITE_16 - values
    return _in_srgb(values[..., None], picture)


def _in_unit_of_16_bits(values: np.ndarray, whites: tuple[float, ...]) -> np.ndarray:
    """Values of an unknown unit as uint16: white is the first of `whites` that most stay under."""
    sample = values.ravel()[:: max(1, values.size // 1_000_000)]
    high = np.quantile(np.nan_to_num(sample, posinf=0.0, neginf=0.0), 0.99)
    white = next((it for it in whites if high <= _OVERSHOOT * it), whites[-1])
    scaled = np.empty(values.shape, np.uint16)
    for rows in strips(*values.shape):
        shares = np.nan_to_num(values[rows].astype(np.float64) / white, posinf=1.0, neginf=0.0)
        scaled[rows] = (shares.clip(0, 1) * _WHITE_16).round()
    return scaled


def is_deep(picture: Image.Image) -> bool:
    """Whether a file just opened holds 16-bit colour, of which Pillow would keep 8 bits."""
    if picture.format == "HEIF":
        return picture.info.get("bit_depth", 8) > 8 and not picture.mode.startswith("I")  # grey
    if picture.format == "PNG":
        tiles = getattr(picture, "tile", [])
        return bool(tiles) and tiles[0].args in _DEEP_PNG
    bits = _tag(picture, BITSPERSAMPLE) or ()
    is_rgb = _tag(picture, PHOTOMETRIC_INTERPRETATION) == _TIFF_RGB
    return is_rgb and len(bits) in (3, 4) and set(bits) == {16}


def deep_pixels(picture: Image.Image, encoded: bytes) -> tuple[np.ndarray, np.ndarray | None]:
    """Colours, H W 3, and alpha, H W or None, uint16, of a file with 16-bit colour.

    As they lie in the file, before it is turned upright. Raises ValueError where the file is
    damaged, RuntimeError where imagecodecs cannot read it.
    """
    values = _decoded(picture.format, encoded)
    if values.shape[:1] in ((3,), (4,)) and values.ndim == 3 and values.shape[2] > 4:
        values = np.moveaxis(values, 0, 2)  # a TIFF in planes
    if values.ndim != 3 or values.dtype != np.uint16 or not 2 <= values.shape[2] <= 4:
        raise ValueError("not what the header says")
    colours = 1 if values.shape[2] == 2 else 3
    extra = tuple(_tag(picture, EXTRASAMPLES) or ())
    # What is not said to be alpha may be anything, infrared say.
    has_alpha = values.shape[2] > colours and extra != _UNSPECIFIED
    alpha = values[..., colours] if has_alpha else None
    values = values[..., :colours]
    if alpha is not None and extra == _PREMULTIPLIED_ALPHA:
        straight = np.empty_like(values)
        for rows in strips(*alpha.shape):
            share = alpha[rows, :, None].clip(1) / _WHITE_16
            straight[rows] = (values[rows] / share).clip(0, _WHITE_16).round()
        values = straight
    return _in_srgb(values, picture), alpha


def _decoded(kind: str | None, encoded: bytes) -> np.ndarray:
    # Pillow has no mode for 16-bit colour. Imported where used: a training machine does without.
    if kind == "HEIF":
        from pillow_heif import open_heif

        return np.array(open_heif(BytesIO(encoded), convert_hdr_to_8bit=False))
    import imagecodecs

    return (imagecodecs.png_decode if kind == "PNG" else imagecodecs.tiff_decode)(encoded)


def _in_srgb(values: np.ndarray, picture: Image.Image) -> np.ndarray:
    """Values H W 1 or H W 3, uint16, in the picture's profile as H W 3 in sRGB."""
    profile = _profile(picture)
    if profile is not None:
        import imagecodecs

        space = "gray" if values.shape[2] == 1 else "rgb"
        with suppress(RuntimeError, ValueError):
            return imagecodecs.cms_transform(
                np.ascontiguousarray(values if space == "rgb" else values[..., 0]),
                profile.tobytes(),
                _SRGB.tobytes(),
                colorspace=space,
                outcolorspace="rgb",
            )
    return values if values.shape[2] == 3 else np.repeat(values, 3, axis=2)


def _tag(picture: Image.Image, tag: int):
    tags = getattr(picture, "tag_v2", None)
    return None if tags is None else tags.get(tag)
