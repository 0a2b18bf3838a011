"""The demo for everybody: by keyboard, with a screen reader, in light and dark, in Spanish."""

from pathlib import Path

import pytest
from browsing import DESKTOP, PHONE, give, opened, slider_of, tab

from lowlight_hub.demo.texts import TEXTS

# What Gradio's own markup violates. This list may only shrink.
GRADIOS_OWN = {"image-redundant-alt", "nested-interactive"}
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]


def test_nothing_is_left_unsaid_in_a_language():
    assert TEXTS["es"].keys() == TEXTS["en"].keys()


def test_the_page_speaks_spanish(browser, page_url, dark_file):
    with opened(browser, page_url, locale="es-AR") as page:
        page.get_by_role("tab", name="Comparar").wait_for()
        give(page, dark_file)
        assert slider_of(page).get_attribute("aria-label") == TEXTS["es"]["slider"]


@pytest.mark.parametrize(("size", "scheme"), [(DESKTOP, "light"), (PHONE, "dark")], ids=str)
def test_nothing_of_ours_keeps_anybody_out(browser, page_url, few, dark_file, scheme, size):
    import axe_playwright_python

    axe = Path(axe_playwright_python.__file__).with_name("axe.min.js").read_text("utf-8")
    with opened(browser, page_url, size, color_scheme=scheme) as page:
        give(page, dark_file)
        slider_of(page)
        page.wait_for_selector("#download:not([disabled])")
        page.wait_for_selector("#choices button")
        page.evaluate(axe)
        found = {}
        for number in range(3):
            tab(page, number)
            if number == 1:
                page.locator("#all").click()
                page.wait_for_selector("#sheet")
            page.wait_for_timeout(500)  # until colours have faded in
            page.wait_for_function(
                """() => document.getAnimations().every(
                  it => it.playState !== "running" || it.effect.getTiming().iterations === Infinity
                )"""
            )
            results = page.evaluate("rules => axe.run({ runOnly: rules })", RULES)
            found |= {it["id"]: it["nodes"][0]["html"] for it in results["violations"]}
            # What they come to say is read out.
        for note in ("#note", "#compare-note"):
            assert page.locator(note).get_attribute("role") == "status"
    assert {rule: html for rule, html in found.items() if rule not in GRADIOS_OWN} == {}


def test_every_control_is_reached_by_the_keyboard(browser, page_url, dark_file):
    wanted = {"#slider", "#download", "#model", "#strength", "#detail", "#format", "#keep", "#run"}
    wanted |= {"#brightness", "#stop", "#link", "#photos", "#examples", "#choices"}
    with opened(browser, page_url, query="?model=vae") as page:  # of which a detail is asked
        give(page, dark_file)
        slider_of(page)
        page.wait_for_selector("#download:not([disabled])")
        page.wait_for_selector("#choices button")
        page.locator("body").click(position={"x": 1, "y": 1})
        for _ in range(60):
            page.keyboard.press("Tab")
            wanted -= {
                part
                for part in wanted
                if page.evaluate("part => !!document.activeElement.closest(part)", part)
            }
            if not wanted:
                break
    assert wanted == set()
