"""Pairs of a dark and a bright photo: decoded once, and seen in views."""

import hashlib
import os
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import psutil
import torch
from torch import Tensor
from tqdm import tqdm

from lowlight_hub.errors import LowlightError
from lowlight_hub.finding import PhotoPair
from lowlight_hub.networks.sizes import SIDE_PX, resize
from lowlight_hub.photos import Photo, open_photo, to_tensor
from lowlight_hub.simulation import darken

# Height and width of LOL's photos.
LOL_SIZE = (400, 600)
# The article's attempts see two views of each photo: its top-left crop, and the whole photo made as
# small. Others see one of their own, the first.
CROP, WHOLE = 0, 1
# How many pairs are read by threads before the first of them is kept.
_READ_AHEAD = 64
# From a photo 3 H W in 0..1 to its views V 3 h w.
Views = Callable[[Tensor], Tensor]


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
    simulated: tuple[bool, ...]
    """Of each, whether the dark photo was made of the bright one."""

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def views(self) -> int:
        """How many views of each photo there are."""
        return self.dark.shape[1]

    def to(self, device: torch.device | str) -> "Pairs":
        """The same pairs on a device. Raises LowlightError where they are more than it can hold."""
        try:
            return replace(self, dark=self.dark.to(device), bright=self.bright.to(device))
        except torch.OutOfMemoryError:
            size_in_gib = (self.dark.nbytes + self.bright.nbytes) / 2**30
            raise LowlightError(
                f"the photos take {size_in_gib:.1f} GiB, more than the GPU's memory has left: name "
                "fewer of them, or take --device cpu"
            ) from None

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
            simulated=tuple(self.simulated[index] for index in indices),
        )

    def photos(self, indices: Sequence[int], views: Sequence[int] | int) -> tuple[Tensor, Tensor]:
        """Dark and bright photos at these indices, each in its view: B 3 H W, float in 0..1."""
        chosen = ([self.rows[index] for index in indices], views)
        return self.dark[chosen].float() / 255, self.bright[chosen].float() / 255


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


def open_pair(pair: PhotoPair) -> tuple[Photo, Photo]:
    """The dark and the bright photo of a pair.

    Raises LowlightError for an unreadable photo and for unequal sizes.
    """
    dark, bright = (open_photo(path, str(path)) for path in (pair.dark, pair.bright))
    if dark.size != bright.size:
        sizes = " and ".join("{}×{}".format(*photo.size) for photo in (dark, bright))
        raise LowlightError(f"the pair {pair.name} has unequal sizes, {sizes}: {pair.dark}")
    return dark, bright


def load_pairs(pairs: Sequence[PhotoPair], source: str, views: Views = article_views) -> Pairs:
    """Decodes every pair once. `source` says where they are from, for the records.

    Raises LowlightError as open_pair does, and where most of the dark photos are not darker.
    """

    def read(pair: PhotoPair) -> tuple[Tensor, Tensor]:
        if pair.exposure is not None:
            # Not the photo itself: made smaller, it would have less noise.
            seen = views(to_tensor(open_photo(pair.bright, str(pair.bright))))
            return darken(seen, exposure=pair.exposure, generator=_noise_of(pair.name)), seen
        dark, bright = (views(to_tensor(photo)) for photo in open_pair(pair))
        return dark, bright

    def read_all() -> Iterator[tuple[Tensor, Tensor]]:
        bar = tqdm(total=len(pairs), desc="reading photos", unit="pair", leave=False)
        # No more than there are processors: of a large photo each takes most of a gigabyte.
        with bar, ThreadPoolExecutor(os.cpu_count()) as threads:
            # A few at a time: read but not yet kept, a pair takes four times the memory.
            for start in range(0, len(pairs), _READ_AHEAD):
                for pair in threads.map(read, pairs[start : start + _READ_AHEAD]):
                    yield pair
                    bar.update()

    names, scenes, simulated = zip(
        *((pair.name, pair.scene, pair.exposure is not None) for pair in pairs), strict=True
    )
    loaded = decoded(source, names, scenes, read_all(), simulated=simulated)
    taken = (row for row, made in enumerate(simulated) if not made)
    sides = ([it[row].float().mean() for it in (loaded.dark, loaded.bright)] for row in taken)
    check_darker([bool(dark < bright) for dark, bright in sides], source)
    return replace(loaded, scenes=_scenes_by_sight(loaded))


def check_darker(are_darker: Sequence[bool], source: str) -> None:
    """Raises LowlightError for folders that were named the wrong way round, or one twice.

    By whether each dark photo is darker than its bright one.
    """
    if 2 * sum(are_darker) < len(are_darker):
        raise LowlightError(
            f"most of {source}'s dark photos are not darker than its bright ones: name the "
            "folder of the dark ones first"
        )


def _scenes_by_sight(pairs: Pairs) -> tuple[str, ...]:
    """The scenes of all pairs, those that have a bright photo in common made one.

    A series of exposures has copies of it, which by their names are scenes of their own.
    """
    same: dict[str, str] = {}
    known: dict[bytes, str] = {}

    def first_of(scene: str) -> str:
        while scene in same:
            scene = same[scene]
        return scene

    for row, scene in zip(pairs.rows, pairs.scenes, strict=True):
        seen = hashlib.sha256(pairs.bright[row].numpy().data).digest()
        one, other = first_of(known.setdefault(seen, scene)), first_of(scene)
        if one != other:
            same[other] = one
    return tuple(map(first_of, pairs.scenes))


def _check_room(count: int, bytes_each: int) -> None:
    free = psutil.virtual_memory().available
    if count * bytes_each > free:
        raise LowlightError(
            f"{count} pairs take {count * bytes_each / 2**30:.1f} GiB of memory, and "
            f"{free / 2**30:.1f} GiB are free: name no more than {free // bytes_each}"
        )


def _noise_of(name: str) -> torch.Generator:
    """Noise that is another in each photo, and in each always the same."""
    return torch.Generator().manual_seed(zlib.crc32(os.fsencode(name)))


def decoded(
    source: str,
    names: Sequence[str],
    scenes: Sequence[str],
    views: Iterable[tuple[Tensor, Tensor]],
    *,
    simulated: Sequence[bool],
) -> Pairs:
    """Pairs of so many names, from dark and bright views V 3 H W in 0..1 of each, in this order.

    Raises LowlightError where they are more than there is memory for.
    """
    stores: tuple[Tensor, ...] = ()
    for row, pair in enumerate(views):
        if not stores:
            _check_room(len(names), sum(seen.numel() for seen in pair))
        for side, seen in enumerate(pair):
            if len(stores) <= side:
                # In place, not as a list that is stacked: that would take twice the memory.
                stores += (torch.empty(len(names), *seen.shape, dtype=torch.uint8),)
            stores[side][row] = (seen * 255).round().byte()
    dark, bright = stores
    rows = tuple(range(len(names)))
    return Pairs(source, tuple(names), tuple(scenes), dark, bright, rows, tuple(simulated))
