"""Raw files for tests, of a camera whose colours are those of sRGB."""

import io

import numpy as np
import tifffile

BLACK, WHITE = 512, 16383
# From XYZ to linear sRGB (IEC 61966-2-1).
XYZ_TO_RGB = (
    (3.2406, -1.5372, -0.4986),
    (-0.9689, 1.8758, 0.0415),
    (0.0557, -0.2040, 1.0570),
)
_BYTE, _TEXT, _SHORT, _LONG, _RATIONAL, _SIGNED_RATIONAL = 1, 2, 3, 4, 5, 10


def dng(light: np.ndarray, *, orientation: int = 1, white_balance=(1, 1, 1)) -> bytes:
    """A DNG of linear light H W 3 in 0..1, as a sensor under a Bayer filter saw it.

    The camera's white balance says how much of each colour it sees of white.
    """
    seen = light * white_balance
    mosaic = seen[..., 1].copy()
    mosaic[::2, ::2], mosaic[1::2, 1::2] = seen[::2, ::2, 0], seen[1::2, 1::2, 2]
    values = (BLACK + mosaic * (WHITE - BLACK)).round().clip(0, WHITE).astype(np.uint16)
    matrix = [(round(value * 10_000), 10_000) for row in XYZ_TO_RGB for value in row]
    neutral = [(round(value * 1000), 1000) for value in white_balance]
    tags = [
        (271, _TEXT, 0, "A maker", True),
        (272, _TEXT, 0, "A camera", True),
        (274, _SHORT, 1, orientation, True),
        (33421, _SHORT, 2, (2, 2), True),  # CFARepeatPatternDim
        (33422, _BYTE, 4, bytes([0, 1, 1, 2]), True),  # CFAPattern
        (50706, _BYTE, 4, bytes([1, 4, 0, 0]), True),  # DNGVersion
        (50714, _LONG, 1, BLACK, True),  # BlackLevel
        (50717, _LONG, 1, WHITE, True),  # WhiteLevel
        (50721, _SIGNED_RATIONAL, 9, sum(matrix, ()), True),  # ColorMatrix1
        (50728, _RATIONAL, 3, sum(neutral, ()), True),  # AsShotNeutral
        (50778, _SHORT, 1, 21, True),  # CalibrationIlluminant1: D65
    ]
    file = io.BytesIO()
    tifffile.imwrite(file, values, photometric="cfa", extratags=tags)
    return file.getvalue()
