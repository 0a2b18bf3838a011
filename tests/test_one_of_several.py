"""What is of one photo among several in the demo: light of its own, and its reference."""

import io
import shutil
import threading
import zipfile

import numpy as np
from browsing import download, downloaded, give, tab, wait_until
from PIL import Image

from lowlight_hub import LowlightError, enhance, load_model
from lowlight_hub.attempts import DEFAULT
from lowlight_hub.demo import service


def test_one_of_several_photos_is_made_brighter(desktop, monkeypatch, tmp_path, dark_file):
    copies = [shutil.copy(dark_file, tmp_path / f"{name}.png") for name in ("second", "third")]
    give(desktop, dark_file, *copies)
    desktop.locator("#note").get_by_text("3 of 3 photos").wait_for()
    strip = desktop.locator("#slider .strip button")
    strip.nth(1).click()
    gate, run, restored, shadows = threading.Event(), service.run, [], []

    def after_the_gate(photo, settings, step):
        gate.wait()
        restored.append(settings.look.brightness)
        shadows.append(settings.look.shadows)
        return run(photo, settings, step)

    monkeypatch.setattr(service, "run", after_the_gate)
    stops = desktop.locator("#slider input[name=alone-brightness]")
    stops.focus()
    try:
        for _ in range(5):
            desktop.keyboard.press("ArrowRight")
        # Meanwhile it stays in view, as it was.
        desktop.locator("#slider .before-after.outdated").wait_for()
        desktop.wait_for_timeout(500)
        print_ = desktop.locator("#slider .small-print").first
        assert print_.inner_text().startswith("second.png")
    finally:
        gate.set()
    # What was asked for first may have come to its end before what was asked for last began.
    wait_until(lambda: 0.5 in restored)
    desktop.locator("#slider .before-after:not(.outdated)").wait_for()
    archive = zipfile.ZipFile(io.BytesIO(downloaded(desktop, "#download")))
    names = [f"dark_{DEFAULT}.png", f"second_{DEFAULT}_+0.5EV.png", f"third_{DEFAULT}.png"]
    assert archive.namelist() == names
    assert restored[-1] == 0.5
    assert print_.inner_text().startswith("second.png")
    second = Image.open(archive.open(names[1]))
    expected = enhance(load_model(DEFAULT), dark_file, brightness=0.5)
    assert np.array_equal(np.asarray(second), np.asarray(expected))
    # It is of this photo alone, and added to what is set for all.
    assert stops.input_value() == "0.5"
    strip.nth(2).click()
    assert stops.input_value() == "0"
    strip.nth(1).click()
    assert stops.input_value() == "0.5"
    desktop.locator("#slider input[name=alone-shadows]").focus()
    desktop.keyboard.press("ArrowRight")
    wait_until(lambda: 0.1 in shadows)
    desktop.locator("#slider .before-after:not(.outdated)").wait_for()
    archive = zipfile.ZipFile(io.BytesIO(downloaded(desktop, "#download")))
    assert f"second_{DEFAULT}_+0.5EV_shadows0.1.png" in archive.namelist()


def test_the_last_of_several_photos_keeps_what_is_its(desktop, monkeypatch, tmp_path, dark_file):
    give(desktop, dark_file, shutil.copy(dark_file, tmp_path / "second.png"))
    note, strip = desktop.locator("#note"), desktop.locator("#slider .strip button")
    note.get_by_text("2 of 2 photos").wait_for()
    tab(desktop, 1)
    desktop.set_input_files("#reference input[type=file]", str(dark_file))
    desktop.wait_for_selector("#reference img")
    tab(desktop, 0)
    strip.nth(1).click()
    desktop.locator("#slider input[name=alone-brightness]").focus()
    for _ in range(3):
        desktop.keyboard.press("ArrowRight")
    desktop.locator("#slider .before-after:not(.outdated)").wait_for()
    archive = zipfile.ZipFile(io.BytesIO(downloaded(desktop, "#download")))
    assert f"second_{DEFAULT}_+0.3EV.png" in archive.namelist()
    strip.first.click()
    gate, run = threading.Event(), service.run
    monkeypatch.setattr(service, "run", lambda *given: gate.wait() and run(*given))
    try:
        desktop.locator("#photos button[aria-label='Delete image']").first.click()
        # The reference is of the one that is gone, though that is seen until the other is there.
        tab(desktop, 1)
        desktop.wait_for_selector("#reference img", state="detached")
        tab(desktop, 0)
    finally:
        gate.set()
    strip.first.wait_for(state="detached")
    assert download(desktop, "#download").suggested_filename == f"second_{DEFAULT}_+0.3EV.png"
    # As what is set for all, since it is all there is.
    assert desktop.locator("#brightness input[type=number]").input_value() == "0.3"


def test_a_refusal_takes_nothing_of_the_photos(desktop, monkeypatch, tmp_path, dark_file):
    def refused(*_):
        raise LowlightError("There is no room")

    give(desktop, dark_file, shutil.copy(dark_file, tmp_path / "second.png"))
    strip, note = desktop.locator("#slider .strip button"), desktop.locator("#note")
    strip.nth(1).click()
    tab(desktop, 1)
    desktop.set_input_files("#reference input[type=file]", str(dark_file))
    desktop.wait_for_selector("#reference img")
    tab(desktop, 0)
    stops = desktop.locator("#slider input[name=alone-brightness]")
    stops.focus()
    desktop.keyboard.press("ArrowRight")
    brightness = desktop.locator("#brightness input[type=number]")
    with monkeypatch.context() as full:
        full.setattr(service, "run", refused)
        brightness.fill("1")
        desktop.keyboard.press("Enter")
        note.get_by_text("There is no room").wait_for()
        strip.first.wait_for(state="detached")
        tab(desktop, 1)
        assert desktop.locator("#reference img").is_visible()
        tab(desktop, 0)
    brightness.fill("0")
    desktop.keyboard.press("Enter")
    strip.nth(1).wait_for()
    archive = zipfile.ZipFile(io.BytesIO(downloaded(desktop, "#download")))
    assert f"second_{DEFAULT}_+0.1EV.png" in archive.namelist()
    assert stops.input_value() == "0.1"
    # With the photos, all that was theirs is gone.
    desktop.locator("#photos button[aria-label=Clear]").click()
    strip.first.wait_for(state="detached")
    tab(desktop, 1)
    desktop.wait_for_selector("#reference img", state="detached")
