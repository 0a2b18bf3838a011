"""Photos in bulk on a local Ray: resumable, and a bad file stops nobody."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from lowlight_hub import bulk, enhance, load_model
from lowlight_hub.bulk import FAILURES_FILE, enhance_in_bulk, main, result_name
from lowlight_hub.photos import save_photo, to_picture

pytest.importorskip("ray")
COUNT = 200


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
    expected |= {"first_listing.png", "part-0/scan.tif_listing.png", FAILURES_FILE}
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
    again = enhance_in_bulk(str(photos), str(out), model="listing", workers=2)
    assert (again.restored, again.skipped, again.failures) == (2, COUNT + 1, {})
    assert (out / "part-0" / "0_listing.png").read_bytes() == b"left alone"
    assert (out / FAILURES_FILE).read_text() == ""


def test_the_command_says_what_failed(cluster, photos, tmp_path, capsys):
    few = tmp_path / "few"
    few.mkdir()
    shutil.copy(photos / "part-1" / "broken.jpg", few)
    shutil.copy(photos / "first.png", few)
    assert main([str(few), str(tmp_path / "out"), "--model", "listing"]) == 1
    told = capsys.readouterr()
    assert "restored 1 photos, 0 were there already" in told.out
    assert "broken.jpg cannot be read as a photo" in told.err
    (few / "broken.jpg").unlink()
    assert main([str(few), str(tmp_path / "out"), "--model", "listing"]) == 0
    settings = ["--strength", "0.5", "--brightness", "-1", "--detail", "network"]
    assert main([str(few), str(tmp_path / "set"), "--model", "listing", *settings]) == 0
    asked = {"strength": 0.5, "brightness": -1, "detail": "network"}
    expected = enhance(load_model("listing"), few / "first.png", **asked)
    restored = Image.open(tmp_path / "set" / "first_listing.png")
    assert np.array_equal(np.asarray(restored), np.asarray(expected))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"source": "nowhere"}, "holds no photo"),
        ({"target": "photos/out"}, "lies in"),
        ({"model": "nobody"}, "nobody"),
        ({"workers": 0}, "workers is 0, and must be 1 or more"),
    ],
)
def test_what_cannot_work_is_said_before_it_starts(
    photos, tmp_path, monkeypatch, capsys, change, said
):
    monkeypatch.chdir(tmp_path)
    given = {"source": "photos", "target": "out", "model": "listing", "workers": 1} | change
    arguments = [given["source"], given["target"], "--model", given["model"]]
    assert main([*arguments, "--workers", str(given["workers"])]) == 1
    error = capsys.readouterr().err
    assert error.startswith("error: ") and said in error


def test_names_of_results_do_not_depend_on_other_photos():
    assert result_name("a/b.JPG", "vae") == "a/b_vae.JPG"
    assert result_name("a/b.tif", "vae") == "a/b.tif_vae.png"
