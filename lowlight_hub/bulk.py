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
import tempfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, cast

from lowlight_hub.attempts import DEFAULT
from lowlight_hub.errors import LowlightError
from lowlight_hub.hub import load_model
from lowlight_hub.photos import SAVED_SUFFIXES, SUFFIXES
from lowlight_hub.restoring import DETAILS, Detail, enhance_file

FAILURES_FILE = "failures.jsonl"
# What a result is called until it is whole.
PARTIAL = ".partial"


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
) -> Report:
    """Enhances every photo below `source` into `target`, folders or addresses such as s3://...

    A/B.jpg becomes A/B_MODEL.jpg, what cannot be written in its own format A/B.EXT_MODEL.png. What
    is there already is skipped, so the same call goes on with what was interrupted. What failed is
    in the report and in failures.jsonl in `target`, and is tried again by the next call. `workers`
    hold a model each; None takes one for each processor.
    Raises LowlightError where there are no photos, the model cannot be loaded or Ray is missing.
    """
    try:
        import ray
        from pyarrow.fs import FileSystem
    except ImportError:
        raise LowlightError('Ray is not installed: pip install "lowlight-hub[ray]"') from None
    if workers is not None and workers < 1:
        raise LowlightError(f"workers is {workers}, and must be 1 or more")
    load_model(model)  # a wrong name is told here and not by every worker
    sources, targets = _address(source), _address(target)
    if f"{targets}/".startswith(f"{sources}/"):
        raise LowlightError(f"{target} lies in {source}: results would be taken for photos")
    filesystem, root = FileSystem.from_uri(sources)
    photos = [name for name in _names(filesystem, root) if _is_photo(name)]
    if not photos:
        raise LowlightError(f"{source} holds no photo ({', '.join(SUFFIXES)})")
    output, out = FileSystem.from_uri(targets)
    output.create_dir(out, recursive=True)
    present = set(_names(output, out))
    jobs = [{"photo": name, "result": result_name(name, model)} for name in photos]
    waiting = [job for job in jobs if job["result"] not in present]
    failures: dict[str, str] = {}
    if waiting:
        _start(ray)
        workers = min(workers or int(ray.cluster_resources().get("CPU", 1)), len(waiting))
        settings = {"detail": detail, "strength": strength, "brightness": brightness}
        done = ray.data.from_items(waiting, override_num_blocks=min(len(waiting), 8 * workers)).map(
            cast(Any, _Worker),
            fn_constructor_kwargs={
                "source": sources,
                "target": targets,
                "model": model,
                "settings": settings,
            },
            compute=ray.data.ActorPoolStrategy(size=workers),
            num_cpus=1,
        )
        failures = {row["photo"]: row["failure"] for row in done.iter_rows() if row["failure"]}
    lines = "".join(
        json.dumps({"photo": name, "failure": why}, ensure_ascii=False) + "\n"
        for name, why in sorted(failures.items())
    )
    with output.open_output_stream(f"{out}/{FAILURES_FILE}") as stream:
        stream.write(lines.encode())
    return Report(len(waiting) - len(failures), len(jobs) - len(waiting), failures)


def result_name(photo: str, model: str) -> str:
    """The name of a photo's result; it depends on no other photo, so that runs can be resumed."""
    path = PurePosixPath(photo)
    if path.suffix.lower() in SAVED_SUFFIXES:
        return str(path.with_name(f"{path.stem}_{model}{path.suffix}"))
    return str(path.with_name(f"{path.name}_{model}.png"))


class _Worker:
    """An actor: the model is loaded once, then comes photo after photo."""

    def __init__(self, source: str, target: str, model: str, settings: dict[str, Any]):
        import torch
        from pyarrow.fs import FileSystem

        torch.set_num_threads(1)  # as many workers as processors
        self._source, self._root = FileSystem.from_uri(source)
        self._target, self._out = FileSystem.from_uri(target)
        self._model = load_model(model)
        self._settings = settings  # keywords of enhance_file()

    def __call__(self, job: dict[str, str]) -> dict[str, str]:
        try:
            self._restore(job["photo"], job["result"])
        except LowlightError as error:
            return {**job, "failure": str(error)}
        except Exception as error:  # one photo must never stop a million others
            reason = (str(error) or type(error).__name__).splitlines()[0]
            return {**job, "failure": f"{job['photo']} could not be restored: {reason}"}
        return {**job, "failure": ""}

    def _restore(self, photo: str, result: str) -> None:
        with tempfile.TemporaryDirectory() as folder:
            before = Path(folder) / "before" / PurePosixPath(photo).name
            after = Path(folder) / "after" / PurePosixPath(result).name
            before.parent.mkdir()
            with self._source.open_input_stream(f"{self._root}/{photo}") as stream:
                before.write_bytes(stream.read())
            try:
                enhance_file(self._model, before, after, **self._settings)
            except LowlightError as error:
                raise LowlightError(str(error).replace(str(before), photo)) from None
            path = f"{self._out}/{result}"
            self._target.create_dir(str(PurePosixPath(path).parent), recursive=True)
            with self._target.open_output_stream(path + PARTIAL) as stream:
                stream.write(after.read_bytes())
            self._target.move(path + PARTIAL, path)


def _start(ray: Any) -> None:
    if ray.is_initialized():
        return
    # Workers of this machine find the package where this process found it.
    paths = [str(Path(__file__).parent.parent), os.environ.get("PYTHONPATH", "")]
    variables = {"PYTHONPATH": os.pathsep.join(filter(None, paths))}
    ray.init(runtime_env={"env_vars": variables}, log_to_driver=False, logging_level="warning")


def _address(place: str) -> str:
    return place.rstrip("/") if "://" in place else Path(place).resolve().as_uri()


def _names(filesystem: Any, root: str) -> list[str]:
    """All files below `root`, by their path from there, in order."""
    from pyarrow.fs import FileSelector, FileType

    selector = FileSelector(root, recursive=True, allow_not_found=True)
    files = [it.path for it in filesystem.get_file_info(selector) if it.type == FileType.File]
    return sorted(str(PurePosixPath(path).relative_to(root)) for path in files)


def _is_photo(name: str) -> bool:
    path = PurePosixPath(name)
    return path.suffix.lower() in SUFFIXES and not path.name.startswith(".")


def main(argv: list[str] | None = None) -> int:
    """Runs the command line; 0, or 1 after a one-line message or where photos failed."""
    parser = argparse.ArgumentParser(
        prog="python -m lowlight_hub.bulk", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("source", help="a folder, or an address such as s3://bucket/photos")
    parser.add_argument("target", help="where results go; what is there already is skipped")
    parser.add_argument("--model", default=DEFAULT, help="default: %(default)s")
    parser.add_argument("--workers", type=int, help="default: one for each processor")
    parser.add_argument("--detail", choices=DETAILS, default="transfer")
    parser.add_argument("--strength", type=float, default=1.0)
    parser.add_argument("--brightness", type=float, default=0.0, help="in stops, from -2 to 2")
    arguments = parser.parse_args(argv)
    try:
        report = enhance_in_bulk(**vars(arguments))
    except LowlightError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
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
