"""Many photos, one after another: files and folders in, a folder out."""

import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from torch import nn
from tqdm import tqdm

from lowlight_hub.attempts import ATTEMPTS
from lowlight_hub.durable import expanded, file_id, is_folder, is_full
from lowlight_hub.errors import LowlightError, reason_of
from lowlight_hub.finding import LEAK_FREE_SUFFIX
from lowlight_hub.hub import on_the_hub
from lowlight_hub.look import ANY_LOOK, Look
from lowlight_hub.photos import SUFFIXES, photos_below, saved_suffix
from lowlight_hub.restoring import enhance_file


@dataclass(frozen=True)
class Found:
    """A photo, and where its result goes below the folder of results: as it lay in its own."""

    path: Path
    folder: Path = Path()


@dataclass(frozen=True)
class Job:
    """One photo: where it is read and where its restoration is written."""

    source: Path
    target: Path


def label_of(model: str, look: Look = Look()) -> str:  # noqa: B008 - it cannot be changed
    """What the results of a model are called by.

    A bundled one by its name; others, which may be called as it is or as each other, by two parts
    of theirs: runs-vae of the folder runs/vae, USER-NAME of USER/NAME. What is not the default
    of a look follows: vae_raw, attempt-7_strength0.8_+0.5EV.
    """
    if model in ATTEMPTS:
        parts = [model]
    elif named := on_the_hub(model):
        repository, revision = named
        parts = repository.split("/")
        if revision:  # which may have slashes of its own
            parts[-1] += f"@{revision.replace('/', '-')}"
    else:
        folder = expanded(model).resolve()
        parts = [folder.parent.name, folder.name]
    return f"{'-'.join(filter(None, parts))}{look}"


def find_photos(
    inputs: Iterable[Path], out: Path, label: str
) -> tuple[list[Found], list[Path], list[str]]:
    """The photos among files and in folders, subfolders included, each once.

    Then what was left out, since it has the name of a result of the model `label` or of an attempt,
    in any setting and revision, and lies where these go, see plan: it is only taken when it is
    named itself. And complaints.
    """
    models = "|".join(map(re.escape, {label, *ATTEMPTS}))
    variant = rf"({LEAK_FREE_SUFFIX})?(@.+)?"
    result = re.compile(rf".*_(.+-)?({models}){variant}{ANY_LOOK}(-\d+)?", re.DOTALL)
    results = Path(os.path.realpath(out))
    photos: dict[str, Found] = {}
    left_out, complaints = [], []
    for given in inputs:
        if not is_folder(given):
            photos.setdefault(os.path.realpath(given), Found(given))
            continue
        below, unread = photos_below(given)
        complaints += unread
        # A photo and the links to it are one, called as the photo is.
        for path in sorted(below, key=Path.is_symlink):
            if result.fullmatch(path.stem) and path.parent.resolve().is_relative_to(results):
                left_out.append(path)
                continue
            photo = Found(path, path.parent.relative_to(given))
            photos.setdefault(os.path.realpath(path), photo)
        if not below and not unread:
            complaints.append(f"{given} holds no photo ({', '.join(SUFFIXES)})")
    return list(photos.values()), left_out, complaints


def plan(
    photos: Sequence[Found], out: Path, labels: Sequence[str], suffix: str | None = None
) -> list[Job]:
    """What is written where: FOLDER/STEM_LABEL.EXT in the folder `out`, numbered where names meet.

    `labels` are those of each photo, see label_of.
    `suffix` (".png", say) is that of all results; None takes that of each photo's own format, see
    saved_suffix.
    """
    jobs, taken = [], set()
    for photo, label in zip(photos, labels, strict=True):
        extension = suffix or saved_suffix(photo.path.suffix)
        number = 1
        while True:
            name = f"{photo.path.stem}_{label}{f'-{number}' if number > 1 else ''}{extension}"
            target = out / photo.folder / name
            # Many file systems do not tell upper from lower case.
            if str(target).casefold() not in taken:
                break
            number += 1
        taken.add(str(target).casefold())
        jobs.append(Job(photo.path, target))
    return jobs


def enhance_batch(
    model: nn.Module,
    jobs: Sequence[tuple[Job, Look]],
    *,
    keep_metadata: bool = False,
    overwrite: bool = False,
) -> tuple[list[Path], list[Path], list[str]]:
    """Enhances every photo, each in its look, with a progress bar.

    Gives what was written, what was left alone, since it existed, and a line for each photo that
    failed. What exists is only replaced with `overwrite`, and never where it is one of the photos.
    A full disk ends it.
    """
    written, existing, complaints = [], [], []
    originals = {file_id(job.source) for job, _ in jobs} - {None}
    for job, look in tqdm(jobs, desc="enhancing", unit="photo", disable=None):
        try:
            if file_id(job.target) in originals:
                raise LowlightError(f"{job.target} is one of the photos: take another --out")
            if os.path.lexists(job.target) and not overwrite:
                existing.append(job.target)
                continue
            enhance_file(
                model,
                job.source,
                job.target,
                **look.settings,
                keep_metadata=keep_metadata,
            )
        except LowlightError as error:
            named = str(error).startswith(str(job.source))
            complaints.append(str(error) if named else f"{job.source}: {error}")
            if is_full(error):
                complaints[-1] += "; no more was begun: make room, and the same command goes on"
                break
        except Exception as error:  # one photo must never stop the others
            complaints.append(f"{job.source} could not be restored: {reason_of(error)}")
        else:
            written.append(job.target)
    return written, existing, complaints
