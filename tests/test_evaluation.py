"""Figures follow the protocol, and the README says what was measured."""

import json
import math
import shutil

import pytest
import torch
from hub_server import USER
from PIL import Image
from stand_ins import AsItIs

from lowlight_hub import ATTEMPTS
from lowlight_hub.__main__ import main
from lowlight_hub.data import CROP
from lowlight_hub.errors import LowlightError
from lowlight_hub.evaluation import evaluate_crops, evaluate_in_full, measure
from lowlight_hub.finding import LEAK_FREE
from lowlight_hub.folders import CONFIG_FILE, WEIGHTS_FILE, bundled
from lowlight_hub.photos import save_photo, to_picture
from lowlight_hub.results import (
    BASELINES,
    LEAK_FREE_PROTOCOL,
    RESULTS,
    STANDARD,
    bundled_results,
    read_results,
    results_in,
    rows_of,
)
from lowlight_hub.tables import attempts_table, markers, results_table


def figures_of(restored, reference):
    return measure(zip(restored, reference, strict=True))


def test_psnr_of_a_known_error():
    reference = torch.full((2, 3, 32, 32), 100 / 255)
    figures = figures_of(reference + 10 / 255, reference)
    assert figures["psnr"] == pytest.approx(20 * math.log10(255 / 10), abs=1e-6)


def test_a_perfect_photo_scores_one():
    reference = torch.rand(1, 3, 32, 32)
    noisy = (reference + 0.01).clamp(0, 1)
    assert figures_of(noisy, reference)["ssim"] > 0.99


def test_output_is_rounded_to_8_bits_first():
    reference = torch.full((1, 3, 32, 32), 100 / 255)
    reference[..., ::2] = 101 / 255
    exact = figures_of(torch.full((1, 3, 32, 32), 100.4 / 255), reference)
    rounded = figures_of(torch.full((1, 3, 32, 32), 100.0 / 255), reference)
    assert exact["psnr"] == rounded["psnr"]


def test_gt_mean_forgives_a_wrong_exposure_only():
    reference = torch.randint(60, 200, (1, 3, 32, 32)) / 255
    half = figures_of(reference / 2, reference)
    assert half["psnr"] < 15 and half["psnr_gt_mean"] > 45


def test_rows_of_models_and_baselines(pairs):
    both = ["attempt-4b", "attempt-5"]
    _, bright = pairs.photos(range(len(pairs)), CROP)
    rows = evaluate_crops(pairs, bright.mean(dim=0), [(name, AsItIs()) for name in both])
    found = [(row["model"], row["input"]) for row in rows]
    assert found == [
        *[(name, "dark") for name in BASELINES],
        ("attempt-4b", "dark"),
        ("attempt-5", "dark"),
        ("attempt-5", "bright"),
    ]
    by_name = {(row["model"], row["input"]): row for row in rows}
    assert by_name["attempt-4b", "dark"]["psnr"] == by_name["dark", "dark"]["psnr"]
    assert by_name["attempt-5", "bright"]["ssim"] == pytest.approx(1)
    assert by_name["mean_bright", "dark"]["psnr"] > by_name["dark", "dark"]["psnr"]


def test_command_measures_and_writes(lol, tmp_path, capsys):
    out = tmp_path / "out.json"
    assert main(["evaluate", "--data", str(lol), "--models", "listing", "--json", str(out)]) == 0
    rows = json.loads(out.read_text())["rows"]
    measured = [(row["model"], row["size"]) for row in rows]
    both = [(name, size) for name in (*BASELINES, "listing") for size in ("crop200", "full")]
    assert measured == [it for it in both if it != ("mean_bright", "full")]
    assert set(rows[0]) == {
        "model", "input", "size", "protocol", "psnr", "ssim", "psnr_gt_mean",
    }  # fmt: skip
    printed = capsys.readouterr().out
    assert all(f"{row['psnr']:.2f}" in printed for row in rows)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["evaluate", "--data", "nowhere"], "there is no folder nowhere"),
        (["evaluate", "--data", ".", "--models", "gpt"], "no attempt is called 'gpt'"),
        (["evaluate", "--data", ".", "--models", "./gpt"], "gpt"),
        (["evaluate", "--data", ".", "--device", "cuda"], "has no CUDA device"),
        (["evaluate", "--data", "x" * 300], "File name too long"),
        (["report", "--results", "none.json"], "there is no none.json"),
        (["bundle", "none"], "there is no folder none"),
    ],
)
def test_command_says_what_is_wrong(tmp_path, monkeypatch, capsys, arguments, message):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert main(arguments) == 1
    error = capsys.readouterr().err
    assert error.startswith("error: ") and message in error and error.count("\n") == 1


