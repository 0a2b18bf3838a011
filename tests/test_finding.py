"""Pairs are found, and LOL's are known wherever its folders lie."""

import shutil
from pathlib import Path

import pytest

from lowlight_hub import LowlightError
from lowlight_hub.finding import (
    LOL,
    find_pairs,
    find_test_pairs,
    lol_facts,
    source_of,
    without_test_scenes,
)
from lowlight_hub.photos import save_photo, to_picture


def test_the_test_set_is_refused_as_training_data(lol):
    for folders in ([lol / "eval15"], [lol / "eval15" / "low", lol / "eval15" / "high"]):
        with pytest.raises(LowlightError, match="test set"):
            find_pairs(*folders)


def test_training_works_without_eval15(lol):
    shutil.rmtree(lol / "eval15")
    assert len(find_pairs(lol)) == 4


def test_test_pairs_are_eval15_alone(lol):
    assert [pair.name for pair in find_test_pairs(lol)] == ["700"]


def test_every_spelling_of_the_same_folders_gives_the_same_pairs(lol, monkeypatch):
    half = lol / "our485"
    expected = [(pair.dark, pair.scene) for pair in find_pairs(lol)]
    assert [(it.dark, it.scene) for it in find_pairs(half)] == expected
    assert [(it.dark, it.scene) for it in find_pairs(half / "low", half / "high")] == expected
    monkeypatch.chdir(half)
    assert [(it.dark.resolve(), it.scene) for it in find_pairs(Path())] == expected
    assert {source_of(lol), source_of(half), source_of(Path())} == {LOL}
    assert source_of(lol / "eval15") != LOL


def test_scenes_of_lol_are_known_and_its_bad_pair_is_left_out(lol):
    for side in ("low", "high"):
        shutil.copy(lol / "our485" / side / "2.png", lol / "our485" / side / "648.png")
    found = find_pairs(lol)
    assert "648" not in [pair.name for pair in found]
    assert [pair.scene for pair in found] == [lol_facts()[p.name]["scene_group"] for p in found]


def test_names_of_another_data_set_are_no_scenes_of_lol(lol):
    (lol / "our485").rename(lol / "mine")
    assert {pair.scene[:6] for pair in find_pairs(lol / "mine")} == {"photo "}


def test_leak_free_pairs_show_no_scene_of_the_test_set(tmp_path, photo, monkeypatch):
    facts = lol_facts()
    leaked, clean = (
        next(name for name, fact in facts.items() if fact["scene_in_eval15"] == flag)
        for flag in "10"
    )
    for name in (leaked, "112", clean):
        for side in ("low", "high"):
            save_photo(to_picture(photo), tmp_path / "our485" / side / f"{name}.png")
    assert [pair.name for pair in without_test_scenes(find_pairs(tmp_path))] == [clean]
    with monkeypatch.context() as inside:
        inside.chdir(tmp_path / "our485")
        assert [pair.name for pair in without_test_scenes(find_pairs(Path()))] == [clean]
    (tmp_path / "our485").rename(tmp_path / "mine")
    with pytest.raises(LowlightError, match="only"):
        without_test_scenes(find_pairs(tmp_path / "mine"))
