"""Photos restored in the demo, driven as people drive it: with mouse, keys and fingers."""

import io
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import numpy as np
import pytest
from browsing import WAIT_MS, downloaded, fits_its_width, give, opened, slider_of
from gradio_client import Client
from PIL import Image

import app
from lowlight_hub import ATTEMPTS, enhance, load_model
from lowlight_hub.attempts import DEFAULT
from lowlight_hub.demo import enhancing, service
from lowlight_hub.demo.texts import TEXTS


def shown_share(page) -> str:
    return page.locator("#slider .before-after").evaluate("it => it.style.getPropertyValue('--at')")


def test_a_dropped_photo_comes_back_and_its_download_is_what_enhance_gives(page, dark_file):
    give(page, dark_file)
    assert slider_of(page).input_value() == "50"
    assert fits_its_width(page)
    restored = Image.open(io.BytesIO(downloaded(page, "#download")))
    assert restored.format == "PNG"
    expected = enhance(load_model(DEFAULT), dark_file)
    assert np.array_equal(np.asarray(restored), np.asarray(expected))


def test_the_slider_goes_by_mouse_touch_and_keys(page, dark_file, request):
    give(page, dark_file)
    slider = slider_of(page)
    slider.focus()
    page.keyboard.press("ArrowLeft")
    assert shown_share(page) == "49%"
    page.keyboard.press("End")
    assert shown_share(page) == "100%"
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    place = (box["x"] + box["width"] / 4, box["y"] + box["height"] / 2)
    (page.touchscreen.tap if "phone" in request.node.name else page.mouse.click)(*place)
    assert 23 <= float(shown_share(page).rstrip("%")) <= 27


@pytest.fixture
def held(desktop, monkeypatch, dark_file) -> Iterator[threading.Event]:
    """A restored photo on the page, and another brightness in work until what it gives is set."""
    give(desktop, dark_file)
    desktop.wait_for_selector("#download:not([disabled])", timeout=WAIT_MS)
    gate, run = threading.Event(), service.run
    monkeypatch.setattr(service, "run", lambda *given: gate.wait() and run(*given))
    desktop.locator("#brightness input[type=number]").fill("1")
    desktop.keyboard.press("Enter")
    desktop.locator("#note .progress-text").wait_for(timeout=WAIT_MS)
    yield gate
    gate.set()


def test_settings_in_work_are_said_to_be_and_the_download_waits_for_them(desktop, held, dark_file):
    line, download = (desktop.locator(it).bounding_box() for it in ("#note .wrap", "#download"))
    assert line["height"] >= 20  # Gradio cuts the line off where it has no room
    assert line["y"] + line["height"] <= download["y"]
    files = []
    desktop.on("download", lambda file: files.append(file))
    desktop.locator("#download").click()
    desktop.locator("#download").press("Enter")
    desktop.wait_for_timeout(500)
    assert not files
    held.set()
    desktop.locator("#note .progress-text").wait_for(state="detached", timeout=WAIT_MS)
    restored = Image.open(io.BytesIO(downloaded(desktop, "#download")))
    expected = enhance(load_model(DEFAULT), dark_file, brightness=1)
    assert np.array_equal(np.asarray(restored), np.asarray(expected))


def test_what_is_stopped_is_said_to_be_and_can_be_started_again(desktop, held):
    with desktop.expect_response("**/cancel"):
        desktop.locator("#stop").click()
        desktop.get_by_text(TEXTS["en"]["stopped"]).wait_for(timeout=WAIT_MS)
        assert not desktop.locator("#download").is_visible()
        held.set()
    desktop.wait_for_timeout(500)
    desktop.locator("#run").click()
    assert downloaded(desktop, "#download")
    # Where nothing is in work, there is nothing to stop and to take away.
    desktop.locator("#note .wrap.hide").wait_for(state="attached", timeout=WAIT_MS)
    desktop.locator("#stop").click()
    desktop.wait_for_timeout(500)
    assert desktop.locator("#download").is_visible()


