"""Pulls over HTTP: the real client, a Hub on this machine, and all that goes wrong."""

import os
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
import torch
from conftest import python_path
from hub_server import TOKEN, USER, Fault
from huggingface_hub import constants

import lowlight_hub
from lowlight_hub import LowlightError, load_model
from lowlight_hub.errors import HubAwayError
from lowlight_hub.folders import CONFIG_FILE, MODEL_FILES, bundled
from lowlight_hub.networks import Autoencoder, ListingAutoencoder
from lowlight_hub.remote import NAMESPACE_VARIABLE, pull
from lowlight_hub.weights import WEIGHTS_FILE

NAME = f"{USER}/lowlight-attempt-1"
ROOT = Path(lowlight_hub.__file__).parent.parent


def files_of(name: str) -> dict[str, bytes]:
    return {file: (bundled(name) / file).read_bytes() for file in MODEL_FILES}


def answer(model) -> torch.Tensor:
    photo = torch.rand(1, 3, 60, 80, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        return model(photo)


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


def test_private_repositories_need_the_token(hub, monkeypatch):
    hub.add(NAME, files_of("attempt-1"), private=True)
    load_model(NAME)
    monkeypatch.setenv("HF_TOKEN", "")
    shutil.rmtree(constants.HF_HUB_CACHE)
    with pytest.raises(LowlightError, match="log in by `hf auth login`"):
        load_model(NAME)
    load_model(NAME, token=TOKEN)


@pytest.mark.parametrize(
    ("name", "settings", "message"),
    [
        (f"{USER}/nothing", {}, f"there is no {USER}/nothing at http.*nor is there a folder"),
        (NAME, {"revision": "v9"}, "has no revision 'v9'"),
        (f"{NAME}@v9", {}, "has no revision 'v9'.*nor is there a folder"),
        (f"{NAME}@", {}, "'' is not a revision"),
        (f"{NAME}@v9", {"revision": "v9"}, "names a revision: leave out revision='v9'"),
        ("runs@2/vae", {}, "there is no folder runs@2/vae"),
        ("attempt-1@v9", {}, "no attempt is called 'attempt-1@v9'"),
        (NAME, {"token": "hf_wrong"}, "does not take the token"),
        ("a b/c?d", {}, "is not a name on the Hub"),
        ("user/..", {}, "is not a name on the Hub"),
        (NAME, {"local_files_only": True}, "not in the cache, and nothing is to be downloaded"),
        (NAME, {"local_files_only": True, "force_download": True}, "exclude each other"),
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
        env={**os.environ, **environment, "PYTHONPATH": python_path(ROOT)},
        capture_output=True,
        text=True,
        timeout=300,
    )


@pytest.mark.parametrize(
    "away",
    [{"HF_ENDPOINT": "http://127.0.0.1:9"}, {"HF_HUB_OFFLINE": "1"}],
    ids=["down", "offline"],
)
def test_without_the_hub_there_is_what_is_cached(hub, tmp_path, away):
    hub.add(NAME, files_of("attempt-1"))
    load_model(NAME)
    done = in_a_process(
        f"""import shutil, time
time.sleep = lambda seconds: None  # as `impatient` does
lowlight_hub.load_model({NAME!r})
print("from the cache")
shutil.rmtree({constants.HF_HUB_CACHE!r})
try:
    lowlight_hub.load_model({NAME!r})
except lowlight_hub.LowlightError as error:
    print(error)""",
        **away,
        HF_HUB_CACHE=constants.HF_HUB_CACHE,
    )
    assert done.returncode == 0, done.stderr
    warm, cold = done.stdout.splitlines()
    assert warm == "from the cache"
    assert "cannot be reached" in cold and "is not in the cache" in cold


def test_errors_of_the_hub_leave_what_is_cached(hub, impatient):
    hub.add(NAME, files_of("attempt-1"))
    before = answer(load_model(NAME))
    hub.faults.append(Fault("resolve", status=500))
    assert torch.equal(answer(load_model(NAME)), before)
    for force_download in (True, False):
        with pytest.raises(HubAwayError, match=r"answers with an error \(500\)"):
            load_model(NAME, force_download=force_download)
        shutil.rmtree(constants.HF_HUB_CACHE, ignore_errors=True)
    hub.faults.clear()
    assert torch.equal(answer(load_model(NAME)), before)


def test_a_cut_download_is_picked_up_and_leaves_no_half_model(hub):
    hub.add(NAME, files_of("attempt-1"))
    hub.faults.append(Fault("GET /stored", times=1))
    # The client goes on by itself from 2.0; before that it says so, and the next call goes on.
    with suppress(LowlightError):
        load_model(NAME)
    assert torch.equal(answer(load_model(NAME)), answer(load_model("attempt-1")))


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


def test_two_processes_at_once_get_whole_models(hub, tmp_path):
    hub.add(NAME, files_of("attempt-1"))
    environment = {**os.environ, "HF_HOME": str(tmp_path / "home"), "PYTHONPATH": python_path(ROOT)}
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
    told = [process.communicate(timeout=300)[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0]
    expected = load_model("attempt-1")(torch.full((1, 3, 8, 8), 0.1)).mean().item()
    assert told == [f"{expected}\n"] * 2


def test_pulled_folders_are_of_one_commit(hub):
    hub.add(NAME, files_of("attempt-1"))
    folder = pull(NAME)
    assert folder.name == hub.repositories["models", NAME].commits[-1][0]
    assert {CONFIG_FILE, WEIGHTS_FILE} <= {file.name for file in folder.iterdir()}


def test_a_push_in_the_middle_of_a_pull_mixes_nothing(hub):
    first = hub.add(NAME, files_of("attempt-1"))
    # The same network, so that the weights would fit.
    hub.meanwhile[f"GET .*{CONFIG_FILE}"] = lambda: hub.add(NAME, files_of("attempt-2"))
    model = load_model(NAME)
    assert hub.meanwhile == {} and model.revision == first
    assert torch.equal(answer(model), answer(load_model("attempt-1")))
    assert torch.equal(answer(load_model(NAME)), answer(load_model("attempt-2")))


def test_from_pretrained_takes_the_mixins_keywords(hub, tmp_path):
    hub.add(NAME, files_of("attempt-1"))
    cached = {"cache_dir": tmp_path / "mine", "strict": True}
    Autoencoder.from_pretrained(NAME, token=False, **cached)
    assert not Path(constants.HF_HUB_CACHE).exists()
    hub.log.clear()
    Autoencoder.from_pretrained(NAME, local_files_only=True, **cached)
    assert hub.log == []
    Autoencoder.from_pretrained(NAME, force_download=True, **cached)
    assert len([line for line in hub.log if line.startswith("GET")]) >= 2
    with pytest.raises(LowlightError, match="strict is False, and must be True"):
        Autoencoder.from_pretrained(NAME, strict=False)
    with pytest.raises(LowlightError, match="is a Autoencoder, not a ListingAutoencoder"):
        ListingAutoencoder.from_pretrained(NAME)
