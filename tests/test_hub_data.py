"""Pairs from a dataset of the Hub: the real client, a Hub on this machine."""

from pathlib import Path

import pytest
from hub_server import USER, Fault

import train as command
from lowlight_hub import LowlightError
from lowlight_hub.errors import HubAwayError
from lowlight_hub.finding import find_pairs, find_test_pairs
from lowlight_hub.folders import read_config
from lowlight_hub.hub_data import data_folder, data_folders

NAME = f"{USER}/pairs"


def files_below(folder: Path) -> dict[str, bytes]:
    return {
        str(it.relative_to(folder)): it.read_bytes() for it in folder.rglob("*") if it.is_file()
    }


def test_lol_is_pulled_and_nothing_else(hub, lol):
    strays = dict.fromkeys(
        ("our485/low/code.py", "weights.bin", "our485/notes/a.png", "our485/low/below/a.png"), b"0"
    )
    hub.add(NAME, files_below(lol) | strays, kind="datasets")
    folder = data_folder(f"hub:{NAME}")
    assert files_below(folder) == files_below(lol)
    assert [pair.name for pair in find_pairs(folder)] == ["2", "5", "6", "10"]
    assert [pair.name for pair in find_test_pairs(folder)] == ["700"]


def test_suffixes_may_be_of_any_case(hub):
    photos = {f"{side}/1.{suffix}": b"0" for side, suffix in (("low", "Png"), ("high", "JPG"))}
    hub.add(NAME, photos, kind="datasets")
    assert files_below(data_folder(f"hub:{NAME}")) == photos


def test_a_revision_is_kept_and_cached(hub, lol, impatient):
    first = hub.add(NAME, files_below(lol), kind="datasets")
    hub.add(NAME, {"low/only.png": b"another"}, kind="datasets")
    folder = data_folder(f"hub:{NAME}@{first}")
    assert files_below(folder) == files_below(lol)
    hub.faults.append(Fault(".*", status=503))
    assert data_folder(f"hub:{NAME}@{first}") == folder
    with pytest.raises(HubAwayError, match="503"):
        data_folder(f"hub:{USER}/another")


def test_training_from_the_hub_records_where_its_pairs_are_from(hub, lol, tmp_path, capsys):
    pairs = {
        name.removeprefix("our485/"): content
        for name, content in files_below(lol).items()
        if name.startswith("our485/")
    }
    commit = hub.add(NAME, pairs, kind="datasets")
    arguments = ["listing", "--data", f"hub:{NAME}", "--epochs", "1", "--batch-size", "1"]
    status = command.main([*arguments, "--out", str(tmp_path / "runs")])
    assert status == 0, capsys.readouterr().err
    assert read_config(tmp_path / "runs" / "listing")["data"] == f"hub:{NAME}@{commit}"


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("hub:nothing", "is no dataset: expected hub:USER/NAME"),
        ("hub:a/b/c", "is no dataset: expected hub:USER/NAME"),
        (f"hub:{NAME}@", "is no dataset: expected hub:USER/NAME"),
        (f"hub:{NAME}@../x", "is not a revision"),
        (f"hub:{USER}/nowhere", "nowhere"),
        (f"hub:{USER}/empty", "holds no pairs: expected photos in low and high"),
        (f"hub:{USER}/half", "hub:.*/half holds no pairs"),
    ],
)
def test_what_is_no_dataset_is_refused_in_a_sentence(hub, place, said):
    hub.add(f"{USER}/empty", {"README.md": b"nothing"}, kind="datasets")
    hub.add(f"{USER}/half", {"low/1.png": b"0", "our485/high/1.png": b"0"}, kind="datasets")
    with pytest.raises(LowlightError, match=said) as caught:
        data_folder(place)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("places", [[f"hub:{NAME}", "bright"], ["dark", f"hub:{NAME}"]])
def test_a_dataset_is_named_alone(hub, places):
    with pytest.raises(LowlightError, match="name it alone"):
        data_folders(places)
    assert hub.log == []


def test_other_places_are_folders():
    assert data_folder("photos") == Path("photos")
