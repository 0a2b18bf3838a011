"""Photos restored in the demo, driven as people drive it: with mouse, keys and fingers."""

import io
import shutil

import numpy as np
import pytest
from browsing import (
    downloaded,
    fits_its_width,
    give,
    opened,
    shown_share,
    slider_of,
    tab,
)
from PIL import Image

from lowlight_hub import enhance, load_model
from lowlight_hub.attempts import DEFAULT
from lowlight_hub.demo import enhancing, service
from lowlight_hub.demo.page import MAX_UPLOAD_MB
from lowlight_hub.demo.texts import TEXTS
from lowlight_hub.demo.work import Work
from lowlight_hub.photos import photo_of


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
    box = slider.bounding_box()
    place = {"x": box["width"] / 4, "y": box["height"] / 2}
    # Once it stands still: the page scrolls to a result.
    (slider.tap if "phone" in request.node.name else slider.click)(position=place)
    assert 23 <= float(shown_share(page).rstrip("%")) <= 27


def test_a_finger_moves_the_slider_where_ranges_go_by_their_thumbs_alone(phone, dark_file):
    give(phone, dark_file)
    slider_of(phone).evaluate(
        """it => it.addEventListener("touchstart", event => event.preventDefault())"""
    )
    phone.wait_for_selector("#download:not([disabled])")
    box = None
    while box != (box := slider_of(phone).bounding_box()):  # the page scrolls to a result
        phone.wait_for_timeout(1000)
    finger = phone.context.new_cdp_session(phone)
    for kind, share in (("touchStart", 0.9), ("touchMove", 0.5), ("touchMove", 0.2)):
        place = {"x": box["x"] + share * box["width"], "y": box["y"] + box["height"] / 2}
        finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [place]})
    finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    assert 18 <= float(shown_share(phone).rstrip("%")) <= 22


@pytest.mark.parametrize("way", ["drop", "paste"])
def test_a_photo_dropped_onto_another_or_pasted_is_added(desktop, dark_file, way):
    give(desktop, dark_file)
    slider_of(desktop)
    desktop.evaluate(
        """async ([way, picture]) => {
          const given = new DataTransfer();
          const bytes = await (await fetch(picture)).blob();
          given.items.add(new File([bytes], "second.png", { type: "image/png" }));
          const event = { bubbles: true, cancelable: true };
          const place = document.querySelector("#photos .thumbnail-item, #photos img");
          place.dispatchEvent(
            way === "drop"
              ? new DragEvent("drop", { ...event, dataTransfer: given })
              : new ClipboardEvent("paste", { ...event, clipboardData: given }),
          );
        }""",
        [way, desktop.locator("#slider img:not(.before)").get_attribute("src")],
    )
    desktop.wait_for_selector("#note:has-text('2 of 2 photos')")


def test_a_photo_that_was_swept_away_is_said_to_be_gone(tmp_path):
    gone = [(str(tmp_path / "gone.jpg"), None)]
    with pytest.warns(UserWarning, match="was deleted"):
        (told,) = enhancing.enhance_photos(
            1, Work(), None, gone, DEFAULT, 1.0, 0.0, 0.0, "transfer", "png", False, None
        )
    assert told.note == f"{TEXTS['en']['gone']}." and told.slider is None


def test_after_a_restart_an_open_page_says_that_its_photo_is_gone(
    desktop, monkeypatch, tmp_path, dark_file
):
    give(desktop, dark_file)
    slider_of(desktop)
    # As after a restart, where photos are uploaded to another folder.
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "another"))
    desktop.set_extra_http_headers({"Accept-Language": "es"})
    desktop.locator("#run").click()
    desktop.locator(".toast-body").get_by_text(TEXTS["es"]["gone"]).wait_for()
    # What lasts after the toast; and no file of the settings before.
    desktop.locator("#note").get_by_text(TEXTS["es"]["not_begun"]).wait_for()
    desktop.locator("#download").wait_for(state="hidden")


def test_a_full_queue_says_so_where_it_lasts(browser, page_url, monkeypatch, dark_file):
    async def full(*_, **__):
        return False, "Queue is full.", "queue_full"

    told = TEXTS["en"]["not_begun"]
    with opened(browser, page_url, logs="503") as page:
        give(page, dark_file)
        page.wait_for_selector("#download:not([disabled])")
        monkeypatch.setattr("gradio.queueing.Queue.push", full)
        tab(page, 1)
        page.locator("#all").click()
        page.locator("#compare-note").get_by_text(told).wait_for()
        tab(page, 0)
        page.locator("#model input").click()
        page.get_by_role("option").nth(3).click()
        page.locator("#note").get_by_text(told).wait_for()
        page.locator("#download").wait_for(state="hidden")
        monkeypatch.undo()
        page.locator("#run").click()
        assert downloaded(page, "#download")


