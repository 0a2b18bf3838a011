"""Pairs of photos from a dataset of the Hugging Face Hub."""

from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from huggingface_hub import HfApi, snapshot_download
from huggingface_hub.utils import filter_repo_objects

from lowlight_hub.errors import HubAwayError, LowlightError, shown
from lowlight_hub.finding import FOLDER_NAMES, HUB_PREFIX, TEST, TRAINING
from lowlight_hub.photos import SUFFIXES
from lowlight_hub.refusals import check_revision, explained

# Where pairs lie: LOL's two sets, or the folders themselves.
_SETS = (f"{TRAINING}/", f"{TEST}/", "")
_FOLDERS = [f"{one}{side}" for one in _SETS for pair in FOLDER_NAMES for side in pair]
# In these patterns * means / as well, and letters are not those of the other case.
_ANY_CASE = ["".join(f"[{it}{it.upper()}]" if it.isalpha() else it for it in s) for s in SUFFIXES]
_PHOTOS = [f"{folder}/*{suffix}" for folder in _FOLDERS for suffix in _ANY_CASE]
_BELOW = [f"{folder}/*/*" for folder in _FOLDERS]


def data_folders(places: Sequence[str]) -> list[Path]:
    """The folders that --data names, each as data_folder has it.

    Raises LowlightError for more than two, for a dataset beside another, and as data_folder does.
    """
    if len(places) > 2:
        raise LowlightError("--data takes one folder, or two: dark photos, then bright ones")
    if len(places) == 2 and any(it.startswith(HUB_PREFIX) for it in places):
        raise LowlightError("a dataset of the Hub holds both photos of each pair: name it alone")
    return [data_folder(place) for place in places]


def data_folder(place: str) -> Path:
    """The folder that `place` names: a path, or hub:USER/NAME[@REVISION], which is pulled.

    Of a dataset only photos in low and high, or dark and bright, and in these of our485 and eval15,
    are taken, at one commit; cache, offline mode and tokens are those of huggingface_hub. What is
    in them is only ever decoded as photos.
    Raises LowlightError where there is no such dataset or revision, it holds no such photos, it may
    not be seen, or the Hub cannot be reached and nothing is cached.
    """
    if not place.startswith(HUB_PREFIX):
        return Path(place)
    name, at, given = place.removeprefix(HUB_PREFIX).partition("@")
    if name.count("/") != 1 or (at and not given):
        raise LowlightError(
            f"{shown(place)} is no dataset: expected {HUB_PREFIX}USER/NAME[@REVISION]"
        )
    revision = given or None
    check_revision(revision)
    away = None
    try:
        _check_pairs(name, revision)
    except HubAwayError as error:
        away = error
    try:
        with explained(name, revision):
            folder = snapshot_download(
                name,
                repo_type="dataset",
                revision=revision,
                allow_patterns=_PHOTOS,
                ignore_patterns=_BELOW,
                local_files_only=away is not None,
            )
    except LowlightError as error:
        raise away or error from None
    return Path(folder)


def _check_pairs(name: str, revision: str | None) -> None:
    """Raises LowlightError where a dataset holds no pairs: before anything of it is downloaded."""
    with explained(name, revision):
        files = HfApi().list_repo_files(name, revision=revision, repo_type="dataset")
    photos = filter_repo_objects(files, allow_patterns=_PHOTOS, ignore_patterns=_BELOW)
    folders = {str(PurePosixPath(it).parent) for it in photos}
    if not any({f"{one}{it}" for it in pair} <= folders for one in _SETS for pair in FOLDER_NAMES):
        raise LowlightError(
            f"{HUB_PREFIX}{name} holds no pairs: expected photos in low and high, dark and bright, "
            "or our485/low and our485/high"
        )
