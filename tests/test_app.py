"""The demo, driven as people drive it: in a browser and through its API."""

import os
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from PIL import Image

import app
from lowlight_hub import ATTEMPTS, enhance, folders, load_model
from lowlight_hub.photos import Photo, open_photo
from lowlight_hub.restoring import restore as restore_photo
from lowlight_hub.shelf import Shelf

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


@pytest.fixture(scope="session")
def browser(chromium):
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(params=[(1280, 900), (390, 844)], ids=["desktop", "phone"])
def page(browser, page_url, request):
    """The open demo at two sizes; the test fails if it asks another machine or logs an error."""
    width, height = request.param
    context = browser.new_context(viewport={"width": width, "height": height})
    page = context.new_page()
    foreign, errors = [], []
    page.on(
        "request",
        lambda it: None if it.url.startswith((page_url, "data:", "blob:")) else foreign.append(it),
    )
    page.on("console", lambda it: errors.append(it.text) if it.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(page_url)
    page.wait_for_selector("#photo input[type=file]", state="attached", timeout=WAIT_MS)
    yield page
    assert [request.url for request in foreign] == []
    assert errors == []
    context.close()


def restore(page):
    page.get_by_role("button", name="Restore with every attempt").click()


def fits_its_width(page) -> bool:
    return page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_an_uploaded_photo_comes_back_from_every_attempt(page, dark_file):
    page.set_input_files("#photo input[type=file]", dark_file)
    page.wait_for_selector("#photo img", timeout=WAIT_MS)
    restore(page)
    page.get_by_text(f"{len(TITLES)} attempts.").wait_for(timeout=WAIT_MS)
    tiles = page.locator("#results .gallery-item")
    assert [tile.inner_text() for tile in tiles.all()] == TITLES
    sources = {picture.get_attribute("src") for picture in tiles.locator("img").all()}
    assert len(sources) == len(TITLES)
    assert fits_its_width(page)
    clipped = page.locator("#results .caption-label").evaluate_all(
        "all => all.filter(it => it.scrollWidth > it.clientWidth + 1).map(it => it.innerText)"
    )
    assert clipped == []
    last, frame = tiles.last.bounding_box(), page.locator("#results").bounding_box()
    assert last["y"] + last["height"] <= frame["y"] + frame["height"]


def test_results_of_an_earlier_photo_do_not_stay_beside_the_next(page, dark_file):
    page.set_input_files("#photo input[type=file]", dark_file)
    page.wait_for_selector("#photo img", timeout=WAIT_MS)
    restore(page)
    page.get_by_text(f"{len(TITLES)} attempts.").wait_for(timeout=WAIT_MS)
    page.locator("button.gallery-item").first.click()
    page.get_by_text(f"{len(TITLES)} attempts.").wait_for(state="detached", timeout=WAIT_MS)
    assert page.locator("#results .gallery-item").count() == 0


def test_an_example_can_be_clicked(page):
    page.locator("button.gallery-item").first.click()
    page.wait_for_selector("#photo img", timeout=WAIT_MS)
    restore(page)
    page.get_by_text(f"{len(TITLES)} attempts.").wait_for(timeout=WAIT_MS)


def test_a_file_that_is_no_photo_is_said_to_be_none(page, tmp_path):
    (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8\xff nothing more")
    page.set_input_files("#photo input[type=file]", tmp_path / "broken.jpg")
    page.wait_for_selector("#photo img", state="attached", timeout=WAIT_MS)
    restore(page)
    page.get_by_text("The photo cannot be read as a photo").wait_for(timeout=WAIT_MS)
    assert "Traceback" not in page.content()
    assert fits_its_width(page)


def test_no_photo_yet(page):
    restore(page)
    page.get_by_text("There is no photo yet").wait_for(timeout=WAIT_MS)


def test_api_gives_the_pictures_that_enhance_gives(page_url, dark_file):
    client = Client(page_url, verbose=False)
    pictures, note = client.predict(handle_file(dark_file), api_name="/compare")
    assert [picture["caption"] for picture in pictures] == TITLES
    assert f"{len(TITLES)} attempts" in note
    for picture, name in zip(pictures, ATTEMPTS, strict=True):
        shown = Image.open(picture["image"])
        assert shown.format == "PNG"
        assert shown.tobytes() == enhance(load_model(name), dark_file).tobytes()


@pytest.mark.parametrize("detail", ["network", "raw"])
def test_api_shows_the_detail_that_is_asked_for(page_url, dark_file, detail):
    client = Client(page_url, verbose=False)
    pictures, _ = client.predict(handle_file(dark_file), detail, api_name="/compare")
    photo = open_photo(dark_file)
    for picture, name in zip(pictures, ATTEMPTS, strict=True):
        shown = Image.open(picture["image"])
        expected = app._preview(restore_photo(load_model(name), photo, detail=detail), photo)
        assert shown.size == (267, 200) if detail == "raw" else (320, 240)
        assert shown.tobytes() == expected.tobytes()


def test_api_refuses_what_is_no_photo(page_url, tmp_path):
    (tmp_path / "text.png").write_text("no photo")
    with pytest.raises(AppError, match="cannot be read as a photo") as caught:
        Client(page_url, verbose=False).predict(
            handle_file(tmp_path / "text.png"), api_name="/compare"
        )
    assert str(tmp_path) not in str(caught.value)


@pytest.mark.parametrize("size", [(1, 1), (3000, 2), (200, 200), (240, 320)], ids=str)
@pytest.mark.parametrize("raw", [True, False])
def test_previews_have_the_proportions_of_the_photo(size, raw):
    photo = Photo(np.zeros((size[1], size[0], 3), np.uint8))
    square = Photo(np.zeros((200, 200, 3), np.uint8))
    shown = app._preview(square if raw else photo, photo)
    assert shown.width <= app.PREVIEW_PX and shown.height <= app.PREVIEW_PX
    if max(size) / min(size) < 10:
        assert shown.width / shown.height == pytest.approx(size[0] / size[1], rel=0.01)


def test_damaged_weights_of_one_attempt_leave_the_others_working(monkeypatch, tmp_path, dark_file):
    import shutil

    shutil.copytree(folders.WEIGHTS, tmp_path / "weights")
    (tmp_path / "weights" / "vae" / "model.safetensors").write_bytes(b"broken")
    monkeypatch.setattr(folders, "WEIGHTS", tmp_path / "weights")
    monkeypatch.setattr(app, "SHELF", Shelf())
    pictures, note = list(app.restore_with_all(str(dark_file)))[-1]
    assert [caption for _, caption in pictures] == [it for it in TITLES if not it.startswith("Var")]
    assert "Variational" in note and "damaged" in note


@contextmanager
def served(folder, **environment):
    """The address of the demo in a folder, started as a Space or a user starts it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = {"GRADIO_SERVER_NAME": "127.0.0.1", "GRADIO_SERVER_PORT": str(port)}
    with subprocess.Popen(
        [sys.executable, folder / "app.py"],
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
