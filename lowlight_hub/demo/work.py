"""Work at photos that nobody waits for any more, and how it ends before it is done."""

import time
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import gradio as gr

from lowlight_hub.demo.scratch import KEEP_S


class Stopped(BaseException):
    """Whoever asked for this does not want it any more.

    As KeyboardInterrupt, it is no Exception: nothing on its way takes it for a photo that failed.
    """


@dataclass(slots=True)
class Results:
    """What became of several photos: the files of those that were restored, and what went wrong."""

    files: list[Path] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Made:
    """The result of one of several photos, and what the page shows of it."""

    file: Path
    shown: Mapping[str, Any]
    at: float = field(default_factory=time.monotonic)

    @property
    def lasts(self) -> bool:
        """Whether it is there, and will be for as long as others are in work."""
        pictures = (Path(it["path"]) for it in self.shown.values() if isinstance(it, Mapping))
        is_there = all(it.is_file() for it in (self.file, *pictures))
        return is_there and time.monotonic() - self.at < KEEP_S / 2


@dataclass(slots=True)
class Work:
    """What one visitor has in work. The page counts its runs, and ends those up to a number.

    So it does not matter whether a run or the end of those before it reaches the server first.
    """

    ended: int = 0
    done: int = 0
    """The last run that came to its end."""
    results: Results = field(default_factory=Results)
    """Those so far of the last run."""
    made: dict[Hashable, Made] = field(default_factory=dict)
    """Of all runs, by what it was made of: so that nothing is worked out twice."""

    def begin(self, number: int) -> Results:
        """Ends the runs before this one; gives the results that its own are to be added to."""
        self.end(number - 1)
        self.check(number)
        self.results = Results()
        return self.results

    def end(self, number: int) -> None:
        """Ends this run and those before it."""
        self.ended = max(self.ended, number)

    def finish(self, number: int) -> None:
        """This run has come to its end, whatever that was."""
        self.done = max(self.done, number)

    def check(self, number: int) -> None:
        """Raises Stopped in a run that was ended."""
        if number <= self.ended:
            raise Stopped


def a_visitors_work(kind: str) -> tuple[list, str, dict[str, Any]]:
    """A run's number and a Work, the first inputs of whatever starts runs of this kind.

    Then the script's expression that counts the number up there, and the settings of events that
    end what is in work, with functions of these two inputs.
    """
    runs = f"window.{kind}Runs"
    inputs = [gr.Number(0, precision=0, visible=False), gr.State(Work())]
    ending = {
        "inputs": inputs,
        "js": f"(_, work) => [{runs} ?? 0, work]",
        "queue": False,
        "show_progress": "hidden",
        "api_visibility": "private",
    }
    return inputs, f"({runs} = ({runs} ?? 0) + 1)", ending


def end_work(number: int, work: Work) -> None:
    """What the page asks for when its photos or settings have changed."""
    work.end(number)
    work.results = Results()  # those there are of what was before
