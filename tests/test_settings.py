"""What can be set in the demo, and the links that hold it."""

import io

import numpy as np
import pytest
from browsing import download, downloaded, give, opened, slider_of
from PIL import Image
from playwright.sync_api import expect

from lowlight_hub import ATTEMPTS, enhance, load_model
from lowlight_hub.attempts import DEFAULT
from lowlight_hub.photos import save_photo, to_picture


def test_a_link_that_may_not_be_copied_is_shown(desktop):
    desktop.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(); }")
    desktop.evaluate("() => { window.prompt = (_, link) => { window.prompted = link; }; }")
    desktop.locator("#link").click()
    desktop.wait_for_function("() => window.prompted === window.location.href")


def test_settings_reach_the_result(browser, page_url, dark_file):
    with opened(browser, page_url, query="?model=attempt-1") as page:
        page.locator("#format input[value=jpg]").check()
        page.locator("#detail input[value=raw]").check()
        give(page, dark_file)
        slider_of(page)
        page.wait_for_selector("#download:has-text('200×200')")
        file = download(page, "#download")
        assert file.suggested_filename == "dark_attempt-1_raw.jpg"
        restored = Image.open(file.path())
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
        desktop.wait_for_selector(f"#slider img:not(.before):not([src='{shown}'])")
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
    desktop.wait_for_selector("#download:not([disabled])")
    shown = desktop.locator("#slider img:not(.before)").get_attribute("src")
    desktop.locator("#shadows input[type=range]").focus()
    desktop.keyboard.press("ArrowRight")
    desktop.wait_for_selector(f"#slider img:not(.before):not([src='{shown}'])")
    desktop.locator("#note .progress-text").wait_for(state="detached")
    restored = Image.open(io.BytesIO(downloaded(desktop, "#download")))
    expected = enhance(load_model(DEFAULT), dark_file, shadows=0.1)
    assert np.array_equal(np.asarray(restored), np.asarray(expected))


def test_a_mouse_counts_after_a_key_that_was_let_go_in_another_window(desktop, dark_file):
    give(desktop, dark_file)
    slider_of(desktop)
    desktop.wait_for_selector("#download:not([disabled])")
    shown = desktop.locator("#slider img:not(.before)").get_attribute("src")
    shadows = desktop.locator("#shadows input[type=range]")
    shadows.focus()
    desktop.keyboard.down("Alt")
    try:
        desktop.evaluate("() => window.dispatchEvent(new Event('blur'))")
        shadows.click(position={"x": 0.8 * shadows.bounding_box()["width"], "y": 5})
        desktop.wait_for_selector(f"#slider img:not(.before):not([src='{shown}'])")
    finally:
        desktop.keyboard.up("Alt")


def test_a_number_that_is_still_being_typed_keeps_no_photo_away(desktop, dark_file):
    number = desktop.locator("#brightness input[type=number]")
    number.fill("9")
    give(desktop, dark_file)
    slider_of(desktop)
    assert number.input_value() == "9"


def test_a_photo_keeps_its_format(desktop, tmp_path, photo):
    save_photo(to_picture(photo * 0.15), tmp_path / "dark.jpg")
    give(desktop, tmp_path / "dark.jpg")
    assert Image.open(io.BytesIO(downloaded(desktop, "#download"))).format == "JPEG"


def test_a_link_restores_the_settings(browser, page_url):
    query = "?model=attempt-4b&strength=0.4&brightness=-0.5&shadows=1.5&detail=network"
    query += "&format=webp&other=1"
    with opened(browser, page_url, query=query) as page:
        page.wait_for_selector("#about:has-text('VGG-11')")
        assert ATTEMPTS["attempt-4b"].title in page.locator("#model input").input_value()
        assert page.locator("#strength input[type=number]").input_value() == "0.4"
        assert page.locator("#brightness input[type=number]").input_value() == "-0.5"
        assert page.locator("#shadows input[type=number]").input_value() == "1.5"
        assert page.locator("#detail input[value=network]").is_checked()
        assert page.locator("#format input[value=webp]").is_checked()
    with opened(
        browser, page_url, query="?model=nobody&strength=nan&brightness=9&shadows=9&format=<b>"
    ) as page:
        # The nearest that can be; then all has been read.
        expect(page.locator("#brightness input[type=number]")).to_have_value("2")
        expect(page.locator("#shadows input[type=number]")).to_have_value("3")
        assert ATTEMPTS[DEFAULT].title in page.locator("#model input").input_value()
        assert page.locator("#strength input[type=number]").input_value() == "1"


def test_what_is_set_before_the_link_is_read_stays(browser, page_url):
    with opened(browser, page_url, query="?strength=0.4") as page:
        strength = page.locator("#strength input[type=number]")
        page.wait_for_function("() => window.location.search.includes('strength=0.4&')")
        page.add_init_script("history.replaceState(null, '', '?strength=0.9&brightness=1')")
        page.reload()
        page.wait_for_function("() => window.location.search.includes('strength=0.4&')")
        assert strength.input_value() == "0.4"
        assert page.locator("#brightness input[type=number]").input_value() == "0"
