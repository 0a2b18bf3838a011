"""A training that is killed, stopped or out of room goes on as if nothing had been."""

import errno
import json
import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import python_path
from hub_server import USER

import train as command
from lowlight_hub import LowlightError, outcome, training, watching
from lowlight_hub.attempts import ATTEMPTS, get_attempt
from lowlight_hub.checkpoints import checkpoints
from lowlight_hub.durable import PARTIAL_FILES
from lowlight_hub.folders import (
    CARD_FILE,
    CONFIG_FILE,
    HISTORY_FILE,
    WEIGHTS_FILE,
    read_config,
)
from lowlight_hub.outcome import Settings
from lowlight_hub.training import train

ROOT = Path(__file__).parent.parent
DYING = ROOT / "tests" / "dying.py"
# On the free photos, each epoch has two steps.
SMALL = ["listing", "--width", "2", "--lr", "1e-2", "--device", "cpu", "--resume"]


def start(*command):
    environment = os.environ | {
        "PYTHONPATH": python_path(ROOT),
        "OMP_NUM_THREADS": "1",
        "GLOO_SOCKET_IFNAME": "lo",
    }
    return subprocess.Popen(
        [sys.executable, *map(str, command)],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_a_training_killed_three_times_ends_as_one_that_never_was(tmp_path):
    def run(out):
        return command.main([*SMALL, "--epochs", "4", "--out", str(out)])

    def run_and_die(*dying):
        process = start(DYING, *dying, *SMALL, "--epochs", "4", "--out", killed)
        process.communicate(timeout=300)
        return process.returncode

    whole, killed = tmp_path / "whole", tmp_path / "killed"
    assert run(whole) == 0
    folder = killed / "listing"
    # before there is a checkpoint; between writing the second one and putting it in its place; and
    # when all is done but the last file
    assert run_and_die("lowlight_hub.training:_Run._step", 2) == -signal.SIGKILL
    assert checkpoints(folder) == []
    assert run_and_die("os:fsync", 7) == -signal.SIGKILL
    assert checkpoints(folder) and list(folder.glob(PARTIAL_FILES))
    assert run_and_die("lowlight_hub.outcome:save_model", 1) == -signal.SIGKILL
    assert not (folder / CONFIG_FILE).exists()
    assert run(killed) == 0
    for name in (WEIGHTS_FILE, HISTORY_FILE, CONFIG_FILE):
        assert (folder / name).read_bytes() == (whole / "listing" / name).read_bytes()
    assert not list(folder.glob(PARTIAL_FILES))


def test_a_stopped_training_saves_and_says_how_to_go_on(tmp_path):
    process = start(ROOT / "train.py", *SMALL, "--epochs", "100000", "--out", tmp_path)
    folder = tmp_path / "listing"
    deadline = time.monotonic() + 300
    while not checkpoints(folder) and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)  # of SIGTERM see below
    _, errors = process.communicate(timeout=300)
    assert process.returncode == 130
    *_, last = errors.strip().splitlines()
    step = int(checkpoints(folder)[0].stem.split("-")[1])
    assert f"stopped after step {step} of" in last and "--resume" in last
    assert "Traceback" not in errors


def test_a_stop_at_the_very_end_keeps_the_weights_and_starts_no_other_attempt(
    tmp_path, monkeypatch, capsys
):
    names = ("listing", "attempt-1")
    monkeypatch.setattr(command, "ATTEMPTS", {name: ATTEMPTS[name] for name in names})
    write_outcome = training.write_outcome

    def interrupted(*arguments, **options):
        os.kill(os.getpid(), signal.SIGTERM)
        write_outcome(*arguments, **options)

    monkeypatch.setattr(training, "write_outcome", interrupted)
    arguments = ["all", "--width", "2", "--epochs", "1", "--device", "cpu"]
    assert command.main([*arguments, "--out", str(tmp_path)]) == 130
    assert "listing: finished, 1 epochs" in capsys.readouterr().err
    assert (tmp_path / "listing" / CONFIG_FILE).is_file()
    assert not (tmp_path / "attempt-1").exists()


def test_a_stop_before_there_is_anything_to_lose_is_at_once(tmp_path, monkeypatch, capsys):
    def reading(*_):
        os.kill(os.getpid(), signal.SIGTERM)
        raise AssertionError("the photos were read to the end")

    monkeypatch.setattr(command, "simulated_pairs", lambda **_: reading())
    assert command.main(["listing", "--out", str(tmp_path)]) == 130
    assert capsys.readouterr().err == "stopped; the same command with --resume goes on\n"


