"""Photos by the million: a folder or a bucket through Ray Data, a model in each worker.

    python -m lowlight_hub.bulk photos/ bright/ --workers 8
    python -m lowlight_hub.bulk s3://bucket/photos s3://bucket/bright

Needs the extra `ray`. It runs on this machine, or on the Ray cluster that RAY_ADDRESS names, whose
machines need this package too. For what is done in an evening, `lowlight-hub enhance` is simpler.
"""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from tqdm import tqdm

from lowlight_hub.attempts import DEFAULT
from lowlight_hub.batch import label_of
from lowlight_hub.errors import LowlightError, print_every_name
from lowlight_hub.hub import load_model
from lowlight_hub.look import Detail, Look
from lowlight_hub.options import add_light_options, add_restoring_options, place
from lowlight_hub.photos import SUFFIXES, is_photo, saved_suffix
from lowlight_hub.places import Place, explained, names_in, place_of
from lowlight_hub.ray_workers import ADDRESS, AGAIN, PARTIAL, check_answers, rows

FAILURES_FILE = "failures.jsonl"


@dataclass(frozen=True, slots=True)
class Report:
    """How many photos were restored now and how many earlier; the failed ones with the reason."""

    restored: int
    skipped: int
    failures: dict[str, str]


def enhance_in_bulk(
    source: str,
    target: str,
    *,
    model: str = DEFAULT,
    workers: int | None = None,
    detail: Detail = "transfer",
    strength: float = 1.0,
    brightness: float = 0.0,
    shadows: float = 0.0,
    keep_metadata: bool = False,
    overwrite: bool = False,
) -> Report:
    """Enhances every photo below `source` into `target`, folders or addresses such as s3://...

    A/B.jpg becomes A/B_MODEL.jpg, what cannot be written under its own name A/B_MODEL.EXT.png,
    where MODEL is the model's name and settings, see label_of; of `keep_metadata` names say
    nothing. What is there already is skipped, so the same call goes on with what was
    interrupted, unless `overwrite` makes all of it anew. What failed is in the report
    and, as soon as it fails, in failures.jsonl in `target` (in a bucket when the call ends,
    which cannot append); it is tried again by the next call. `workers` hold the model each;
    None takes one for each processor, and this machine alone runs no more than that.
    Raises LowlightError, before anything starts, for a place that cannot be read or written, where
    there are no photos, for an unknown model or look, see Look, and where Ray is missing; and where
    Ray gives up.
    """
    try:
        import ray.data
    except ImportError:
        raise LowlightError(
            'Ray is not installed: pip install ".[ray]" where this project lies'
        ) from None
    look = Look(detail, strength, brightness, shadows)
    if workers is not None and workers < 1:
        raise LowlightError(f"workers is {workers}, and must be 1 or more")
    loaded, label = load_model(model), label_of(model, look)
    with explained(source, "read"):
        before = place_of(source)
        photos = [name for name in names_in(before) if is_photo(name)]
        if not photos and not before.exists():
            raise LowlightError(f"there is no folder {source}")
    if not photos:
        raise LowlightError(f"{source} holds no photo ({', '.join(SUFFIXES)})")
    jobs = [{"photo": name, "result": result_name(name, label)} for name in photos]
    with explained(target, "written"):
        after = place_of(target)
        if before.filesystem == after.filesystem and any(
            after.path(job["result"]).startswith(f"{before.root}/") for job in jobs
        ):
            raise LowlightError(f"{target} lies in {source}: results would be taken for photos")
        after.filesystem.create_dir(after.root, recursive=True)
        present = set() if overwrite else set(names_in(after))
        waiting = [job for job in jobs if job["result"] not in present]
        _check_case(after, jobs)
    if waiting and not ray.is_initialized():
        check_answers(os.environ.get(ADDRESS, ""))
    failures: dict[str, str] = {}
    # All that can be refused was: the failures of the last run are written over now.
    with (
        explained(target, "written", f"; once that is mended {AGAIN}"),
        # Closed, and so written to a bucket, however the block is left.
        after.filesystem.open_output_stream(after.path(FAILURES_FILE)) as log,
    ):
        if waiting:
            worker = {
                "source": before,
                "target": after,
                "model": loaded,
                "settings": {**look.settings, "keep_metadata": keep_metadata},
                "overwrite": overwrite,
            }
            done = rows(ray, waiting, workers, worker)
            for row in tqdm(
                done, "enhancing", len(waiting), unit="photo", smoothing=0, disable=None
            ):
                if row["failure"]:
                    failures[row["photo"]] = row["failure"]
                    line = {"photo": row["photo"], "failure": row["failure"]}
                    log.write(f"{json.dumps(line, ensure_ascii=False)}\n".encode())
                    log.flush()
    return Report(len(waiting) - len(failures), len(jobs) - len(waiting), failures)


def result_name(photo: str, label: str) -> str:
    """The name of a photo's result; it depends on no other photo, so that runs can be resumed.

    No two photos get one name: a suffix that is kept inside it has no _ and so ends no LABEL.
    """
    path = PurePosixPath(photo)
    suffix = saved_suffix(path.suffix)
    kept = "" if suffix == path.suffix else path.suffix
    return str(path.with_name(f"{path.stem}_{label}{kept}{suffix}"))


def _check_case(after: Place, jobs: Sequence[dict[str, str]]) -> None:
    """Raises LowlightError for photos with one result, where the target takes A and a for one."""
    seen: dict[str, str] = {}
    for job in jobs:
        other = seen.setdefault(job["result"].casefold(), job["photo"])
        if other == job["photo"]:
            continue
        if _tells_case(after):
            return
        raise LowlightError(
            f"{other} and {job['photo']} would be one file in the target, which does not tell "
            "upper from lower case: rename one of them"
        )


def _tells_case(after: Place) -> bool:
    probe = f"case{PARTIAL}"
    after.filesystem.open_output_stream(after.path(probe)).close()
    try:
        return not after.holds(probe.upper())
    finally:
        after.filesystem.delete_file(after.path(probe))


def main(argv: list[str] | None = None) -> int:
    """Runs the command line; 1 after a one-line message or where photos failed, 130 if stopped."""
    print_every_name()
    parser = argparse.ArgumentParser(
        prog="python -m lowlight_hub.bulk", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument(
        "source", type=place, help="a folder, or an address such as s3://bucket/photos"
    )
    parser.add_argument(
        "target", type=place, help="where results go; what is there already is skipped"
    )
    parser.add_argument("--workers", type=int, help="default: one for each processor")
    add_restoring_options(parser)
    add_light_options(parser, named="results are named after it")
    arguments = parser.parse_args(argv)
    for name in ("brightness", "shadows"):
        stops = getattr(arguments, name) or [0.0]
        if len(stops) > 1:
            parser.error(
                f"--{name} is given {len(stops)} times: here a run makes one result of each"
            )
        setattr(arguments, name, *stops)
    try:
        report = enhance_in_bulk(**vars(arguments))
    except LowlightError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"stopped: {AGAIN}", file=sys.stderr)
        return 130
    print(f"restored {report.restored} photos, {report.skipped} were there already")
    for failure in list(report.failures.values())[:10]:
        print(f"error: {failure}", file=sys.stderr)
    if report.failures:
        print(
            f"{len(report.failures)} photos failed: see {FAILURES_FILE} in {arguments.target}",
            file=sys.stderr,
        )
    return 1 if report.failures else 0


if __name__ == "__main__":
    sys.exit(main())
