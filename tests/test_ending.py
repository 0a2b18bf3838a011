"""When a training ends, which of its weights are kept, and what is said of it."""

from dataclasses import replace

import pytest
from trainings import ARTICLE_ROW, SETTINGS, judged_as

from lowlight_hub import outcome
from lowlight_hub.attempts import get_attempt
from lowlight_hub.folders import read_config
from lowlight_hub.outcome import PATIENCE_EPOCHS, is_finished, kept_epoch, last_gain
from lowlight_hub.recipes import Recipe
from lowlight_hub.training import train


def _history(*losses):
    return [{"validation_loss": loss} for loss in losses]


def test_lowest_validation_is_kept_where_the_article_gives_no_epochs():
    history = _history(3.0, 1.0, 2.0)
    assert kept_epoch(get_attempt("listing"), history) == 2
    assert kept_epoch(ARTICLE_ROW, history) == 3


def test_training_stops_when_the_validation_loss_has_stopped_falling(pairs, tmp_path, monkeypatch):
    judged_as(monkeypatch, [5.0, 4.0, *[6.0] * 50])
    monkeypatch.setattr(outcome, "PATIENCE_STEPS", PATIENCE_EPOCHS * 2)  # two steps in an epoch
    row = get_attempt("listing")
    folder = train(row, pairs, replace(SETTINGS, epochs=50), tmp_path)
    config = read_config(folder)
    assert config["kept_epoch"] == 2
    assert config["epochs_finished"] == 2 + PATIENCE_EPOCHS
    assert config["status"] == "done: converged"


def test_of_few_photos_twenty_epochs_are_not_enough():
    # A loss that rises for some steps before it falls.
    row, history = get_attempt("listing"), _history(5.0, *[6.0] * 22, 3.0, *[6.0] * 4)
    settings = replace(SETTINGS, epochs=28)
    assert not any(is_finished(row, settings, history[:epochs], 2) for epochs in range(28))
    assert is_finished(row, settings, history, 2) and kept_epoch(row, history) == 24
    told = outcome._status(row, settings, history, 2)
    assert told == "cut short: too few steps to tell whether it has converged"


def test_one_that_waited_long_enough_is_done_though_its_last_tenth_began_better():
    row, history = get_attempt("listing"), _history(*[5.0] * 189, 4.0, *[6.0] * 20)
    settings = replace(SETTINGS, epochs=400)
    assert last_gain(history) > 0.1 and is_finished(row, settings, history, 100)
    assert outcome._status(row, settings, history, 100) == "done: converged"
    # Of one that was given no more epochs that is not known.
    assert outcome._status(row, settings, history[:200], 100).startswith("cut short")


def test_the_rate_reaches_its_height_in_a_short_training_too():
    recipe = Recipe(cosine=True, warmup_steps=200)
    assert max(recipe.rate(step, 40) for step in range(40)) > 0.95
    assert recipe.rate(99, 10_000) == pytest.approx(0.5, abs=0.01)


def test_few_epochs_are_never_called_enough(pairs, tmp_path, monkeypatch):
    judged_as(monkeypatch, [5.0] * 6)
    for row in (ARTICLE_ROW, get_attempt("listing")):
        folder = train(row, pairs, SETTINGS, tmp_path / row.name)
        config = read_config(folder)
        assert config["status"].startswith("cut short")
        assert config["epochs_planned"] == row.epochs


def test_a_row_that_still_learns_is_said_to_be_cut_short(pairs, tmp_path):
    folder = train(get_attempt("listing"), pairs, replace(SETTINGS, epochs=1), tmp_path)
    assert read_config(folder)["status"].startswith("cut short")
    assert "cut short" in (folder / "README.md").read_text()


def test_last_gain():
    assert last_gain(_history(*[10.0] * 18, 9.95, 9.95)) == pytest.approx(0.005)
    assert last_gain(_history(*[10.0] * 18, 5.0, 7.0)) == pytest.approx(0.5)
    assert last_gain(_history(*[10.0] * 18, 11.0, 12.0)) == 0