def test_an_example_can_be_clicked_and_none_is_loaded_before(desktop):
    desktop.wait_for_function(
        """() => [...document.querySelectorAll("#examples img")].every(
          it => it.complete && performance.getEntriesByName(it.src).length
        )"""
    )
    weight = """it => performance.getEntriesByName(it.src)[0].encodedBodySize"""
    shown = desktop.locator("#examples button.gallery-item img").all()
    weights = [picture.evaluate(weight) for picture in shown]
    assert all(weights) and sum(weights) < 100_000
    desktop.locator("#examples button.gallery-item").first.click()
    slider_of(desktop)
    assert desktop.locator("#slider .small-print").first.inner_text().count("512×512")


def test_a_file_that_is_no_photo_is_said_to_be_none(page, tmp_path):
    (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8\xff nothing more")
    give(page, tmp_path / "broken.jpg")
    page.wait_for_selector("#note:has-text('broken.jpg cannot be read as a photo')")
    assert "Traceback" not in page.content() and str(tmp_path) not in page.content()
    assert fits_its_width(page)


def test_a_file_that_cannot_be_a_photo_leaves_the_place_for_one(desktop, tmp_path, dark_file):
    (tmp_path / "<i>notes.txt").write_text("no photo")
    give(desktop, tmp_path / "<i>notes.txt")
    desktop.get_by_text("Not added: <i>notes.txt (not a photo).").wait_for()
    desktop.locator("#photos button[aria-dropeffect]").click(trial=True)
    give(desktop, dark_file)
    slider_of(desktop)


@pytest.mark.parametrize("is_first", [False, True])
def test_files_that_cannot_be_taken_are_named_and_keep_back_no_other(
    desktop, tmp_path, dark_file, is_first
):
    if not is_first:
        give(desktop, dark_file)
        slider_of(desktop)
    (tmp_path / "notes.txt").write_text("no photo")
    with (tmp_path / "large.tif").open("wb") as file:
        file.truncate((MAX_UPLOAD_MB + 1) * 2**20)
    good = shutil.copy(dark_file, tmp_path / "second.png")
    give(desktop, tmp_path / "notes.txt", tmp_path / "large.tif", good)
    told = "Not added: notes.txt (not a photo); large.tif (larger than 60 MB)."
    desktop.locator(".toast-body").get_by_text(told).wait_for()
    if is_first:
        slider_of(desktop)
    else:
        desktop.wait_for_selector("#note:has-text('2 of 2 photos')")


def test_what_is_dropped_into_the_empty_place_is_looked_at_as_well(desktop, dark_file):
    desktop.evaluate(
        """(bytes) => {
          const given = new DataTransfer();
          given.items.add(new File(["no photo"], "notes.txt", { type: "text/plain" }));
          given.items.add(new File([new Uint8Array(bytes)], "dark.png", { type: "image/png" }));
          document.querySelector("#photos button[aria-dropeffect]").dispatchEvent(
            new DragEvent("drop", { bubbles: true, cancelable: true, dataTransfer: given }),
          );
        }""",
        list(dark_file.read_bytes()),
    )
    desktop.get_by_text("Not added: notes.txt (not a photo).").wait_for()
    slider_of(desktop)


def test_a_removed_photo_takes_its_result_with_it(desktop, dark_file):
    give(desktop, dark_file)
    slider_of(desktop)
    desktop.locator("#photos button[aria-label=Clear]").click()
    desktop.wait_for_selector("#slider .before-after", state="detached")
    desktop.locator("#download").wait_for(state="hidden")


def test_who_asks_for_something_without_a_photo_is_shown_where_photos_go(phone):
    phone.locator("#run").click()
    phone.wait_for_selector("#photos.asked")
    place = phone.locator("#photos").bounding_box()
    assert place["y"] >= 0 and place["y"] + place["height"] <= phone.viewport_size["height"]


def test_luminance_is_of_what_is_seen():
    pixels = np.zeros((40, 40, 4), np.uint8)
    pixels[:10] = (200, 200, 200, 255)
    shares = service.histogram(photo_of(Image.fromarray(pixels)))
    assert shares.sum() == pytest.approx(100) and shares[0] < 5 and shares[50] > 90


def test_the_page_can_be_installed(page_url, browser):
    with opened(browser, page_url) as page:
        manifest = page.request.get(page_url + "manifest.json").json()
        assert manifest["name"] == "lowlight-hub"
        for icon in manifest["icons"]:
            assert page.request.get(page_url + icon["src"].lstrip("/")).ok
