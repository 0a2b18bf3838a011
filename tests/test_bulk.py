"""Photos in bulk on a local Ray: resumable, and a bad file stops nobody."""

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PIL.ExifTags import Base
from torch import nn

from lowlight_hub import bulk, enhance, load_model
from lowlight_hub.bulk import FAILURES_FILE, enhance_in_bulk, main, result_name
from lowlight_hub.folders import bundled
from lowlight_hub.photos import save_photo, to_picture
from lowlight_hub.places import place_of
from lowlight_hub.ray_workers import PARTIAL, Worker

pytest.importorskip("ray")
COUNT = 60


@pytest.fixture(scope="module")
def cluster():
    """A Ray of two processors for all tests of this file."""
    import ray

    path = {"PYTHONPATH": str(Path(bulk.__file__).parent.parent)}
    ray.init(
        num_cpus=2, include_dashboard=False, log_to_driver=False, runtime_env={"env_vars": path}
    )
    yield
    ray.shutdown()


@pytest.fixture
def photos(tmp_path, photo):
    folder = tmp_path / "photos"
    save_photo(to_picture(photo[:, ::4, ::4] * 0.15), folder / "first.png")
    for number in range(COUNT):
        place = folder / f"part-{number % 3}"
        place.mkdir(exist_ok=True)
        shutil.copy(folder / "first.png", place / f"{number}.png")
    Image.open(folder / "first.png").save(folder / "part-0" / "scan.tif")
    (folder / "part-1" / "broken.jpg").write_bytes(b"\xff\xd8\xff nothing more")
    (folder / "notes.txt").write_text("no photo")
    return folder


def files_in(folder):
    return {str(it.relative_to(folder)) for it in folder.rglob("*") if it.is_file()}


def test_a_tree_of_photos_is_enhanced_once(cluster, photos, tmp_path):
    out = tmp_path / "out"
    report = enhance_in_bulk(str(photos), str(out), model="listing", workers=2)
    assert (report.restored, report.skipped) == (COUNT + 2, 0)
    expected = {f"part-{number % 3}/{number}_listing.png" for number in range(COUNT)}
    expected |= {"first_listing.png", "part-0/scan_listing.tif.png", FAILURES_FILE}
    assert files_in(out) == expected
    assert list(report.failures) == ["part-1/broken.jpg"]
    assert report.failures["part-1/broken.jpg"].startswith("part-1/broken.jpg cannot be read")
    [line] = (out / FAILURES_FILE).read_text().splitlines()
    assert json.loads(line)["photo"] == "part-1/broken.jpg"
    restored = np.asarray(Image.open(out / "part-0" / "0_listing.png"))
    assert np.array_equal(
        restored, np.asarray(enhance(load_model("listing"), photos / "first.png"))
    )

    # What is missing is made, what is there is left as it is, what failed is tried again.
    (out / "first_listing.png").unlink()
    (out / "part-0" / "0_listing.png").write_bytes(b"left alone")
    shutil.copy(photos / "first.png", photos / "part-1" / "broken.jpg")
    again = enhance_in_bulk(str(photos), str(out), model="listing", workers=1)
    assert (again.restored, again.skipped, again.failures) == (2, COUNT + 1, {})
    assert (out / "part-0" / "0_listing.png").read_bytes() == b"left alone"
    assert (out / FAILURES_FILE).read_text() == ""


@pytest.fixture
def few(tmp_path, photo):
    """A folder whose name is hard to spell in an address, with one photo and one that is none."""
    folder = tmp_path / "a b#c%41 ünï?"
    save_photo(to_picture(photo[:, ::4, ::4] * 0.15), folder / "first.png")
    (folder / "broken.jpg").write_bytes(b"\xff\xd8\xff nothing more")
    return folder