def test_settings_reach_the_result(browser, page_url, dark_file):
    with opened(browser, page_url, query="?model=attempt-1") as page:
        page.locator("#format input[value=jpg]").check()
        page.locator("#detail input[value=raw]").check()
        give(page, dark_file)
        slider_of(page)
        page.wait_for_selector("#download:has-text('200×200')", timeout=WAIT_MS)
        with page.expect_download(timeout=WAIT_MS) as waiting:
            page.locator("#download:not([disabled])").click()
        assert waiting.value.suggested_filename == "dark_attempt-1_raw.jpg"
        restored = Image.open(waiting.value.path())
        assert (restored.format, restored.size) == ("JPEG", (200, 200))
        assert "detail=raw" in page.url


def test_a_detail_that_makes_no_difference_is_neither_asked_nor_taken(browser, page_url, dark_file):
    with opened(browser, page_url, query=f"?model={DEFAULT}&detail=raw") as page:
        give(page, dark_file)
        slider_of(page)
        assert not page.locator("#detail").is_visible()
        restored = Image.open(io.BytesIO(downloaded(page, "#download")))
        assert restored.size == Image.open(dark_file).size


@pytest.mark.parametrize(("typed", "counts"), [("9", "2"), ("-9", "-2"), ("", "0")])
def test_a_typed_number_counts_at_the_enter_key_and_one_that_cannot_be_as_one_that_can(
    desktop, dark_file, typed, counts
):
    give(desktop, dark_file)
    slider_of(desktop)
    after = desktop.locator("#slider img:not(.before)")
    number = desktop.locator("#brightness input[type=number]")
    for entered, expected in (("1", "1"), (typed, counts)):
        shown = after.get_attribute("src")
        number.fill(entered)
        desktop.keyboard.press("Enter")
        desktop.wait_for_selector(f"#slider img:not(.before):not([src='{shown}'])", timeout=WAIT_MS)
        assert f"brightness={expected}&" in desktop.url
        assert number.input_value() == expected


def test_a_comma_is_a_decimal_point(desktop):
    number = desktop.locator("#brightness input[type=number]")
    number.fill("")
    number.press_sequentially("0,5")
    desktop.keyboard.press("Enter")
    assert number.input_value() == "0.5"


def test_arrow_keys_on_a_setting_count_as_a_mouse_does(desktop, dark_file):
    give(desktop, dark_file)
    slider_of(desktop)
    desktop.wait_for_selector("#download:not([disabled])", timeout=WAIT_MS)
    shown = desktop.locator("#slider img:not(.before)").get_attribute("src")
    desktop.locator("#brightness input[type=range]").focus()
    desktop.keyboard.press("ArrowRight")
    desktop.wait_for_selector(f"#slider img:not(.before):not([src='{shown}'])", timeout=WAIT_MS)
    desktop.locator("#note .progress-text").wait_for(state="detached", timeout=WAIT_MS)
    restored = Image.open(io.BytesIO(downloaded(desktop, "#download")))
    expected = enhance(load_model(DEFAULT), dark_file, brightness=0.1)
    assert np.array_equal(np.asarray(restored), np.asarray(expected))


def test_a_photo_dropped_onto_another_is_added(desktop, dark_file):
    give(desktop, dark_file)
    slider_of(desktop)
    desktop.evaluate(
        """async (picture) => {
          const dropped = new DataTransfer();
          const bytes = await (await fetch(picture)).blob();
          dropped.items.add(new File([bytes], "second.png", { type: "image/png" }));
          const event = { dataTransfer: dropped, bubbles: true, cancelable: true };
          const place = document.querySelector("#photos .thumbnail-item, #photos img");
          place.dispatchEvent(new DragEvent("drop", event));
        }""",
        desktop.locator("#slider img:not(.before)").get_attribute("src"),
    )
    desktop.wait_for_selector("#note:has-text('2 of 2 photos')", timeout=WAIT_MS)


