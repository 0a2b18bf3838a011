"""from_pretrained, save_pretrained and push_to_hub, which models have of the Hub's own client."""

import ast
import os
import re
import resource
from pathlib import Path

import pytest
import torch
from hub_server import USER
from test_remote import answer

from lowlight_hub import LowlightError, load_model
from lowlight_hub.networks import Autoencoder, ListingAutoencoder


def test_the_hubs_own_verbs(hub, tmp_path):
    model = load_model("attempt-1")
    model.save_pretrained(tmp_path / "saved")
    assert torch.equal(answer(Autoencoder.from_pretrained(tmp_path / "saved")), answer(model))
    card = (tmp_path / "saved" / "README.md").read_text(encoding="utf-8")
    assert f'load_model("{tmp_path}/saved")' in card
    model.push_to_hub("mine", commit_message="By the mixin")
    assert torch.equal(answer(Autoencoder.from_pretrained(f"{USER}/mine")), answer(model))
    _, title, files = hub.repositories["models", f"{USER}/mine"].commits[-1]
    card = files["README.md"].decode()
    assert title == "By the mixin" and f'load_model("{USER}/mine")' in card
    assert "samples.webp" not in card and "samples.webp" not in files


def test_a_card_tells_that_weights_were_changed_after_their_training(tmp_path):
    told = "were changed after this training"
    model = load_model("listing")
    with torch.no_grad():
        next(model.parameters()).add_(0.5)
    model.save_pretrained(tmp_path / "mine")
    assert told in (tmp_path / "mine" / "README.md").read_text(encoding="utf-8")
    load_model(tmp_path / "mine").save_pretrained(tmp_path / "again")
    assert told in (tmp_path / "again" / "README.md").read_text(encoding="utf-8")
    load_model("listing").half().save_pretrained(tmp_path / "as it is")
    assert told not in (tmp_path / "as it is" / "README.md").read_text(encoding="utf-8")


def test_a_card_names_a_folder_not_the_bundled_model_of_its_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    load_model("listing").save_pretrained("vae")
    card = (tmp_path / "vae" / "README.md").read_text(encoding="utf-8")
    assert 'load_model("./vae")' in card
    assert load_model("./vae").config["attempt"] == "listing"


@pytest.mark.parametrize("name", ['of "mine"', "back\\slash", os.fsdecode(b"caf\xe9")])
def test_a_card_can_be_written_and_run_whatever_its_folder_is_called(tmp_path, name):
    load_model("listing").save_pretrained(tmp_path / name)
    card = (tmp_path / name / "README.md").read_text(encoding="utf-8")
    (asked,) = re.findall(r"^model = load_model\((.+)\)$", card, re.MULTILINE)
    assert Path(ast.literal_eval(asked)).name == name.encode("utf-8", "backslashreplace").decode()


def test_saving_a_model_takes_nothing_away_that_was_there(tmp_path):
    saved = tmp_path / "saved"
    load_model("listing").save_pretrained(saved)
    (saved / "README.md").write_text("mine")
    before = {path.name: path.read_bytes() for path in saved.iterdir()}
    with pytest.raises(LowlightError, match="never trained"):
        ListingAutoencoder().save_pretrained(saved)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, limits[1]))
    try:
        with pytest.raises(
            LowlightError, match=r"cannot write .*model\.safetensors: File too large"
        ):
            load_model("attempt-1").save_pretrained(saved)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert {path.name: path.read_bytes() for path in saved.iterdir()} == before


def test_the_hubs_own_verbs_refuse_in_one_sentence(hub, tmp_path, monkeypatch):
    with pytest.raises(LowlightError, match="never trained"):
        ListingAutoencoder().save_pretrained(tmp_path / "untrained")
    with pytest.raises(LowlightError, match="never trained"):
        ListingAutoencoder().push_to_hub(f"{USER}/untrained")
    model = load_model("attempt-1")
    with pytest.raises(LowlightError, match="does not let you do this with another/mine"):
        model.push_to_hub("another/mine")
    with pytest.raises(LowlightError, match="does not take the token"):
        model.push_to_hub(f"{USER}/mine", token="hf_wrong")
    monkeypatch.setenv("HF_TOKEN", "")
    with pytest.raises(LowlightError, match="nobody is logged in"):
        model.push_to_hub(f"{USER}/mine")
    assert hub.repositories == {}


def test_what_was_to_be_private_is_not_pushed_where_all_see_it(hub):
    hub.add(f"{USER}/open", {})
    with pytest.raises(LowlightError, match="is public already: nothing was pushed"):
        load_model("attempt-1").push_to_hub(f"{USER}/open", private=True)
