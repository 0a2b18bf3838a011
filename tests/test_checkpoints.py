"""Damage to a checkpoint is noticed, and what was saved before it goes on."""

import random
from dataclasses import replace

import pytest
import torch

from lowlight_hub import LowlightError
from lowlight_hub.attempts import get_attempt
from lowlight_hub.checkpoints import checkpoints, read_newest
from lowlight_hub.folders import WEIGHTS_FILE
from lowlight_hub.outcome import Settings
from lowlight_hub.training import train

SETTINGS = Settings(epochs=3, batch_size=2, lr=1e-2)


@pytest.mark.parametrize("content", [b"", b"no checkpoint", b"PK\x03\x04 half a file"])
def test_a_damaged_checkpoint_is_said_to_be_damaged(pairs, tmp_path, content):
    (tmp_path / "checkpoint-00000002.pt").write_bytes(content)
    with pytest.raises(LowlightError, match="damaged"):
        train(get_attempt("listing"), pairs, SETTINGS, tmp_path, resume=True)


def test_a_flipped_bit_is_noticed_and_the_checkpoint_before_goes_on(pairs, tmp_path, capsys):
    whole = train(get_attempt("listing"), pairs, SETTINGS, tmp_path / "whole")
    once = train(get_attempt("listing"), pairs, replace(SETTINGS, epochs=2), tmp_path / "once")
    newest = checkpoints(once)[0]
    weight = next(iter(read_newest(once)["model"].values()))
    content = bytearray(newest.read_bytes())
    content[content.index(weight.numpy().tobytes())] ^= 1
    newest.write_bytes(content)
    train(get_attempt("listing"), pairs, SETTINGS, once, resume=True)
    assert f"{newest} is damaged" in capsys.readouterr().err
    assert (once / WEIGHTS_FILE).read_bytes() == (whole / WEIGHTS_FILE).read_bytes()


def test_a_whole_checkpoint_that_cannot_be_loaded_is_kept(pairs, tmp_path, monkeypatch):
    train(get_attempt("listing"), pairs, replace(SETTINGS, epochs=2), tmp_path)
    before = checkpoints(tmp_path)

    def no_memory(*_, **__):
        raise RuntimeError("not enough memory: you tried to allocate 1 bytes.")

    monkeypatch.setattr(torch, "load", no_memory)
    with pytest.raises(LowlightError, match="not enough memory"):
        train(get_attempt("listing"), pairs, SETTINGS, tmp_path, resume=True)
    assert checkpoints(tmp_path) == before


def test_random_damage_is_damage_or_does_no_harm(pairs, tmp_path):
    train(get_attempt("listing"), pairs, replace(SETTINGS, epochs=1), tmp_path)
    [path] = checkpoints(tmp_path)
    good, source = path.read_bytes(), random.Random(0)
    expected = read_newest(tmp_path)
    outcomes = {"damaged": 0, "read": 0}
    for _ in range(300):
        content = bytearray(good)
        content[source.randrange(len(good))] ^= 1 << source.randrange(8)
        path.write_bytes(content)
        try:
            state = read_newest(tmp_path)
        except LowlightError:
            outcomes["damaged"] += 1
        else:
            outcomes["read"] += 1  # padding, dates and the like
            assert state["step"] == expected["step"] and state["history"] == expected["history"]
            for key, value in expected["model"].items():
                assert torch.equal(state["model"][key], value)
    assert outcomes["damaged"] > 100, outcomes


def test_a_damaged_checkpoint_does_not_count_among_the_newest_two(pairs, tmp_path):
    train(get_attempt("listing"), pairs, replace(SETTINGS, epochs=2), tmp_path)
    (tmp_path / "checkpoint-99999999.pt").write_bytes(b"no checkpoint")
    train(get_attempt("listing"), pairs, SETTINGS, tmp_path, resume=True)
    assert [path.name for path in checkpoints(tmp_path)] == [
        "checkpoint-00000006.pt",
        "checkpoint-00000004.pt",
    ]
