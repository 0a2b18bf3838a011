"""A frozen part of a network stays as it was, whatever else is trained."""

from dataclasses import replace

import pytest
import torch

from lowlight_hub import LowlightError, load_model
from lowlight_hub.attempts import get_attempt
from lowlight_hub.folders import bundled, fingerprint, read_config
from lowlight_hub.outcome import Settings
from lowlight_hub.training import train

SETTINGS = Settings(epochs=3, batch_size=2, lr=1e-2)


@pytest.mark.parametrize("part", ["encoder", "decoder"])
def test_a_frozen_part_keeps_its_weights_and_running_means(pairs, tmp_path, part):
    attempt = get_attempt("attempt-6")
    settings = replace(SETTINGS, epochs=1, width=2)
    first = train(attempt, pairs, settings, tmp_path / "first")
    settings = replace(settings, seed=1, init_from=first, freeze=part)
    then = train(attempt, pairs, settings, tmp_path / "then")
    before, after = (load_model(it).state_dict() for it in (first, then))
    same = {key for key, value in before.items() if torch.equal(value, after[key])}
    of_part = {key for key in before if key.startswith(f"{part}.")}
    assert of_part <= same and any("running_mean" in key for key in of_part)
    assert same < set(before)
    assert f"--init-from FOLDER --freeze {part}" in (then / "README.md").read_text()


def test_a_training_with_a_frozen_part_is_resumed_with_it(pairs, tmp_path):
    attempt = get_attempt("listing")
    settings = replace(SETTINGS, init_from=bundled("listing"), freeze="encoder")
    whole = train(attempt, pairs, settings, tmp_path / "whole")
    parts = train(attempt, pairs, replace(settings, epochs=1), tmp_path / "parts")
    with pytest.raises(LowlightError, match="freeze"):
        train(attempt, pairs, replace(settings, freeze=None), parts, resume=True)
    train(attempt, pairs, settings, parts, resume=True)
    assert fingerprint(parts) == fingerprint(whole)


def test_the_second_stage_of_attempt_7_is_trained_alone(pairs, tmp_path):
    # With decay, clipping and an average of the weights, which the others do not have.
    attempt = get_attempt("attempt-7")
    settings = Settings(epochs=1, batch_size=2, init_from=bundled("attempt-7"), freeze="coarse")
    folder = train(attempt, pairs, settings, tmp_path)
    before, after = (load_model(it).state_dict() for it in (bundled("attempt-7"), folder))
    changed = {key for key, value in before.items() if not torch.equal(value, after[key])}
    assert changed and all(key.startswith("fine.") for key in changed)
    # Its row's 600 epochs are those of one from nothing.
    assert read_config(folder)["status"].startswith("done")


def test_only_a_part_of_trained_weights_can_be_frozen(pairs, tmp_path):
    with pytest.raises(LowlightError, match="name their folder with --init-from"):
        train(get_attempt("vae"), pairs, replace(SETTINGS, freeze="encoder"), tmp_path)
    settings = replace(SETTINGS, init_from=bundled("vae"), freeze="middle")
    with pytest.raises(LowlightError, match=r"no part 'middle' to freeze, but encoder, .*decoder"):
        train(get_attempt("vae"), pairs, settings, tmp_path)
    assert not any(tmp_path.iterdir())
