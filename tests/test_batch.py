"""Many photos at once: which are taken, what results are called, and none is lost on the way."""

import errno
import io
import os
import shutil
import stat
import sys
from pathlib import Path

import pytest
from nights import names, run
from PIL import Image

from lowlight_hub.__main__ import main
from lowlight_hub.batch import Found, find_photos, label_of, plan
from lowlight_hub.folders import bundled
from lowlight_hub.photos import save_photo


def test_a_folder_keeps_its_formats(night, tmp_path, capsys):
    assert run(night, "--out", tmp_path / "out") == 0
    expected = ["a_listing.jpg", "a_listing.png", "c_listing.png", "deeper/b_listing.webp"]
    assert names(tmp_path / "out") == expected
    for name in expected:
        with Image.open(tmp_path / "out" / name) as picture:
            assert picture.size == (40, 30)
    assert "wrote 4 of 4 photos" in capsys.readouterr().out


def test_photos_of_one_name_all_get_a_result(night, tmp_path):
    assert run(night / "a.jpg", night, "--out", tmp_path, "--format", "png") == 0
    results = [name for name in names(tmp_path) if name.endswith("g.png") or "-" in name]
    assert results == [
        "a_listing-2.png",
        "a_listing.png",
        "c_listing.png",
        "deeper/b_listing.png",
    ]


def test_photos_that_come_later_change_no_names(night, tmp_path, capsys):
    (night / "deeper" / "b.webp").rename(night / "deeper" / "a.jpg")
    run(night, "--out", tmp_path / "out")
    before = (tmp_path / "out" / "deeper" / "a_listing.jpg").read_bytes()
    save_photo(Image.new("RGB", (20, 20), (9, 9, 9)), night / "another" / "a.jpg")
    capsys.readouterr()
    run(night, "--out", tmp_path / "out")
    assert "wrote 1 of 5 photos" in capsys.readouterr().out
    assert Image.open(tmp_path / "out" / "another" / "a_listing.jpg").size == (20, 20)
    assert (tmp_path / "out" / "deeper" / "a_listing.jpg").read_bytes() == before


def test_results_of_other_models_are_not_taken_for_photos(night, capsys):
    run(night, "--out", night)
    assert main(["enhance", str(night), "--out", str(night), "--model", "attempt-1"]) == 0
    assert "wrote 4 of 4 photos" in capsys.readouterr().out.splitlines()[-1]


def test_results_of_an_own_training_are_not_taken_for_photos(night, tmp_path, capsys):
    own = tmp_path / "runs" / "listing"
    shutil.copytree(bundled("listing"), own)
    for model in (str(own), "listing", str(own)):
        assert main(["enhance", str(night), "--out", str(night), "--model", model]) == 0
    assert len([name for name in names(night) if "_runs-listing" in name]) == 4
    assert len([name for name in names(night) if "_listing" in name]) == 4
    assert "wrote 0 of 4 photos" in capsys.readouterr().out


@pytest.mark.parametrize("label", ["attempt-7", "user-lowlight-vae@v1.1"])
def test_results_of_every_revision_are_not_taken_for_photos(night, label):
    photos, _, _ = find_photos([night], night, label)
    results = ["user-lowlight-vae@v1.0", "user-lowlight-vae@v1_0_raw", "runs-vae-leak-free_+1EV-2"]
    for result in results:
        save_photo(Image.new("RGB", (2, 2)), night / f"a_{result}.png")
    found, left_out, _ = find_photos([night], night, label)
    assert found == photos
    assert sorted(it.name for it in left_out) == sorted(f"a_{it}.png" for it in results)


def test_results_keep_their_suffix_as_it_is_written(night):
    jobs = plan([Found(night / "a.JPG"), Found(night / "a.jpg")], night, ["vae", "vae"])
    assert [it.target.name for it in jobs] == ["a_vae.JPG", "a_vae-2.jpg"]


def test_what_is_hidden_is_left_alone(night, tmp_path, capsys):
    for hidden in (".thumbnails/a.jpg", "deeper/.a.jpg"):
        save_photo(Image.new("RGB", (2, 2)), night / hidden)
    run(night, "--out", tmp_path / "out")
    assert "wrote 4 of 4 photos" in capsys.readouterr().out
    # Hidden is what the folder hides, not where it lies.
    night.rename(tmp_path / ".night")
    run(tmp_path / ".night", "--out", tmp_path / "again")
    assert "wrote 4 of 4 photos" in capsys.readouterr().out


