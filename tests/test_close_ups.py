"""A photo and its result enlarged on the page, down to their own pixels."""

import io
import shutil
import threading
from collections import deque
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path

import numpy as np
import pytest
from browsing import fits_its_width, give, slider_of, tab, wait_until
from PIL import Image

from lowlight_hub import enhance, load_model
from lowlight_hub.attempts import DEFAULT
from lowlight_hub.demo import close_ups, service
from lowlight_hub.demo.close_ups import close_up
from lowlight_hub.photos import save_photo

SIZE = (1620, 1080)


@pytest.fixture
def large_file(tmp_path, photo):
    """A dark photo that is larger than the page's picture of it, with texture."""
    noise = np.random.default_rng(0).integers(0, 60, (SIZE[1] // 8, SIZE[0] // 8), np.uint8)
    file = tmp_path / "large photo.jpg"
    save_photo(Image.fromarray(noise).resize(SIZE).convert("RGB"), file)
    return file


@pytest.fixture
def handed_out(monkeypatch, tmp_path):
    """A photo and its result where the demo hands files out; each pixel is its place."""
    rows, columns = np.mgrid[:100, :200].astype(np.uint8)
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "out"))
    files = {"photo": tmp_path / "out" / "dark.png", "result": tmp_path / "out" / "bright.png"}
    for light, file in enumerate(files.values()):
        pixels = np.dstack([rows, columns, np.full_like(rows, 100 * light)])
        save_photo(Image.fromarray(pixels), file)
    return {name: str(file) for name, file in files.items()}


def test_a_spot_is_cut_at_whole_pixels(handed_out):
    found = close_up({**handed_out, "box": [0.201, 0.305, 0.299, 0.5], "width": 900})
    assert found["pixels"] == (40, 30, 60, 50)
    for light, name in enumerate(("before", "after")):
        spot = np.asarray(Image.open(found[name]["path"]))
        with Image.open(handed_out[list(handed_out)[light]]) as whole:
            assert np.array_equal(spot, np.asarray(whole)[30:50, 40:60])


def test_no_more_pixels_are_sent_than_are_seen(handed_out, monkeypatch):
    found = close_up({**handed_out, "box": [0, 0, 1, 0.4], "width": 50})
    assert Image.open(found["after"]["path"]).size == (50, 10)
    monkeypatch.setattr(close_ups, "MAX_PIXELS", 400)
    found = close_up({**handed_out, "box": [0, 0, 0.5, 1], "width": 1000})
    assert Image.open(found["after"]["path"]).size == (20, 20)


def test_few_wait_for_close_ups(handed_out, monkeypatch):
    gate, opened = threading.Event(), close_ups._opened
    monkeypatch.setattr(close_ups, "_opened", lambda *given: gate.wait() and opened(*given))
    asked = {**handed_out, "box": [0, 0, 1, 1], "width": 200}
    with ThreadPoolExecutor(8) as pool:
        try:
            answers = [pool.submit(close_up, asked) for _ in range(8)]
            wait_until(lambda: sum(it.done() for it in answers) >= 4)
            refused, waiting = wait(answers, timeout=0)
            assert all(it.result() is None for it in refused)
        finally:
            gate.set()
        assert len(waiting) == 4 and all(it.result() for it in waiting)


def test_close_ups_do_not_pile_up(handed_out, monkeypatch):
    monkeypatch.setattr(close_ups, "_made", deque())
    asked = {**handed_out, "box": [0, 0, 1, 1], "width": 50}
    old = close_up(asked)
    ((made, files),) = close_ups._made
    close_ups._made[0] = (made - close_ups.KEEP_S - 1, files)
    new = close_up(asked)
    close_ups._delete_old()
    for side in ("before", "after"):
        assert not Path(old[side]["path"]).parent.exists() and Path(new[side]["path"]).exists()


@pytest.mark.parametrize(
    "asked",
    [
        {"box": [0, 0, 1]},
        {"box": [0.5, 0, 0.5, 1]},
        {"box": [0, 1, 1, 0]},
        {"box": ["all"] * 4},
        {"box": [float("nan")] * 4},
        {"width": None},
        {"width": float("inf")},
        {"photo": 7},
    ],
    ids=str,
)
def test_what_cannot_be_shown_is_not(handed_out, asked):
    assert close_up({**handed_out, "box": [0, 0, 1, 1], "width": 200, **asked}) is None
    assert close_up({}) is None


@pytest.mark.parametrize("name", ["photo", "result"])
def test_no_other_file_of_the_server_is_shown(handed_out, tmp_path, name):
    asked = {**handed_out, "box": [0, 0, 1, 1], "width": 200}
    assert close_up(asked) is not None
    place = Path(asked[name])
    secret = tmp_path / "secret.png"
    shutil.copy(place, secret)
    place.unlink()
    assert close_up(asked) is None  # though it was opened before
    place.symlink_to(secret)
    for path in (secret, place, place.parent / ".." / "secret.png"):
        assert close_up({**asked, name: str(path)}) is None


def enlarged(page) -> tuple[np.ndarray, np.ndarray]:
    """The result and the photo, as they are handed over for what is seen."""
    page.wait_for_function(
        "() => document.querySelector('#slider .close-up')?.style.backgroundImage"
    )
    places = page.locator("#slider .close-up")
    addresses = places.evaluate_all("all => all.map(it => it.style.backgroundImage.slice(5, -2))")
    after, before = (
        np.asarray(Image.open(io.BytesIO(page.request.get(it).body())), int) for it in addresses
    )
    return after, before


