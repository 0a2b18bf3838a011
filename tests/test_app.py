"""The demo, driven as people drive it: in a browser, with mouse, keys and fingers."""

import io
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
import zipfile
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from gradio_client import Client
from PIL import Image

import app
from lowlight_hub import ATTEMPTS, enhance, load_model
from lowlight_hub.attempts import DEFAULT
from lowlight_hub.demo import service
from lowlight_hub.demo.texts import TEXTS

TITLES = [attempt.title for attempt in ATTEMPTS.values()]
# No lookups of the browser's own: this machine may have no network.
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WAIT_MS = 60_000
DESKTOP, PHONE = (1280, 900), (390, 844)
# What Gradio's own markup violates. This list may only shrink.
GRADIOS_OWN = {"image-redundant-alt", "nested-interactive"}
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]


@pytest.fixture(scope="session")
def browser(chromium):
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield browser
        browser.close()


@contextmanager
def opened(browser, url, size=DESKTOP, query="", **settings):
    """The open demo; fails if it asks another machine or logs an error."""
    width, height = size
    context = browser.new_context(viewport={"width": width, "height": height}, **settings)
    page = context.new_page()
    foreign, errors = [], []
    page.on(
        "request",
        lambda it: None if it.url.startswith((url, "data:", "blob:")) else foreign.append(it.url),
    )
    page.on("console", lambda it: errors.append(it.text) if it.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(url + query)
    page.wait_for_selector("#photos input[type=file]", state="attached", timeout=WAIT_MS)
    yield page
    assert foreign == []
    assert errors == []
    context.close()


@pytest.fixture(params=[DESKTOP, PHONE], ids=["desktop", "phone"])
def page(browser, page_url, request):
    with opened(browser, page_url, request.param, has_touch=request.param == PHONE) as page:
        yield page


@pytest.fixture
def desktop(browser, page_url):
    with opened(browser, page_url) as page:
        yield page


def give(page, *files):
    page.set_input_files("#photos input[type=file]", [str(file) for file in files])


def slider_of(page):
    page.wait_for_selector("#slider .before-after", timeout=WAIT_MS)
    return page.locator("#slider input[type=range]")


def shown_share(page) -> str:
    return page.locator("#slider .before-after").evaluate("it => it.style.getPropertyValue('--at')")


def downloaded(page, button: str) -> bytes:
    page.wait_for_selector(f"{button}:not([disabled])", timeout=WAIT_MS)
    with page.expect_download(timeout=WAIT_MS) as waiting:
        page.locator(button).click()
    return Path(waiting.value.path()).read_bytes()


def fits_its_width(page) -> bool:
    return page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def tab(page, number: int):
    page.get_by_role("tab").nth(number).click()


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


def test_settings_reach_the_result(desktop, dark_file):
    desktop.locator("#format input[value=jpg]").check()
    desktop.locator("#detail input[value=raw]").check()
    give(desktop, dark_file)
    slider_of(desktop)
    restored = Image.open(io.BytesIO(downloaded(desktop, "#download")))
    assert (restored.format, restored.size) == ("JPEG", (200, 200))
    assert "detail=raw" in desktop.url


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
    page.get_by_text("broken.jpg cannot be read as a photo").wait_for(timeout=WAIT_MS)
    assert page.locator("#restored .gallery-item").count() == 2
    assert fits_its_width(page)
    archive = zipfile.ZipFile(io.BytesIO(downloaded(page, "#download")))
    assert archive.namelist() == [f"dark_{DEFAULT}.png", f"second_{DEFAULT}.png"]
    restored = Image.open(archive.open(f"second_{DEFAULT}.png"))
    expected = enhance(load_model(DEFAULT), dark_file)
    assert np.array_equal(np.asarray(restored), np.asarray(expected))


def test_all_attempts_are_compared_side_by_side(page, dark_file):
    give(page, dark_file)
    slider_of(page)
    tab(page, 1)
    page.locator("#all").click()
    page.wait_for_selector("#sheet", timeout=WAIT_MS)
    tiles = page.locator("#tiles .tile")
    assert tiles.locator("strong").all_inner_texts() == [TEXTS["en"]["dark"], *TITLES]
    sources = {it.get_attribute("src") for it in tiles.locator("img").all()}
    assert len(sources) == len(TITLES) + 1
    assert fits_its_width(page)
    zoom = page.locator("#tiles input[name=zoom]")
    zoom.focus()
    page.keyboard.press("End")
    scales = tiles.locator("img").evaluate_all(
        "all => all.map(it => getComputedStyle(it).transform)"
    )
    assert set(scales) == {"matrix(8, 0, 0, 8, 0, 0)"}
    sheet = Image.open(io.BytesIO(downloaded(page, "#sheet")))
    assert sheet.format == "PNG"


def test_a_reference_gives_figures_and_their_ranking(desktop, dark_file):
    give(desktop, dark_file)
    slider_of(desktop)
    tab(desktop, 1)
    desktop.set_input_files("#reference input[type=file]", str(dark_file))
    desktop.wait_for_selector("#reference img", timeout=WAIT_MS)
    desktop.locator("#all").click()
    desktop.wait_for_selector("#sheet", timeout=WAIT_MS)
    psnr = [float(it) for it in desktop.locator("#ranking td:nth-child(2)").all_inner_texts()]
    assert len(psnr) == len(TITLES)
    assert psnr == sorted(psnr, reverse=True)


def test_results_show_every_model_and_its_losses(page):
    tab(page, 2)
    page.wait_for_selector("#evaluation table", timeout=WAIT_MS)
    first = page.locator("#evaluation td:first-child").all_inner_texts()
    assert set(TITLES) <= set(first)
    page.wait_for_selector("#losses canvas, #losses svg", timeout=WAIT_MS)
    assert fits_its_width(page)


def test_an_example_can_be_clicked(page):
    page.locator("#examples button.gallery-item").first.click()
    slider_of(page)


def test_a_file_that_is_no_photo_is_said_to_be_none(page, tmp_path):
    (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8\xff nothing more")
    give(page, tmp_path / "broken.jpg")
    page.get_by_text("broken.jpg cannot be read as a photo").first.wait_for(timeout=WAIT_MS)
    assert "Traceback" not in page.content() and str(tmp_path) not in page.content()
    assert fits_its_width(page)


def test_nothing_is_compared_without_a_photo(desktop):
    tab(desktop, 1)
    desktop.locator("#all").click()
    desktop.get_by_text("There is no photo yet").first.wait_for(timeout=WAIT_MS)


def test_a_comparison_can_be_stopped(desktop, monkeypatch, dark_file):
    give(desktop, dark_file)
    slider_of(desktop)
    gate, run = threading.Event(), service.run

    def slow(photo, settings):
        if settings.model == list(ATTEMPTS)[2]:
            gate.wait()
        return run(photo, settings)

    monkeypatch.setattr(service, "run", slow)
    tab(desktop, 1)
    desktop.locator("#all").click()
    desktop.get_by_text(f"2 of {len(ATTEMPTS)} attempts").wait_for(timeout=WAIT_MS)
    desktop.locator("#stop-all").click()
    desktop.wait_for_timeout(500)
    gate.set()
    desktop.wait_for_timeout(2000)
    assert desktop.locator("#tiles .tile").count() == 3  # the dark photo and two attempts
    desktop.locator("#all").click()
    desktop.wait_for_selector("#sheet", timeout=WAIT_MS)


def test_a_removed_photo_takes_its_result_with_it(desktop, dark_file):
    give(desktop, dark_file)
    slider_of(desktop)
    desktop.locator("#photos button[aria-label=Clear]").click()
    desktop.wait_for_selector("#slider .before-after", state="detached", timeout=WAIT_MS)
    assert not desktop.locator("#download").is_visible()


def test_the_page_speaks_spanish(browser, page_url, dark_file):
    with opened(browser, page_url, locale="es-AR") as page:
        page.get_by_role("tab", name="Comparar").wait_for(timeout=WAIT_MS)
        give(page, dark_file)
        assert slider_of(page).get_attribute("aria-label") == TEXTS["es"]["slider"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_nothing_of_ours_keeps_anybody_out(browser, page_url, dark_file, scheme, size):
    import axe_playwright_python

    axe = Path(axe_playwright_python.__file__).with_name("axe.min.js").read_text("utf-8")
    with opened(browser, page_url, size, color_scheme=scheme) as page:
        give(page, dark_file)
        slider_of(page)
        page.wait_for_selector("#download:not([disabled])", timeout=WAIT_MS)
        page.evaluate(axe)
        found = {}
        for number in range(3):
            tab(page, number)
            if number == 1:
                page.locator("#all").click()
                page.wait_for_selector("#sheet", timeout=WAIT_MS)
            page.wait_for_timeout(500)  # until colours have faded in
            results = page.evaluate("rules => axe.run({ runOnly: rules })", RULES)
            found |= {it["id"]: it["nodes"][0]["html"] for it in results["violations"]}
        assert {rule: html for rule, html in found.items() if rule not in GRADIOS_OWN} == {}


def test_every_control_is_reached_by_the_keyboard(desktop, dark_file):
    give(desktop, dark_file)
    slider_of(desktop)
    desktop.wait_for_selector("#download:not([disabled])", timeout=WAIT_MS)
    desktop.locator("body").click(position={"x": 1, "y": 1})
    wanted = {"#slider", "#download", "#model", "#strength", "#detail", "#format", "#keep", "#run"}
    wanted |= {"#brightness", "#stop", "#link", "#photos", "#examples"}
    for _ in range(60):
        desktop.keyboard.press("Tab")
        wanted -= {
            part
            for part in wanted
            if desktop.evaluate("part => !!document.activeElement.closest(part)", part)
        }
        if not wanted:
            break
    assert wanted == set()


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
