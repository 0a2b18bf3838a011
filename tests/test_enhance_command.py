"""`lowlight-hub enhance`: what it takes, what it refuses, and what it says."""

import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest
import torch
from conftest import python_path
from nights import names, run
from PIL import Image
from PIL.ExifTags import Base

import lowlight_hub
from lowlight_hub import enhance, enhance_file, load_model
from lowlight_hub.__main__ import main


def test_a_folder_that_cannot_be_is_said_before_a_photo_is_restored(
    night, tmp_path, capsys, monkeypatch
):
    monkeypatch.setattr("lowlight_hub.batch.enhance_file", lambda *_, **__: pytest.fail("restored"))
    (tmp_path / "file").write_text("mine")
    for out, said in (
        (tmp_path / "file", "cannot make"),
        (tmp_path / "result.jpg", "result.jpg is the name of one result: give one photo"),
        (tmp_path / "result.tif", "result.tif: name it .png, .jpg"),
    ):
        assert run(night, "--out", out) == 1
        told = capsys.readouterr().err
        assert said in told and len(told.splitlines()) == 1
    assert not list(tmp_path.glob("result*"))


def test_one_photo_has_the_file_that_was_named(night, tmp_path, capsys):
    target = tmp_path / "new" / "bright.webp"
    assert run(night / "a.jpg", "--out", target) == 0
    assert Image.open(target).format == "WEBP" and names(tmp_path / "new") == ["bright.webp"]
    before = (night / "a.jpg").read_bytes()
    assert run(night / "a.jpg", "--out", night / "a.jpg", "--overwrite") == 1
    assert (night / "a.jpg").read_bytes() == before
    capsys.readouterr()
    for several in (
        [night],
        [night / "a.jpg", night / "a.png"],
        [night / "a.jpg", "--format", "png"],
        [night / "a.jpg", "--brightness", "0", "--brightness", "1"],
        [night / "a.jpg", "--shadows", "0", "--shadows", "1"],
    ):
        assert run(*several, "--out", tmp_path / "one.png") == 1
        assert "is the name of one result" in capsys.readouterr().err


