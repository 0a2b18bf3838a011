"""What there is to see of a training: a progress bar, curves, sheets of samples, a tracker."""

import importlib.util
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from accelerate import Accelerator
from torch import nn
from tqdm import tqdm

from lowlight_hub.attempts import Attempt
from lowlight_hub.data import Pairs
from lowlight_hub.errors import LowlightError
from lowlight_hub.outcome import write_curve, write_history, write_samples
from lowlight_hub.records import losses_in_words

# Drawing the loss curve takes as long as several steps of a small network.
CURVE_S = 30.0


class Watcher:
    """Shows one training while it runs; of several processes, the first one's does.

    To be entered: leaving it takes the bar away and closes the tracker.
    """

    def __init__(
        self,
        attempt: Attempt,
        folder: Path,
        accelerator: Accelerator,
        *,
        images: int,
        seen: int,
        samples: Pairs,
        samples_every: int | None,
        report_to: str | None,
        settings: dict[str, Any],
    ):
        """`images` are those of the whole training, `seen` of them before this start.

        Of `samples` the first few are drawn. `settings` are for the tracker that `report_to` names.
        """
        self.attempt, self.folder, self.accelerator = attempt, folder, accelerator
        self.samples, self.samples_every = samples, samples_every
        if report_to:
            accelerator.init_trackers(f"lowlight-hub-{attempt.name}", config=settings)
        self.bar = tqdm(
            total=images,
            initial=seen,
            desc=attempt.name,
            unit="image",
            mininterval=1,
            disable=not accelerator.is_main_process,
            leave=False,
        )
        self.drawn_at = time.monotonic()

    def __enter__(self) -> "Watcher":
        return self

    def __exit__(self, *_: object) -> None:
        self.bar.close()
        for tracker in self.accelerator.trackers:
            tracker.finish()

    def took_step(self, images: int) -> None:
        """Moves the bar on."""
        self.bar.update(images)

    def saw_loss(self, loss: float) -> None:
        """Shows the latest loss beside the bar."""
        self.bar.set_postfix(loss=f"{loss:.4f}", refresh=False)

    def finished_epoch(self, history: list[dict[str, float]], epochs: int, step: int) -> None:
        """Reports the last epoch's losses, in words, figures and a curve."""
        self.accelerator.log(history[-1], step=step)
        if not self.accelerator.is_main_process:
            return
        with _only_warned():
            write_history(history, self.folder)
            if time.monotonic() - self.drawn_at > CURVE_S:
                write_curve(self.attempt, history, self.folder)
                self.drawn_at = time.monotonic()
        tqdm.write(
            f"{self.attempt.name}: epoch {len(history)} of {epochs}, {losses_in_words(history[-1])}"
        )

    def draw_samples(self, model: nn.Module, step: int) -> None:
        """Draws what the model makes of a few pairs, where it is time for that."""
        due = self.samples_every and step % self.samples_every == 0
        if due and self.accelerator.is_main_process:
            with _only_warned():
                write_samples(self.attempt, model.eval(), self.samples, self.folder, step=step)


@contextmanager
def _only_warned() -> Iterator[None]:
    """For pictures and figures that a training can do without."""
    try:
        yield
    except LowlightError as error:
        tqdm.write(f"warning: {error}; the training goes on")


def no_tracker(name: str) -> str | None:
    """Why a tracker cannot be used: the sentence that says so; None where it can."""
    if importlib.util.find_spec(name):
        return None
    return f"{name} is not installed: pip install {name}"
