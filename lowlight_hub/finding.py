"""Pairs of a dark and a bright photo: found in folders, those of LOL known as such."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from lowlight_hub.errors import LowlightError, in_utf8
from lowlight_hub.photos import SUFFIXES, is_photo

PACKAGE = Path(__file__).parent
LOL = "LOL our485"
LEAK_FREE = "LOL our485 without the scenes of eval15"
# What is added to the name of an attempt whose training saw only these.
LEAK_FREE_SUFFIX = "-leak-free"
# Folders of LOL: what is learnt from, and the test set.
TRAINING, TEST = "our485", "eval15"
# What a source calls photos that the simulator darkened, and what stands between its parts.
BRIGHT = "bright photos of"
# What the free photos are called, from which a training without data learns.
SIMULATED = "free photos, darkened by the simulator"
# What a dataset of the Hub is named by: hub:USER/NAME[@REVISION].
HUB_PREFIX = "hub:"
AND = " and "
# What a scene of unknown photos begins with; their name follows.
PHOTO = "photo "
FOLDER_NAMES = (("low", "high"), ("dark", "bright"))


@dataclass(frozen=True)
class PhotoPair:
    """Two files of one view, and the scene that it shows: pairs of one scene are never split up.

    Where `exposure` is given, both are the bright photo, and the simulator makes the dark one of
    it, with this share of the light.
    """

    name: str
    dark: Path
    bright: Path
    scene: str
    exposure: float | None = None


def find_pairs(*folders: Path) -> list[PhotoPair]:
    """The training pairs in a LOL folder, in a folder with low/ and high/, or in two folders.

    Of a LOL folder (our485/, eval15/) only our485 is looked at. Photos pair by name without
    suffix. Raises LowlightError for a missing or empty folder and for photos without a partner.
    """
    for folder in folders:
        if lol_set(folder) == TEST:
            raise LowlightError(
                f"{folder} is LOL's test set, which training may not see: to measure on it, name "
                "the folder above it"
            )
    if len(folders) == 2:
        return _pairs_in(*folders)
    (folder,) = folders
    return _pairs_in(*_low_and_high(folder / TRAINING if holds_lol(folder) else folder))


def holds_lol(folder: Path) -> bool:
    """Whether LOL lies in a folder, or one of its two sets."""
    return (folder / TRAINING).is_dir() or (folder / TEST).is_dir()


def lol_set(folder: Path) -> str | None:
    """The set of LOL, TRAINING or TEST, that a folder is or lies in; None for other folders."""
    return next((it for it in folder.resolve().parts[:-3:-1] if it in (TRAINING, TEST)), None)


def source_of(*folders: Path, name: str = "") -> str:
    """What the records call the pairs in these folders: LOL, `name`, or the folders' own names."""
    if holds_lol(folders[0]) or lol_set(folders[0]) == TRAINING:
        return LOL
    return name or AND.join([in_utf8(folder.resolve().name) for folder in folders])


def is_of(source: str, part: str) -> bool:
    """Whether what the records call pairs, see source_of, names this part: LOL, say."""
    return part in source.split(AND)


def without_test_scenes(pairs: Sequence[PhotoPair]) -> list[PhotoPair]:
    """LOL's training pairs without those that show a scene of eval15.

    Raises LowlightError for pairs other than LOL's, of which that is not known.
    """
    facts = lol_facts()
    if not all(pair.name in facts and lol_set(pair.dark.parent) == TRAINING for pair in pairs):
        raise LowlightError("which scenes are also in eval15 is known of LOL's our485 only")
    # 112 lies just under the threshold of the search that made the list.
    seen = {name for name, fact in facts.items() if fact["scene_in_eval15"] == "1"} | {"112"}
    return [pair for pair in pairs if pair.name not in seen]


def find_test_pairs(folder: Path) -> list[PhotoPair]:
    """The pairs of LOL's eval15. Raises LowlightError as find_pairs does."""
    if not (folder / TEST).is_dir():
        raise LowlightError(f"{folder} has no folder {TEST}: name the folder that holds LOL")
    return _pairs_in(*_low_and_high(folder / TEST))


def _low_and_high(folder: Path) -> tuple[Path, Path]:
    if not folder.is_dir():
        raise LowlightError(f"there is no folder {folder}")
    for low, high in FOLDER_NAMES:
        if (folder / low).is_dir() and (folder / high).is_dir():
            return folder / low, folder / high
    raise LowlightError(
        f"{folder} holds no pairs: expected our485/low and our485/high (LOL), low and high, or "
        "two folders, dark photos first"
    )


def _pairs_in(dark: Path, bright: Path) -> list[PhotoPair]:
    darks, brights = _photos_by_stem(dark), _photos_by_stem(bright)
    alone = sorted(darks.keys() ^ brights.keys())
    if alone:
        more = f" and {len(alone) - 3} more" if len(alone) > 3 else ""
        raise LowlightError(
            f"{', '.join(alone[:3])}{more}: in only one of {dark} and {bright}, "
            "where each photo needs a partner of the same name"
        )
    facts = lol_facts() if lol_set(dark) == TRAINING else {}
    pairs = []
    for stem in sorted(darks, key=lambda stem: (len(stem), stem)):
        fact = facts.get(stem)
        if fact is None or fact["mispaired"] == "0":
            scene = PHOTO + in_utf8(stem) if fact is None else fact["scene_group"]
            pairs.append(PhotoPair(stem, darks[stem], brights[stem], scene))
    return pairs


def _photos_by_stem(folder: Path) -> dict[str, Path]:
    if not folder.is_dir():
        raise LowlightError(f"there is no folder {folder}")
    photos: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        if is_photo(path.name):
            if path.stem in photos:
                raise LowlightError(
                    f"{folder} holds {path.stem} twice: {photos[path.stem].name} and {path.name}"
                )
            photos[path.stem] = path
    if not photos:
        raise LowlightError(f"{folder} holds no photo ({', '.join(SUFFIXES)})")
    return photos


@cache
def lol_facts() -> dict[str, dict[str, str]]:
    """What is known of LOL's 485 training pairs, by name.

    `scene_group`: the same number for shots of one scene; `scene_in_eval15`: 1 where that scene is
    also in the test set; `mispaired`: 1 where the two photos are framed differently.
    """
    with (PACKAGE / "lol_scenes.csv").open(encoding="utf-8", newline="") as file:
        return {row["name"]: row for row in csv.DictReader(file)}