def test_a_photo_that_was_swept_away_is_said_to_be_gone(tmp_path):
    gone = [(str(tmp_path / "gone.jpg"), None)]
    with pytest.warns(UserWarning, match="was deleted"):
        (told,) = enhancing.enhance_photos(
            gone, DEFAULT, 1.0, 0.0, "transfer", "png", False, None, None
        )
    assert told.note == f"{TEXTS['en']['gone']}." and told.slider is None


def test_another_brightness_is_a_click_on_how_it_looks(page, dark_file):
    give(page, dark_file)
    choices = page.locator("#choices button")
    choices.first.wait_for(timeout=WAIT_MS)
    lights = [
        np.asarray(Image.open(io.BytesIO(page.request.get(it.get_attribute("src")).body()))).mean()
        for it in page.locator("#choices img").all()
    ]
    assert lights == sorted(lights) and lights[-1] > 1.5 * lights[0]
    pressed = page.locator("#choices button[aria-pressed=true]")
    assert pressed.inner_text() == "0"
    shown = page.locator("#slider img:not(.before)").get_attribute("src")
    page.get_by_role("button", name=f"{TEXTS['en']['choices']}: +0.5").click()
    page.wait_for_selector(f"#slider img:not(.before):not([src='{shown}'])", timeout=WAIT_MS)
    assert pressed.inner_text() == "+0.5"
    assert "brightness=0.5&" in page.url
    restored = Image.open(io.BytesIO(downloaded(page, "#download")))
    expected = enhance(load_model(DEFAULT), dark_file, brightness=0.5)
    assert np.array_equal(np.asarray(restored), np.asarray(expected))
    # What was chosen otherwise is no choice.
    page.locator("#brightness input[type=number]").fill("0.7")
    page.keyboard.press("Enter")
    pressed.wait_for(state="detached", timeout=WAIT_MS)
    assert choices.count() == 6


def test_other_brightness_is_that_of_the_photo_that_is_there(page, monkeypatch, dark_file):
    examples = page.locator("#examples button.gallery-item")
    choices = page.locator("#choices button")
    examples.first.click()
    choices.first.wait_for(timeout=WAIT_MS)
    gate, made = threading.Event(), service.brightness_choices
    monkeypatch.setattr(service, "brightness_choices", lambda *given: gate.wait() and made(*given))
    examples.nth(1).click()
    choices.first.wait_for(state="detached", timeout=WAIT_MS)
    gate.set()
    choices.first.wait_for(timeout=WAIT_MS)
    give(page, dark_file)  # there are two photos now
    page.locator("#restored .gallery-item").nth(1).wait_for(timeout=WAIT_MS)
    choices.first.wait_for(state="detached", timeout=WAIT_MS)
    assert choices.count() == 0


def test_a_number_that_is_still_being_typed_keeps_no_photo_away(desktop, dark_file):
    number = desktop.locator("#brightness input[type=number]")
    number.fill("9")
    give(desktop, dark_file)
    slider_of(desktop)
    assert number.input_value() == "9"


def test_a_result_comes_into_view(page):
    page.locator("#examples button.gallery-item").first.click()
    slider_of(page)
    page.wait_for_function(
        """() => {
          const box = document.querySelector("#slider img").getBoundingClientRect();
          return box.top >= 0 && box.bottom <= window.innerHeight;
        }""",
        timeout=WAIT_MS,
    )


def test_a_link_restores_the_settings(browser, page_url):
    query = "?model=attempt-4b&strength=0.4&brightness=-0.5&detail=network&other=1"
    with opened(browser, page_url, query=query) as page:
        page.wait_for_selector("#about:has-text('VGG-11')", timeout=WAIT_MS)
        assert ATTEMPTS["attempt-4b"].title in page.locator("#model input").input_value()
        assert page.locator("#strength input[type=number]").input_value() == "0.4"
        assert page.locator("#brightness input[type=number]").input_value() == "-0.5"
        assert page.locator("#detail input[value=network]").is_checked()
    with opened(
        browser, page_url, query="?model=nobody&strength=nan&brightness=9&detail=<b>"
    ) as page:
        page.wait_for_timeout(500)
        assert ATTEMPTS[DEFAULT].title in page.locator("#model input").input_value()
        assert page.locator("#strength input[type=number]").input_value() == "1"
        assert page.locator("#brightness input[type=number]").input_value() == "2"


