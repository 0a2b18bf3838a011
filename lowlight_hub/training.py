"""Fitting one attempt: a loop on Hugging Face Accelerate that picks up where it was stopped.

Batch k, and all that step k draws at random, depend on (seed, k) only, and the learning rate on k:
a checkpoint needs no state of a generator or scheduler for a training that goes on from it to be
the same training, to the bit on a CPU.
"""

import math
import time
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator
from accelerate.utils import GradientAccumulationPlugin
from torch import Tensor, nn

from lowlight_hub.attempts import Attempt
from lowlight_hub.checkpoints import checkpoints, clear_leftovers, nothing_lost, save_checkpoint
from lowlight_hub.data import Pairs
from lowlight_hub.durable import make_writable
from lowlight_hub.errors import LowlightError
from lowlight_hub.folders import load_folder
from lowlight_hub.losses import Loss
from lowlight_hub.outcome import (
    Settings,
    check_trainable,
    is_finished,
    keeps_last,
    kept_epoch,
    write_outcome,
)
from lowlight_hub.processes import agreed, check_same_start, share_buffers
from lowlight_hub.resuming import starting_state, written_epochs
from lowlight_hub.sampling import batch_at, repeated, split_by_scene, steps_per_epoch
from lowlight_hub.stopping import Stopped, StopRequest
from lowlight_hub.validation import validation_losses
from lowlight_hub.watching import Watcher

# A kill costs no more than this, and a GPU waits for its losses only so often.
CHECKPOINT_S = 60.0
LOSSES_EVERY = 10


class Objective(nn.Module):
    """A model and its loss as one module: by its forward() processes know what to share."""

    def __init__(self, model: nn.Module, loss: Loss):
        super().__init__()
        self.model = model
        self.loss = loss

    def forward(self, dark: Tensor, bright: Tensor) -> Tensor:
        return self.loss(self.model, dark, bright)


def train(
    attempt: Attempt,
    pairs: Pairs,
    settings: Settings,
    folder: Path,
    *,
    resume: bool = False,
    continued: Path | None = None,
    samples_every: int | None = None,
    report_to: str | None = None,
    request: StopRequest | None = None,
) -> Path:
    """Fits `attempt` to `pairs` and writes weights, config, history and pictures to `folder`.

    `resume` goes on from the newest checkpoint in `folder`, or starts where there is none;
    `continued` is the folder of the finished training that this one goes on with. Every
    `samples_every` steps a sheet of samples is drawn; `report_to` names a tracker of Accelerate's.
    Returns `folder`. Raises LowlightError for a folder that already holds a training, for settings
    that the attempt cannot have or that differ from the resumed ones, for a full disk, and for a
    loss that is not finite; no weights are then written, and earlier checkpoints stay. Raises
    Stopped once `request` was asked, with a checkpoint or all that was trained written.
    """
    check_trainable(attempt, settings)
    # What is computed in which precision is said by `settings` alone: without these two words,
    # `accelerate launch` would have its own say.
    accelerator = Accelerator(
        cpu=settings.device == "cpu",
        mixed_precision="no",
        gradient_accumulation_plugin=GradientAccumulationPlugin(num_steps=1),
        log_with=report_to,
        project_dir=str(folder),
    )
    run = _Run(attempt, pairs, settings, folder, accelerator, request or StopRequest())
    state = run.starting_state(resume, continued)
    if run.finished() and written_epochs(folder) == len(run.history):
        accelerator.print(f"{attempt.name}: already finished, {run.so_far()}")
        return folder
    run.prepare(state, samples_every, report_to)
    with run.request.waiting(), run.watcher:
        while not run.finished():
            run.epoch()
        run.end()
    return folder


