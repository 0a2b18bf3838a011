"""Many photos, one after another: files and folders in, a folder out."""

import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from torch import nn
from tqdm import tqdm

from lowlight_hub.errors import LowlightError, reason_of
from lowlight_hub.photos import SAVED_SUFFIXES, SUFFIXES, photos_below
from lowlight_hub.restoring import DETAILS, Detail, check_settings, enhance_file


@dataclass(frozen=True)
class Job:
    """One photo: where it is read and where its restoration is written."""

    source: Path
    target: Path


def label_of(model: str, brightness: float = 0.0, detail: Detail = "transfer") -> str:
    """What the results of a model are called by: a name, a folder's name, NAME of USER/NAME.

    Where they are another detail than the default, it follows, and where they are to be brighter or
    darker than the model's answer, the stops: vae_raw, attempt-7_+0.5EV.
    """
    name = Path(model).expanduser().resolve().name
    name += "" if detail == "transfer" else f"_{detail}"
    return f"{name}_{brightness:+g}EV" if brightness else name


def find_photos(inputs: Iterable[Path], out: Path, label: str) -> tuple[list[Path], list[str]]:
    """The photos among files and in folders, subfolders included, each once; and complaints.

    What has the name of a result of the model `label`, of any detail and brightness, and lies where
    these go, see plan, is only taken when it is named itself.
    """
    details = "|".join(DETAILS)
    result = re.compile(rf".*_{re.escape(label)}(_({details}))?(_[+-][^_]+EV)?(-\d+)?")
    photos: dict[str, Path] = {}
    complaints = []
    for given in inputs:
        if not os.path.isdir(given):  # noqa: PTH112 - Path.is_dir() raises for too long a name
            photos.setdefault(os.path.realpath(given), given)
            continue
        found = [
            path
            for path in photos_below(given)
            if not (result.fullmatch(path.stem) and path.parent.resolve() == out.resolve())
        ]
        for path in found:
            photos.setdefault(os.path.realpath(path), path)
        if not found:
            complaints.append(f"{given} holds no photo ({', '.join(SUFFIXES)})")
    return list(photos.values()), complaints


def plan(photos: Sequence[Path], out: Path, label: str, suffix: str | None = None) -> list[Job]:
    """What is written where: STEM_LABEL.EXT in the folder `out`, numbered where names meet.

    `suffix` (".png", say) is that of all results; None keeps each photo's own where it can be
    written, and takes .png elsewhere.
    """
    jobs, taken = [], set()
    for photo in photos:
        own = photo.suffix.lower()
        extension = suffix or (own if own in SAVED_SUFFIXES else ".png")
        number = 1
        while True:
            name = f"{photo.stem}_{label}{f'-{number}' if number > 1 else ''}{extension}"
            # Many file systems do not tell upper from lower case.
            if name.casefold() not in taken:
                break
            number += 1
        taken.add(name.casefold())
        jobs.append(Job(photo, out / name))
    return jobs


def enhance_batch(
    model: nn.Module,
    jobs: Sequence[Job],
    *,
    detail: Detail = "transfer",
    strength: float = 1.0,
    brightness: float = 0.0,
    keep_metadata: bool = False,
    overwrite: bool = False,
) -> tuple[list[Path], list[str]]:
    """Enhances every photo, with a progress bar: what was written, and a line for each that failed.

    What exists is only replaced with `overwrite`, and never where it is one of the photos; results
    that were left alone have one line together.
    Raises LowlightError for an unknown detail, strength or brightness, see enhance.
    """
    check_settings(detail=detail, strength=strength, brightness=brightness)
    written, complaints, existing = [], [], []
    originals = {job.source.resolve() for job in jobs}
    for job in tqdm(jobs, desc="enhancing", unit="photo", disable=None):
        try:
            if job.target.resolve() in originals:
                raise LowlightError(f"{job.target} is one of the photos: take another --out")
            if os.path.lexists(job.target) and not overwrite:
                existing.append(job.target)
                continue
            enhance_file(
                model,
                job.source,
                job.target,
                detail=detail,
                strength=strength,
                brightness=brightness,
                keep_metadata=keep_metadata,
            )
        except LowlightError as error:
            named = str(error).startswith(str(job.source))
            complaints.append(str(error) if named else f"{job.source}: {error}")
        except Exception as error:  # one photo must never stop the others
            complaints.append(f"{job.source} could not be restored: {reason_of(error)}")
        else:
            written.append(job.target)
    if existing:
        others = f" and {len(existing) - 1} more exist" if len(existing) > 1 else " exists"
        it = "them" if len(existing) > 1 else "it"
        complaints.append(f"{existing[0]}{others}: --overwrite replaces {it}")
    return written, complaints