def test_several_photos_come_back_in_one_zip(page, tmp_path, photo, dark_file):
    shutil.copy(dark_file, tmp_path / "second.jpg")
    (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8\xff nothing more")
    give(page, dark_file, tmp_path / "second.jpg", tmp_path / "broken.jpg")
    page.locator("#note").get_by_text("broken.jpg cannot be read as a photo").wait_for(
        timeout=WAIT_MS
    )
    restored = page.locator("#restored .gallery-item")
    restored.nth(1).wait_for(timeout=WAIT_MS)  # they are drawn after the message
    assert restored.count() == 2
    assert fits_its_width(page)
    archive = zipfile.ZipFile(io.BytesIO(downloaded(page, "#download")))
    assert archive.namelist() == [f"dark_{DEFAULT}.png", f"second_{DEFAULT}.png"]
    second = Image.open(archive.open(f"second_{DEFAULT}.png"))
    expected = enhance(load_model(DEFAULT), dark_file)
    assert np.array_equal(np.asarray(second), np.asarray(expected))


def test_an_example_can_be_clicked(page):
    page.locator("#examples button.gallery-item").first.click()
    slider_of(page)


def test_a_file_that_is_no_photo_is_said_to_be_none(page, tmp_path):
    (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8\xff nothing more")
    give(page, tmp_path / "broken.jpg")
    page.wait_for_selector(
        "#note:has-text('broken.jpg cannot be read as a photo')", timeout=WAIT_MS
    )
    assert "Traceback" not in page.content() and str(tmp_path) not in page.content()
    assert fits_its_width(page)


def test_a_removed_photo_takes_its_result_with_it(desktop, dark_file):
    give(desktop, dark_file)
    slider_of(desktop)
    desktop.locator("#photos button[aria-label=Clear]").click()
    desktop.wait_for_selector("#slider .before-after", state="detached", timeout=WAIT_MS)
    assert not desktop.locator("#download").is_visible()


def test_the_page_can_be_installed(page_url, browser):
    with opened(browser, page_url) as page:
        manifest = page.request.get(page_url + "manifest.json").json()
        assert manifest["name"] == "lowlight-hub"
        for icon in manifest["icons"]:
            assert page.request.get(page_url + icon["src"].lstrip("/")).ok


@contextmanager
def served(folder, *arguments, **environment):
    """The address of the demo in a folder, started as a Space or a user starts it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = {"GRADIO_SERVER_NAME": "127.0.0.1", "GRADIO_SERVER_PORT": str(port)}
    with subprocess.Popen(
        [sys.executable, folder / "app.py", *arguments],
        cwd=folder,
        env={**os.environ, **settings, **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as server:
        try:
            for _ in range(120):
                with socket.socket() as probe:
                    if probe.connect_ex(("127.0.0.1", port)) == 0:
                        break
                assert server.poll() is None, "the server ended"
                time.sleep(0.5)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()


def test_the_command_honours_name_and_port():
    with served(Path(app.__file__).parent, HF_HUB_OFFLINE="1") as url:
        client = Client(url, verbose=False)
        assert "/compare" in client.view_api(return_format="dict")["named_endpoints"]


def uploaded(url, file) -> Path:
    """Where a server on this machine keeps what was uploaded to it."""
    with file.open("rb") as photo:
        answer = httpx.post(url.rstrip("/") + "/gradio_api/upload", files={"files": photo})
    return Path(answer.json()[0])


def test_a_server_that_ends_takes_its_own_photos_and_no_others(page_url, dark_file):
    ours = uploaded(page_url, dark_file)
    with served(Path(app.__file__).parent, HF_HUB_OFFLINE="1") as url:
        theirs = uploaded(url, dark_file)
        assert theirs.exists()
    assert not theirs.exists()
    assert ours.exists()
