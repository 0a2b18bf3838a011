"""The Space is what it needs and nothing more, and the uploaded tree answers."""

import importlib
import re
import sys
from pathlib import Path
from types import SimpleNamespace

import gradio as gr
import pytest
import yaml
from browsing import served
from conftest import python_path
from gradio_client import Client, handle_file
from hub_server import USER, Fault

import lowlight_hub
from lowlight_hub import ATTEMPTS
from lowlight_hub.__main__ import main
from lowlight_hub.demo import service, zero_gpu
from lowlight_hub.spaces import space_files

ROOT = Path(lowlight_hub.__file__).parent.parent
NAME = f"{USER}/lowlight"


def card_of(files: dict[str, bytes]) -> dict:
    return yaml.safe_load(files["README.md"].decode().split("---\n")[1])


def test_the_repository_as_it_stands_is_a_space():
    files = space_files(ROOT, zero_gpu=False)
    card = card_of(files)
    pins = dict(line.split("==") for line in files["requirements.txt"].decode().splitlines())
    assert (card["sdk"], card["sdk_version"]) == ("gradio", pins["gradio"])
    assert card["app_file"] in files and len(card["short_description"]) <= 60
    assert files["README.md"] == (ROOT / "README.md").read_bytes()
    assert {f"weights/{name}/model.safetensors" for name in ATTEMPTS} <= files.keys()
    assert not [name for name in files if re.match(r"tests|benchmarks|\.|train", name)]


def test_a_zero_gpu_space_asks_for_what_zero_gpu_has():
    files = space_files(ROOT, zero_gpu=True)
    pins = files["requirements.txt"].decode().splitlines()
    assert "torch==2.11.0" in pins and "torchvision==0.26.0" in pins
    assert [pin for pin in pins if pin.startswith("spaces>=")]
    assert len([pin for pin in pins if pin.startswith("torch==")]) == 1
    assert card_of(files)["python_version"] == "3.12"


@pytest.mark.parametrize("zero_gpu", [False, True])
def test_the_tree_takes_the_place_of_what_was_there(hub, zero_gpu):
    left_over = {"lowlight_hub/__init__.py": b"", "lowlight_hub/old.py": b"left over"}
    hub.add(NAME, left_over, kind="spaces")
    assert main(["push-space", NAME, *(["--zero-gpu"] if zero_gpu else [])]) == 0
    uploaded = hub.repositories["spaces", NAME].commits[-1][2]
    assert uploaded == space_files(ROOT, zero_gpu=zero_gpu)


def test_the_uploaded_tree_answers_and_calls_go_through_zerogpu(tmp_path, dark_file):
    for name, content in space_files(ROOT, zero_gpu=True).items():
        path = tmp_path / "space" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    # What ZeroGPU provides: a decorator through which every call must go.
    (tmp_path / "modules").mkdir()
    (tmp_path / "modules" / "spaces.py").write_text(
        "from pathlib import Path\n"
        "def GPU(function):\n"
        "    def on_gpu(*inputs):\n"
        f"        Path({str(tmp_path / 'called')!r}).touch()\n"
        "        return function(*inputs)\n"
        "    return on_gpu\n"
    )
    variables = {"SPACES_ZERO_GPU": "true", "PYTHONPATH": python_path(tmp_path / "modules")}
    with served(tmp_path / "space", **variables) as url:
        client = Client(url, verbose=False)
        _, answers = client.predict(handle_file(dark_file), api_name="/compare")
    assert len(answers) == len(ATTEMPTS)
    assert (tmp_path / "called").exists()


def test_a_space_without_zerogpu_computes_where_it_is(monkeypatch):
    # Every Gradio Space has the package.
    monkeypatch.setitem(sys.modules, "spaces", SimpleNamespace(GPU=lambda function: "on a GPU"))
    try:
        for value, expected in (("", main), ("false", main), ("true", "on a GPU")):
            monkeypatch.setenv("SPACES_ZERO_GPU", value)
            importlib.reload(zero_gpu)
            assert zero_gpu.on_gpu(main) is expected
            assert (expected is not main) == zero_gpu.IS_ZERO_GPU
    finally:
        monkeypatch.undo()
        importlib.reload(zero_gpu)


@pytest.mark.parametrize(
    ("title", "said"),
    [
        ("ZeroGPU quota exceeded", "Your quota is spent. Try again in 2:00:00"),
        ("ZeroGPU worker error", service.OUR_FAULT),
        ("Error", service.OUR_FAULT),
    ],
)
def test_what_zerogpu_refuses_is_told_in_its_words(title, said):
    error = gr.Error("Your quota is spent. Try again in 2:00:00. ", title=title)
    assert service.in_words(error) == said


def test_only_what_is_known_is_uploaded(tmp_path):
    for part in ("app.py", "README.md", "LICENSE", "requirements.txt", "lowlight_hub/a.py"):
        (tmp_path / part).parent.mkdir(exist_ok=True)
        (tmp_path / part).write_text("x")
    for folder in ("weights", "docs"):
        (tmp_path / folder).mkdir()
    known = space_files(tmp_path, zero_gpu=False)
    (tmp_path / "weights" / "mine").mkdir()
    for stray in (
        "lowlight_hub/.env",
        "weights/.a.partial.safetensors",
        "weights/checkpoint.pt",
        "weights/mine/validation-00000100.webp",
    ):
        (tmp_path / stray).write_text("secret")
    (tmp_path / "weights" / "link.json").symlink_to("/etc/hostname")
    assert space_files(tmp_path, zero_gpu=False) == known


def test_another_space_is_left_alone(hub, capsys):
    hub.add(NAME, {"app.py": b"another", "data.csv": b"precious"}, kind="spaces")
    assert main(["push-space", NAME]) == 1
    assert "is another Space" in capsys.readouterr().err
    assert "data.csv" in hub.repositories["spaces", NAME].commits[-1][2]


def test_a_public_space_does_not_get_what_was_to_be_private(hub, capsys):
    hub.add(NAME, {"lowlight_hub/__init__.py": b""}, kind="spaces")
    before = len(hub.repositories["spaces", NAME].commits)
    assert main(["push-space", NAME, "--private"]) == 1
    assert "is public already: nothing was pushed" in capsys.readouterr().err
    assert len(hub.repositories["spaces", NAME].commits) == before


def test_a_dry_run_shows_everything_and_sends_nothing(hub, capsys):
    assert main(["push-space", NAME, "--zero-gpu", "--dry-run"]) == 0
    told = capsys.readouterr().out
    assert f"spaces/{NAME}, " in told and "torch==2.11.0" in told and "sdk: gradio" in told
    assert all(f"  {name}\n" in told for name in space_files(ROOT, zero_gpu=True))
    assert main(["push-space", "no name at all/x/y", "--dry-run"]) == 1
    assert hub.log == []


def test_refusals_are_one_sentence(hub, tmp_path, capsys, monkeypatch):
    hub.faults.append(Fault("api/repos/create", status=403))
    assert main(["push-space", NAME]) == 1
    assert main(["push-space", "no name at all/x/y"]) == 1
    errors = capsys.readouterr().err.splitlines()
    monkeypatch.setenv("HF_TOKEN", "")
    assert main(["push-space", NAME]) == 1
    errors += capsys.readouterr().err.splitlines()
    assert "nobody is logged in" in errors[-1]
    assert len(errors) == 3 and all(line.startswith("error: ") for line in errors)
    with pytest.raises(lowlight_hub.LowlightError, match="run this in a checkout"):
        space_files(tmp_path, zero_gpu=False)
