"""Pushes over HTTP: what is sent, what is refused, and that it can be tried again."""

import json
import re
import shlex
import shutil

import pytest
import torch
from hub_server import USER, Fault
from huggingface_hub import ModelCard
from test_remote import NAME, answer

import train
from lowlight_hub import LowlightError, load_model
from lowlight_hub.__main__ import main
from lowlight_hub.attempts import get_attempt
from lowlight_hub.cards import model_card
from lowlight_hub.errors import HubAwayError
from lowlight_hub.finding import AND, BRIGHT, LEAK_FREE
from lowlight_hub.folders import CONFIG_FILE, MODEL_FILES, bundled, fingerprint, read_config
from lowlight_hub.records import training_command
from lowlight_hub.remote import push
from lowlight_hub.weights import WEIGHTS_FILE


@pytest.fixture
def training(toy, lol, tmp_path) -> list[str]:
    """The arguments of a short training of the toy, into an empty folder."""
    runs = str(tmp_path / "runs")
    return ["toy", "--data", str(lol), "--batch-size", "1", "--out", runs]


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
    for earlier in (load_model(NAME, revision="v1.0"), load_model(f"{NAME}@v1.0")):
        assert earlier.config["seed"] == config["seed"]
    push(other, USER, tag="v1.1")
    commits = len(hub.repositories["models", NAME].commits)
    push(bundled("attempt-1"), USER, tag="v1.0")  # which it is, though no longer the newest
    with pytest.raises(LowlightError, match=r"has a version v1\.0 already: name another$"):
        push(other, USER, tag="v1.0")
    assert len(hub.repositories["models", NAME].commits) == commits


def test_leak_free_weights_do_not_replace_the_others(hub, tmp_path):
    other = tmp_path / "attempt-1-leak-free"
    shutil.copytree(bundled("attempt-1"), other)
    config = json.loads((other / CONFIG_FILE).read_text())
    (other / CONFIG_FILE).write_text(json.dumps({**config, "data": LEAK_FREE}))
    assert main(["push", str(bundled("attempt-1")), str(other), USER]) == 0
    assert {name for kind, name in hub.repositories if kind == "models"} == {
        NAME,
        f"{NAME}-leak-free",
    }
    assert load_model(f"{NAME}-leak-free").config["data"] == LEAK_FREE
    assert load_model(NAME).config["data"] == config["data"]


def test_the_card_repeats_a_training_of_several_processes_with_all_its_photos():
    config = {**read_config(bundled("attempt-1")), "processes": 2, "batch_size": 4}
    assert "--batch-size 8 " in training_command(config)


def test_the_command_names_the_photos_that_are_known():
    config = {**read_config(bundled("attempt-1")), "data": f"hub:a/b@c{AND}{BRIGHT} my photos"}
    assert "--data hub:a/b@c --bright PATH_OF_my_photos --" in training_command(config)


@pytest.mark.parametrize("dry_run", [[], ["--dry-run"]])
def test_two_trainings_of_one_attempt_are_not_pushed_over_each_other(
    hub, tmp_path, capsys, dry_run
):
    copy = shutil.copytree(bundled("attempt-1"), tmp_path / "attempt-1")
    folders = [str(bundled("attempt-1")), str(bundled("listing")), str(copy)]
    assert main(["push", *folders, USER, *dry_run]) == 1
    assert f"would both become {NAME}" in capsys.readouterr().err
    assert hub.repositories == {}


