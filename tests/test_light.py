"""The light of a photo in the demo: sliders, numbers and pictures of other light."""

import io

import numpy as np
import pytest
from browsing import (
    download,
    downloaded,
    give,
    shown_share,
    slider_of,
    wait_until,
)
from PIL import Image
from playwright.sync_api import expect

from lowlight_hub import enhance, load_model
from lowlight_hub.attempts import DEFAULT
from lowlight_hub.demo import service
from lowlight_hub.demo.examples import example_files
from lowlight_hub.demo.texts import TEXTS


@pytest.mark.parametrize(
    ("size", "setting", "least"), [("desktop", "brightness", 1.5), ("phone", "shadows", 1.1)]
)
def test_another_light_is_a_click_on_how_it_looks(request, dark_file, size, setting, least):
    page = request.getfixturevalue(size)
    give(page, dark_file)
    row = f"#choices [data-setting={setting}]"
    choices = page.locator(f"{row} button")
    choices.first.wait_for()
    lights = [
        np.asarray(Image.open(io.BytesIO(page.request.get(it.get_attribute("src")).body()))).mean()
        for it in page.locator(f"{row} img").all()
    ]
    assert lights == sorted(lights) and lights[-1] > least * lights[0]
    pressed = page.locator(f"{row} button[aria-pressed=true]")
    assert pressed.inner_text() == "0"
    shown = page.locator("#slider img:not(.before)").get_attribute("src")
    page.get_by_role("button", name=f"{TEXTS['en'][setting]}: +1", exact=True).click()
    page.wait_for_selector(f"#slider img:not(.before):not([src='{shown}'])")
    assert pressed.inner_text() == "+1"
    assert f"{setting}=1&" in page.url
    restored = Image.open(io.BytesIO(downloaded(page, "#download")))
    expected = enhance(load_model(DEFAULT), dark_file, **{setting: 1.0})
    assert np.array_equal(np.asarray(restored), np.asarray(expected))
    # What was chosen otherwise is no choice.
    page.locator(f"#{setting} input[type=number]").fill("0.7")
    page.keyboard.press("Enter")
    pressed.wait_for(state="detached")
    assert choices.count() == len(service.CHOICES[setting])


def test_other_brightness_is_that_of_the_photo_that_is_there(desktop, monkeypatch, dark_file, gate):
    examples = desktop.locator("#examples button.gallery-item")
    choices = desktop.locator("#choices button")
    examples.first.click()
    choices.first.wait_for()
    made = service.choices_of
    monkeypatch.setattr(service, "choices_of", lambda *given: gate.wait() and made(*given))
    examples.nth(1).click()
    choices.first.wait_for(state="detached")
    gate.set()
    choices.first.wait_for()
    give(desktop, dark_file)  # there are two photos now
    desktop.locator("#slider .strip button").nth(1).wait_for()
    choices.first.wait_for(state="detached")
    assert choices.count() == 0


def test_a_number_that_is_only_passed_by_begins_nothing_anew(desktop, dark_file):
    give(desktop, dark_file)
    desktop.wait_for_selector("#download:not([disabled])")
    asked = []
    desktop.on("request", lambda it: asked.append(it.url) if "/queue/join" in it.url else None)
    fields = desktop.locator("#numbers input[type=number]")
    fields.first.click()
    while desktop.evaluate("document.activeElement.closest('#numbers') !== null"):
        desktop.keyboard.press("Tab")
    desktop.locator("#strength input[type=range]").focus()
    desktop.keyboard.press("End")  # where it is
    desktop.wait_for_timeout(1000)
    assert asked == []
    for typed in ("0.5", ""):  # which is the default again
        fields.nth(1).fill(typed)
        with desktop.expect_request("**/queue/join*"):
            desktop.keyboard.press("Tab")
        desktop.wait_for_selector("#slider .before-after:not(.outdated)")
    # The track of a range, and its thumb, where it is then.
    reach = desktop.locator("#brightness input[type=range]")
    place = {"x": 0.8 * reach.bounding_box()["width"], "y": reach.bounding_box()["height"] / 2}
    with desktop.expect_request("**/queue/join*"):
        reach.click(position=place)
    reach.click(position=place)
    desktop.wait_for_timeout(500)
    assert len(asked) == 3


def test_a_number_that_is_only_touched_begins_nothing_anew(phone, dark_file):
    give(phone, dark_file)
    phone.wait_for_selector("#download:not([disabled])")
    asked = []
    phone.on("request", lambda it: asked.append(it.url) if "/queue/join" in it.url else None)
    for field in phone.locator("#numbers input[type=number]").all():
        field.tap()
    phone.wait_for_timeout(1000)
    assert asked == []
    reach = phone.locator("#brightness input[type=range]")
    with phone.expect_request("**/queue/join*"):
        reach.tap(position={"x": 0.8 * reach.bounding_box()["width"], "y": 5})
    phone.wait_for_selector("#slider .before-after:not(.outdated)")
    assert float(phone.locator("#brightness input[type=number]").input_value()) > 0.5
    assert "brightness=1" in phone.url or "brightness=0." in phone.url


def test_the_light_of_photos_that_are_gone_counts_for_no_other(desktop, dark_file):
    give(desktop, dark_file)
    slider_of(desktop)
    light = [desktop.locator(f"#{it} input[type=number]") for it in ("brightness", "shadows")]
    for number in light:
        number.fill("1")
        with desktop.expect_response("**/run/predict*"):
            desktop.keyboard.press("Enter")
    desktop.wait_for_selector("#slider .before-after:not(.outdated)")
    desktop.locator("#photos button[aria-label=Clear]").click()
    desktop.wait_for_selector("#slider .before-after", state="detached")
    for number in light:
        expect(number).to_have_value("0")


def test_an_example_has_nothing_of_the_light_of_the_one_before(desktop):
    examples = desktop.locator("#examples button.gallery-item")
    brightness = desktop.locator("#brightness input[type=number]")
    figure = desktop.locator("#slider .before-after:not(.outdated)")
    examples.nth(0).click()
    figure.wait_for()
    brightness.fill("1")
    with desktop.expect_response("**/run/predict*"):
        desktop.keyboard.press("Enter")
    slider_of(desktop).focus()
    desktop.keyboard.press("Home")
    assert shown_share(desktop) == "0%"
    examples.nth(1).click()
    expect(brightness).to_have_value("0")
    # It is not seen as the other was looked at, either.
    wait_until(lambda: shown_share(desktop) == "50%")
    suggested = download(desktop, "#download").suggested_filename
    assert suggested == f"{example_files()[1].stem}_{DEFAULT}.png"


def test_the_photo_is_in_view_while_its_light_is_set(desktop, dark_file):
    give(desktop, dark_file)
    slider_of(desktop)
    desktop.locator("#brightness").scroll_into_view_if_needed()
    desktop.locator("#slider .before-after").scroll_into_view_if_needed()
    for part in ("#slider .before-after", "#brightness"):
        box = desktop.locator(part).bounding_box()
        assert box["y"] >= 0 and box["y"] + box["height"] <= desktop.viewport_size["height"]