def test_the_readme_shows_the_recorded_figures():
    from lowlight_hub.folders import WEIGHTS

    results = read_results(RESULTS)
    assert {row["model"] for row in results.of(STANDARD)} == {*BASELINES, *ATTEMPTS}
    readme = (WEIGHTS.parent / "README.md").read_text(encoding="utf-8")
    for name, table in (
        ("results", results_table(results)),
        ("attempts", attempts_table()),
    ):
        start, end = markers(name)
        assert readme.split(start)[1].split(end)[0].strip() == table


def test_the_documents_show_every_benchmark_of_every_model():
    from lowlight_hub.folders import WEIGHTS, read_config

    page = (WEIGHTS.parent / "docs/measured.md").read_text(encoding="utf-8")
    tables = {}
    for name in ("benchmarks/photos.py", "benchmarks/detail.py"):
        start, end = markers(name)
        tables[name] = page.split(start)[1].split(end)[0].strip().splitlines()
    assert len(tables["benchmarks/photos.py"]) > 3
    for name in ATTEMPTS:
        # On photos that only weights not trained on all pairs have never seen.
        shown = any(f"`{name}`" in line for line in tables["benchmarks/detail.py"])
        assert shown != bool(read_config(WEIGHTS / name).get("all_pairs")), name


def test_report_fills_the_table_and_the_cards(toy, tmp_path, capsys):
    import train
    from lowlight_hub import folders

    assert train.main(["toy", "--out", str(tmp_path / "runs")]) == 0
    assert main(["bundle", str(tmp_path / "runs" / "toy")]) == 0
    assert main(["bundle", str(tmp_path / "runs" / "toy")]) == 0  # the same again
    assert train.main(["toy", "--out", str(tmp_path / "other"), "--seed", "5"]) == 0
    before = folders.fingerprint(folders.bundled("toy"))
    assert main(["bundle", str(tmp_path / "other" / "toy")]) == 1
    assert "holds other weights: --overwrite replaces them" in capsys.readouterr().err
    assert folders.fingerprint(folders.bundled("toy")) == before
    config = tmp_path / "other" / "toy" / CONFIG_FILE
    whole = config.read_text()
    config.write_text(json.dumps(json.loads(whole) | {"whole_share": None}))
    assert main(["bundle", str(tmp_path / "other" / "toy"), "--overwrite"]) == 1
    assert "says None for whole_share" in capsys.readouterr().err
    config.write_text(json.dumps(json.loads(whole) | {"data": LEAK_FREE}))
    assert main(["bundle", str(tmp_path / "other" / "toy"), "--overwrite"]) == 1
    assert "is leak-free: what comes with the package learnt" in capsys.readouterr().err
    assert folders.fingerprint(folders.bundled("toy")) == before
    config.write_text(whole)
    assert main(["bundle", str(tmp_path / "other" / "toy"), "--overwrite"]) == 0
    assert folders.fingerprint(folders.bundled("toy")) != before
    row = {"model": "toy", "input": "dark", "size": "crop200", "protocol": "standard",
           "psnr": 12.345, "ssim": 0.4321, "psnr_gt_mean": 20.0}  # fmt: skip
    results, readme = tmp_path / "results.json", tmp_path / "README.md"
    weights = {"toy": folders.fingerprint(folders.bundled("toy"))}
    results.write_text(json.dumps({"rows": [row], "weights": weights}))
    places = [f"{start}\nold\n{end}\n" for start, end in map(markers, ("results", "attempts"))]
    readme.write_text(f"before\n{''.join(places)}after\n")
    assert main(["report", "--results", str(results), "--into", str(readme)]) == 0
    text = readme.read_text()
    assert "`toy`" in text and "12.3" in text and "old" not in text
    assert text.startswith("before\n") and text.endswith("after\n")
    card = (folders.WEIGHTS / "toy" / "README.md").read_text()
    assert "0.432" in card and 'load_model("toy")' in card

    binary = tmp_path / "README.bin"
    binary.write_bytes(b"\xff")
    assert main(["report", "--results", str(results), "--into", str(binary)]) == 1
    assert f"{binary} cannot be read: " in capsys.readouterr().err

    results.write_text(json.dumps({"rows": [row], "weights": {"toy": "of another training"}}))
    assert main(["report", "--results", str(results), "--into", str(readme)]) == 1
    assert "figures of the bundled weights of toy" in capsys.readouterr().err
    assert readme.read_text() == text