def test_the_command_says_what_failed(few, monkeypatch, capsys):
    # A worker in this process.
    monkeypatch.setattr(
        bulk, "rows", lambda ray, jobs, workers, worker: map(Worker(**worker), jobs)
    )
    out = few / ".." / "out %20"
    options = ["--model", str(bundled("listing")), "--workers", "1"]
    out.mkdir()
    result = "first_weights-listing_network_strength0.5_-1EV_shadows2.png"
    (out / f"{result}{PARTIAL}").write_bytes(b"left by a kill")
    settings = ["--strength", "0.5", "--brightness", "-1", "--shadows", "2", "--detail", "network"]
    assert main([str(few), str(out), *options, *settings]) == 1
    told = capsys.readouterr()
    assert "restored 1 photos, 0 were there already" in told.out
    assert "broken.jpg cannot be read as a photo" in told.err
    assert files_in(out) == {result, FAILURES_FILE}
    asked = {"strength": 0.5, "brightness": -1, "shadows": 2, "detail": "network"}
    expected = enhance(load_model("listing"), few / "first.png", **asked)
    assert np.array_equal(np.asarray(Image.open(out / result)), np.asarray(expected))
    (few / "broken.jpg").unlink()
    exif = Image.Exif()
    exif[Base.Make] = "Maker"
    with Image.open(few / "first.png") as before:
        before.save(few / "first.png", exif=exif)
    result = out / "first_weights-listing_strength0.png"
    result.write_bytes(b"of an earlier run")
    # Of another look there is nothing yet but this.
    anew = ["--strength", "0", "--keep-metadata", "--overwrite"]
    assert main([str(few), str(out), *options, *anew]) == 0
    assert "restored 1 photos, 0 were there already" in capsys.readouterr().out
    with Image.open(result) as after, Image.open(few / "first.png") as before:
        assert np.array_equal(np.asarray(after), np.asarray(before))
        assert after.getexif()[Base.Make] == "Maker"


def test_ctrl_c_says_how_to_go_on_and_keeps_the_failures(few, tmp_path, monkeypatch, capsys):
    def rows(*_):
        yield {"photo": "broken.jpg", "failure": "broken.jpg cannot be read as a photo"}
        raise KeyboardInterrupt

    monkeypatch.setattr(bulk, "rows", rows)
    out = tmp_path / "out"
    assert main([str(few), str(out), "--model", "listing", "--workers", "1"]) == 130
    last = capsys.readouterr().err.splitlines()[-1]
    assert last == "stopped: the same command goes on with what is left"
    [line] = (out / FAILURES_FILE).read_text().splitlines()
    assert json.loads(line)["photo"] == "broken.jpg"


def test_a_photo_that_kills_its_worker_is_said_and_stops_no_other(
    cluster, few, tmp_path, monkeypatch
):
    class Deadly(nn.Module):
        def forward(self, dark):
            if dark.mean() > 0.9:
                os._exit(1)
            return dark

    monkeypatch.setattr(bulk, "load_model", lambda name: Deadly())
    (few / "broken.jpg").unlink()
    Image.new("RGB", (20, 20), "white").save(few / "deadly.png")
    report = enhance_in_bulk(str(few), str(tmp_path / "out"), workers=2)
    assert report.restored == 1
    assert list(report.failures) == ["deadly.png"]
    assert "lost its worker" in report.failures["deadly.png"]
    assert "deadly.png" in (tmp_path / "out" / FAILURES_FILE).read_text()


