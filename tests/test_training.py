"""Training learns, resumes exactly, and refuses what would lose work."""

from dataclasses import replace

import pytest
import torch
from conftest import WRITE_CURVE
from trainings import ARTICLE_ROW, SETTINGS, history_of, judged_as, weights_of

from lowlight_hub import LowlightError, load_model, outcome, training
from lowlight_hub.attempts import get_attempt, precision_on
from lowlight_hub.checkpoints import checkpoints, save_checkpoint
from lowlight_hub.folders import (
    MODEL_FILES,
    WEIGHTS_FILE,
    check_card_config,
    read_config,
)
from lowlight_hub.training import train


def test_loss_falls_and_the_folder_holds_a_model(pairs, tmp_path, monkeypatch):
    monkeypatch.setattr(outcome, "write_curve", WRITE_CURVE)
    folder = train(get_attempt("listing"), pairs, SETTINGS, tmp_path / "run")
    history = history_of(folder)
    assert history[-1]["train_loss"] < history[0]["train_loss"]
    assert all((folder / file).is_file() for file in (*MODEL_FILES, "loss.png"))
    config = read_config(folder)
    assert config["steps"] == 3 * 2
    assert config["epochs_finished"] == 3
    assert config["epochs_planned"] == get_attempt("listing").epochs
    assert config["validation_loss"] == min(line["validation_loss"] for line in history)
    assert not load_model(folder).training


@pytest.mark.parametrize(
    ("capability", "expected"),
    [("avx512_f", "fp32"), ("avx512_bf16", "bf16"), ("amx_bf16", "bf16")],
)
def test_bfloat16_only_where_the_processor_computes_in_it(monkeypatch, capability, expected):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {capability: True}, raising=False)
    assert precision_on("cpu", get_attempt("attempt-7")) == expected
    assert precision_on("cpu", get_attempt("vae")) == "fp32"


@pytest.mark.parametrize(("computes", "expected"), [(True, "bf16"), (False, "fp32")])
def test_bfloat16_only_where_the_card_does_not_emulate_it(monkeypatch, computes, expected):
    monkeypatch.setattr(
        torch.cuda, "is_bf16_supported", lambda including_emulation: including_emulation or computes
    )
    assert precision_on("cuda", get_attempt("vae")) == expected


def test_the_last_training_learns_from_every_pair(pairs, tmp_path):
    settings = replace(SETTINGS, all_pairs=True)
    attempt = replace(get_attempt("listing"), epochs_source="article")
    folder = train(attempt, pairs, settings, tmp_path / "run", samples_every=1)
    config = read_config(folder)
    assert (config["training_pairs"], config["validation_pairs"]) == (len(pairs), 0)
    assert not any("validation" in key for line in history_of(folder) for key in line)
    assert "none kept back" in (folder / "README.md").read_text()
    check_card_config(config, "run")
    with pytest.raises(LowlightError, match="says True for freeze"):
        check_card_config({**config, "freeze": True}, "run")
    with pytest.raises(LowlightError, match="leave --all-pairs out"):
        train(get_attempt("vae"), pairs, settings, tmp_path / "vae")


def test_a_checkpoint_of_another_network_is_refused(pairs, tmp_path):
    folder = train(get_attempt("listing"), pairs, replace(SETTINGS, epochs=1), tmp_path)
    for path in checkpoints(folder):
        state = torch.load(path)
        state["model"].popitem()
        path.unlink()
    save_checkpoint(state, folder)
    with pytest.raises(LowlightError, match="of another network, of an earlier version"):
        train(get_attempt("listing"), pairs, SETTINGS, folder, resume=True)


def test_a_training_from_before_there_was_a_setting_goes_on(pairs, tmp_path):
    folder = train(get_attempt("listing"), pairs, replace(SETTINGS, epochs=1), tmp_path)
    state = torch.load(checkpoints(folder)[0])
    del state["settings"]["repeat"]
    save_checkpoint(state, folder)
    with pytest.raises(LowlightError, match="repeat 1 → 2"):
        train(get_attempt("listing"), pairs, replace(SETTINGS, repeat=2), folder, resume=True)
    assert len(history_of(train(get_attempt("listing"), pairs, SETTINGS, folder, resume=True))) == 3


@pytest.mark.parametrize("name", ["listing", "vae"])
def test_resumed_training_is_the_same_training(pairs, tmp_path, monkeypatch, name):
    attempt = get_attempt(name)
    whole = train(attempt, pairs, SETTINGS, tmp_path / "whole")
    parts = tmp_path / "parts"
    train(attempt, pairs, replace(SETTINGS, epochs=1), parts)
    # `accelerate launch` sets these by what its user answered once: they have no say here.
    monkeypatch.setenv("ACCELERATE_MIXED_PRECISION", "bf16")
    monkeypatch.setenv("ACCELERATE_GRADIENT_ACCUMULATION_STEPS", "2")
    train(attempt, pairs, SETTINGS, parts, resume=True)
    assert weights_of(parts) == weights_of(whole)
    assert history_of(parts) == history_of(whole)