@pytest.mark.parametrize(
    "fault",
    [
        Fault("PUT /upload", is_heard=False),
        Fault("/commit/", is_heard=False),
        Fault("/commit/"),
        Fault("/tag/"),
    ],
    ids=["upload", "commit", "reply to a commit", "reply to a tag"],
)
def test_a_push_cut_anywhere_is_finished_by_the_next(hub, impatient, fault):
    hub.faults.append(fault)
    with pytest.raises(HubAwayError, match=r"connection .* failed .* tries again"):
        push(bundled("attempt-1"), USER)
    hub.faults.clear()
    push(bundled("attempt-1"), USER)
    assert torch.equal(answer(load_model(NAME)), answer(load_model("attempt-1")))
    repository = hub.repositories["models", NAME]
    assert [len(files) for _, _, files in repository.commits] == [0, len(MODEL_FILES)]
    assert repository.tags == {"v1.0": repository.commits[-1][0]}


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (401, "does not take the token"),
        (403, "does not let you do this"),
        (412, "somebody else changed"),
        (413, "takes nothing as large"),
        (429, "was asked too often"),
        (418, r"answers with an error \(418\)"),
    ],
)
def test_each_refusal_has_its_sentence(hub, impatient, status, message):
    hub.faults.append(Fault("/commit/", status=status))
    with pytest.raises(LowlightError, match=message) as caught:
        push(bundled("attempt-1"), USER)
    assert "\n" not in str(caught.value)


def test_without_a_token_nothing_is_asked(hub, monkeypatch, capsys):
    monkeypatch.setenv("HF_TOKEN", "")
    assert main(["push", str(bundled("attempt-1")), str(bundled("vae")), USER]) == 1
    error = capsys.readouterr().err
    assert "nobody is logged in" in error and "`hf auth login`, or set HF_TOKEN" in error
    assert error.count("\n") == 1 and hub.log == []


@pytest.mark.parametrize("user", ["", "a b", "me/mine", ".."])
def test_what_is_no_user_is_refused(hub, capsys, user):
    for arguments in ([], ["--dry-run"]):
        assert main(["push", str(bundled("attempt-1")), user, *arguments]) == 1
        assert "is not a user of the Hub" in capsys.readouterr().err
    assert hub.log == []


def test_figures_of_a_new_training_are_those_of_its_own_file(hub, training, lol, tmp_path, capsys):
    runs, figures = tmp_path / "runs", tmp_path / "figures.json"
    assert train.main(training) == 0
    pushed = ["push", str(runs / "toy"), USER, "--results", str(figures)]
    measured = ["evaluate", "--data", str(lol), "--models", str(runs / "toy"), "--json"]
    assert main([*measured, str(figures)]) == 0
    assert main(pushed) == 0
    files = hub.repositories["models", f"{USER}/lowlight-toy"].commits[-1][2]
    metrics = ModelCard(files["README.md"].decode()).data.eval_results
    assert [it.metric_type for it in metrics] == ["psnr", "ssim"]
    capsys.readouterr()

    recorded = json.loads(figures.read_text())
    assert recorded["weights"] == {"toy": fingerprint(runs / "toy")}
    figures.write_text(json.dumps({**recorded, "weights": {"toy": "of another training"}}))
    assert main(pushed) == 1
    error = capsys.readouterr().err
    assert f"evaluate --data PATH_OF_LOL --models {runs / 'toy'} --json {figures}`" in error
    figures.write_text("[]")
    assert main(pushed) == 1
    assert "is not what `lowlight-hub evaluate --json` writes" in capsys.readouterr().err


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
    assert command[:3] == ["python", "-m", "lowlight_hub"] and main(command[3:]) == 0
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
    assert "nothing that train.py wrote" in capsys.readouterr().err
    assert hub.log == []


def test_a_dry_run_shows_everything_and_sends_nothing(hub, capsys):
    assert main(["push", str(bundled("attempt-1")), USER, "--dry-run"]) == 0
    told = capsys.readouterr().out
    assert NAME in told and all(file in told for file in MODEL_FILES) and "model-index" in told
    assert hub.log == []


def test_a_card_names_the_same_photos_once():
    config = {
        **read_config(bundled("attempt-7")),
        "data": f"{BRIGHT} A, B and C",
        "init_data": [f"{BRIGHT} A and C", f"{BRIGHT} D"],
    }
    card = model_card(get_attempt("attempt-7"), config)
    told = re.findall(rf"The {BRIGHT} (.*?) are under terms", card)
    assert told == ["A, B and C", "D"]


