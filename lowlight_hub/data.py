"""Pairs of a dark and a bright photo: found, and decoded once."""

import csv
import hashlib
import os
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import torch
from torch import Tensor
from tqdm import tqdm

from lowlight_hub.errors import LowlightError
from lowlight_hub.networks.sizes import SIDE_PX, resize
from lowlight_hub.photos import SUFFIXES, is_photo, open_photo, to_tensor
from lowlight_hub.simulation import darken

PACKAGE = Path(__file__).parent
LOL = "LOL our485"
LEAK_FREE = "LOL our485 without the scenes of eval15"
# Height and width of LOL's photos.
LOL_SIZE = (400, 600)
# What a source calls photos that the simulator darkened, and what stands between its parts.
BRIGHT = "bright photos of"
AND = " and "
FOLDER_NAMES = (("low", "high"), ("dark", "bright"))
# The article's attempts see two views of each photo: its top-left crop, and the whole photo made as
# small. Others see one of their own, the first.
CROP, WHOLE = 0, 1
# From a photo 3 H W in 0..1 to its views V 3 h w.
Views = Callable[[Tensor], Tensor]


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


@dataclass(frozen=True)
class Pairs:
    """Decoded pairs, as rows of `dark` and `bright`: M V 3 H W, uint8, RGB, V views of each photo.

    All subsets of the pairs share these two, so that the photos are in memory once.
    """

    source: str
    names: tuple[str, ...]
    scenes: tuple[str, ...]
    dark: Tensor
    bright: Tensor
    rows: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def views(self) -> int:
        """How many views of each photo there are."""
        return self.dark.shape[1]

    def to(self, device: torch.device | str) -> "Pairs":
        """The same pairs on a device."""
        return replace(self, dark=self.dark.to(device), bright=self.bright.to(device))

    def fingerprint(self) -> str:
        """What tells these pairs from others: their number, and a hash of names and pixels."""
        names = "\n".join((str(self.dark.shape[1:]), *self.names))
        found = hashlib.sha256(os.fsencode(names))
        for row in self.rows:
            for side in (self.dark, self.bright):
                found.update(side[row].cpu().contiguous().numpy().data)
        return f"{len(self)} pairs, SHA-256 {found.hexdigest()[:16]}"

    def at(self, indices: Sequence[int]) -> "Pairs":
        """The pairs at these indices, in this order."""
        return replace(
            self,
            names=tuple(self.names[index] for index in indices),
            scenes=tuple(self.scenes[index] for index in indices),
            rows=tuple(self.rows[index] for index in indices),
        )

    def photos(self, indices: Sequence[int], views: Sequence[int] | int) -> tuple[Tensor, Tensor]:
        """Dark and bright photos at these indices, each in its view: B 3 H W, float in 0..1."""
        chosen = ([self.rows[index] for index in indices], views)
        return self.dark[chosen].float() / 255, self.bright[chosen].float() / 255


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
    return AND.join(names or [folder.resolve().name for folder in folders])


def is_of(source: str, part: str) -> bool:
    """Whether what the records call pairs, see source_of, names this part: LOL, say."""
    return part in source.split(AND)


def without_test_scenes(pairs: Sequence[PhotoPair]) -> list[PhotoPair]:
    """LOL's training pairs without those that show a scene of eval15.

    Raises LowlightError for pairs other than LOL's, of which that is not known.
    """
    facts = lol_facts()
    if not all(pair.name in facts and pair.dark.parent.parent.name == "our485" for pair in pairs):
        raise LowlightError("which scenes are also in eval15 is known of LOL's our485 only")
    # 112 lies just under the threshold of the search that made the list.
    seen = {name for name, fact in facts.items() if fact["scene_in_eval15"] == "1"} | {"112"}
    return [pair for pair in pairs if pair.name not in seen]


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
        if is_photo(path):
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


def article_views(photo: Tensor) -> Tensor:
    """A photo 3 H W in 0..1 as 2 3 200 200: top-left crop and whole photo, CROP and WHOLE.

    A photo under 200 pixels on a side is enlarged first, so that the crop is full.
    """
    whole = resize(photo[None], (SIDE_PX, SIDE_PX))[0]
    height, width = photo.shape[-2:]
    if min(height, width) < SIDE_PX:
        larger = SIDE_PX / min(height, width)
        size = [max(SIDE_PX, round(height * larger)), max(SIDE_PX, round(width * larger))]
        photo = resize(photo[None], size)[0]
    return torch.stack([photo[:, :SIDE_PX, :SIDE_PX], whole]).clamp(0, 1)


def whole_view(photo: Tensor) -> Tensor:
    """A photo 3 H W in 0..1 as 1 3 400 600, the size of LOL's own: resized until it is filled, and
    what stands out cut off at both ends. An upright photo is laid on its side.
    """
    if photo.shape[1] > photo.shape[2]:
        photo = photo.mT
    height, width = photo.shape[-2:]
    larger = max(LOL_SIZE[0] / height, LOL_SIZE[1] / width)
    size = [max(LOL_SIZE[0], round(height * larger)), max(LOL_SIZE[1], round(width * larger))]
    photo = resize(photo[None], size)
    top, left = (size[0] - LOL_SIZE[0]) // 2, (size[1] - LOL_SIZE[1]) // 2
    return photo[..., top : top + LOL_SIZE[0], left : left + LOL_SIZE[1]].clamp(0, 1)


def load_pairs(pairs: Sequence[PhotoPair], source: str, views: Views = article_views) -> Pairs:
    """Decodes every pair once. `source` says where they are from, for the records.

    Raises LowlightError for an unreadable photo and for a pair of unequal sizes.
    """

    def read() -> Iterator[tuple[Tensor, Tensor]]:
        for pair in tqdm(pairs, desc="reading photos", unit="pair", leave=False):
            bright = open_photo(pair.bright, str(pair.bright))
            seen = views(to_tensor(bright))
            if pair.exposure is not None:
                # Not the photo itself: made smaller, it would have less noise.
                yield darken(seen, exposure=pair.exposure, generator=_noise_of(pair.name)), seen
                continue
            dark = open_photo(pair.dark, str(pair.dark))
            if dark.size != bright.size:
                sizes = " and ".join("{}×{}".format(*photo.size) for photo in (dark, bright))
                raise LowlightError(f"the pair {pair.name} has unequal sizes, {sizes}: {pair.dark}")
            yield views(to_tensor(dark)), seen

    names, scenes = zip(*((pair.name, pair.scene) for pair in pairs), strict=True)
    return decoded(source, names, scenes, read())


def _noise_of(name: str) -> torch.Generator:
    """Noise that is another in each photo, and in each always the same."""
    return torch.Generator().manual_seed(zlib.crc32(os.fsencode(name)))


def decoded(
    source: str,
    names: Sequence[str],
    scenes: Sequence[str],
    views: Iterable[tuple[Tensor, Tensor]],
) -> Pairs:
    """Pairs of so many names, from dark and bright views V 3 H W in 0..1 of each, in this order."""
    stores: tuple[Tensor, ...] = ()
    for row, pair in enumerate(views):
        for side, seen in enumerate(pair):
            if len(stores) <= side:
                # In place, not as a list that is stacked: that would take twice the memory.
                stores += (torch.empty(len(names), *seen.shape, dtype=torch.uint8),)
            stores[side][row] = (seen * 255).round().byte()
    dark, bright = stores
    return Pairs(source, tuple(names), tuple(scenes), dark, bright, rows=tuple(range(len(names))))