def test_a_training_that_died_within_an_epoch_goes_on_as_if_it_had_not(
    pairs, tmp_path, monkeypatch
):
    # Two steps in an epoch; an average of the weights, clipping, and a rate that falls to the end.
    attempt, settings = get_attempt("attempt-7"), replace(SETTINGS, width=8, epochs=2, lr=1e-3)
    whole = train(attempt, pairs, settings, tmp_path / "whole")
    parts, step = tmp_path / "parts", training._Run._step

    def until_the_fourth(run):
        if run.step == 3:
            raise KeyboardInterrupt
        step(run)

    with monkeypatch.context() as dying:
        dying.setattr(training, "CHECKPOINT_S", -1)
        dying.setattr(training._Run, "_step", until_the_fourth)
        with pytest.raises(KeyboardInterrupt):
            train(attempt, pairs, settings, parts)
    assert checkpoints(parts)[0].name == "checkpoint-00000003.pt"
    with pytest.raises(LowlightError, match="epochs 2 → 3"):
        train(attempt, pairs, replace(settings, epochs=3), parts, resume=True)
    train(attempt, pairs, settings, parts, resume=True)
    assert weights_of(parts) == weights_of(whole)
    assert history_of(parts) == history_of(whole)


def test_a_continued_training_is_the_same_as_one_in_one_go(pairs, tmp_path):
    first = train(ARTICLE_ROW, pairs, replace(SETTINGS, epochs=1), tmp_path / "first")
    second = replace(ARTICLE_ROW, name="second", continues="article-row")
    went_on = train(second, pairs, SETTINGS, tmp_path / "second", continued=first)
    whole = train(ARTICLE_ROW, pairs, SETTINGS, tmp_path / "whole")
    assert history_of(went_on) == history_of(whole)
    assert load_state(went_on).keys() == load_state(whole).keys()
    for key, value in load_state(whole).items():
        assert torch.equal(load_state(went_on)[key], value)


def load_state(folder):
    from safetensors.torch import load_file

    return load_file(folder / WEIGHTS_FILE)


def test_seeds_differ(pairs, tmp_path):
    one = train(get_attempt("listing"), pairs, replace(SETTINGS, epochs=1), tmp_path / "one")
    two = train(
        get_attempt("listing"), pairs, replace(SETTINGS, epochs=1, seed=1), tmp_path / "two"
    )
    assert weights_of(one) != weights_of(two)


def test_an_earlier_training_is_not_overwritten(pairs, tmp_path):
    folder = train(get_attempt("listing"), pairs, replace(SETTINGS, epochs=1), tmp_path)
    before = weights_of(folder)
    with pytest.raises(LowlightError, match="--resume"):
        train(get_attempt("listing"), pairs, SETTINGS, tmp_path)
    assert weights_of(folder) == before


def test_a_finished_model_without_checkpoints_is_not_overwritten(pairs, tmp_path):
    folder = train(get_attempt("listing"), pairs, replace(SETTINGS, epochs=1), tmp_path)
    before = weights_of(folder)
    for path in folder.glob("checkpoint-*.pt"):
        path.unlink()
    for resume in (False, True):
        with pytest.raises(LowlightError, match="finished model"):
            train(get_attempt("listing"), pairs, SETTINGS, tmp_path, resume=resume)
    assert weights_of(folder) == before


def test_an_extended_training_killed_before_its_weights_goes_on(pairs, tmp_path, monkeypatch):
    whole = train(get_attempt("listing"), pairs, SETTINGS, tmp_path / "whole")
    folder = train(get_attempt("listing"), pairs, replace(SETTINGS, epochs=1), tmp_path / "run")
    with monkeypatch.context() as killed:
        killed.setattr(training._Run, "end", lambda run: None)
        train(get_attempt("listing"), pairs, SETTINGS, folder, resume=True)
    train(get_attempt("listing"), pairs, SETTINGS, folder, resume=True)
    assert weights_of(folder) == weights_of(whole)


def test_other_settings_are_refused_and_named(pairs, tmp_path):
    train(get_attempt("listing"), pairs, replace(SETTINGS, epochs=1), tmp_path)
    with pytest.raises(LowlightError, match=r"lr 0\.01 → 0\.5"):
        train(get_attempt("listing"), pairs, replace(SETTINGS, lr=0.5), tmp_path, resume=True)