def test_a_dry_run_goes_on_after_a_refusal(hub, tmp_path, capsys):
    folders = [str(tmp_path), str(bundled("attempt-1"))]
    assert main(["push", *folders, USER, "--dry-run"]) == 1
    told = capsys.readouterr()
    assert f"error: {tmp_path} holds no config.json" in told.err and NAME in told.out


def test_several_models_make_a_collection(hub):
    folders = [str(bundled(name)) for name in ("listing", "attempt-1")]
    assert main(["push", *folders, USER]) == 0
    (collection,) = hub.collections.by_slug.values()
    expected = [f"{USER}/lowlight-listing", NAME]
    assert [item["id"] for item in collection["items"]] == expected
    assert main(["push", *folders, USER]) == 0
    assert len(collection["items"]) == 2


def test_training_pushes_and_survives_a_refusal(hub, training, tmp_path, capsys):
    hub.faults.append(Fault("api/repos/create", status=403))
    command = [*training, "--push-to", USER, "--revision", "v2.0", "--private"]
    assert train.main(command) == 1
    retry = f"push --private --revision v2.0 {tmp_path / 'runs' / 'toy'} {USER}"
    assert f"`python -m lowlight_hub {retry}` tries again" in capsys.readouterr().err
    assert (tmp_path / "runs" / "toy" / WEIGHTS_FILE).is_file()
    hub.faults.clear()
    assert train.main([*command, "--resume"]) == 0
    pushed, trained = f"{USER}/lowlight-toy", tmp_path / "runs" / "toy"
    assert torch.equal(answer(load_model(pushed)), answer(load_model(trained)))
    repository = hub.repositories["models", pushed]
    assert repository.private and list(repository.tags) == ["v2.0"]


def test_training_shows_what_it_would_push(hub, training, capsys):
    assert train.main([*training, "--push-to", USER, "--dry-run"]) == 0
    told = capsys.readouterr().out
    assert f"{USER}/lowlight-toy, 0." in told and all(file in told for file in MODEL_FILES)
    assert hub.log == []


@pytest.mark.parametrize(
    ("arguments", "token", "role", "message"),
    [
        (["--push-to", "a b"], None, "write", "'a b' is not a user"),
        (["--push-to", USER, "--revision", "../x"], None, "write", "is not a revision"),
        (["--push-to", "another"], None, "write", f"may not push to another, only to {USER}"),
        (["--push-to", USER], None, "read", f"token of {USER} may only read"),
        (["--push-to", USER], "hf_wrong", "write", "does not take the token"),
        (["--push-to", USER], "", "write", "nobody is logged in"),
        (["--dry-run"], None, "write", "need --push-to USER"),
        (["--push-to", "", "--dry-run"], None, "write", "'' is not a user"),
    ],
)
def test_what_a_push_would_be_refused_for_is_said_before_the_training(
    hub, training, tmp_path, capsys, monkeypatch, arguments, token, role, message
):
    hub.role = role
    if token is not None:
        monkeypatch.setenv("HF_TOKEN", token)
    assert train.main([*training, *arguments]) == 1
    error = capsys.readouterr().err
    assert message in error and error.count("\n") == 1
    assert not (tmp_path / "runs").exists()


def test_a_hub_that_is_away_does_not_keep_from_training(hub, impatient, training, tmp_path, capsys):
    hub.faults.append(Fault("", status=503))
    assert train.main([*training, "--push-to", USER]) == 1
    errors = [it for it in capsys.readouterr().err.splitlines() if it.startswith(("warn", "err"))]
    assert errors[0].startswith("warning: ") and "training starts all the same" in errors[0]
    assert errors[1].startswith("error: ") and "tries again" in errors[1]
    assert (tmp_path / "runs" / "toy" / WEIGHTS_FILE).is_file()
