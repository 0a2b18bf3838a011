"""Weights come back as they were written, and damaged ones are refused."""

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

import lowlight_hub
from lowlight_hub import ATTEMPTS, LowlightError, list_models, load_model
from lowlight_hub.attempts import get_attempt
from lowlight_hub.folders import (
    CONFIG_FILE,
    MODEL_FILES,
    WEIGHTS,
    WEIGHTS_FILE,
    read_config,
    save_model,
)

ROOT = Path(lowlight_hub.__file__).parent.parent
LIMIT_OF_ALL_MB = 32


@pytest.fixture
def folder(tmp_path):
    """A saved, untrained network with batch normalisation that has seen some photos."""
    torch.manual_seed(0)
    model = get_attempt("vae").network().train()
    with torch.no_grad():
        model(torch.rand(4, 3, 200, 200))
    save_model(model, {"attempt": "vae", "width": None}, tmp_path / "vae")
    return tmp_path / "vae"


@pytest.mark.parametrize("name", ATTEMPTS)
def test_every_attempt_is_bundled_whole_and_within_its_limit(name):
    assert name in list_models()
    for file in MODEL_FILES:
        assert (WEIGHTS / name / file).is_file(), file
    assert (WEIGHTS / name / WEIGHTS_FILE).stat().st_size / 2**20 <= (
        8 if name == "attempt-7" else 1.75
    )
    config = read_config(WEIGHTS / name)
    assert config["attempt"] == name
    assert config["epochs_finished"] == len(
        (WEIGHTS / name / "history.jsonl").read_text().splitlines()
    )
    model = load_model(name)
    assert not model.training
    with torch.no_grad():
        dark = model(torch.full((1, 3, 40, 60), 0.05))
        lit = model(torch.rand(1, 3, 40, 60))
    assert dark.shape == (1, 3, 40, 60)
    assert not torch.equal(dark, lit)


def test_bundled_models_differ_from_each_other():
    photo = torch.rand(1, 3, 200, 200, generator=torch.Generator().manual_seed(0)) * 0.2
    with torch.no_grad():
        restored = torch.stack([load_model(name)(photo)[0] for name in list_models()])
    distances = torch.cdist(restored.flatten(1), restored.flatten(1), p=1) / photo.numel()
    assert distances.fill_diagonal_(1).min() > 1 / 255


def test_all_weights_together_are_within_their_limit():
    assert sum(file.stat().st_size for file in WEIGHTS.rglob("*")) / 2**20 <= LIMIT_OF_ALL_MB


def test_saved_and_loaded_models_answer_alike(folder):
    torch.manual_seed(0)
    model = get_attempt("vae").network().train()
    photo = torch.rand(4, 3, 200, 200)
    with torch.no_grad():
        model(photo)
        loaded = load_model(folder)
        expected = model.eval()(photo)
        torch.testing.assert_close(loaded(photo), expected, atol=5e-3, rtol=0)
    assert {value.dtype for value in loaded.parameters()} == {torch.float32}


def test_files_are_half_precision_and_readable_by_others(folder):
    assert {value.dtype for value in load_file(folder / WEIGHTS_FILE).values()} == {torch.float16}
    assert stat.S_IMODE((folder / WEIGHTS_FILE).stat().st_mode) == 0o644


def test_saving_again_gives_the_same_file(folder, tmp_path):
    model = load_model(folder)
    for name in ("one", "two"):
        save_model(model, read_config(folder), tmp_path / name)
    one, two = ((tmp_path / name / WEIGHTS_FILE).read_bytes() for name in ("one", "two"))
    assert one == two == (folder / WEIGHTS_FILE).read_bytes()


@pytest.mark.parametrize("name", ["attempt-9", "", "tests", None, 5])
def test_unknown_names_are_answered_with_the_known_ones(name):
    with pytest.raises(LowlightError, match=repr(name)) as caught:
        load_model(name)
    assert all(name in str(caught.value) for name in ATTEMPTS)