def test_other_data_and_another_attempt_are_refused(pairs, tmp_path):
    train(get_attempt("listing"), pairs, replace(SETTINGS, epochs=1), tmp_path)
    with pytest.raises(LowlightError, match="data "):
        train(get_attempt("listing"), pairs.at([0, 2, 3, 4]), SETTINGS, tmp_path, resume=True)
    with pytest.raises(LowlightError, match=r"data 6 pairs, SHA-256 \w+ → 6 pairs"):
        others = replace(pairs, dark=pairs.dark // 2)  # under the same names
        train(get_attempt("listing"), others, SETTINGS, tmp_path, resume=True)
    moved = replace(pairs, source="elsewhere")  # the same photos
    train(get_attempt("listing"), moved, SETTINGS, tmp_path, resume=True)
    with pytest.raises(LowlightError, match="attempt listing → article-row"):
        train(ARTICLE_ROW, pairs, SETTINGS, tmp_path, resume=True)


def test_resuming_a_finished_training_changes_nothing(pairs, tmp_path, capsys):
    folder = train(get_attempt("listing"), pairs, SETTINGS, tmp_path)
    before = {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
    train(get_attempt("listing"), pairs, SETTINGS, tmp_path, resume=True)
    assert "already finished" in capsys.readouterr().out
    assert {path.name: path.stat().st_mtime_ns for path in folder.iterdir()} == before
    written = weights_of(folder)
    (folder / WEIGHTS_FILE).unlink()
    train(get_attempt("listing"), pairs, SETTINGS, tmp_path, resume=True)
    assert weights_of(folder) == written


def test_a_loss_that_is_not_finite_stops_without_weights(pairs, tmp_path):
    def broken(model, dark, bright):
        return model(dark).mean() * float("nan")

    with pytest.raises(LowlightError, match=r"loss at step 0 .* is nan"):
        train(replace(ARTICLE_ROW, loss=broken), pairs, SETTINGS, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_weights_spoilt_by_a_gradient_are_not_saved(pairs, tmp_path):
    def broken(model, dark, bright):
        # The root of 0 is finite, its slope is not.
        return model(dark).mean() + (model(dark) * 0).sum().sqrt()

    with pytest.raises(LowlightError, match=r"the weight .* at step 0 .* is nan"):
        row = replace(ARTICLE_ROW, loss=broken)
        train(row, pairs, replace(SETTINGS, batch_size=6, all_pairs=True), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_weights_beyond_half_precision_are_not_saved(pairs, tmp_path):
    def far(model, dark, bright):
        return sum((it * 1e-3).sum() for it in model.parameters())

    with pytest.raises(
        LowlightError, match=r"the weight .* at step \d+ .* is [\d.]+: .*lower --lr"
    ):
        train(replace(ARTICLE_ROW, loss=far), pairs, replace(SETTINGS, lr=1e5), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_validation_loss_that_is_not_finite_keeps_the_last_good_state(
    pairs, tmp_path, monkeypatch
):
    train(ARTICLE_ROW, pairs, replace(SETTINGS, epochs=1), tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    judged_as(monkeypatch, [float("inf")])
    with pytest.raises(LowlightError, match=r"validation loss .* is inf"):
        train(ARTICLE_ROW, pairs, SETTINGS, tmp_path, resume=True)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_folder_that_cannot_be_made_is_refused_before_training(pairs, tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(LowlightError, match="cannot make"):
        train(ARTICLE_ROW, pairs, SETTINGS, tmp_path / "file" / "run")


def test_bfloat16_learns_too(pairs, tmp_path):
    folder = train(
        get_attempt("listing"), pairs, replace(SETTINGS, precision="bf16"), tmp_path / "run"
    )
    history = history_of(folder)
    assert history[-1]["train_loss"] < history[0]["train_loss"]


def test_samples_are_drawn_and_a_tracker_is_told(pairs, tmp_path):
    from accelerate.tracking import GeneralTracker

    class Kept(GeneralTracker):
        name, requires_logging_directory = "kept", False

        def __init__(self):
            super().__init__()
            self.told = []

        @property
        def tracker(self):
            return self

        def store_init_configuration(self, values):
            self.told.append((None, values))

        def log(self, values, step=None, **_):
            self.told.append((step, values))

    tracker = Kept()
    folder = train(
        get_attempt("listing"), pairs, SETTINGS, tmp_path, samples_every=4, report_to=tracker
    )
    assert [path.name for path in folder.glob("validation-*")] == ["validation-00000004.webp"]
    (_, settings), *lines = tracker.told
    assert settings["lr"] == SETTINGS.lr
    assert [step for step, _ in lines] == [2, 4, 6]
    assert [line for _, line in lines] == history_of(folder)
