"""The command train.py: what it takes, what it refuses, and the order in which it works."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from PIL import Image

import train as command
from lowlight_hub import list_models, load_model
from lowlight_hub.__main__ import main as lowlight_hub
from lowlight_hub.attempts import ATTEMPTS, get_attempt
from lowlight_hub.finding import LOL
from lowlight_hub.folders import HISTORY_FILE, WEIGHTS_FILE, bundled, read_config
from lowlight_hub.photos import save_photo, to_picture
from lowlight_hub.records import training_command


def first_epoch(folder: Path) -> str:
    return (folder / HISTORY_FILE).read_text().splitlines()[0]


def test_command_trains_from_a_folder(lol, tmp_path, capsys):
    out = tmp_path / "runs"
    status = command.main(
        ["listing", "--data", str(lol), "--epochs", "1", "--batch-size", "1", "--out", str(out)]
    )
    assert status == 0, capsys.readouterr().err
    assert read_config(out / "listing")["training_pairs"] >= 2


def test_command_learns_from_bright_photos_beside_pairs(lol, tmp_path, capsys):
    bright = tmp_path / "mine"
    for colour in ("white", "ivory", "snow"):
        save_photo(Image.new("RGB", (64, 64), colour), bright / f"{colour}.png")
    few = ["listing", "--epochs", "1", "--batch-size", "1", "--bright", str(bright)]
    counts, steps = [], []
    for data in (
        [],
        ["--data", str(lol), "--repeat", "3"],
        ["--data", str(lol), "--leak-free"],
    ):
        out = tmp_path / f"runs-{len(data)}"
        assert command.main([*few, *data, "--out", str(out)]) == 0
        (folder,) = out.iterdir()
        config = read_config(folder)
        counts.append(config["training_pairs"] + config["validation_pairs"])
        steps.append(config["steps"] - config["training_pairs"])
        assert "bright photos of mine" in config["data"]
        card = (folder / "README.md").read_text()
        assert "The bright photos of mine are under terms of their own" in card
        assert ("eval15 reward memory" in card) == ("--repeat" in data)
        assert ("licence of the LOL photos is not stated" in card) == bool(data)
        assert f'load_model("{folder.as_posix()}")' in card
        # The command on the card makes the same weights.
        recorded = training_command(config)
        assert recorded in card
        places = {"PATH_OF_LOL": str(lol), "PATH_OF_mine": str(bright)}
        words = [places.get(word, word) for word in recorded.split()[1:]]
        assert command.main([*words, "--out", str(out / "again")]) == 0
        again = out / "again" / folder.name / WEIGHTS_FILE
        assert again.read_bytes() == (folder / WEIGHTS_FILE).read_bytes()
    assert counts[0] == 3
    assert counts[1] == 3 + 4 > counts[2] > 3
    assert steps[0] == steps[2] == 0 and steps[1] > 0
    assert command.main([*few, "--repeat", "2", "--out", str(tmp_path / "alone")]) == 1
    assert "--repeat is of pairs beside bright photos" in capsys.readouterr().err


def test_a_bright_photo_of_a_pair_is_of_the_pairs_scene(tmp_path, photo):
    for number in range(6):
        for kind, light in (("low", 0.1), ("high", 1)):
            shade = to_picture(photo * light * (1 - number / 10))
            save_photo(shade, tmp_path / "mine" / kind / f"{number}.png")
    data, bright = ["--data", str(tmp_path / "mine")], ["--bright", str(tmp_path / "mine" / "high")]
    few = ["listing", "--epochs", "1", "--out", str(tmp_path / "runs")]
    assert command.main([*few, *data, *bright]) == 0
    config = read_config(tmp_path / "runs" / "listing")
    # Each scene has its pair and the photo alone, and is validated on with both.
    assert config["validation_pairs"] == 2
    # What somebody's photos are called is not published.
    assert config["validation_scenes"] == []


def test_the_dark_photos_of_pairs_are_not_taken_for_bright_ones(lol, tmp_path, photo, capsys):
    for kind, light in (("dark", 0.1), ("bright", 1)):
        save_photo(to_picture(photo * light), tmp_path / "mine" / kind / "one.png")
    mine = str(tmp_path / "mine")
    assert command.main(["listing", "--data", mine, "--bright", mine]) == 1
    assert "one.png is the dark photo of a pair" in capsys.readouterr().err


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such names")
def test_photos_and_folders_whose_names_are_not_utf_8_are_learnt_from(tmp_path, photo):
    mine = os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9")
    for kind, light in (("low", 0.1), ("high", 1)):
        for share, name in ((1, b"na\xefve.png"), (0.9, b"plain.png")):
            shade = to_picture(photo * light * share)
            save_photo(shade, Path(mine) / kind / os.fsdecode(name))
    out = tmp_path / "runs"
    few = ["listing", "--epochs", "1", "--batch-size", "1", "--out", str(out)]
    assert command.main([*few, "--data", mine]) == 0
    assert read_config(out / "listing")["data"] == "caf\\udce9"


def test_command_without_data_trains_on_free_photos(tmp_path):
    assert command.main(["listing", "--epochs", "1", "--out", str(tmp_path)]) == 0
    assert "free photos" in read_config(tmp_path / "listing")["data"]


def test_all_trains_every_row_and_the_second_half_goes_on_with_the_first(
    lol, tmp_path, monkeypatch
):
    names = ("listing", "attempt-4a-40", "attempt-4a-80")
    few = {name: get_attempt(name) for name in names}
    monkeypatch.setattr(command, "ATTEMPTS", few)
    for epochs, name in enumerate(names[1:], start=1):
        few[name] = replace(few[name], epochs=epochs)
        monkeypatch.setitem(ATTEMPTS, name, few[name])
    monkeypatch.setitem(ATTEMPTS, "listing", replace(few["listing"], epochs=1))
    out = tmp_path / "runs"
    # a 2 KB network is enough to see the order of things
    arguments = ["all", "--data", str(lol), "--batch-size", "2", "--width", "2", "--out", str(out)]
    assert command.main(arguments) == 0
    assert [read_config(out / name)["epochs_finished"] for name in names] == [1, 1, 2]
    assert first_epoch(out / names[2]) == first_epoch(out / names[1])
    written = [(out / name / WEIGHTS_FILE).read_bytes() for name in names]
    assert command.main([*arguments, "--resume"]) == 0
    assert [(out / name / WEIGHTS_FILE).read_bytes() for name in names] == written


def test_the_end_of_the_first_half_may_be_the_end_of_the_second(tmp_path):
    arguments = ["attempt-4a-80", "--width", "2", "--epochs", "1", "--out", str(tmp_path)]
    assert command.main(arguments) == 0
    assert command.main([*arguments, "--resume"]) == 0


def test_weights_to_start_with_bring_their_width(tmp_path, capsys):
    small = ["listing", "--epochs", "1"]
    assert command.main([*small, "--width", "2", "--out", str(tmp_path / "first")]) == 0
    started = [*small, "--init-from", str(tmp_path / "first" / "listing")]
    assert command.main([*started, "--out", str(tmp_path / "second")]) == 0
    assert read_config(tmp_path / "second" / "listing")["width"] == 2
    capsys.readouterr()
    assert command.main([*started, "--width", "3", "--out", str(tmp_path / "third")]) == 1
    assert "has width 2, not 3: leave --width out" in capsys.readouterr().err
    frozen = [*started, "--freeze", "encoder", "--out", str(tmp_path / "fourth")]
    assert command.main(frozen) == 0
    assert read_config(tmp_path / "fourth" / "listing")["freeze"] == "encoder"


def test_a_first_half_that_cannot_go_on_is_said_before_photos_are_read(
    tmp_path, monkeypatch, capsys
):
    arguments = ["attempt-4a-40", "--width", "2", "--epochs", "1", "--out", str(tmp_path)]
    assert command.main(arguments) == 0
    for checkpoint in (tmp_path / "attempt-4a-40").glob("checkpoint-*"):
        checkpoint.unlink()
    monkeypatch.setattr(command, "_pairs", lambda *_: pytest.fail("photos were read"))
    assert command.main(["attempt-4a-80", *arguments[1:]]) == 1
    assert "no checkpoint to go on from" in capsys.readouterr().err


def test_other_settings_are_said_before_photos_are_read(tmp_path, monkeypatch, capsys):
    arguments = ["listing", "--epochs", "1", "--out", str(tmp_path)]
    assert command.main([*arguments, "--lr", "0.1"]) == 0
    monkeypatch.setattr(command, "_pairs", lambda *_: pytest.fail("photos were read"))
    assert command.main([*arguments, "--lr", "0.2", "--resume"]) == 1
    assert "listing was trained with other settings (lr 0.1 → 0.2)" in capsys.readouterr().err


def test_a_card_says_what_the_weights_before_had_learnt_from(lol, tmp_path, photo):
    for kind, light in (("low", 0.1), ("high", 1)):
        for share in (1, 0.9):
            shade = to_picture(photo * light * share)
            save_photo(shade, tmp_path / "mine" / kind / f"{share}.png")
    few = ["listing", "--epochs", "1", "--batch-size", "1"]
    out = tmp_path / "first"
    assert command.main([*few, "--data", str(lol), "--out", str(out)]) == 0
    for name in ("second", "third"):
        before, out = out / "listing", tmp_path / name
        data = ["--data", str(tmp_path / "mine"), "--init-from", str(before)]
        assert command.main([*few, *data, "--out", str(out)]) == 0
        config, card = read_config(out / "listing"), (out / "listing" / "README.md").read_text()
        assert config["data"] == "mine" and LOL in config["init_data"]
        assert f"which learnt from {'; '.join(config['init_data'])}" in card
        assert "licence of the LOL photos" in card and "eval15 reward memory" in card
        assert "if the weights that it started from have not seen them" in card
    assert config["init_data"] == ["mine", LOL]


def test_weights_of_the_whole_have_no_first_half(tmp_path):
    arguments = ["attempt-4a-80", "--width", "2", "--epochs", "1"]
    assert command.main([*arguments, "--out", str(tmp_path / "first")]) == 0
    weights = tmp_path / "first" / "attempt-4a-80"
    then = tmp_path / "then"
    assert command.main([*arguments, "--init-from", str(weights), "--out", str(then)]) == 0
    assert [path.name for path in then.iterdir()] == ["attempt-4a-80"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["attempt-4b", "--data", "nowhere"], "no folder nowhere"),
        (["attempt-4b", "--data", "a", "b", "c"], "one folder, or two"),
        (["attempt-4b", "--batch-size", "999"], "take --batch-size 20 or less"),
        (["attempt-4b", "--freeze", "encoder"], "name their folder with --init-from"),
        (["all", "--init-from", "weights/vae"], "weights/vae is of one attempt"),
    ],
)
def test_command_says_what_is_wrong(tmp_path, capsys, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    assert command.main(arguments) == 1
    error = capsys.readouterr().err.splitlines()[-1]
    assert error.startswith("error: ") and message in error
    assert not (tmp_path / "runs").exists()


def test_a_full_gpu_is_told_in_one_line(capsys, monkeypatch):
    def full(*_, **__):
        raise torch.OutOfMemoryError("CUDA out of memory.\nTried to allocate 20.00 GiB")

    monkeypatch.setattr(command, "_train", full)
    assert command.main(["listing"]) == 1
    told = "error: the GPU's memory is full: take a smaller --batch-size, or --device cpu"
    assert capsys.readouterr().err.splitlines()[-1] == told
    monkeypatch.setattr("lowlight_hub.__main__.evaluate_in_full", full)
    monkeypatch.setattr("lowlight_hub.__main__.find_pairs", lambda *_: [])
    assert lowlight_hub(["evaluate", "--data", ".", "--models", "listing"]) == 1
    assert capsys.readouterr().err == "error: the GPU's memory is full: take --device cpu\n"


def test_settings_are_checked_before_all_photos_are_read(lol, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(command, "_pairs", lambda *_: pytest.fail("photos were read"))
    begun = tmp_path / "begun" / "attempt-4b"
    begun.mkdir(parents=True)
    (begun / "checkpoint-00000001.pt").write_bytes(b"whole or not")
    for settings, said in (
        (["--out", str(begun.parent)], "already holds a training of attempt-4b: go on with it by"),
        (["--init-from", str(bundled("vae"))], "holds 'vae', not attempt-4b"),
        (["--init-from", str(tmp_path)], "holds no config.json"),
        (["--freeze", "encoder"], "name their folder with --init-from"),
        (["--leak-free", "--init-from", str(bundled("attempt-4b"))], "leak-free weights alone"),
    ):
        assert command.main(["attempt-4b", "--data", str(lol), *settings]) == 1
        assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        ["attempt-9", "invalid choice: 'attempt-9'"],
        ["vae", "--epochs", "0", "0 is not a whole number above 0"],
        ["vae", "--epochs", "x", "invalid whole number above 0 value: 'x'"],
        ["vae", "--lr", "nan", "nan is not a finite number above 0"],
        ["vae", "--lr", "inf", "inf is not a finite number above 0"],
        ["vae", "--whole-share", "2", "2 is not between 0 and 1"],
        ["vae", "--whole-share", "x", "invalid number between 0 and 1 value: 'x'"],
        ["vae", "--seed", "-1", "-1 is not between 0 and"],
        ["vae", "--repeat", "0", "0 is not a whole number above 0"],
        ["vae", "--bright", "", "an empty name"],
        ["vae", "--data", "", "an empty name"],
        ["vae", "--init-from", "", "an empty name"],
        ["vae", "--width", "200000", "200000 is not between 1 and"],
    ],
)
def test_command_refuses_impossible_arguments(capsys, arguments):
    *arguments, said = arguments
    with pytest.raises(SystemExit) as left:
        command.main(arguments)
    assert left.value.code == 2
    assert said in capsys.readouterr().err


def test_a_tracker_that_is_not_installed_is_named(capsys, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert command.main(["listing", "--report-to", "trackio"]) == 1
    assert "pip install trackio" in capsys.readouterr().err


def test_a_toy_row_is_trained_saved_loaded_and_shown(toy, tmp_path, dark_file, monkeypatch):
    from lowlight_hub.demo import comparison, figures, service
    from lowlight_hub.photos import open_photo
    from lowlight_hub.shelf import Shelf

    out = tmp_path / "runs"
    assert command.main(["toy", "--out", str(out)]) == 0
    assert list_models() == []
    assert lowlight_hub(["bundle", str(out / "toy")]) == 0
    assert list_models() == ["toy"]
    assert load_model("toy")(torch.rand(1, 3, 8, 8)).shape == (1, 3, 8, 8)
    monkeypatch.setattr(service, "SHELF", Shelf())
    *_, (tiles, _) = comparison.compare(open_photo(dark_file), None, "transfer")
    assert [tile.attempt.title for tile in tiles] == ["A toy"]
    assert [name for _, name in figures.model_choices()] == ["toy"]


def test_training_needs_no_gradio_and_the_best_model_nothing_that_is_slow_to_import():
    code = "import sys, lowlight_hub, train; lowlight_hub.load_model('attempt-7')"
    started = [sys.executable, "-c", f"{code}; print(*sys.modules)"]
    root = Path(command.__file__).parent
    imported = subprocess.run(started, cwd=root, check=True, capture_output=True, text=True).stdout
    slow = {"gradio", "skimage", "torchvision", "torch._dynamo"}
    assert slow & set(imported.split()) == set()