def test_figures_that_cannot_be_written_do_not_end_a_training(pairs, tmp_path, monkeypatch, capsys):
    def full(*_):
        raise LowlightError("cannot write history.jsonl: No space left on device")

    monkeypatch.setattr(watching, "write_history", full)
    folder = train(get_attempt("listing"), pairs, Settings(epochs=1, batch_size=2), tmp_path)
    assert (folder / CONFIG_FILE).is_file()
    assert "warning: cannot write history.jsonl" in capsys.readouterr().out


def test_weights_that_cannot_be_written_are_told_how_to_be_made(pairs, tmp_path, monkeypatch):
    row, settings = get_attempt("listing"), Settings(epochs=1, batch_size=2)

    def full(*_):
        raise LowlightError("cannot write model.safetensors: No space left on device")

    with monkeypatch.context() as disk:
        disk.setattr(outcome, "save_model", full)
        with pytest.raises(LowlightError, match=r"checkpoint-00000002.pt is intact.*--resume"):
            train(row, pairs, settings, tmp_path)
    assert (train(row, pairs, settings, tmp_path, resume=True) / WEIGHTS_FILE).is_file()


def test_a_full_disk_costs_nothing_that_was_there(pairs, tmp_path, monkeypatch):
    row, settings = get_attempt("listing"), Settings(epochs=3, batch_size=2, lr=1e-2)
    whole = train(row, pairs, settings, tmp_path / "whole")
    folder = train(row, pairs, replace(settings, epochs=1), tmp_path / "run")
    earlier = {path: path.read_bytes() for path in checkpoints(folder)}

    def full(descriptor):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as disk:
        disk.setattr(os, "fsync", full)
        with pytest.raises(LowlightError) as stopped:
            train(row, pairs, settings, folder, resume=True)
    message = str(stopped.value)
    assert "No space left" in message and "--resume" in message and "\n" not in message
    assert f"{next(iter(earlier)).name} is intact" in message
    assert {path: path.read_bytes() for path in checkpoints(folder)} == earlier
    train(row, pairs, settings, folder, resume=True)
    assert (folder / WEIGHTS_FILE).read_bytes() == (whole / WEIGHTS_FILE).read_bytes()


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def on_two():
    """What starts a script in two processes, as `accelerate launch` does on several devices."""
    # On loopback, whatever the machine's name.
    here = ["--master_addr", "127.0.0.1", "--master_port", free_port()]
    return ["-m", "torch.distributed.run", "--nproc_per_node", "2", *here]


TWO = """
import sys
import torch
import train
from accelerate import Accelerator
from lowlight_hub.attempts import ATTEMPTS
from lowlight_hub.processes import share_buffers

accelerator = Accelerator(cpu=True)
model = torch.nn.BatchNorm2d(1)
model.running_mean.fill_(5 + accelerator.process_index)
share_buffers(accelerator, model)
print(f"mean {model.running_mean.item():g}\\n", end="", flush=True)
for name in set(ATTEMPTS) - {"listing", "attempt-1"}:
    del ATTEMPTS[name]
sys.exit(train.main(["all", *sys.argv[1:]]))
"""


def test_two_processes_train_one_attempt_after_the_other_and_learn_as_one(hub, tmp_path):
    (tmp_path / "two.py").write_text(TWO)
    small = [*SMALL[1:], "--epochs", "3"]
    two = [*small, "--batch-size", "3", "--out", tmp_path / "two", "--push-to", USER]
    process = start(*on_two(), tmp_path / "two.py", *two)
    one = [*small, "--batch-size", "6", "--out", str(tmp_path / "one")]
    assert command.main(["listing", *one]) == 0
    told, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors
    # They validate with the running means of the first.
    assert [line for line in told.splitlines() if line.startswith("mean")] == ["mean 5", "mean 5"]
    # One of them pushes.
    assert len([line for line in hub.log if "/repos/create" in line]) == 2
    for name in ("listing", "attempt-1"):
        folder = tmp_path / "two" / name
        assert told.count(f"{name}: weights, config, history and pictures are in {folder}") == 1
        config = read_config(folder)
        assert (config["processes"], config["batch_size"]) == (2, 3)
        assert "steps of 6 photos" in (folder / CARD_FILE).read_text()
    # They learn as one with twice the batch.
    alone, together = (
        [json.loads(line) for line in (tmp_path / it / "listing" / HISTORY_FILE).open()]
        for it in ("one", "two")
    )
    for of_one, of_two in zip(alone, together, strict=True):
        assert of_two == pytest.approx(of_one, rel=1e-4)
    assert alone[-1]["train_loss"] < alone[0]["train_loss"]