def test_a_worker_leaves_what_is_there(few, tmp_path):
    """A block that is given to a second worker, since the first died, is not done again."""
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "first_vae.png").write_bytes(b"left alone")
    places = [place_of(str(folder)) for folder in (few, tmp_path / "out")]
    worker = Worker(*places, nn.Identity(), {})
    job = {"photo": "first.png", "result": "first_vae.png"}
    assert worker(job) == {**job, "failure": ""}
    assert (tmp_path / "out" / "first_vae.png").read_bytes() == b"left alone"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"source": "nowhere"}, "there is no folder nowhere"),
        ({"source": "empty"}, "empty holds no photo"),
        ({"source": "latin"}, "latin holds a file whose name is not UTF-8, 'caf\\udce9.png'"),
        ({"source": "photos/first.png"}, "photos/first.png cannot be read: "),
        ({"source": "foo://x"}, "foo://x is neither a folder nor an address such as s3://"),
        ({"target": "photos/out"}, "lies in"),
        ({"target": "file"}, "file cannot be written: "),
        ({"target": "foo://x"}, "foo://x is neither a folder nor an address such as s3://"),
        ({"target": "case"}, "part-0/A.png and part-0/a.png would be one file"),
        ({"model": "nobody"}, "nobody"),
        ({"workers": 0}, "workers is 0, and must be 1 or more"),
        ({"strength": 2}, "strength is 2.0, and must be a number from 0 to 1"),
        ({"brightness": "nan"}, "brightness is nan, and must be a number of stops"),
    ],
)
def test_what_cannot_work_is_said_before_it_starts(
    few, tmp_path, monkeypatch, capsys, change, said
):
    import ray

    monkeypatch.setattr(ray, "init", lambda **_: pytest.fail("Ray was started"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("no folder")
    (tmp_path / "empty").mkdir()
    (tmp_path / "latin").mkdir()
    Path(os.fsdecode(b"latin/caf\xe9.png")).touch()
    few.rename("photos")
    for name in ("a.png", "A.png"):
        (tmp_path / "photos" / "part-0").mkdir(exist_ok=True)
        shutil.copy("photos/first.png", f"photos/part-0/{name}")
    # What a file system that takes upper for lower case would say.
    (tmp_path / "case").mkdir()
    (tmp_path / "case" / f"case{PARTIAL}".upper()).touch()
    (tmp_path / "case" / FAILURES_FILE).write_text("of the last run")
    given = {"source": "photos", "target": "out", "model": "listing", "workers": 1} | change
    places = [given.pop("source"), given.pop("target")]
    options = [part for key, value in given.items() for part in (f"--{key}", str(value))]
    assert main([*places, *options]) == 1
    error = capsys.readouterr().err
    assert error.startswith("error: ") and said in error and error.count("\n") == 1
    assert (tmp_path / "case" / FAILURES_FILE).read_text() == "of the last run"


def test_a_cluster_of_another_ray_is_told_in_one_line(few, tmp_path, monkeypatch, capsys):
    import ray

    def refused(**_):
        raise RuntimeError("Version mismatch: The cluster was started with:\n    Ray: 1.0")

    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    monkeypatch.setattr(ray, "init", refused)
    assert main([str(few), str(tmp_path / "out"), "--model", "listing"]) == 1
    told = capsys.readouterr().err
    assert told.startswith("error: Ray gave up: Version mismatch") and "Ray: 1.0" in told
    assert told.count("\n") == 1


def test_one_run_makes_one_result_of_a_photo(capsys):
    with pytest.raises(SystemExit):
        main(["photos", "out", "--shadows", "1", "--shadows", "2"])
    assert "--shadows is given 2 times" in capsys.readouterr().err


@pytest.mark.parametrize("address", ["127.0.0.1:9", "ray://127.0.0.1:9"])
def test_a_cluster_that_does_not_answer_is_told_at_once(
    few, tmp_path, monkeypatch, capsys, address
):
    import ray

    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    monkeypatch.setattr(ray, "init", lambda **_: pytest.fail("Ray was started"))
    monkeypatch.setenv("RAY_ADDRESS", address)
    assert main([str(few), str(tmp_path / "out"), "--model", "listing"]) == 1
    assert f"error: no Ray cluster answers at {address}" in capsys.readouterr().err


def test_nothing_is_left_of_a_result_that_finds_no_room(few, tmp_path, monkeypatch):
    (tmp_path / "out").mkdir()
    places = [place_of(str(folder)) for folder in (few, tmp_path / "out")]
    worker = Worker(*places, nn.Identity(), {})
    # A folder that is not empty stands where the result is to be moved.
    (tmp_path / "out" / "first_vae.png" / "a").mkdir(parents=True)
    done = worker({"photo": "first.png", "result": "first_vae.png"})
    assert "first.png could not be restored" in done["failure"]
    assert not list((tmp_path / "out").glob(f"*{PARTIAL}"))


def test_names_of_results_do_not_depend_on_other_photos():
    assert result_name("a/b.JPG", "vae") == "a/b_vae.JPG"
    assert result_name("a/b.tif", "vae") == "a/b_vae.tif.png"
    alike = ["b.tif", "b.tif.png", "b.tiff", "b.png", "b.PNG", "b_vae.tif", "b_vae.tif.png"]
    assert len({result_name(name, "vae") for name in alike}) == len(alike)
