"""What can be chosen of a restored photo, whoever asks for it."""

from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Real
from typing import Any, Literal, get_args

from lowlight_hub.errors import LowlightError

Detail = Literal["transfer", "network", "raw"]
DETAILS: tuple[Detail, ...] = get_args(Detail)
# How far, in stops, an answer can be made brighter or darker.
MAX_STOPS = 2.0
# How far, in stops, what is dark in it can be lifted beside that.
MAX_SHADOWS = 3.0


@dataclass(frozen=True, slots=True)
class Look:
    """How a photo is to be restored, see lowlight_hub.enhance.

    Raises LowlightError for an unknown detail, strength, brightness or shadows.
    """

    detail: Detail = "transfer"
    strength: float = 1.0
    brightness: float = 0.0
    shadows: float = 0.0

    def __post_init__(self) -> None:
        if self.detail not in DETAILS:
            raise LowlightError(
                f"detail is {self.detail!r}, and must be one of {', '.join(DETAILS)}"
            )
        if not _is_number(self.strength) or not 0 <= self.strength <= 1:
            raise LowlightError(f"strength is {self.strength!r}, and must be a number from 0 to 1")
        if not _is_number(self.brightness) or not abs(self.brightness) <= MAX_STOPS:
            raise LowlightError(
                f"brightness is {self.brightness!r}, and must be a number of stops from "
                f"-{MAX_STOPS:g} to {MAX_STOPS:g}"
            )
        if not _is_number(self.shadows) or not 0 <= self.shadows <= MAX_SHADOWS:
            raise LowlightError(
                f"shadows is {self.shadows!r}, and must be a number of stops from 0 to "
                f"{MAX_SHADOWS:g}"
            )
        for name in ("strength", "brightness", "shadows"):  # of whatever kind of numbers
            object.__setattr__(self, name, float(getattr(self, name)))

    @property
    def settings(self) -> Mapping[str, Any]:
        """The keywords of lowlight_hub.enhance that ask for it."""
        return {name: getattr(self, name) for name in self.__slots__}

    def __str__(self) -> str:
        """What follows the model in names of results: "", _raw or _strength0.8_+0.5EV_shadows2."""
        detail = "" if self.detail == "transfer" else f"_{self.detail}"
        strength = "" if self.strength == 1 else f"_strength{self.strength:g}"
        brightness = f"_{self.brightness:+g}EV" if self.brightness else ""
        shadows = f"_shadows{self.shadows:g}" if self.shadows else ""
        return f"{detail}{strength}{brightness}{shadows}"


# What names of results may have there, as a regular expression.
ANY_LOOK = rf"(_({'|'.join(DETAILS)}))?(_strength[^_]+)?(_[+-][^_]+EV)?(_shadows[^_]+)?"


def _is_number(value: object) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)
