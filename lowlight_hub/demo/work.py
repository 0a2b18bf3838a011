"""Work at photos that nobody waits for any more, and how it ends before it is done."""

import time
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import gradio as gr

from lowlight_hub.demo.scratch import KEEP_S

# How long a stopped run waits for Gradio to close it: for pages that are gone, not for ever.
CLOSED_S = 10.0


class Stopped(BaseException):
    """Whoever asked for this does not want it any more.

    As KeyboardInterrupt, it is no Exception: nothing on its way takes it for a photo that failed.
    """


@dataclass(slots=True)
class Results:
    """What became of several photos: the files of those that were restored, and what went wrong."""

    files: list[Path] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def leave_out_what_is_gone(self) -> None:
        """Takes out of the files those that were deleted meanwhile, and says so."""
        for file in list(self.files):
            if not file.is_file():
                self.files.remove(file)
                self.failures.append(f"{file.name} was deleted, as all are within an hour")


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
    """What one visitor has in work. The page counts what is asked for, and ends it up to a number.

    So it does not matter whether a run or the end of those before it reaches the server first. A
    run that waited meanwhile has the number of what was asked for last.
    """

    ended: int = 0
    stopped: int = 0
    """The last run that was ended by a stop, and not by what was asked for after it."""
    begun: int = 0
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
        self.begun = number
        self.results = Results()
        return self.results

    def end(self, number: int) -> None:
        """Ends this run and those before it."""
        self.ended = max(self.ended, number)

    def stop(self, number: int) -> None:
        """Ends this run and those before it, and what waits in the page for their end."""
        self.end(number)
        self.stopped = max(self.stopped, number)

    def until_closed(self, number: int) -> Iterator[None]:
        """Steps of a run that was ended, until Gradio closes it where that was by a stop.

        One that came to its own end before would start what waits for it in the page.
        """
        deadline = time.monotonic() + CLOSED_S
        while self.begun == number <= self.stopped and time.monotonic() < deadline:
            time.sleep(0.05)
            yield

    def finish(self, number: int) -> None:
        """This run has come to its end, whatever that was."""
        self.done = max(self.done, number)

    def knows(self, number: int) -> bool:
        """Whether this run, or one after it, has begun here or was ended."""
        return number <= max(self.begun, self.ended)

    def check(self, number: int) -> None:
        """Raises Stopped in a run that was ended."""
        if number <= self.ended:
            raise Stopped


class Ending(NamedTuple):
    """What events of one kind of runs have in common."""

    inputs: list
    """A run's number and a Work: the first inputs of whatever starts runs or ends them."""
    number: str
    """The script's expression for the number of a run that starts now."""
    at_an_ask: dict[str, Any]
    """Of an event that comes before each run's start, and ends those before it."""
    at_a_stop: dict[str, Any]
    """Of an event that ends all runs."""
    at_a_refusal: dict[str, Any]
    """Of what follows where Gradio refused a run. Of what was stopped, too: it is 0."""


def ending_of(kind: str, button: str) -> Ending:
    """Adds the parts that all events of a kind of runs share; once for each kind.

    `button` is the id of the one that asks for a run.
    """
    asked, begun, stopped = (f"window.{kind}{it}" for it in ("Asked", "Begun", "Stopped"))
    inputs = [gr.Number(0, precision=0, visible=False), gr.State(Work())]
    common = {
        "inputs": inputs,
        # Also while the one before is on its way.
        "trigger_mode": "multiple",
        "queue": False,
        "show_progress": "hidden",
        "api_visibility": "private",
    }
    return Ending(
        inputs,
        f"({begun} = {asked} ?? 0)",
        common | {"js": f"(_, work) => [({asked} = ({asked} ?? 0) + 1) - 1, work]"},
        common | {"js": f"(_, work) => [{stopped} = {asked} ?? 0, work]"},
        common | {"js": _AT_A_REFUSAL % (asked, begun, stopped, button)},
    )


# What was asked for since the stop that Gradio still tells the server of is asked for again: where
# a run does not end well, Gradio forgets what waits for its end.
_AT_A_REFUSAL = """(_, work) => {
  const [asked, begun, stopped] = [%s ?? 0, %s ?? 0, %s ?? 0];
  if (asked > Math.max(begun, stopped)) setTimeout(() => document.getElementById("%s").click());
  return [begun > stopped ? begun : 0, work];
}"""


def stop_work(number: int, work: Work) -> None:
    """What the page asks for when photos that are compared are there no more."""
    work.stop(number)


def end_work(number: int, work: Work) -> None:
    """What the page asks for before each run: what is in work is of before."""
    work.end(number)
    if number >= work.begun:
        work.results = Results()  # those there are of what was before