def test_a_name_longer_than_files_may_have_is_refused_like_others():
    with pytest.raises(LowlightError, match="no attempt is called 'xxx"):
        load_model("x" * 300)


def test_a_folder_without_a_model_is_not_looked_up_on_the_hub(tmp_path, monkeypatch):
    (tmp_path / "runs" / "attempt-1").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(LowlightError, match="has it been trained"):
        load_model("runs/attempt-1")
    (tmp_path / "runs" / "attempt-1" / "config.json").write_text("{}")
    with pytest.raises(LowlightError, match=r"holds no config\.json: .*attempt-1 does"):
        load_model("./runs")


def _spoil_weights(change):
    def spoil(folder):
        weights = load_file(folder / WEIGHTS_FILE)
        change(weights)
        save_file(weights, folder / WEIGHTS_FILE)

    return spoil


def _nan(weights):
    next(iter(weights.values())).view(-1)[0] = float("nan")


def _integers(weights):
    key = next(iter(weights))
    weights[key] = weights[key].long()


def _missing(weights):
    del weights[next(iter(weights))]


def _extra(weights):
    weights["more"] = torch.zeros(1)


def _shape(weights):
    key = next(iter(weights))
    weights[key] = torch.zeros(3)


def _truncated(folder):
    path = folder / WEIGHTS_FILE
    path.write_bytes(path.read_bytes()[:5000])


def _pickle(folder):
    torch.save({"a": torch.zeros(1)}, folder / WEIGHTS_FILE)


def _no_weights(folder):
    (folder / WEIGHTS_FILE).unlink()


def _another_attempt(folder):
    (folder / CONFIG_FILE).write_text(json.dumps({"attempt": "listing"}))


def _unknown_attempt(folder):
    (folder / CONFIG_FILE).write_text(json.dumps({"attempt": "os.system"}))


def _absurd_width(folder):
    (folder / CONFIG_FILE).write_text(json.dumps({"attempt": "vae", "width": 10**9}))


def _not_json(folder):
    (folder / CONFIG_FILE).write_text("{")


def _not_an_object(folder):
    (folder / CONFIG_FILE).write_text("[1]")


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (_spoil_weights(_nan), "finite"),
        (_spoil_weights(_integers), "holds 'I64', not one of F16"),
        (_spoil_weights(_missing), "does not fit"),
        (_spoil_weights(_extra), "does not fit"),
        (_spoil_weights(_shape), "does not fit"),
        (_truncated, "damaged"),
        (_pickle, "damaged"),
        (_no_weights, "there is no"),
        (_another_attempt, "does not fit"),
        (_unknown_attempt, "no attempt is called"),
        (_absurd_width, "width is 1000000000"),
        (_not_json, "damaged"),
        (_not_an_object, "damaged"),
    ],
)
def test_damaged_models_are_refused_in_one_line(folder, spoil, message):
    spoil(folder)
    with pytest.raises(LowlightError, match=message) as caught:
        load_model(folder)
    assert "\n" not in str(caught.value)


def test_weights_that_half_precision_cannot_hold_are_not_written(tmp_path):
    model = get_attempt("listing").network()
    with torch.no_grad():
        next(model.parameters()).fill_(1e6)
    with pytest.raises(LowlightError, match="finite"):
        save_model(model, {"attempt": "listing"}, tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_wheel_carries_the_weights(tmp_path):
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", tmp_path, ROOT],
        check=True,
        capture_output=True,
    )
    wheel = next(tmp_path.glob("*.whl"))
    installed = tmp_path / "installed"
    subprocess.run(
        [sys.executable, "-m", "zipfile", "-e", wheel, installed], check=True, capture_output=True
    )
    code = (
        "import torch, lowlight_hub as hub; print(hub.__file__);"
        "print(hub.load_model('attempt-4b')(torch.zeros(1, 3, 8, 9)).shape)"
    )
    run = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(installed)},
        check=True,
        capture_output=True,
        text=True,
    )
    assert str(installed) in run.stdout and "[1, 3, 8, 9]" in run.stdout
