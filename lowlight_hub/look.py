"""What can be chosen of a restored photo, whoever asks for it."""

from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Real
from typing import Any, Literal, NamedTuple, get_args

from lowlight_hub.errors import LowlightError

Detail = Literal["transfer", "network", "raw"]
DETAILS: tuple[Detail, ...] = get_args(Detail)


class Range(NamedTuple):
    """What a setting can be."""

    least: float
    most: float
    kind: str = "a number"

    def nearest(self, value: float) -> float:
        """That value, or the end of the range that it is beyond."""
        return min(self.most, max(self.least, value))

    def __str__(self) -> str:
        return f"from {self.least:g} to {self.most:g}"


RANGES = {
    "strength": Range(0.0, 1.0),
    "brightness": Range(-2.0, 2.0, "a number of stops"),
    "shadows": Range(-3.0, 3.0, "a number of stops"),
}


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
        for name, reach in RANGES.items():
            value = getattr(self, name)
            if not _is_number(value) or not reach.least <= value <= reach.most:
                raise LowlightError(f"{name} is {value!r}, and must be {reach.kind} {reach}")
            object.__setattr__(self, name, float(value))  # of whatever kind of numbers

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