def test_what_is_named_as_a_result_and_left_out_is_told(night, capsys):
    (night / "a.jpg").rename(night / "b_vae.jpg")
    assert run(night, "--out", night) == 0
    assert f"left out {night / 'b_vae.jpg'}, named as a result is" in capsys.readouterr().out
    assert run(night / "b_vae.jpg", "--out", night) == 0
    assert "wrote 1 of 1 photos" in capsys.readouterr().out


def test_a_folder_that_may_not_be_read_is_told_and_stops_no_other(
    night, tmp_path, capsys, monkeypatch
):
    scandir = os.scandir

    def forbidden(folder):
        if Path(folder).name == "deeper":
            raise PermissionError(13, "Permission denied", str(folder))
        return scandir(folder)

    monkeypatch.setattr(os, "scandir", forbidden)
    assert run(night, "--out", tmp_path / "out") == 1
    told = capsys.readouterr()
    assert "wrote 3 of 3 photos" in told.out
    assert told.err == f"error: {night / 'deeper'} may not be read: its permissions forbid it\n"
    assert run(night / "deeper", "--out", tmp_path / "out") == 1
    assert "holds no photo" not in capsys.readouterr().err


def test_photos_in_a_folder_that_may_only_be_listed_are_told_and_stop_no_other(
    night, tmp_path, capsys, monkeypatch
):
    stat = Path.stat

    def forbidden(path, **settings):
        if path.parent.name == "deeper":
            raise PermissionError(13, "Permission denied", str(path))
        return stat(path, **settings)

    monkeypatch.setattr(Path, "stat", forbidden)
    assert run(night, "--out", tmp_path / "out") == 1
    told = capsys.readouterr()
    assert "wrote 3 of 3 photos" in told.out
    photo = night / "deeper" / "b.webp"
    assert told.err == f"error: {photo} may not be read: its permissions forbid it\n"


def test_a_name_that_cannot_be_printed_stops_nothing(night, tmp_path, monkeypatch):
    photo = (night / "a.jpg").rename(night / os.fsdecode(b"\xff.jpg"))
    told = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", told)
    for _ in range(2):
        assert run(photo, "--out", tmp_path / "out") == 0
    told.flush()
    assert b"left alone" in told.buffer.getvalue() and b"\\udcff" in told.buffer.getvalue()


def test_a_photo_and_a_link_to_it_are_called_as_the_photo(night, tmp_path):
    (night / "0.jpg").symlink_to(night / "deeper" / "b.webp")
    assert run(night, "--out", tmp_path / "out") == 0
    assert "deeper/b_listing.webp" in names(tmp_path / "out")
    assert len(names(tmp_path / "out")) == 4


def test_a_link_to_itself_stops_no_other_photo(night, tmp_path, capsys):
    (night / "loop.jpg").symlink_to(night / "loop.jpg")
    assert run(night / "loop.jpg", night / "a.jpg", "--out", tmp_path / "out") == 1
    told = capsys.readouterr()
    assert "wrote 1 of 2 photos" in told.out
    assert len(told.err.strip().splitlines()) == 1 and "loop.jpg" in told.err


def test_jpeg_files_stay_such_whatever_they_are_called():
    photos = [Found(Path(name)) for name in ("a.jfif", "a.JPE", "a.jpeg", "a.mpo", "a.heic")]
    targets = [job.target.name for job in plan(photos, Path("out"), 5 * ["vae"])]
    expected = ["a_vae.jpg", "a_vae-2.jpg", "a_vae.jpeg", "a_vae-3.jpg", "a_vae.png"]
    assert targets == expected


def test_names_that_differ_in_case_only_do_not_meet():
    jobs = plan([Found(Path("A.jpg")), Found(Path("a.jpg"))], Path("out"), 2 * ["vae"])
    assert [job.target.name for job in jobs] == ["A_vae.jpg", "a_vae-2.jpg"]


