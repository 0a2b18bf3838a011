"""Pairs of a dark and a bright photo: found, decoded once, split by scene, dealt in batches."""

import csv
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import torch
from torch import Tensor
from tqdm import tqdm

from lowlight_hub.errors import LowlightError
from lowlight_hub.networks.sizes import SIDE_PX, resize
from lowlight_hub.photos import SUFFIXES, open_photo, to_tensor
from lowlight_hub.simulation import darken

PACKAGE = Path(__file__).parent
LOL = "LOL our485"
FOLDER_NAMES = (("low", "high"), ("dark", "bright"))
# Of each photo two views are kept: the article's top-left crop, and the whole photo made as small.
CROP, WHOLE = 0, 1
VALIDATION_SHARE = 0.1
SIMULATED_EXPOSURES = (0.3, 0.15, 0.07, 0.03)
# The exposure at which examples and sample sheets show the free photos.
SHOWN_EXPOSURE = 0.07


@dataclass(frozen=True)
class PhotoPair:
    """Two files of one view, and the scene that it shows: pairs of one scene are never split up."""

    name: str
    dark: Path
    bright: Path
    scene: str


@dataclass(frozen=True)
class Pairs:
    """Decoded pairs. `dark` and `bright` are N 2 3 200 200, uint8, RGB; axis 1 is CROP, WHOLE."""

    source: str
    names: tuple[str, ...]
    scenes: tuple[str, ...]
    dark: Tensor
    bright: Tensor

    def __len__(self) -> int:
        return len(self.names)

    def fingerprint(self) -> str:
        """A hash of the source and the names: the same for the same pairs."""
        text = "\n".join((self.source, *self.names))
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def at(self, indices: Sequence[int]) -> "Pairs":
        """The pairs at these indices, in this order."""
        rows = list(indices)
        return Pairs(
            self.source,
            tuple(self.names[row] for row in rows),
            tuple(self.scenes[row] for row in rows),
            self.dark[rows],
            self.bright[rows],
        )


def find_pairs(*folders: Path) -> list[PhotoPair]:
    """The training pairs in a LOL folder, in a folder with low/ and high/, or in two folders.

    Of a LOL folder (our485/, eval15/) only our485 is looked at. Photos pair by name without
    suffix. Raises LowlightError for a missing or empty folder and for photos without a partner.
    """
    for folder in folders:
        if "eval15" in folder.resolve().parts[-2:]:
            raise LowlightError(f"{folder} is LOL's test set: training may not see it")
    if len(folders) == 2:
        return _pairs_in(*folders)
    (folder,) = folders
    return _pairs_in(*_low_and_high(folder / "our485" if _holds_lol(folder) else folder))


def _holds_lol(folder: Path) -> bool:
    return (folder / "our485").is_dir()


def source_of(*folders: Path, names: Sequence[str] = ()) -> str:
    """What the records call the pairs in these folders: LOL, `names`, or the folders' own names."""
    if _holds_lol(folders[0]) or "our485" in folders[0].resolve().parts:
        return LOL
    return " and ".join(names or [folder.resolve().name for folder in folders])


def find_test_pairs(folder: Path) -> list[PhotoPair]:
    """The pairs of LOL's eval15. Raises LowlightError as find_pairs does."""
    if not (folder / "eval15").is_dir():
        raise LowlightError(f"{folder} has no folder eval15: name the folder that holds LOL")
    return _pairs_in(*_low_and_high(folder / "eval15"))


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
    facts = lol_facts() if dark.resolve().parent.name == "our485" else {}
    pairs = []
    for stem in sorted(darks, key=lambda stem: (len(stem), stem)):
        fact = facts.get(stem)
        if fact is None or fact["mispaired"] == "0":
            scene = f"photo {stem}" if fact is None else fact["scene_group"]
            pairs.append(PhotoPair(stem, darks[stem], brights[stem], scene))
    return pairs


def _photos_by_stem(folder: Path) -> dict[str, Path]:
    if not folder.is_dir():
        raise LowlightError(f"there is no folder {folder}")
    photos: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() in SUFFIXES and not path.name.startswith("."):
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


def views(photo: Tensor) -> Tensor:
    """A photo 3 H W in 0..1 as 2 3 200 200: top-left crop and whole photo, in that order.

    A photo under 200 pixels on a side is enlarged first, so that the crop is full.
    """
    whole = resize(photo[None], (SIDE_PX, SIDE_PX))[0]
    height, width = photo.shape[-2:]
    if min(height, width) < SIDE_PX:
        larger = SIDE_PX / min(height, width)
        size = [max(SIDE_PX, round(height * larger)), max(SIDE_PX, round(width * larger))]
        photo = resize(photo[None], size)[0]
    return torch.stack([photo[:, :SIDE_PX, :SIDE_PX], whole]).clamp(0, 1)


def _as_bytes(photos: Tensor) -> Tensor:
    return (photos * 255).round().byte()