def test_leak_free_models_have_a_line_of_their_own_beside_the_others(lol, tmp_path):
    from lowlight_hub import load_model
    from lowlight_hub.folders import bundled, fingerprint, save_model

    model, folder, path = load_model("attempt-1"), tmp_path / "run", tmp_path / "figures.json"
    folder.mkdir()
    next(model.parameters()).data.add_(0.01)
    save_model(model, model.config | {"data": LEAK_FREE, "seed": 5}, folder)
    for name in ("attempt-1,listing", str(folder), "listing"):
        assert main(["evaluate", "--data", str(lol), "--models", name, "--json", str(path)]) == 0
    results = results_in(path)
    assert [(row["model"], row["size"]) for row in results.of(LEAK_FREE_PROTOCOL)] == [
        ("attempt-1", "crop200"),
        ("attempt-1", "full"),
    ]
    command = results.trainings["attempt-1"]["command"]
    assert "--leak-free" in command and "--seed 5" in command
    table, told = results_table(results).split("\n\n")
    assert table.count("`attempt-1`, leak-free") == 1 and command in told
    # Those of the same network that has seen all scenes are still there, and so is another model.
    held = json.loads(path.read_text())
    order = [row["model"] for row in held["rows"] if row["model"] in ATTEMPTS]
    assert order == ["listing"] * 2 + ["attempt-1"] * 4
    assert len(rows_of("attempt-1", bundled("attempt-1"), path)) == 2
    assert {row["protocol"] for row in rows_of("attempt-1", folder, path)} == {"leak-free"}
    assert held["weights"]["listing"] == fingerprint(bundled("listing"))
    assert sum(row["model"] == "listing" for row in held["rows"]) == 2


def test_a_leak_free_line_without_its_training_is_no_results(tmp_path):
    held, path = json.loads(RESULTS.read_text()), tmp_path / "figures.json"
    path.write_text(json.dumps(held | {"trainings": {}}))
    with pytest.raises(LowlightError, match="is not what `lowlight-hub evaluate --json` writes"):
        results_in(path)


def test_one_bundled_model_of_other_weights_leaves_the_figures_of_all_others(tmp_path):
    held, path = json.loads(RESULTS.read_text()), tmp_path / "figures.json"
    held["weights"]["attempt-7"] = "0" * 64
    path.write_text(json.dumps(held))
    with pytest.raises(LowlightError, match="of the bundled weights of attempt-7: make it"):
        read_results(path)
    left = {(row["model"], row["protocol"]) for row in bundled_results(path).rows}
    # The leak-free ones are of other weights, which are not bundled.
    measured = {(row["model"], row["protocol"]) for row in held["rows"]}
    assert left == measured - {("attempt-7", STANDARD)}


def test_figures_are_not_written_into_another_file(lol, tmp_path, capsys):
    path = tmp_path / "notes.json"
    path.write_text("{}")
    command = ["evaluate", "--data", str(lol), "--models", "listing", "--json", str(path)]
    assert main(command) == 1
    assert "is not what `lowlight-hub evaluate --json` writes" in capsys.readouterr().err
    assert path.read_text() == "{}"


def test_whole_photos_are_measured_as_enhance_restores_them(lol):
    from lowlight_hub import enhance, load_model
    from lowlight_hub.finding import find_test_pairs
    from lowlight_hub.photos import open_photo, photo_of, to_tensor

    files, model = find_test_pairs(lol), load_model("attempt-1")
    rows = evaluate_in_full(files, [("attempt-1", model)])
    assert [row["model"] for row in rows] == ["dark", "gamma_0.4", "attempt-1"]
    assert {(row["size"], row["input"]) for row in rows} == {("full", "dark")}
    (pair,) = files
    restored = to_tensor(photo_of(enhance(model, pair.dark)))
    reference = to_tensor(open_photo(pair.bright))
    assert rows[-1]["psnr"] == measure([(restored, reference)])["psnr"]


