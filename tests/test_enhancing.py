"""What a run of several photos in the demo makes and tells, without a browser."""

import shutil
import zipfile
from pathlib import Path
from typing import Any

import gradio as gr
import pytest

from lowlight_hub.attempts import DEFAULT
from lowlight_hub.demo import enhancing, service
from lowlight_hub.demo import work as work_module
from lowlight_hub.demo.enhancing import Restored
from lowlight_hub.demo.service import Settings
from lowlight_hub.demo.work import Work


def told_of(
    work: Work, number: int, photos: list[Path], stops: float = 0, light_of_each: Any = None
) -> list[Restored]:
    """What the page is told of a run by a visitor who has this in work, all in this light."""
    given = [(str(it), None) for it in photos]
    settings = (DEFAULT, 1.0, stops, stops, "transfer", "same", False)
    steps = enhancing.enhance_photos(
        number, work, light_of_each, given, *settings, None, gr.Progress()
    )
    return list(steps)


@pytest.fixture
def two(tmp_path, dark_file) -> list[Path]:
    """A file and its copy."""
    return [dark_file, Path(shutil.copy(dark_file, tmp_path / "two.png"))]


def test_what_was_or_will_be_swept_away_is_made_again(monkeypatch, two):
    work = Work()

    def results(number: int) -> list[Path]:
        told_of(work, number, two)
        return work.results.files

    first, second = results(1)
    first.unlink()
    again, kept = results(2)
    assert again != first and again.is_file() and kept == second
    made = work.made[two[0], again.name, Settings()]
    Path(made.shown["thumb"]["path"]).unlink()
    with_picture, kept = results(3)
    assert with_picture != again and kept == second
    monkeypatch.setattr(work_module, "KEEP_S", 0)
    assert not {with_picture, kept} & set(results(4))
    assert work.results.failures == []


def test_those_that_stay_as_they_are_come_before_the_one_that_is_made_anew(two):
    work = Work()
    told_of(work, 1, two)
    first, _, last = told_of(work, 2, two, light_of_each={str(two[0]): {"brightness": 1}})
    assert [it["name"] for it in first.slider["strip"]] == ["two.png"]
    assert first.slider["more"]
    assert [it["name"] for it in last.slider["strip"]] == ["dark.png", "two.png"]
    assert [it.name for it in work.results.files] == [
        f"dark_{DEFAULT}_+1EV.png",
        f"two_{DEFAULT}.png",
    ]


def test_stops_of_one_photo_are_added_to_those_of_all(two):
    work = Work()
    told_of(work, 1, two, 1, {str(two[0]): {"brightness": 1.5, "shadows": 2.5}})
    names = [f"dark_{DEFAULT}_+2EV_shadows3.png", f"two_{DEFAULT}_+1EV_shadows1.png"]
    assert [file.name for file in work.results.files] == names
    looks = [it.look for *_, it in work.made]
    assert [(it.brightness, it.shadows) for it in looks] == [(2, 3), (1, 1)]


def test_one_photo_that_was_swept_away_does_not_stop_the_others(two):
    two[0].unlink()
    work = Work()
    *_, last = told_of(work, 1, two)
    assert [file.name for file in work.results.files] == [f"two_{DEFAULT}.png"]
    assert not last.slider["more"]
    assert "1 of 2 photos" in last.note and "dark.png was deleted" in last.note


def test_results_that_were_swept_away_before_the_last_are_said_to_be(monkeypatch, two):
    work, run = Work(), service.run

    def when_the_first_is_gone(*given):
        for file in work.results.files:
            file.unlink()
        return run(*given)

    monkeypatch.setattr(service, "run", when_the_first_is_gone)
    *_, last = told_of(work, 1, two)
    assert [file.name for file in work.results.files] == [f"two_{DEFAULT}.png"]
    assert "1 of 2 photos" in last.note and f"dark_{DEFAULT}.png was deleted" in last.note
    with zipfile.ZipFile(last.download.value["path"]) as archive:
        assert archive.namelist() == [f"two_{DEFAULT}.png"]


def test_a_second_stop_says_nothing_new(two):
    work = Work()
    work.begin(1).files.append(two[0])
    assert "Photos in the zip: 1" in enhancing.stop(1, work, None)[0]
    work.results.files.append(two[1])  # which was in work at the first
    assert enhancing.stop(1, work, None) == (gr.skip(), gr.skip())


@pytest.mark.parametrize("wrong", ["much", [2], 2, {"brightness": "much"}, {"shadows": None}])
def test_light_of_one_photo_that_is_none_is_said(two, wrong):
    light = wrong if isinstance(wrong, str | list) else {str(two[0]): wrong}
    work = Work()
    with pytest.warns(UserWarning, match="The light of each photo must be"):
        (told,) = told_of(work, 1, two, light_of_each=light)
    assert told.note.startswith("The light of each photo must be by its path, in stops of")
    assert not work.results.files
