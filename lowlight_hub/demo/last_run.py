"""The photo that was restored last, to be had in another format without the network again."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from lowlight_hub.demo import scratch, service
from lowlight_hub.demo.service import Run, Settings
from lowlight_hub.restoring import Step

KEEP_S = 600


@dataclass(frozen=True, slots=True)
class _Remembered:
    path: Path
    settings: Settings
    run: Run
    at: float


class LastRun:
    """One for all visitors, not one for each: a large photo takes hundreds of megabytes."""

    def __init__(self) -> None:
        self._last: _Remembered | None = None

    def runs_of_file(
        self, path: Path, settings: Settings, step: Step | None = None
    ) -> Iterator[Run]:
        """As service.runs_of_file; what only differs in its format is given again, at once."""
        same = replace(settings, file_format="same", keep_metadata=False)
        last = self._last
        if last and (last.path, last.settings) == (path, same):
            yield last.run
            return
        last = self._last = None  # its memory is for this one
        for run in service.runs_of_file(path, settings, step):
            if not run.is_quick_look:
                self._last = _Remembered(path, same, run, time.monotonic())
            yield run

    def forget(self, older_than_s: float = 0) -> None:
        """Lets go of a run that is as old as that."""
        last = self._last
        if last and time.monotonic() - last.at >= older_than_s:
            self._last = None


LAST_RUN = LastRun()
scratch.at_sweeps(lambda: LAST_RUN.forget(KEEP_S))