def test_a_tilde_is_the_users_own_folder(night, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(night)
    assert main(["enhance", "a.png", "--out=~/bright.png", "--model=listing"]) == 0
    model = load_model("listing")
    enhance_file(model, "~/bright.png", "~/again.png")
    assert enhance(model, "~/bright.png").size == Image.open(night / "a.png").size
    assert names(tmp_path / "home") == ["again.png", "bright.png"]


def test_an_empty_name_is_not_the_folder_where_we_are(night, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(night)
    for arguments in (["", "--out", tmp_path / "out"], ["a.jpg", "--out", ""]):
        with pytest.raises(SystemExit):
            run(*arguments)
        assert "an empty name" in capsys.readouterr().err
    assert names(tmp_path) == [f"night/{name}" for name in names(night)]


def test_a_reader_who_has_had_enough_gets_no_traceback(night, tmp_path):
    command = [sys.executable, "-m", "lowlight_hub", "enhance", night, "--out", tmp_path / "out"]
    root = Path(lowlight_hub.__file__).parents[1]
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [*map(str, command), "--model", "listing"],
        stdout=writing,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": python_path(root)},
        check=False,
    )
    os.close(writing)
    assert done.returncode == 1 and "Traceback" not in done.stderr + str(done.stdout)
    assert "Broken" not in done.stderr
    assert len(names(tmp_path / "out")) == 4


def test_one_bad_file_does_not_stop_the_others(night, tmp_path, capsys):
    (night / "b.jpg").write_bytes(b"\xff\xd8\xff nothing more")
    (tmp_path / "empty").mkdir()
    missing = (tmp_path / "none.png", tmp_path / f"{'x' * 300}.png")
    assert run(night, *missing, tmp_path / "empty", "--out", tmp_path / "out") == 1
    assert len(names(tmp_path / "out")) == 4
    told = capsys.readouterr()
    assert "wrote 4 of 7 photos" in told.out
    errors = [line for line in told.err.splitlines() if line.startswith("error: ")]
    assert len(errors) == 4
    assert any("b.jpg cannot be read as a photo" in line for line in errors)
    assert not any(line.count("b.jpg") > 1 for line in errors)
    assert any("none.png does not exist" in line for line in errors)
    assert any("empty holds no photo" in line for line in errors)


def test_nothing_is_overwritten_unasked(night, tmp_path, capsys):
    target = tmp_path / "out" / "a_listing.jpg"
    target.parent.mkdir()
    target.write_bytes(b"mine")
    assert run(night / "a.jpg", "--out", target.parent) == 0
    assert target.read_bytes() == b"mine"
    told = capsys.readouterr()
    assert f"left alone {target}, there already: --overwrite makes it anew" in told.out
    assert run(night, "--out", target.parent) == 0
    assert run(night, "--out", target.parent) == 0
    told = capsys.readouterr()
    assert "wrote 3 of 4 photos" in told.out and "wrote 0 of 4 photos" in told.out
    assert f"left alone {target} and 3 more, there already" in told.out and not told.err
    assert target.read_bytes() == b"mine"
    assert run(night / "a.jpg", "--out", target.parent, "--overwrite") == 0
    assert Image.open(target).size == (40, 30)


def test_settings_reach_the_photos(night, tmp_path):
    run(night / "a.png", "--out", tmp_path / "none", "--strength", "0")
    assert Image.open(tmp_path / "none" / "a_listing_strength0.png").getpixel((5, 5)) == (20, 10, 5)
    exif = Image.Exif()
    exif[Base.Make] = "Maker"
    Image.new("RGB", (40, 30), (20, 10, 5)).save(night / "taken.jpg", exif=exif)
    for options, kept in ([], None), (["--keep-metadata", "--overwrite"], "Maker"):
        run(night / "taken.jpg", "--out", tmp_path / "taken", *options)
        with Image.open(tmp_path / "taken" / "taken_listing.jpg") as restored:
            assert restored.getexif().get(Base.Make) == kept
    settings = ["--detail", "raw", "--brightness", "1", "--strength", "0.8", "--shadows=2"]
    for _ in range(2):  # the second time, the first result in the folder is no photo to restore
        run(night, "--out", night, *settings, "--overwrite")
    assert Image.open(night / "a_listing_raw_strength0.8_+1EV_shadows2.png").size == (200, 200)
    assert not list(night.glob("*raw*raw*"))


def test_several_brightnesses_and_shadows_give_a_result_each(night, tmp_path, capsys):
    levels = [f"--brightness={stops}" for stops in (0, 1, -0.5, 0, 1.00000001)]
    for again in ([], ["--overwrite"]):
        assert run(night / "a.png", "--out", night, *levels, *again) == 0
        assert "wrote 3 of 3 results of 1 photos" in capsys.readouterr().out
    pixels = [
        Image.open(night / f"a_listing{stops}.png").getpixel((5, 5))
        for stops in ("_-0.5EV", "", "_+1EV")
    ]
    for before, more in pairwise(pixels):
        assert all(one < other for one, other in zip(before, more, strict=True))
    assert run(night / "a.png", "--out", tmp_path, *levels[:2], "--shadows=0", "--shadows=2") == 0
    assert "wrote 4 of 4 results of 1 photos" in capsys.readouterr().out
    stems = {it.stem for it in tmp_path.glob("a_listing*.png")}
    assert stems == {f"a_listing{it}" for it in ("", "_shadows2", "_+1EV", "_+1EV_shadows2")}
    # Whatever brightness is asked for, the others' results are no photos.
    for stops in ("0.25", "0.00001"):
        assert run(night, "--out", night, "--brightness", stops) == 0
        assert "wrote 4 of 4 photos" in capsys.readouterr().out


def test_a_file_that_cannot_be_read_is_named_once_for_all_brightnesses(tmp_path, capsys):
    (tmp_path / "b.jpg").write_bytes(b"no photo")
    levels = ["--brightness", "0", "--brightness", "1"]
    assert run(*levels, tmp_path / "b.jpg", "--out", tmp_path / "out") == 1
    assert len(capsys.readouterr().err.strip().splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--brightness", "much"], "invalid float value: 'much'"),
        (["--detail", "best"], "invalid choice: 'best'"),
        (["--format", "tif"], "invalid choice: 'tif'"),
    ],
)
def test_wrong_arguments_are_refused(night, tmp_path, capsys, arguments, message):
    with pytest.raises(SystemExit):
        run(night, "--out", tmp_path / "out", *arguments)
    assert message in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_setting_beyond_its_range_is_said_before_anything_is_written(night, tmp_path, capsys):
    for setting, said in (
        (["--strength", "2"], "strength is 2.0, and must be a number from 0 to 1"),
        (
            ["--brightness", "0", "--brightness", "3"],
            "brightness is 3.0, and must be a number of stops from -2 to 2",
        ),
    ):
        assert run(night, "--out", tmp_path / "out", *setting) == 1
        assert capsys.readouterr().err == f"error: {said}\n"
        assert not (tmp_path / "out").exists()


def test_an_unknown_model_is_named_before_anything_is_written(night, tmp_path, capsys):
    assert main(["enhance", str(night), "--out", str(tmp_path / "out"), "--model", "gpt"]) == 1
    assert "no attempt is called 'gpt'" in capsys.readouterr().err
    assert main(["enhance", str(night), "--out", str(tmp_path / "out"), "--model", "~no/x"]) == 1
    assert "there is no folder ~no/x" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_place_that_cannot_be_written_to_is_said(night, tmp_path, capsys):
    (tmp_path / "file").write_text("no folder")
    assert run(night / "a.jpg", "--out", tmp_path / "file" / "out") == 1
    assert "cannot make" in capsys.readouterr().err


def test_a_device_that_is_not_there_is_refused(night, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    command = ["enhance", str(night), "--out", str(tmp_path / "out"), "--model", "listing"]
    assert main([*command, "--device", "cuda"]) == 1
    assert "has no CUDA device" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
    assert main([*command, "--device", "cpu"]) == 0