def test_results_inside_the_folder_are_not_taken_for_photos(night, capsys):
    for _ in range(2):
        run(night, "--out", night / "out", "--overwrite")
        assert "wrote 4 of 4 photos" in capsys.readouterr().out
    assert len(names(night / "out")) == 4
    for _ in range(2):
        run(night, "--out", night, "--overwrite")
        assert "wrote 4 of 4 photos" in capsys.readouterr().out


def test_one_photo_under_several_names_is_taken_once(night, tmp_path, capsys):
    (tmp_path / "link.jpg").symlink_to(night / "a.jpg")
    run(
        night / "a.jpg", night / "deeper" / ".." / "a.jpg", tmp_path / "link.jpg", "--out", tmp_path
    )
    assert "wrote 1 of 1 photos" in capsys.readouterr().out


def test_the_longest_names_are_written_and_longer_ones_named(night, tmp_path, capsys):
    longest = night / f"{'x' * 243}.jpg"  # with _listing, 255 bytes
    (night / "a.jpg").rename(longest)
    assert run(longest, "y" * 300, night / "a.png", "--out", tmp_path / "out") == 1
    assert "wrote 2 of 3 photos" in capsys.readouterr().out


def test_what_nobody_thought_of_stops_one_photo_only(night, tmp_path, capsys, monkeypatch):
    from lowlight_hub import batch

    real = batch.enhance_file

    def fails_once(model, source, target, **settings):
        if source.name == "a.jpg":
            raise RuntimeError("surprise\nand more")
        real(model, source, target, **settings)

    monkeypatch.setattr(batch, "enhance_file", fails_once)
    assert run(night, "--out", tmp_path / "out") == 1
    told = capsys.readouterr()
    assert "wrote 3 of 4" in told.out
    assert f"error: {night / 'a.jpg'} could not be restored: surprise\n" in told.err


def test_a_full_disk_ends_the_batch_and_the_same_command_goes_on(
    night, tmp_path, capsys, monkeypatch
):
    command = night, "--out", tmp_path / "out", "--brightness", "0", "--brightness", "1"
    fsync, calls = os.fsync, []

    def full_at_the_second(descriptor):
        if not stat.S_ISDIR(os.fstat(descriptor).st_mode):
            calls.append(descriptor)
            if len(calls) > 1:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", full_at_the_second)
    assert run(*command) == 1
    told = capsys.readouterr()
    assert told.out.startswith("wrote 1 of 8 results") and len(calls) == 2
    assert "No space left" in told.err and "no more was begun" in told.err
    monkeypatch.setattr(os, "fsync", fsync)
    assert run(*command) == 0
    assert "wrote 7 of 8 results" in capsys.readouterr().out


def test_a_photo_of_the_batch_is_never_replaced(night, tmp_path, capsys):
    before = (night / "a.jpg").read_bytes()
    (night / "a_listing.jpg").write_bytes(before)
    # Where upper is not told from lower case, the result's name may be another one of a photo.
    (night / "other.jpg").hardlink_to(night / "a_listing.jpg")
    assert run(night / "a.jpg", night / "other.jpg", "--out", night, "--overwrite") == 1
    assert (night / "a_listing.jpg").read_bytes() == before
    (night / "other_listing.jpg").unlink()
    assert run(night / "a.jpg", night / "a_listing.jpg", "--out", night, "--overwrite") == 1
    assert (night / "a_listing.jpg").read_bytes() == before
    assert (night / "a_listing_listing.jpg").exists()
    assert "is one of the photos" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("model", "label"),
    [
        ("vae", "vae"),
        ("runs/vae/", "runs-vae"),  # not the results of the bundled one
        ("runs/mean/", "runs-mean"),
        ("user/lowlight-vae", "user-lowlight-vae"),
        ("user/lowlight-vae@refs/pr/1", "user-lowlight-vae@refs-pr-1"),
        (".", "there-here"),
        ("./mine@1", "here-mine@1"),
        ("../x@y", "there-x@y"),
    ],
)
def test_results_are_called_by_the_name_of_the_model(tmp_path, monkeypatch, model, label):
    (tmp_path / "there" / "here").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "there" / "here")
    assert label_of(model) == label