@pytest.fixture
def own_pairs(photo, tmp_path):
    """A folder of two pairs of different sizes."""
    for name, size in (("a", 64), ("b.1", 48)):
        save_photo(to_picture(photo[:, :size, :] * 0.1), tmp_path / "own" / "low" / f"{name}.png")
        save_photo(to_picture(photo[:, :size, :]), tmp_path / "own" / "high" / f"{name}.png")
    return tmp_path / "own"


def test_other_pairs_are_measured_in_their_own_sizes(hub, own_pairs, tmp_path, capsys):
    # The same weights: named as an attempt, as a folder, as one's own would be, and on the Hub.
    folder = bundled("listing")
    files = {name: (folder / name).read_bytes() for name in (CONFIG_FILE, WEIGHTS_FILE)}
    hub.add(f"{USER}/lowlight-listing", files)
    names = ["listing", str(folder), f"{USER}/lowlight-listing"]
    command = ["evaluate", "--models", ",".join(names), "--data"]
    assert main([*command, str(own_pairs)]) == 0
    said, _, *lines = capsys.readouterr().out.splitlines()
    assert said == f"2 pairs of {own_pairs}, in full size"
    figures = {line.split()[0]: line.split()[1:] for line in lines}
    assert list(figures) == ["dark", "gamma_0.4", *names]
    assert figures[names[0]] == figures[names[1]] == figures[names[2]]
    assert float(figures["listing"][2]) > float(figures["dark"][2])
    assert main([*command, str(own_pairs / "low"), str(own_pairs / "high")]) == 0
    assert capsys.readouterr().out.splitlines()[2:] == lines
    assert main([*command, str(own_pairs), "--json", str(tmp_path / "figures.json")]) == 1
    assert "--json keeps figures of models on this machine" in capsys.readouterr().err


def test_records_keep_figures_on_lol_only(own_pairs, tmp_path, capsys):
    out = tmp_path / "figures.json"
    assert main(["evaluate", "--data", str(own_pairs), "--json", str(out)]) == 1
    assert "is not LOL's folder" in capsys.readouterr().err
    assert not out.exists()
    assert main(["evaluate", "--data", str(own_pairs), "--json", "/dev/full"]) == 1
    assert "is no file that figures could be kept in" in capsys.readouterr().err
    nowhere = own_pairs / "high" / "a.png" / "figures.json"
    assert main(["evaluate", "--data", str(own_pairs), "--json", str(nowhere)]) == 1
    assert "cannot make" in capsys.readouterr().err


def test_half_of_lol_is_not_taken_for_other_pairs(lol, capsys):
    # Else figures on photos that were learnt from would look like those of the test set.
    assert main(["evaluate", "--data", str(lol / "eval15"), "--models", "listing"]) == 1
    assert "name the folder above it" in capsys.readouterr().err
    shutil.move(lol / "our485", lol.parent / "our485")
    assert main(["evaluate", "--data", str(lol), "--models", "listing"]) == 0
    measured = capsys.readouterr().out
    assert "listing" in measured and "mean_bright" not in measured
    shutil.move(lol.parent / "our485", lol / "our485")
    shutil.rmtree(lol / "eval15")
    assert main(["evaluate", "--data", str(lol), "--models", "listing"]) == 1
    assert "has no folder eval15" in capsys.readouterr().err


def test_pairs_named_the_wrong_way_round_are_not_measured(own_pairs, capsys):
    low, high = str(own_pairs / "low"), str(own_pairs / "high")
    for folders in ((high, low), (low, low)):
        assert main(["evaluate", "--data", *folders, "--models", "listing"]) == 1
        told = capsys.readouterr()
        assert "name the folder of the dark ones first" in told.err and "listing" not in told.out


@pytest.mark.parametrize(
    ("size", "message"), [((32, 64), "has unequal sizes"), ((32, 10), "SSIM needs 11")]
)
def test_pairs_that_cannot_be_measured(own_pairs, capsys, size, message):
    Image.new("RGB", size).save(own_pairs / "high" / "b.1.png")
    if "SSIM" in message:
        Image.new("RGB", size).save(own_pairs / "low" / "b.1.png")
    assert main(["evaluate", "--data", str(own_pairs), "--models", "listing"]) == 1
    error = capsys.readouterr().err.splitlines()[-1]
    assert error.startswith("error: ") and message in error and "b.1" in error
