"""A camera's raw files (DNG, NEF, CR2, ARW, ...), developed by LibRaw."""

from collections.abc import Callable
from io import BytesIO

import numpy as np
from PIL import Image, UnidentifiedImageError

from lowlight_hub.photos.metadata import camera_data
from lowlight_hub.photos.photo import Photo

try:
    import rawpy
except ImportError:  # a training machine may do without
    rawpy = None  # type: ignore[assignment]
    RAW_SUFFIXES: tuple[str, ...] = ()
else:
    RAW_SUFFIXES = (
        ".dng",
        ".nef",
        ".nrw",
        ".cr2",
        ".cr3",
        ".crw",
        ".arw",
        ".raf",
        ".orf",
        ".rw2",
        ".pef",
        ".srw",
        ".x3f",
        ".3fr",
        ".iiq",
        ".rwl",
    )

# Exponent and slope of sRGB: LibRaw's own default, that of television, makes shadows darker.
_SRGB_GAMMA = (2.4, 12.92)


def raw_photo(encoded: bytes, check_size: Callable[[tuple[int, int]], None]) -> Photo:
    """The photo in a raw file: upright, in 16 bits, exposed and white-balanced as the camera was.

    Not brightened: that is for the network to do. `check_size` is asked about its width and height
    before it is developed. Raises UnidentifiedImageError for what is no raw file, or a damaged one.
    """
    if rawpy is None:
        raise UnidentifiedImageError
    try:
        with rawpy.imread(BytesIO(encoded)) as raw:
            check_size((raw.sizes.width, raw.sizes.height))
            pixels = raw.postprocess(
                use_camera_wb=True, no_auto_bright=True, output_bps=16, gamma=_SRGB_GAMMA
            )
            camera = camera_data(lambda: _exif_of(encoded)) or camera_data(
                lambda: _exif_of_preview(raw)
            )
    except rawpy.LibRawError as error:
        raise UnidentifiedImageError from error
    if pixels.shape[2] == 1:  # of a camera without colours
        pixels = np.repeat(pixels, 3, axis=2)
    return Photo(np.ascontiguousarray(pixels), camera=camera)


def _exif_of(encoded: bytes) -> Image.Exif:
    """That of a raw file that is a TIFF, as most are; raises SyntaxError for others."""
    exif = Image.Exif()
    exif.load(encoded)
    return exif


def _exif_of_preview(raw: "rawpy.RawPy") -> Image.Exif:
    """That of the JPEG in a raw file, to which LibRaw adds what it knows of the camera.

    Raises SyntaxError where there is none.
    """
    try:
        preview = raw.extract_thumb()
    except rawpy.LibRawError as error:
        raise SyntaxError from error
    if preview.format != rawpy.ThumbFormat.JPEG:
        raise SyntaxError
    try:
        return Image.open(BytesIO(bytes(preview.data)), formats=("JPEG",)).getexif()
    except Image.DecompressionBombError as error:
        raise SyntaxError from error