def load_pairs(pairs: Sequence[PhotoPair], source: str) -> Pairs:
    """Decodes every pair once. `source` says where they are from, for the records.

    Raises LowlightError for an unreadable photo and for a pair of unequal sizes.
    """
    size = (len(pairs), 2, 3, SIDE_PX, SIDE_PX)
    dark, bright = torch.empty(size, dtype=torch.uint8), torch.empty(size, dtype=torch.uint8)
    for row, pair in enumerate(tqdm(pairs, desc="reading photos", unit="pair", leave=False)):
        photos = [open_photo(path, str(path)) for path in (pair.dark, pair.bright)]
        if photos[0].size != photos[1].size:
            sizes = " and ".join("{}×{}".format(*photo.size) for photo in photos)
            raise LowlightError(f"the pair {pair.name} has unequal sizes, {sizes}: {pair.dark}")
        dark[row], bright[row] = (_as_bytes(views(to_tensor(photo))) for photo in photos)
    return Pairs(
        source,
        tuple(pair.name for pair in pairs),
        tuple(pair.scene for pair in pairs),
        dark,
        bright,
    )


def free_photos() -> dict[str, Tensor]:
    """The free photos that the package ships, by name: 3 H W, float, RGB in 0..1."""
    paths = sorted((PACKAGE / "free_photos").glob("*.webp"))
    return {path.stem: to_tensor(open_photo(path)) for path in paths}


def dark_free_photos(exposure: float = SHOWN_EXPOSURE) -> dict[str, Tensor]:
    """The free photos as a shorter exposure would have taken them, always with the same noise."""
    generator = torch.Generator().manual_seed(0)
    return {
        name: darken(photo, exposure=exposure, generator=generator)
        for name, photo in free_photos().items()
    }


def simulated_pairs(exposures: Sequence[float] = SIMULATED_EXPOSURES) -> Pairs:
    """Pairs made from the free photos, darkened at several exposures: always the same ones."""
    names, scenes, dark, bright = [], [], [], []
    targets = free_photos()
    for exposure in exposures:
        for name, source in dark_free_photos(exposure).items():
            names.append(f"{name}-{exposure}")
            scenes.append(name)
            dark.append(_as_bytes(views(source)))
            bright.append(_as_bytes(views(targets[name])))
    return Pairs(
        "free photos, darkened by the simulator",
        tuple(names),
        tuple(scenes),
        torch.stack(dark),
        torch.stack(bright),
    )


def split_by_scene(pairs: Pairs) -> tuple[Pairs, Pairs]:
    """Training and validation pairs; see validation_rows."""
    validation = validation_rows(pairs.scenes)
    return pairs.at(sorted(set(range(len(pairs))) - set(validation))), pairs.at(validation)


def validation_rows(scenes: Sequence[str]) -> list[int]:
    """Which pairs, given the scene of each, are kept for validation: all shots of some scenes.

    Scenes are taken in the order of a hash of their name until VALIDATION_SHARE of the pairs is
    reached, so that the split is the same in every training. Raises LowlightError where there are
    fewer than two scenes.
    """
    order = sorted(set(scenes), key=lambda name: hashlib.sha256(name.encode()).hexdigest())
    if len(order) < 2:
        raise LowlightError("training needs at least two pairs: one is kept for validation")
    kept: set[str] = set()
    for scene in order[:-1]:
        kept.add(scene)
        if sum(it in kept for it in scenes) >= VALIDATION_SHARE * len(scenes):
            break
    return [row for row, scene in enumerate(scenes) if scene in kept]


def batch_at(
    pairs: Pairs, step: int, *, seed: int, batch_size: int, whole_share: float
) -> tuple[Tensor, Tensor]:
    """Batch number `step` of a training: dark and bright, B 3 200 200, float in 0..1.

    A function of (seed, step) alone: each epoch deals every pair once, in a new order, as a crop
    or, for `whole_share` of them, as a whole photo. What does not fill a batch waits for the next
    epoch's order.
    """
    per_epoch = steps_per_epoch(pairs, batch_size)
    epoch, position = divmod(step, per_epoch)
    generator = torch.Generator().manual_seed(seed * 1_000_003 + epoch)
    order = torch.randperm(len(pairs), generator=generator)
    view = (torch.rand(len(pairs), generator=generator) < whole_share).long()
    rows = order[position * batch_size : (position + 1) * batch_size]
    chosen = (rows, view[rows])
    return pairs.dark[chosen].float() / 255, pairs.bright[chosen].float() / 255


def steps_per_epoch(pairs: Pairs, batch_size: int) -> int:
    """Batches in an epoch. Raises LowlightError for a batch larger than the training set."""
    if batch_size > len(pairs):
        raise LowlightError(
            f"a batch of {batch_size} is more than the {len(pairs)} training pairs: "
            "take a smaller --batch-size"
        )
    return len(pairs) // batch_size
