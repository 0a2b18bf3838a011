"""`lowlight-hub average`: the mean of several trainings is a model like others."""

import shutil
from pathlib import Path

import pytest
import torch

from lowlight_hub import LowlightError, averaging, load_model
from lowlight_hub.__main__ import main
from lowlight_hub.finding import BRIGHT, LEAK_FREE
from lowlight_hub.folders import bundled, fingerprint, load_whole, read_config, save_model


@pytest.fixture
def trainings(tmp_path: Path) -> list[Path]:
    """Two folders as trainings of one attempt leave them, every weight of the second 0.5 more."""
    one, other = tmp_path / "one", tmp_path / "other"
    for folder in (one, other):
        shutil.copytree(bundled("listing"), folder)
    model = load_model(other)
    with torch.no_grad():
        for weights in model.parameters():
            weights += 0.5
    save_model(model, {**read_config(other), "seed": 5}, other)
    return [one, other]


def average(*arguments: object) -> int:
    return main(["average", *map(str, arguments)])


def test_the_mean_of_two_trainings_is_a_model_that_says_what_it_is(trainings, tmp_path):
    assert average(*trainings, "--out", tmp_path / "mean") == 0
    load_whole(tmp_path / "mean")
    one, mean = (load_model(it) for it in (trainings[0], tmp_path / "mean"))
    for before, after in zip(one.parameters(), mean.parameters(), strict=True):
        torch.testing.assert_close(after, before + 0.25, atol=1e-3, rtol=0)
    config = read_config(tmp_path / "mean")
    assert config["seed"] == read_config(trainings[0])["seed"]
    assert config["averaged_with"] == [f"weights of SHA-256 {fingerprint(trainings[1])}"]
    card = (tmp_path / "mean" / "README.md").read_text(encoding="utf-8")
    assert fingerprint(trainings[1]) in card
    assert "are the mean of this training's and of weights of SHA-256" in card


def of_data(folder: Path, data: str) -> Path:
    """The folder, whose weights now say that they learnt from these photos."""
    save_model(load_model(folder), {**read_config(folder), "data": data}, folder)
    return folder


def test_a_mean_tells_of_all_that_its_trainings_learnt_from(trainings, tmp_path):
    own, lol = of_data(trainings[0], f"mine and {BRIGHT} a friend"), trainings[1]
    average(own, lol, "--out", tmp_path / "mean")
    average(tmp_path / "mean", own, "--out", tmp_path / "anew")
    config = read_config(tmp_path / "anew")
    shas = [f"weights of SHA-256 {fingerprint(it)}" for it in (lol, own)]
    assert config["averaged_with"] == shas
    assert config["averaged_data"] == [read_config(lol)["data"]]
    card = (tmp_path / "anew" / "README.md").read_text(encoding="utf-8")
    assert (
        "licence of the LOL photos is not stated" in card
        and "bright photos of a friend are under" in card
    )


def test_a_mean_that_cannot_be_written_is_not_in_the_way_of_the_next_try(
    trainings, tmp_path, monkeypatch, capsys
):
    def full(*_):
        raise LowlightError("cannot write model.safetensors: No space left on device")

    with monkeypatch.context() as disk:
        disk.setattr(averaging, "save_model", full)
        assert average(*trainings, "--out", tmp_path / "mean") == 1
    assert "No space left" in capsys.readouterr().err
    assert average(*trainings, "--out", tmp_path / "mean") == 0


def test_a_config_that_does_not_say_in_words_what_was_averaged_is_refused(trainings, tmp_path):
    config = {**read_config(trainings[0]), "averaged_data": [["of what"]]}
    save_model(load_model(trainings[0]), config, trainings[0])
    assert average(*trainings, "--out", tmp_path / "mean") == 1


def test_three_trainings_count_alike(trainings, tmp_path):
    average(*trainings, trainings[0], "--out", tmp_path / "mean")
    one, mean = (load_model(it) for it in (trainings[0], tmp_path / "mean"))
    for before, after in zip(one.parameters(), mean.parameters(), strict=True):
        torch.testing.assert_close(after, before + 0.5 / 3, atol=1e-3, rtol=0)


def test_what_has_no_mean_is_said_in_one_line(trainings, tmp_path, capsys):
    one, other = trainings
    before = fingerprint(other)
    (tmp_path / "file").touch()
    for folders, out, said in (
        ([one], "mean", "the mean is of two trainings or more"),
        ([one, bundled("attempt-1")], "mean", "these trainings differ in their attempt"),
        ([one, other], "other", "already holds a model.safetensors: name another folder"),
        ([one, tmp_path / "none"], "mean", "there is no folder"),
        ([one, other], "file", f"cannot make {tmp_path / 'file'}"),
    ):
        assert average(*folders, "--out", tmp_path / out) == 1
        told = capsys.readouterr().err
        assert said in told and len(told.splitlines()) == 1
    assert not (tmp_path / "mean").exists()
    assert average(of_data(one, LEAK_FREE), other, "--out", tmp_path / "mean") == 1
    assert "only some of these trainings are leak-free" in capsys.readouterr().err
    (tmp_path / "README.md").write_text("mine")
    assert average(other, other, "--out", tmp_path) == 1
    assert "already holds a README.md" in capsys.readouterr().err
    assert (tmp_path / "README.md").read_text() == "mine"
    with pytest.raises(SystemExit):
        average(one, other, "--out", "")
    assert fingerprint(other) == before
