"""Photos restored by actors of Ray: what `lowlight_hub.bulk` hands to a cluster."""

import logging
import os
import socket
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import Any, cast

from torch import nn

from lowlight_hub.errors import LowlightError, reason_of
from lowlight_hub.places import Place
from lowlight_hub.restoring import enhance_file

# What a result is called until it is whole; what a kill leaves is overwritten by the next run.
PARTIAL = ".partial"
# What a worker gets at once: few enough that progress is seen and little is waited for at the end,
# enough that Ray has not to be told of a million things.
BLOCK_PHOTOS = 32
LEAST_BLOCKS_PER_WORKER = 8
# Ray's own variable for the cluster to work on.
ADDRESS = "RAY_ADDRESS"
# Ray itself goes on trying for minutes.
CLUSTER_ANSWERS_S = 5
AGAIN = "the same command goes on with what is left"


def rows(
    ray: Any, jobs: Sequence[dict[str, str]], workers: int | None, worker: dict[str, Any]
) -> Iterator[dict[str, str]]:
    """The jobs as they get done, each with the key "failure", empty where it is restored."""
    try:
        _start(ray)
        processors = int(ray.cluster_resources().get("CPU", 1))
        workers = min(workers or processors, len(jobs))
        if not os.environ.get(ADDRESS):
            # More would never start here, of which Ray complains; a cluster may grow.
            workers = min(workers, processors)
        blocks = max(-(-len(jobs) // BLOCK_PHOTOS), LEAST_BLOCKS_PER_WORKER * workers)
        dataset = ray.data.from_items(jobs, override_num_blocks=min(len(jobs), blocks))
        with warnings.catch_warnings():
            # Until Ray 2.64 there is no other way to say how often a block is tried again; by
            # itself Ray does so for ever, also with a photo that kills every worker.
            warnings.simplefilter("ignore", DeprecationWarning)
            dataset = dataset.map(
                cast(Any, Worker),
                fn_constructor_kwargs=worker,
                # One block at a time: what waits at a worker that dies would be lost with it.
                compute=ray.data.ActorPoolStrategy(size=workers, max_tasks_in_flight_per_actor=1),
                num_cpus=1,
                max_task_retries=1,
            )
        dataset.context.max_errored_blocks = -1
        dataset.context.enable_progress_bars = False
        lost = {job["photo"]: job for job in jobs}
        for row in dataset.iter_rows():
            lost.pop(row["photo"], None)
            yield row
    except LowlightError:
        raise
    except Exception as error:  # Ray's own are of many kinds
        raise LowlightError(f"Ray gave up: {' '.join(str(error).split())}; {AGAIN}") from error
    for photo, job in lost.items():
        is_done = not worker["overwrite"] and worker["target"].holds(job["result"])
        why = f"{photo} lost its worker, for want of memory perhaps: take fewer --workers"
        yield {**job, "failure": "" if is_done else why}


class Worker:
    """An actor: the model comes once, then photo after photo."""

    def __init__(
        self,
        source: Place,
        target: Place,
        model: nn.Module,
        settings: dict[str, Any],
        overwrite: bool = False,
    ):
        import torch

        torch.set_num_threads(1)  # as many workers as processors
        self._source, self._target = source, target
        self._model = model
        self._settings = settings  # keywords of enhance_file()
        self._overwrite = overwrite

    def __call__(self, job: dict[str, str]) -> dict[str, str]:
        try:
            # There where the block was begun by a worker that died.
            if self._overwrite or not self._target.holds(job["result"]):
                self._restore(job["photo"], job["result"])
        except LowlightError as error:
            return {**job, "failure": str(error)}
        except Exception as error:  # one photo must never stop a million others
            return {**job, "failure": f"{job['photo']} could not be restored: {reason_of(error)}"}
        return {**job, "failure": ""}

    def _restore(self, photo: str, result: str) -> None:
        with tempfile.TemporaryDirectory() as folder:
            before = Path(folder) / "before" / PurePosixPath(photo).name
            after = Path(folder) / "after" / PurePosixPath(result).name
            before.parent.mkdir()
            with self._source.filesystem.open_input_stream(self._source.path(photo)) as stream:
                before.write_bytes(stream.read())
            try:
                enhance_file(self._model, before, after, **self._settings)
            except LowlightError as error:
                told = str(error).replace(str(before), photo).replace(str(after), result)
                raise LowlightError(told) from None
            path, filesystem = self._target.path(result), self._target.filesystem
            filesystem.create_dir(str(PurePosixPath(path).parent), recursive=True)
            try:
                with filesystem.open_output_stream(path + PARTIAL) as stream:
                    stream.write(after.read_bytes())
                filesystem.move(path + PARTIAL, path)
            except Exception:  # a full disk has better uses
                with suppress(Exception):
                    filesystem.delete_file(path + PARTIAL)
                raise


def _start(ray: Any) -> None:
    if ray.is_initialized():
        return
    # Workers of this machine find the package where this process found it.
    paths = [str(Path(__file__).parent.parent), os.environ.get("PYTHONPATH", "")]
    variables = {"PYTHONPATH": os.pathsep.join(filter(None, paths))}
    try:
        ray.init(runtime_env={"env_vars": variables}, log_to_driver=False, logging_level="error")
    except ConnectionError:
        raise LowlightError(_no_cluster(os.environ.get(ADDRESS, ""))) from None
    # Ray Data prints a traceback for each block that is lost: to its file, not to people.
    for handler in logging.getLogger("ray.data").handlers:
        if isinstance(handler, logging.StreamHandler):
            handler.setLevel(logging.CRITICAL)


def check_answers(address: str) -> None:
    """Raises LowlightError where nobody listens at the address of a cluster."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if not (host and port.isdecimal()):
        return
    try:
        socket.create_connection((host, int(port)), CLUSTER_ANSWERS_S).close()
    except OSError:
        raise LowlightError(_no_cluster(address)) from None


def _no_cluster(address: str) -> str:
    return (
        f"no Ray cluster answers at {address or 'its address'}: start it (ray start --head), or "
        f"unset {ADDRESS} to work on this machine"
    )
