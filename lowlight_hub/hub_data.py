"""Pairs of photos from a dataset of the Hugging Face Hub."""

from pathlib import Path

from huggingface_hub import snapshot_download

from lowlight_hub.data import FOLDER_NAMES
from lowlight_hub.errors import LowlightError, shown
from lowlight_hub.photos import SUFFIXES
from lowlight_hub.refusals import check_revision, explained

PREFIX = "hub:"
# Where pairs lie: LOL's two sets, or the folders themselves.
_SETS = ("our485/", "eval15/", "")


def data_folder(place: str) -> Path:
    """The folder that `place` names: a path, or hub:USER/NAME[@REVISION], which is pulled.

    Of a dataset only photos in low and high, or dark and bright, and in these of our485 and eval15,
    are taken, at one commit; cache, offline mode and tokens are those of huggingface_hub. What is
    in them is only ever decoded as photos.
    Raises LowlightError where there is no such dataset or revision, it holds no such photos, it may
    not be seen, or the Hub cannot be reached and nothing is cached.
    """
    if not place.startswith(PREFIX):
        return Path(place)
    name, at, revision = place.removeprefix(PREFIX).partition("@")
    if name.count("/") != 1 or (at and not revision):
        raise LowlightError(f"{shown(place)} is no dataset: expected {PREFIX}USER/NAME[@REVISION]")
    check_revision(revision or None)
    sides = [side for pair in FOLDER_NAMES for side in pair]
    patterns = [
        f"{folder}{side}/*{suffix}"
        for folder in _SETS
        for side in sides
        for suffix in (*SUFFIXES, *(it.upper() for it in SUFFIXES))
    ]
    with explained(name, revision or None):
        folder = Path(
            snapshot_download(
                name, repo_type="dataset", revision=revision or None, allow_patterns=patterns
            )
        )
    if not any(folder.rglob("*")):
        raise LowlightError(f"{name} holds no photos in {' and '.join(sides[:2])}, or in LOL's")
    return folder