def restored(page, file):
    """The page's picture of a photo, once its file is there and nothing moves any more."""
    give(page, file)
    slider_of(page)
    page.wait_for_selector("#download:not([disabled])")
    page.wait_for_timeout(500)  # the page scrolls to the result
    return page.locator("#slider .before-after")


def test_a_double_click_shows_a_large_photos_own_pixels(page, large_file):
    figure = restored(page, large_file)
    box = figure.bounding_box()
    figure.dblclick(position={"x": box["width"] / 4, "y": box["height"] / 2})
    after, before = enlarged(page)
    assert page.locator("#slider output").inner_text() == "100 %"
    assert slider_of(page).input_value() == "50"
    assert fits_its_width(page)
    assert abs(after.shape[1] - box["width"]) <= 2 and after.shape == before.shape
    # On the screen they are as they were sent: pixel by pixel.
    slider_of(page).evaluate(
        "it => { it.value = 0; it.dispatchEvent(new Event('input', { bubbles: true })); }"
    )
    page.wait_for_timeout(300)
    page.evaluate("document.activeElement.blur()")
    seen = np.asarray(Image.open(io.BytesIO(page.screenshot())).convert("RGB"), int)
    rows, columns = (round(box[it]) + 60 for it in ("y", "x"))
    part = seen[rows : rows + 60, columns : columns + 60]
    places = [
        after[top : top + 60, left : left + 60] for top in range(55, 66) for left in range(55, 66)
    ]
    assert min(np.abs(part - it).max() for it in places) == 0
    # And they are the photo's and those of what enhance makes of it.
    model = load_model(DEFAULT)
    wholes = [np.asarray(it, int) for it in (Image.open(large_file), enhance(model, large_file))]
    share = box["width"] / SIZE[0]
    top, left = (
        round(side * (1 - share) * at) for side, at in zip(SIZE[::-1], (0.5, 0.25), strict=True)
    )
    for shown, whole in zip((before, after), wholes, strict=True):
        size = shown.shape[:2]
        differences = [
            np.abs(whole[row:, column:][: size[0], : size[1]] - shown).mean()
            for row in range(top - 3, top + 4)
            for column in range(left - 3, left + 4)
        ]
        assert min(differences) < 2


def test_an_enlarged_photo_is_dragged_and_divided_by_its_handle(desktop, large_file):
    figure = restored(desktop, large_file)
    assert not desktop.locator("#slider input[name=x]").is_visible()
    figure.dblclick()
    box = figure.bounding_box()
    place = (box["x"] + 0.7 * box["width"], box["y"] + box["height"] / 4)
    across = desktop.locator("#slider input[name=x]")
    before = float(across.input_value())
    desktop.mouse.move(*place)
    desktop.mouse.down()
    desktop.mouse.move(place[0] - 100, place[1])
    desktop.mouse.up()
    assert float(across.input_value()) > before + 5
    assert slider_of(desktop).input_value() == "50"
    moved = across.input_value()
    handle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    desktop.mouse.move(*handle)
    desktop.mouse.down()
    desktop.mouse.move(handle[0] + box["width"] / 4, handle[1])
    desktop.mouse.up()
    assert 73 <= int(slider_of(desktop).input_value()) <= 77
    assert across.input_value() == moved
    # Other settings are seen where this photo was looked at.
    first = desktop.locator("#slider img").first
    source = first.get_attribute("src")
    desktop.locator("#brightness input[type=number]").fill("1")
    desktop.keyboard.press("Enter")
    desktop.wait_for_selector(f"#slider img:not(.before):not([src='{source}'])")
    assert across.input_value() == moved
    assert desktop.locator("#slider output").inner_text() == "100 %"


def test_a_photo_that_comes_while_another_tab_is_open_is_seen_as_a_whole(
    desktop, large_file, dark_file
):
    restored(desktop, large_file).dblclick()
    enlarged(desktop)
    tab(desktop, 2)
    desktop.locator("#photos button[aria-label=Clear]").click()
    give(desktop, dark_file)
    desktop.wait_for_selector("#download:not([disabled])", state="attached")
    tab(desktop, 0)
    print_ = desktop.locator("#slider .small-print")
    print_.get_by_text("320×240").wait_for()
    width = desktop.locator("#slider .before-after").bounding_box()["width"]
    desktop.wait_for_function(
        "told => Math.abs(parseInt(document.querySelector('#slider output').value) - told) <= 1",
        arg=100 * width / 320,
    )
    assert not desktop.locator("#slider .zoomed").count()
    assert not desktop.locator("#slider .close-up").first.is_visible()


def test_a_quick_look_is_enlarged_as_the_photo_itself(desktop, monkeypatch, tmp_path, large_file):
    monkeypatch.setattr(service, "QUICK_PIXELS", 0)
    gate, run = threading.Event(), service.run

    def quick_then_gated(photo, settings, step):
        if photo.pixels.dtype == np.uint8:  # the photo itself
            gate.wait()
        return run(photo, settings, step)

    monkeypatch.setattr(service, "run", quick_then_gated)
    try:
        give(desktop, large_file)
        slider_of(desktop)
        desktop.wait_for_timeout(500)
        desktop.locator("#slider .before-after").dblclick()
        output = desktop.locator("#slider output")
        assert output.inner_text() == "100 %"
        gate.set()
        assert enlarged(desktop)[0].shape[1] < 1000
        assert output.inner_text() == "100 %"
    finally:
        gate.set()