class _Run:
    """One training: what it works on, and how far it has come."""

    def __init__(
        self,
        attempt: Attempt,
        pairs: Pairs,
        settings: Settings,
        folder: Path,
        accelerator: Accelerator,
        request: StopRequest,
    ):
        self.attempt, self.settings, self.folder = attempt, settings, folder
        self.accelerator, self.request = accelerator, request
        self.data = pairs.fingerprint()
        pairs = pairs.to(accelerator.device)
        self.training, self.validation = (
            (pairs, pairs.at([])) if settings.all_pairs else split_by_scene(pairs)
        )
        self.training = repeated(self.training, settings.repeat)
        # All processes take a step together, each with a batch of its own.
        self.batch_size = settings.batch_size * accelerator.num_processes
        self.per_epoch = steps_per_epoch(self.training, self.batch_size)
        self.history: list[dict[str, float]] = []
        self.step = 0
        # Of the steps of this epoch: those that were looked at, and those still on the device.
        self.losses: list[float] = []
        self.pending: list[Tensor] = []
        self.kept: dict[str, Tensor] = {}

    def finished(self) -> bool:
        return is_finished(self.attempt, self.settings, self.history, self.per_epoch)

    def so_far(self) -> str:
        return f"{len(self.history)} epochs, in {self.folder}"

    def _to_repeat(self) -> dict[str, Any]:
        return {
            "data": self.data,
            "processes": self.accelerator.num_processes,
            **self.settings.to_repeat(self.attempt),
        }

    def starting_state(self, resume: bool, continued: Path | None) -> dict[str, Any] | None:
        """The checkpoint to go on from, if any: the same in all processes."""
        state = starting_state(
            self.attempt, self.folder, self._to_repeat(), resume=resume, continued=continued
        )
        if state:
            self.step, self.history = state["step"], state["history"]
        check_same_start(self.accelerator, self.step, self.data, self.folder)
        return state

    def prepare(
        self, state: dict[str, Any] | None, samples_every: int | None, report_to: str | None
    ) -> None:
        """Builds model and optimiser, and takes up a checkpoint."""
        attempt, settings, accelerator = self.attempt, self.settings, self.accelerator
        if accelerator.is_main_process:
            make_writable(self.folder)  # before hours of training, not after
            clear_leftovers(self.folder, self.step)
        torch.manual_seed(settings.seed)
        if settings.init_from and not state:
            model: nn.Module = load_folder(settings.init_from).train()
        else:
            model = attempt.network(width=settings.width)
        if settings.freeze:
            model.get_submodule(settings.freeze).requires_grad_(False)
        model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        optimizer = attempt.recipe.optimizer(model, settings.lr)
        if state:
            try:
                model.load_state_dict(state["model"])
            except RuntimeError:
                raise LowlightError(
                    f"{self.folder} holds a checkpoint of another network, of an earlier version: "
                    "choose another --out"
                ) from None
            optimizer.load_state_dict(state["optimizer"])
            self.losses, self.kept = state["losses"], state["kept"]
        self.objective, self.optimizer = accelerator.prepare(
            Objective(model, attempt.loss), optimizer
        )
        self.model = accelerator.unwrap_model(self.objective).model
        self.average = attempt.recipe.averaged(self.model)
        if state and self.average:
            self.average.load_state_dict(state["average"])
        self.saved_at = time.monotonic()
        if state and not checkpoints(self.folder):
            # Of another attempt, whose end is the start of this one, and may be its end as well.
            self._save()
        self.watcher = Watcher(
            attempt,
            self.folder,
            accelerator,
            images=settings.epochs * self.per_epoch * self.batch_size,
            seen=self.step * self.batch_size,
            samples=self.validation if len(self.validation) else self.training,
            samples_every=samples_every,
            report_to=report_to,
            settings=self._to_repeat(),
        )

    def epoch(self) -> None:
        """Takes the rest of an epoch's steps, and judges them."""
        end = (len(self.history) + 1) * self.per_epoch
        while self.step < end:
            self._step()
            due = time.monotonic() - self.saved_at > CHECKPOINT_S
            stop, save = agreed(self.accelerator, self.request.asked, due)
            if stop or save or self.step == end or len(self.pending) >= LOSSES_EVERY:
                self._look_at_losses()
            if stop:
                self._stop()
            if save and self.step < end:
                self._save()
            self.watcher.draw_samples(self._judged(), self.step)
        losses = self._validated() if len(self.validation) else {}
        if not math.isfinite(losses.get("validation_loss", 0.0)):
            raise self._not_finite("validation loss", self.step - 1, losses["validation_loss"])
        train_loss = sum(self.losses) / len(self.losses)
        self.history.append({"epoch": len(self.history) + 1, "train_loss": train_loss, **losses})
        self.losses = []
        if keeps_last(self.attempt) or kept_epoch(self.attempt, self.history) == len(self.history):
            self.kept = {key: value.clone() for key, value in self._judged().state_dict().items()}
        self._save()
        self.watcher.finished_epoch(self.history, self.settings.epochs, self.step)

    def _step(self) -> None:
        settings, recipe = self.settings, self.attempt.recipe
        self.objective.train()
        if settings.freeze:
            self.model.get_submodule(settings.freeze).eval()  # its running means stay as well
        processes, process = self.accelerator.num_processes, self.accelerator.process_index
        dark, bright = batch_at(
            self.training,
            self.step,
            seed=settings.seed,
            batch_size=self.batch_size,
            whole_share=settings.whole_share,
            part=(process, processes),
        )
        torch.manual_seed((settings.seed * 1_000_003 + self.step) * processes + process)
        rate = settings.lr * recipe.rate(self.step, settings.epochs * self.per_epoch)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        with settings.autocast(self.accelerator.device):
            loss = self.objective(
                dark.contiguous(memory_format=torch.channels_last),
                bright.contiguous(memory_format=torch.channels_last),
            )
        self.optimizer.zero_grad()
        self.accelerator.backward(loss)
        if recipe.clip_norm is not None:
            self.accelerator.clip_grad_norm_(self.objective.parameters(), recipe.clip_norm)
        self.optimizer.step()
        if self.average:
            self.average.update_parameters(self.model)
        self.pending.append(loss.detach())
        self.step += 1
        self.watcher.took_step(self.batch_size)

    def _look_at_losses(self) -> None:
        """Fetches the losses of the last steps. Raises LowlightError where one is not finite."""
        values = self.accelerator.reduce(torch.stack(self.pending).float(), "mean").tolist()
        first = self.step - len(values)
        self.pending = []
        for step, value in enumerate(values, start=first):
            if not math.isfinite(value):
                raise self._not_finite("loss", step, value)
        self.losses += values
        self.watcher.saw_loss(values[-1])

    def _not_finite(self, name: str, step: int, value: float) -> LowlightError:
        return LowlightError(
            f"{self.attempt.name}: the {name} at step {step} (epoch {step // self.per_epoch + 1}) "
            f"is {value}: start again with a lower --lr than {self.settings.lr} and another --out; "
            f"what {self.folder} held before is still there"
        )

    def _check_weights(self) -> None:
        """Raises LowlightError where one is more than float16, in which they are kept, can hold."""
        for key, value in self.model.state_dict().items():
            if value.is_floating_point() and not value.half().isfinite().all():
                raise self._not_finite(f"weight {key}", self.step - 1, value.abs().max().item())

    def _stop(self) -> None:
        self._save()
        steps = self.settings.epochs * self.per_epoch
        raise Stopped(
            f"{self.attempt.name}: stopped after step {self.step} of {steps}; the same command "
            "with --resume goes on from there"
        )

    def _save(self) -> None:
        self._check_weights()
        if self.accelerator.is_main_process:
            state = {
                "attempt": self.attempt.name,
                "settings": self.settings.to_repeat(self.attempt),
                "data": self.data,
                "processes": self.accelerator.num_processes,
                "step": self.step,
                "history": self.history,
                "losses": self.losses,
                "model": self.model.state_dict(),
                "average": self.average.state_dict() if self.average else {},
                "kept": self.kept,
                "optimizer": self.optimizer.state_dict(),
            }
            save_checkpoint(state, self.folder)
        self.saved_at = time.monotonic()

    def _judged(self) -> nn.Module:
        """What is validated, drawn and kept: the average of the weights, where there is one."""
        return self.average.module if self.average else self.model

    def _validated(self) -> dict[str, float]:
        accelerator = self.accelerator

        def stop_if_asked() -> None:
            # Several processes would first have to agree; they do so at the next step.
            if accelerator.num_processes == 1 and self.request.asked:
                self._stop()

        share_buffers(accelerator, self._judged())
        return validation_losses(
            self.attempt,
            self._judged(),
            self.validation,
            self.settings,
            accelerator,
            stop_if_asked,
        )

    def end(self) -> None:
        """Writes what was trained. Raises Stopped where that was asked for meanwhile."""
        if self.accelerator.is_main_process:
            # As one that was loaded, so that a training resumed at its very end writes the same.
            trained = self.attempt.network(width=self.settings.width)
            trained.load_state_dict(self.kept)
            with nothing_lost(self.folder):
                write_outcome(
                    self.attempt,
                    trained.eval(),
                    self.training,
                    self.validation,
                    self.settings,
                    self.history,
                    self.folder,
                    steps=self.step,
                    processes=self.accelerator.num_processes,
                )
        self.accelerator.wait_for_everyone()
        (stop,) = agreed(self.accelerator, self.request.asked)
        if stop:
            raise Stopped(
                f"{self.attempt.name}: finished, {self.so_far()}, and stopped; what else was asked "
                "for is done by the same command with --resume"
            )
