"""EXIF: which way is up, and the few tags about the camera that may be kept."""

import struct
from collections.abc import Callable

from PIL import ExifTags, Image
from PIL.ExifTags import IFD, Base

# An allowlist: what is not named here (place, thumbnail, maker's note, owner, serial numbers) is
# never written.
_PHOTO_TAGS = (Base.Make, Base.Model, Base.DateTime)
_CAMERA_TAGS = (
    Base.DateTimeOriginal,
    Base.DateTimeDigitized,
    Base.SubsecTimeOriginal,
    Base.ExposureTime,
    Base.FNumber,
    Base.ExposureProgram,
    Base.ISOSpeedRatings,
    Base.ShutterSpeedValue,
    Base.ApertureValue,
    Base.BrightnessValue,
    Base.ExposureBiasValue,
    Base.MaxApertureValue,
    Base.MeteringMode,
    Base.LightSource,
    Base.Flash,
    Base.FocalLength,
    Base.FocalLengthIn35mmFilm,
    Base.ExposureMode,
    Base.WhiteBalance,
    Base.LensMake,
    Base.LensModel,
)
# A lens has a name, not a novel: damaged or hostile values can be long.
_LONGEST_BYTES = 1000
# What Pillow raises on damaged EXIF.
_ERRORS = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    AttributeError,
    OverflowError,
    ZeroDivisionError,
    struct.error,
)


def orientation_of(picture: Image.Image) -> int:
    """The EXIF orientation, 1 to 8; 1 (upright) where there is none or it is damaged."""
    try:
        orientation = picture.getexif().get(Base.Orientation, 1)
    except _ERRORS:
        return 1
    return orientation if orientation in range(1, 9) else 1


def camera_data(exif: Callable[[], Image.Exif]) -> bytes:
    """EXIF bytes with the camera, the lens, the exposure and the date, orientation 1.

    Empty where `exif`, which may find damage while it reads, has none of these.
    """
    try:
        found = exif()
        details = found.get_ifd(IFD.Exif)
    except _ERRORS:
        return b""
    kept = Image.Exif()
    _copy(found, kept, _PHOTO_TAGS)
    _copy(details, kept.get_ifd(IFD.Exif), _CAMERA_TAGS)
    if not len(kept) and not kept.get_ifd(IFD.Exif):
        return b""
    kept[Base.Orientation] = 1
    return kept.tobytes()


def _copy(source, target, tags: tuple[ExifTags.Base, ...]) -> None:
    for tag in tags:
        value = source.get(tag)
        if value is None:
            continue
        # A damaged value is found by trying to write it.
        alone = Image.Exif()
        alone[tag] = value
        try:
            if len(alone.tobytes()) <= _LONGEST_BYTES:
                target[tag] = value
        except _ERRORS:
            continue
