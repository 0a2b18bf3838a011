"""A photo and its result enlarged on the page, down to their own pixels."""

import io

import numpy as np
import pytest
from browsing import WAIT_MS, fits_its_width, give, slider_of
from PIL import Image

from lowlight_hub import enhance, load_model
from lowlight_hub.attempts import DEFAULT
from lowlight_hub.demo.close_ups import MAX_PX, close_up
from lowlight_hub.photos import save_photo

SIZE = (1800, 1200)


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
    assert found["box"] == (0.2, 0.3, 0.3, 0.5)
    for light, name in enumerate(("before", "after")):
        spot = np.asarray(Image.open(found[name]["path"]).convert("RGB"), int)
        assert spot.shape == (20, 20, 3)
        expected = np.broadcast_to([40, 50, 100 * light], spot.shape)
        assert np.abs(spot - expected).max() < 20


def test_no_more_pixels_are_sent_than_are_seen(handed_out):
    found = close_up({**handed_out, "box": [0, 0, 1, 0.4], "width": 50})
    assert Image.open(found["after"]["path"]).size == (50, 10)


@pytest.mark.parametrize(
    "asked",
    [
        {"result": "/etc/hostname"},
        {"photo": "out/../../../etc/hostname"},
        {"photo": "gone.png"},
        {"box": [0, 0, 1]},
        {"box": [0.5, 0, 0.5, 1]},
        {"box": [0, 1, 1, 0]},
        {"box": ["all"] * 4},
        {"box": [float("nan")] * 4},
        {"width": 0},
        {"width": None},
        {"photo": 7},
    ],
    ids=str,
)
def test_what_cannot_be_shown_is_not(handed_out, asked):
    assert close_up({**handed_out, "box": [0, 0, 1, 1], "width": MAX_PX, **asked}) is None
    assert close_up({}) is None


def test_only_what_was_handed_out_is_shown(monkeypatch, tmp_path, dark_file):
    asked = {"photo": str(dark_file), "result": str(dark_file), "box": [0, 0, 1, 1], "width": 100}
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "out"))
    assert close_up(asked) is None
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(dark_file.parent))
    assert close_up(asked) is not None


def enlarged(page) -> tuple[np.ndarray, np.ndarray]:
    """The result and the photo, as they are shown of a spot."""
    places = page.locator("#slider .close-up")
    page.wait_for_function(
        "() => document.querySelector('#slider .close-up')?.style.backgroundImage", timeout=WAIT_MS
    )
    addresses = places.evaluate_all("all => all.map(it => it.style.backgroundImage.slice(5, -2))")
    after, before = (
        np.asarray(Image.open(io.BytesIO(page.request.get(it).body())), int) for it in addresses
    )
    return after, before


def test_a_double_click_shows_a_large_photos_own_pixels(page, large_file):
    give(page, large_file)
    slider_of(page)
    page.wait_for_selector("#download:not([disabled])", timeout=WAIT_MS)
    page.wait_for_timeout(500)  # the page scrolls to the result
    figure = page.locator("#slider .before-after")
    box = figure.bounding_box()
    figure.dblclick(position={"x": box["width"] / 4, "y": box["height"] / 2})
    after, before = enlarged(page)
    assert page.locator("#slider output").inner_text() == "100 %"
    assert fits_its_width(page)
    assert abs(after.shape[1] - box["width"]) <= 2 and after.shape == before.shape
    top, _, _, left = (
        float(it.rstrip("%")) / 100
        for it in page.locator("#slider .close-up").first.evaluate("it => it.style.inset").split()
    )
    share = box["width"] / SIZE[0]
    assert (left, top) == pytest.approx((0.25 * (1 - share), 0.5 * (1 - share)), abs=0.003)
    left, top = round(left * SIZE[0]), round(top * SIZE[1])
    model = load_model(DEFAULT)
    for shown, whole in ((before, Image.open(large_file)), (after, enhance(model, large_file))):
        spot = np.asarray(whole, int)[top:, left:][: shown.shape[0], : shown.shape[1]]
        assert np.abs(shown - spot).mean() < 4


def test_an_enlarged_photo_is_dragged_and_divided_by_its_handle(desktop, large_file):
    give(desktop, large_file)
    slider_of(desktop)
    desktop.locator("#slider .zoom-controls label").nth(1).wait_for(state="hidden")
    figure = desktop.locator("#slider .before-after")
    desktop.wait_for_selector("#download:not([disabled])", timeout=WAIT_MS)
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
    # Another photo is seen whole again, other settings of this one where it was looked at.
    brightness = desktop.locator("#brightness input[type=number]")
    brightness.fill("1")
    brightness.press("Enter")
    desktop.wait_for_selector("#download[disabled]", timeout=WAIT_MS)
    desktop.wait_for_selector("#download:not([disabled])", timeout=WAIT_MS)
    assert across.input_value() == moved
    assert enlarged(desktop)[0].mean() > 0
