"""Several photos in the demo: one zip, a strip to pick from, and nothing is worked out twice."""

import io
import shutil
import threading
import zipfile
from collections.abc import Iterator

import numpy as np
import pytest
from browsing import (
    download,
    downloaded,
    fits_its_width,
    give,
    opacity_of_the_picture,
)
from PIL import Image
from playwright.sync_api import expect

from lowlight_hub import enhance, load_model
from lowlight_hub.attempts import DEFAULT
from lowlight_hub.demo import service
from lowlight_hub.demo.examples import example_files
from lowlight_hub.demo.texts import TEXTS
from lowlight_hub.photos import save_photo, to_picture


def test_several_photos_come_back_in_one_zip(page, tmp_path, photo, dark_file):
    shutil.copy(dark_file, tmp_path / "second.png")
    (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8\xff nothing more")
    give(page, dark_file, tmp_path / "second.png", tmp_path / "broken.jpg")
    page.locator("#note").get_by_text("broken.jpg cannot be read as a photo").wait_for()
    restored = page.locator("#slider .strip button")
    restored.nth(1).wait_for()  # they are drawn after the message
    assert restored.count() == 2
    assert fits_its_width(page)
    archive = zipfile.ZipFile(io.BytesIO(downloaded(page, "#download")))
    assert archive.namelist() == [f"dark_{DEFAULT}.png", f"second_{DEFAULT}.png"]
    second = Image.open(archive.open(f"second_{DEFAULT}.png"))
    expected = enhance(load_model(DEFAULT), dark_file)
    assert np.array_equal(np.asarray(second), np.asarray(expected))


@pytest.fixture
def three(desktop, monkeypatch, tmp_path, dark_file) -> Iterator[tuple[threading.Event, list]]:
    """The first of three photos on the page, the others in work until the event is set.

    And a list of the brightness that each was restored with.
    """
    gate, run, done = threading.Event(), service.run, []

    def after_the_first(photo, settings, step):
        if done:
            gate.wait()
        restored = run(photo, settings, step)
        done.append(settings.look.brightness)
        return restored

    monkeypatch.setattr(service, "run", after_the_first)
    copies = [shutil.copy(dark_file, tmp_path / f"{name}.jpg") for name in ("second", "third")]
    give(desktop, dark_file, *copies)
    try:
        desktop.locator("#slider .strip button").wait_for()
        yield gate, done
    finally:
        gate.set()


def test_what_is_done_of_several_photos_when_they_are_stopped_can_be_had(desktop, three):
    gate, done = three
    desktop.locator("#stop").click()
    said = TEXTS["en"]
    told = f"{said['stopped_several']} {said['in_the_zip']}: 1."
    desktop.get_by_text(told).wait_for()
    archive = zipfile.ZipFile(io.BytesIO(downloaded(desktop, "#download")))
    assert archive.namelist() == [f"dark_{DEFAULT}.png"]
    gate.set()
    desktop.wait_for_timeout(1000)
    assert done == [0]


def test_stopped_photos_go_on_where_they_were(desktop, three):
    gate, done = three
    with desktop.expect_response("**/reset"):
        desktop.locator("#stop").click()
        desktop.get_by_text(TEXTS["en"]["stopped_several"]).wait_for()
        gate.set()
    desktop.wait_for_timeout(500)
    desktop.locator("#run").click()
    desktop.locator("#note").get_by_text("3 of 3 photos").wait_for()
    assert len(zipfile.ZipFile(io.BytesIO(downloaded(desktop, "#download"))).namelist()) == 3
    assert done == [0, 0, 0]


def test_a_photo_added_to_another_is_the_only_one_restored(
    desktop, monkeypatch, tmp_path, dark_file
):
    give(desktop, dark_file)
    desktop.wait_for_selector("#download:not([disabled])")
    run_file, restored = service.run_file, []
    monkeypatch.setattr(
        service,
        "run_file",
        lambda file, *given: restored.append(file.name) or run_file(file, *given),
    )
    give(desktop, shutil.copy(dark_file, tmp_path / "second.png"))
    desktop.locator("#note").get_by_text("2 of 2 photos").wait_for()
    archive = zipfile.ZipFile(io.BytesIO(downloaded(desktop, "#download")))
    assert archive.namelist() == [f"dark_{DEFAULT}.png", f"second_{DEFAULT}.png"]
    assert set(restored) == {"second.png"}


def test_photos_that_were_made_before_are_all_shown_again(desktop, three):
    gate, _ = three
    gate.set()
    note, strip = desktop.locator("#note"), desktop.locator("#slider .strip button")
    note.get_by_text("3 of 3 photos").wait_for()
    for _ in range(5):
        desktop.wait_for_selector("#download:not([disabled])")
        with desktop.expect_response("**/queue/join*"):
            desktop.locator("#run").click()
        desktop.wait_for_selector("#slider .before-after:not(.outdated)")
        note.get_by_text("3 of 3 photos").wait_for()
        expect(strip).to_have_count(3)


def test_what_is_done_of_several_photos_is_not_faint(desktop, three):
    desktop.locator("#note .progress-text").wait_for()
    desktop.wait_for_timeout(1000)
    assert opacity_of_the_picture(desktop) == "1"


def test_other_settings_end_what_is_in_work_and_all_photos_get_them(desktop, three):
    gate, done = three
    with desktop.expect_response(lambda it: "/run/predict" in it.url or "/queue/join" in it.url):
        desktop.locator("#brightness input[type=number]").fill("1")
        desktop.keyboard.press("Enter")
    gate.set()
    desktop.locator("#slider .strip button").nth(2).wait_for()
    assert downloaded(desktop, "#download")
    assert done == [0, 1, 1, 1]


def test_one_of_several_photos_is_picked_to_be_looked_at(page, tmp_path, photo):
    for name, strength in (("bright", 0.2), ("dark", 0.05), ("between", 0.1)):
        save_photo(to_picture(photo * strength), tmp_path / f"{name}.png")
    give(page, *(tmp_path / f"{name}.png" for name in ("bright", "dark", "between")))
    strip = page.locator("#slider .strip button")
    strip.nth(2).wait_for()
    print_ = page.locator("#slider .small-print").first
    assert print_.inner_text().startswith("bright.png")
    assert strip.nth(0).get_attribute("aria-pressed") == "true"
    strip.nth(1).click()
    assert print_.inner_text().startswith("dark.png")
    pressed = [it.get_attribute("aria-pressed") for it in strip.all()]
    assert pressed == ["false", "true", "false"]
    before, after = (
        np.asarray(Image.open(io.BytesIO(page.request.get(it.get_attribute("src")).body())))
        for it in (page.locator("#slider img.before"), page.locator("#slider figure img").first)
    )
    given = Image.open(tmp_path / "dark.png")
    # It can be had alone.
    page.wait_for_selector("#download:not([disabled])")
    one = download(page, "#slider .this-file")
    assert one.suggested_filename == f"dark_{DEFAULT}.png"
    assert np.array_equal(np.asarray(Image.open(one.path())), after)
    # It stays in view when all are restored anew.
    page.locator("#brightness input[type=number]").fill("1")
    page.keyboard.press("Enter")
    page.wait_for_selector(
        f"#slider .strip:not(:has(img[src='{strip.nth(2).locator('img').get_attribute('src')}']))"
        ":has(button:nth-child(3))",
    )
    page.wait_for_timeout(500)
    assert print_.inner_text().startswith("dark.png")
    assert [it.get_attribute("aria-pressed") for it in strip.all()] == pressed
    assert np.array_equal(before, np.asarray(given))
    assert np.array_equal(after, np.asarray(enhance(load_model(DEFAULT), given)))
    assert fits_its_width(page)


def test_a_photo_that_comes_to_others_is_in_view_and_so_is_one_picked_of_those_given(
    desktop, tmp_path, dark_file
):
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"\xff\xd8\xff nothing more")
    copies = [shutil.copy(dark_file, tmp_path / f"{name}.png") for name in ("second", "third (1)")]
    print_ = desktop.locator("#slider .small-print").first
    give(desktop, dark_file)
    desktop.wait_for_selector("#download:not([disabled])")
    give(desktop, broken, *copies)
    desktop.locator("#note").get_by_text("broken.jpg cannot be read").wait_for()
    desktop.locator("#slider .strip button").nth(2).wait_for()
    assert print_.inner_text().startswith("second.png")
    desktop.locator("#photos .thumbnail-item").nth(3).click()
    desktop.locator("#slider .small-print", has_text="third (1).png").wait_for()


