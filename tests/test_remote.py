"""Push and pull over HTTP: the real client, a Hub on this machine, and all that goes wrong."""

import json
import os
import shlex
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
import torch
from hub_server import TOKEN, USER, Fault
from huggingface_hub import ModelCard, constants

import lowlight_hub
from lowlight_hub import LowlightError, load_model
from lowlight_hub.__main__ import main
from lowlight_hub.folders import CONFIG_FILE, MODEL_FILES, bundled
from lowlight_hub.networks import Autoencoder, ListingAutoencoder
from lowlight_hub.remote import NAMESPACE_VARIABLE, pull, push
from lowlight_hub.weights import WEIGHTS_FILE

NAME = f"{USER}/lowlight-attempt-1"
ROOT = Path(lowlight_hub.__file__).parent.parent


def files_of(name: str) -> dict[str, bytes]:
    return {file: (bundled(name) / file).read_bytes() for file in MODEL_FILES}


def answer(model) -> torch.Tensor:
    photo = torch.rand(1, 3, 60, 80, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        return model(photo)


def test_what_is_pushed_comes_back_bit_for_bit(hub):
    assert push(bundled("attempt-1"), USER) == NAME
    assert torch.equal(answer(load_model(NAME)), answer(load_model("attempt-1")))
    repository = hub.repositories["models", NAME]
    assert [len(files) for _, _, files in repository.commits] == [0, len(MODEL_FILES)]
    assert repository.tags == {"v1.0": repository.commits[-1][0]}
    assert torch.equal(answer(load_model(NAME, revision="v1.0")), answer(load_model("attempt-1")))
    card = ModelCard(repository.commits[-1][2]["README.md"].decode())
    assert card.data.library_name == "lowlight_hub" and card.data.pipeline_tag == "image-to-image"
    assert f'load_model("{NAME}")' in card.text
    metrics = {result.metric_type: result.metric_value for result in card.data.eval_results}
    assert metrics["psnr"] > 15 and 0 < metrics["ssim"] < 1


def test_pushing_the_same_again_uploads_nothing(hub):
    push(bundled("attempt-1"), USER)
    hub.log.clear()
    push(bundled("attempt-1"), USER)
    assert hub.uploads() == []
    assert list(hub.repositories["models", NAME].tags) == ["v1.0"]


def test_other_weights_are_the_next_version(hub, tmp_path):
    push(bundled("attempt-1"), USER)
    other = tmp_path / "other"
    shutil.copytree(bundled("attempt-1"), other)
    config = json.loads((other / CONFIG_FILE).read_text())
    (other / CONFIG_FILE).write_text(json.dumps({**config, "seed": 7}))
    push(other, USER)
    assert list(hub.repositories["models", NAME].tags) == ["v1.0", "v1.1"]
    assert load_model(NAME).config["seed"] == 7
    assert load_model(NAME, revision="v1.0").config["seed"] == config["seed"]
    push(other, USER, tag="v1.1")
    with pytest.raises(LowlightError, match=r"has a version v1\.0 already"):
        push(other, USER, tag="v1.0")


def test_an_attempt_means_the_repository_of_the_namespace(hub, monkeypatch):
    hub.add(NAME, files_of("attempt-1"))
    with pytest.raises(LowlightError, match=f"Set {NAMESPACE_VARIABLE}"):
        load_model("attempt-1", source="hub")
    monkeypatch.setenv(NAMESPACE_VARIABLE, USER)
    load_model("attempt-1", source="hub")
    assert any(WEIGHTS_FILE in line for line in hub.log)
    hub.log.clear()
    load_model("attempt-1")
    assert hub.log == []


def test_the_hubs_own_verbs(hub, tmp_path):
    model = load_model("attempt-1")
    model.save_pretrained(tmp_path / "saved")
    assert torch.equal(answer(Autoencoder.from_pretrained(tmp_path / "saved")), answer(model))
    model.push_to_hub(f"{USER}/mine")
    assert torch.equal(answer(Autoencoder.from_pretrained(f"{USER}/mine")), answer(model))
    with pytest.raises(LowlightError, match="is a Autoencoder, not a ListingAutoencoder"):
        ListingAutoencoder.from_pretrained(f"{USER}/mine")
    with pytest.raises(LowlightError, match="never trained"):
        ListingAutoencoder().save_pretrained(tmp_path / "untrained")


def test_private_repositories_need_the_token(hub, monkeypatch):
    push(bundled("attempt-1"), USER, private=True)
    load_model(NAME)
    monkeypatch.setenv("HF_TOKEN", "")
    shutil.rmtree(constants.HF_HUB_CACHE)
    with pytest.raises(LowlightError, match="log in by `hf auth login`"):
        load_model(NAME)
    load_model(NAME, token=TOKEN)


@pytest.mark.parametrize(
    ("name", "settings", "message"),
    [
        (f"{USER}/nothing", {}, f"there is no {USER}/nothing at http"),
        (NAME, {"revision": "v9"}, "has no revision 'v9'"),
        (NAME, {"token": "hf_wrong"}, "does not take the token|that you may see"),
        ("a b/c?d", {}, "is not a name on the Hub"),
        ("attempt-1", {"revision": "v1"}, "only repositories of the Hub have them"),
        ("gpt", {"source": "hub"}, "is not a repository of the Hub"),
        (NAME, {"source": "disk"}, "must be 'bundled' or 'hub'"),
    ],
)
def test_what_is_not_there_is_said(hub, name, settings, message):
    hub.add(NAME, files_of("attempt-1"))
    with pytest.raises(LowlightError, match=message) as caught:
        load_model(name, **settings)
    assert "\n" not in str(caught.value)


def test_pickles_are_never_read(hub):
    files = files_of("attempt-1")
    hub.add(NAME, {CONFIG_FILE: files[CONFIG_FILE], "pytorch_model.bin": b"cos\nsystem\n"})
    with pytest.raises(LowlightError, match="only those are read, never pickles"):
        load_model(NAME)
    assert not any("GET" in line and ".bin" in line for line in hub.log)


def test_a_file_over_the_limit_is_not_downloaded(hub, monkeypatch):
    from lowlight_hub import remote

    hub.add(NAME, files_of("attempt-1"))
    monkeypatch.setattr(remote, "MAX_FILE_BYTES", 1000)
    with pytest.raises(LowlightError, match=r"more than the 1000 that are read: it was not"):
        load_model(NAME)
    assert not any(line.startswith("GET /stored") for line in hub.log)


def in_a_process(code: str, **environment: str) -> subprocess.CompletedProcess:
    """Runs Python with other settings of the client, which it reads when it is imported."""
    return subprocess.run(
        [sys.executable, "-c", f"import lowlight_hub\n{code}"],
        env={**os.environ, **environment, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.mark.parametrize(
    "away",
    [{"HF_ENDPOINT": "http://127.0.0.1:9"}, {"HF_HUB_OFFLINE": "1"}],
    ids=["down", "offline"],
)
def test_without_the_hub_there_is_what_is_cached(hub, tmp_path, away):
    hub.add(NAME, files_of("attempt-1"))
    load_model(NAME)
    settings = {**away, "HF_HUB_CACHE": constants.HF_HUB_CACHE}
    warm = in_a_process(f"lowlight_hub.load_model({NAME!r})", **settings)
    assert warm.returncode == 0, warm.stderr
    settings["HF_HUB_CACHE"] = str(tmp_path / "empty")
    cold = in_a_process(
        f"""try:
    lowlight_hub.load_model({NAME!r})
except lowlight_hub.LowlightError as error:
    print(error)""",
        **settings,
    )
    assert "cannot be reached" in cold.stdout and "is not in the cache" in cold.stdout, cold.stderr


def test_errors_of_the_hub_leave_what_is_cached(hub):
    hub.add(NAME, files_of("attempt-1"))
    before = answer(load_model(NAME))
    hub.faults.append(Fault("resolve", status=500))
    assert torch.equal(answer(load_model(NAME)), before)
    shutil.rmtree(constants.HF_HUB_CACHE)
    with pytest.raises(LowlightError, match=r"500|cannot be reached"):
        load_model(NAME)
    hub.faults.clear()
    assert torch.equal(answer(load_model(NAME)), before)


def test_a_cut_download_is_picked_up_and_leaves_no_half_model(hub):
    hub.add(NAME, files_of("attempt-1"))
    hub.faults.append(Fault("GET /stored", times=1))
    # The client goes on by itself from 2.0; before that it says so, and the next call goes on.
    with suppress(LowlightError):
        load_model(NAME)
    assert torch.equal(answer(load_model(NAME)), answer(load_model("attempt-1")))


def test_a_refused_push_can_be_tried_again(hub, capsys):
    hub.faults.append(Fault("commit", status=403))
    assert main(["push", str(bundled("attempt-1")), USER]) == 1
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and f"push {bundled('attempt-1')} {USER}` tries again" in error
    hub.faults.clear()
    assert main(["push", str(bundled("attempt-1")), USER]) == 0
    assert f"{hub.url}/{NAME}" in capsys.readouterr().out


def test_the_command_that_tries_again_asks_for_the_same(hub, tmp_path, capsys):
    folder = tmp_path / "my runs" / "attempt-1"
    shutil.copytree(bundled("attempt-1"), folder)
    hub.faults.append(Fault("api/repos/create", status=403))
    assert main(["push", str(folder), USER, "--private", "--revision", "v2.0"]) == 1
    hub.faults.clear()
    command = shlex.split(capsys.readouterr().err.split("`")[1])
    assert command[0] == "lowlight-hub" and main(command[1:]) == 0
    repository = hub.repositories["models", NAME]
    assert repository.private and list(repository.tags) == ["v2.0"]
    hub.add(f"{USER}/lowlight-vae", {})
    assert main(["push", str(bundled("vae")), USER, "--private"]) == 1
    assert "is public already: nothing was pushed" in capsys.readouterr().err


def test_one_refusal_does_not_keep_back_the_others(hub, capsys):
    hub.faults.append(Fault("commit", status=403, times=1))
    folders = [str(bundled(name)) for name in ("listing", "attempt-1", "attempt-2")]
    assert main(["push", *folders, USER]) == 1
    told = capsys.readouterr()
    assert told.err.count("error: ") == 1 and told.out.count("lowlight-attempt-") == 2


@pytest.mark.parametrize(
    "config", [{"attempt": "attempt-1"}, {"train_loss": None}, {"status": 5}], ids=str
)
def test_only_whole_configs_are_pushed(hub, tmp_path, capsys, config):
    folder = tmp_path / "odd"
    shutil.copytree(bundled("attempt-1"), folder)
    whole = {} if "attempt" in config else json.loads((folder / CONFIG_FILE).read_text())
    (folder / CONFIG_FILE).write_text(json.dumps({**whole, **config}))
    assert main(["push", str(folder), USER]) == 1
    assert "only what train.py wrote can be pushed" in capsys.readouterr().err
    assert hub.log == []


def test_a_repository_must_hold_the_attempt_that_is_asked_for(hub, monkeypatch):
    hub.add(f"{USER}/lowlight-vae", files_of("listing"))
    monkeypatch.setenv(NAMESPACE_VARIABLE, USER)
    with pytest.raises(LowlightError, match="holds 'listing', not vae"):
        load_model("vae", source="hub")


@pytest.mark.parametrize("revision", ["", "main/..", "../x", "a b", 5])
def test_revisions_with_tricks_are_refused_before_anything_is_asked(hub, revision):
    hub.add(NAME, files_of("attempt-1"))
    with pytest.raises(LowlightError, match="is not a revision"):
        load_model(NAME, revision=revision)
    assert hub.log == []


@pytest.mark.parametrize("token", ["", "a\nb", "é", 5])
def test_what_is_no_token_is_refused_and_not_shown(hub, token):
    with pytest.raises(LowlightError, match="the token is not one") as caught:
        load_model(NAME, token=token)
    assert "\n" not in str(caught.value) and "Bearer" not in str(caught.value)


def test_an_existing_folder_is_loaded_whatever_its_name(hub, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shutil.copytree(bundled("attempt-1"), tmp_path / "saved")
    shutil.copytree(bundled("attempt-1"), tmp_path / "runs" / "mine")
    for name in ("saved", "runs/mine", "./saved"):
        assert torch.equal(answer(load_model(name)), answer(load_model("attempt-1")))
    assert hub.log == []


def test_a_dry_run_shows_everything_and_sends_nothing(hub, capsys):
    assert main(["push", str(bundled("attempt-1")), USER, "--dry-run"]) == 0
    told = capsys.readouterr().out
    assert NAME in told and all(file in told for file in MODEL_FILES) and "model-index" in told
    assert hub.log == []


def test_several_models_make_a_collection(hub):
    folders = [str(bundled(name)) for name in ("listing", "attempt-1")]
    assert main(["push", *folders, USER]) == 0
    (collection,) = hub.collections.values()
    expected = [f"{USER}/lowlight-listing", NAME]
    assert [item["id"] for item in collection["items"]] == expected
    assert main(["push", *folders, USER]) == 0
    assert len(collection["items"]) == 2


def test_training_pushes_and_survives_a_refusal(hub, toy, tmp_path, capsys):
    import train

    hub.faults.append(Fault("api/repos/create", status=403))
    command = ["toy", "--out", str(tmp_path / "runs"), "--push-to", USER]
    assert train.main(command) == 1
    error = capsys.readouterr().err
    assert f"`lowlight-hub push {tmp_path / 'runs' / 'toy'} {USER}` tries again" in error
    assert (tmp_path / "runs" / "toy" / WEIGHTS_FILE).is_file()
    hub.faults.clear()
    assert train.main([*command, "--resume"]) == 0
    assert torch.equal(
        answer(load_model(f"{USER}/lowlight-toy")), answer(load_model(tmp_path / "runs" / "toy"))
    )


def test_two_processes_at_once_get_whole_models(hub, tmp_path):
    hub.add(NAME, files_of("attempt-1"))
    environment = {**os.environ, "HF_HOME": str(tmp_path / "home"), "PYTHONPATH": str(ROOT)}
    code = (
        "import torch, lowlight_hub; model = lowlight_hub.load_model("
        f"'{NAME}'); print(model(torch.full((1, 3, 8, 8), 0.1)).mean().item())"
    )
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", code], env=environment, stdout=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    told = [process.communicate(timeout=120)[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0]
    expected = load_model("attempt-1")(torch.full((1, 3, 8, 8), 0.1)).mean().item()
    assert told == [f"{expected}\n"] * 2


def test_pulled_folders_are_of_one_commit(hub):
    hub.add(NAME, files_of("attempt-1"))
    folder = pull(NAME)
    assert folder.name == hub.repositories["models", NAME].commits[-1][0]
    assert {CONFIG_FILE, WEIGHTS_FILE} <= {file.name for file in folder.iterdir()}