def test_one_that_could_not_be_restored_leaves_picture_and_download_of_one_photo(
    desktop, tmp_path, dark_file
):
    (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8\xff nothing more")
    give(desktop, dark_file, shutil.copy(dark_file, tmp_path / "b.png"), tmp_path / "broken.jpg")
    desktop.locator("#note").get_by_text("broken.jpg cannot be read").wait_for()
    strip = desktop.locator("#slider .strip button")
    strip.nth(1).click()
    print_, link = desktop.locator("#slider .small-print").first, desktop.locator(".this-file")
    assert print_.inner_text().startswith("b.png")
    desktop.locator("#photos .thumbnail-item").nth(2).click()
    expect(strip.first).to_have_attribute("aria-pressed", "true")
    assert print_.inner_text().startswith(dark_file.name)
    assert link.get_attribute("download") == f"dark_{DEFAULT}.png"


def test_an_example_joins_the_visitors_photos_and_takes_the_place_of_another(desktop, dark_file):
    examples = desktop.locator("#examples button.gallery-item")
    strip, note = desktop.locator("#slider .strip span"), desktop.locator("#note")
    names = [file.name for file in example_files()]
    give(desktop, dark_file)
    desktop.wait_for_selector("#download:not([disabled])")
    for place in (0, 1):
        examples.nth(place).click()
        desktop.locator("#slider .strip").get_by_text(names[place]).wait_for()
        note.get_by_text("2 of 2 photos").wait_for()
        assert strip.all_inner_texts() == [dark_file.name, names[place]]
        assert desktop.locator("#slider .small-print").first.inner_text().startswith(names[place])
    assert desktop.locator("#photos img").count() == 2
    # One that is there already comes into view.
    desktop.locator("#slider .strip button").first.click()
    examples.nth(1).click()
    desktop.locator("#slider .strip button[aria-pressed=true]").get_by_text(names[1]).wait_for()
