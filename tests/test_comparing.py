"""All attempts side by side in the demo, and their figures, driven as people drive it."""

import io
import shutil
import threading

from browsing import download, downloaded, fits_its_width, give, opened, slider_of, tab
from conftest import FEW
from PIL import Image

from lowlight_hub import ATTEMPTS, LowlightError
from lowlight_hub.attempts import DEFAULT
from lowlight_hub.demo import comparing, comparison, service
from lowlight_hub.demo.texts import TEXTS

TITLES = [attempt.title for attempt in ATTEMPTS.values()]
FEW_TITLES = [attempt.title for attempt in FEW.values()]


def hold_after(count, gate, desktop, monkeypatch, dark_file) -> None:
    """Starts a comparison that stands still after so many of FEW, until the gate is opened."""
    give(desktop, dark_file)
    slider_of(desktop)
    run = service.run

    def slow(photo, settings, step):
        if settings.model == list(FEW)[count]:
            gate.wait()
        return run(photo, settings, step)

    monkeypatch.setattr(service, "run", slow)
    tab(desktop, 1)
    desktop.locator("#all").click()
    desktop.get_by_text(f"{count} of {len(FEW)} attempts").wait_for()


def compared(page, file, count):
    """The tiles of a photo through so many attempts."""
    give(page, file)
    slider_of(page)
    tab(page, 1)
    page.locator("#all").click()
    page.wait_for_selector("#sheet")
    tiles = page.locator("#tiles .tile")
    tiles.nth(count).wait_for()  # they are drawn after the button
    return tiles


def test_all_attempts_are_compared_side_by_side(page, dark_file):
    tiles = compared(page, dark_file, len(TITLES))
    assert tiles.locator("strong").all_inner_texts() == [TEXTS["en"]["dark"], *TITLES]
    wide = page.viewport_size["width"] > 640
    assert tiles.locator("details p").first.is_visible() == wide
    tiles.locator("summary").first.click()
    assert tiles.locator("details p").first.is_visible() != wide
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


def test_two_attempts_are_put_under_one_slider(phone, few, dark_file):
    tiles = compared(phone, dark_file, len(FEW))
    sources = [it.get_attribute("src") for it in tiles.locator("img").all()]
    picks, figure = phone.locator("#tiles .pick"), phone.locator("#tiles .before-after")

    def seen():
        """What is on the left and on the right: names and pictures."""
        after, before = (it.get_attribute("src") for it in figure.locator("img").all())
        return phone.locator("#tiles .titles span").all_inner_texts(), [before, after]

    assert not figure.is_visible()
    picks.nth(2).click()
    assert figure.is_visible() and fits_its_width(phone)
    assert seen() == ([TEXTS["en"]["dark"], FEW_TITLES[2]], [sources[0], sources[3]])
    picks.nth(3).click()
    assert seen() == ([FEW_TITLES[2], FEW_TITLES[3]], [sources[3], sources[4]])
    picks.nth(0).click()
    assert seen() == ([FEW_TITLES[3], FEW_TITLES[0]], [sources[4], sources[1]])
    figure.locator("input").focus()
    phone.keyboard.press("Home")
    assert figure.evaluate("it => it.style.getPropertyValue('--at')") == "0%"
    # Also of the next comparison they are what is seen.
    phone.locator("#compare-detail input[value=raw]").check()
    phone.locator("#all").click()
    phone.wait_for_selector("#sheet", state="hidden")
    phone.wait_for_selector("#sheet")
    tiles.nth(len(FEW)).wait_for()
    anew = [tiles.locator("img").nth(place).get_attribute("src") for place in (4, 1)]
    assert seen() == ([FEW_TITLES[3], FEW_TITLES[0]], anew) and sources[4] not in anew
    for place in (3, 0):
        picks.nth(place).click()
    assert not figure.is_visible()


def test_a_reference_gives_figures_and_their_ranking(desktop, few, dark_file):
    give(desktop, dark_file)
    slider_of(desktop)
    tab(desktop, 1)
    desktop.set_input_files("#reference input[type=file]", str(dark_file))
    desktop.wait_for_selector("#reference img")
    desktop.locator("#all").click()
    desktop.wait_for_selector("#sheet")
    desktop.locator("#ranking td").first.wait_for()
    psnr = [float(it) for it in desktop.locator("#ranking td:nth-child(2)").all_inner_texts()]
    assert len(psnr) == len(FEW)
    assert psnr == sorted(psnr, reverse=True)


def test_a_wrong_reference_leaves_what_was_compared(desktop, few, tmp_path, dark_file):
    tiles = compared(desktop, dark_file, len(FEW))
    (tmp_path / "words.png").write_bytes(b"no photo")
    desktop.set_input_files("#reference input[type=file]", str(tmp_path / "words.png"))
    clear = desktop.locator("#reference button[aria-label='Remove Image']")
    clear.wait_for()
    desktop.locator("#all").click()
    note = desktop.locator("#compare-note")
    note.get_by_text("The bright reference cannot be read").wait_for()
    assert tiles.count() == len(FEW) + 1
    # They are of the photo as it was compared, and so of no reference.
    desktop.locator("#tiles .tiles.outdated").wait_for()
    clear.click()
    desktop.locator("#tiles .tiles:not(.outdated)").wait_for()


def test_a_comparison_that_fails_leaves_the_one_before_as_it_was(
    desktop, few, monkeypatch, tmp_path, dark_file
):
    def refused(*_):
        raise LowlightError("There is no room")

    tiles = compared(desktop, dark_file, len(FEW))
    monkeypatch.setattr(comparing, "compare", refused)
    desktop.locator("#all").click()
    desktop.locator("#compare-note").get_by_text("There is no room").wait_for()
    desktop.locator("#tiles .tiles:not(.outdated)").wait_for()
    # They go with the photo that they are of, and not with the one that failed.
    give(desktop, shutil.copy(dark_file, tmp_path / "second.png"))
    desktop.locator("#photos .thumbnail-item").nth(1).click()
    desktop.locator("#tiles .tiles.outdated").wait_for()
    desktop.locator("#all").click()
    desktop.wait_for_timeout(1000)
    desktop.locator("#photos button[aria-label='Delete image']").nth(1).click()
    desktop.locator("#photos .thumbnail-item").nth(1).wait_for(state="detached")
    desktop.locator("#tiles .tiles:not(.outdated)").wait_for()
    assert tiles.count() == len(FEW) + 1
    desktop.locator("#photos button[aria-label=Clear]").click()
    tiles.first.wait_for(state="detached")


def test_photos_that_cannot_be_restored_cannot_be_compared(desktop, tmp_path):
    files = [tmp_path / "one.jpg", tmp_path / "two.jpg"]
    for file in files:
        file.write_bytes(b"\xff\xd8\xff nothing more")
    give(desktop, *files)
    desktop.locator("#note").get_by_text("two.jpg cannot be read").wait_for()
    tab(desktop, 1)
    desktop.locator("#all").click()
    note = desktop.locator("#compare-note")
    note.get_by_text("cannot be read as a photo").wait_for()


def test_nothing_is_compared_without_a_photo(desktop, dark_file):
    tab(desktop, 1)
    desktop.locator("#all").click()
    note = desktop.locator("#compare-note")
    missing = note.get_by_text("There is no photo yet")
    missing.wait_for()
    give(desktop, dark_file)
    missing.wait_for(state="detached")


def test_what_is_compared_is_said_and_goes_with_its_photo(desktop, few, tmp_path, dark_file):
    (tmp_path / "second (1).png").write_bytes(dark_file.read_bytes())
    give(desktop, dark_file, tmp_path / "second (1).png")
    slider_of(desktop)
    tab(desktop, 1)
    desktop.set_input_files("#reference input[type=file]", str(dark_file))
    desktop.wait_for_selector("#reference img")
    desktop.locator("#all").click()
    desktop.wait_for_selector("#sheet")
    note = desktop.locator("#compare-note")
    note.get_by_text(f"{TEXTS['en']['first_of']}: {dark_file.name}").wait_for()
    # Of another photo, this is not the reference.
    desktop.locator("#photos .thumbnail-item").nth(1).click()
    desktop.wait_for_selector("#reference img", state="detached")
    desktop.wait_for_selector("#tiles .tiles.outdated")
    desktop.locator("#all").click()
    note.get_by_text(f"{TEXTS['en']['first_of']}: second (1).png").wait_for()
    titles = desktop.locator("#tiles strong")
    assert titles.all_inner_texts() == [TEXTS["en"]["dark"], *FEW_TITLES]
    desktop.locator("#photos .thumbnail-item").first.click()
    desktop.wait_for_selector("#reference img")
    desktop.locator("#photos button[aria-label=Clear]").click()
    desktop.wait_for_selector("#tiles .tile", state="detached")
    desktop.locator("#sheet").wait_for(state="hidden")
    desktop.locator("#reference img").wait_for(state="detached")
    assert note.inner_text() == ""


def test_a_comparison_in_work_ends_with_its_photo(desktop, few, monkeypatch, dark_file, gate):
    hold_after(1, gate, desktop, monkeypatch, dark_file)
    with desktop.expect_response("**/reset"):
        desktop.locator("#photos button[aria-label=Clear]").click()
        desktop.wait_for_selector("#tiles .tile", state="detached")
        gate.set()
    desktop.wait_for_timeout(2000)
    assert desktop.locator("#tiles .tile").count() == 0
    assert desktop.locator("#compare-note").inner_text() == ""
    give(desktop, dark_file)
    desktop.wait_for_selector("#slider .before-after", state="attached")
    desktop.locator("#all").click()
    desktop.wait_for_selector("#sheet")


def test_a_photo_added_behind_the_first_leaves_what_is_compared(
    desktop, monkeypatch, tmp_path, dark_file
):
    (tmp_path / "second.png").write_bytes(dark_file.read_bytes())
    monkeypatch.setattr(comparison, "ATTEMPTS", {DEFAULT: ATTEMPTS[DEFAULT]})
    tab(desktop, 1)
    desktop.set_input_files("#reference input[type=file]", str(dark_file))
    desktop.wait_for_selector("#reference img")
    give(desktop, dark_file)
    desktop.wait_for_selector("#slider .before-after", state="attached")
    desktop.locator("#all").click()
    desktop.wait_for_selector("#sheet")
    give(desktop, tmp_path / "second.png")
    desktop.locator("#photos img").nth(1).wait_for()
    desktop.wait_for_timeout(500)
    # Of the photo that is in view now there is none.
    desktop.wait_for_selector("#reference img", state="detached")
    assert desktop.locator("#tiles .tile").count() == 3
    desktop.locator("#photos .thumbnail-item").first.click()
    desktop.wait_for_selector("#reference img")


def test_what_is_chosen_and_asked_for_meanwhile_is_compared_next(
    desktop, few, monkeypatch, dark_file, gate
):
    hold_after(2, gate, desktop, monkeypatch, dark_file)
    desktop.locator("#compare-detail input[value=raw]").check()
    faint = desktop.locator("#tiles .tiles.outdated")
    faint.wait_for()
    desktop.locator("#compare-detail input[value=transfer]").check()
    faint.wait_for(state="detached")
    desktop.locator("#compare-detail input[value=raw]").check()
    with desktop.expect_response("**/run/predict*"):  # the end of what is in work
        desktop.locator("#all").click()
    gate.set()
    assert download(desktop, "#sheet").suggested_filename == "dark_attempts_raw.png"
    desktop.locator("#tiles .tile").nth(len(FEW)).wait_for()
    faint.wait_for(state="detached")


def test_a_comparison_can_be_stopped(desktop, few, monkeypatch, dark_file, gate):
    hold_after(2, gate, desktop, monkeypatch, dark_file)
    note = desktop.locator("#compare-note")
    with desktop.expect_response("**/reset"):
        desktop.locator("#stop-all").click()
        note.get_by_text(TEXTS["en"]["stopped_compare"]).wait_for()
        gate.set()
    desktop.wait_for_timeout(2000)
    assert desktop.locator("#tiles .tile").count() == 3  # the dark photo and two attempts
    desktop.locator("#all").click()
    desktop.wait_for_selector("#sheet")
    told = f"{len(FEW)} {TEXTS['en']['attempts']}."
    note.get_by_text(told).wait_for()
    # Where nothing is in work, there is nothing to stop.
    desktop.locator("#stop-all").click()
    desktop.wait_for_timeout(500)
    assert told in note.inner_text()


def test_what_is_compared_stays_when_its_photo_is_restored_meanwhile(
    browser, page_url, few, monkeypatch, dark_file
):
    gate, run = threading.Event(), service.run

    def slow(photo, settings, step):
        if settings.look.brightness:
            gate.wait()
        return run(photo, settings, step)

    monkeypatch.setattr(service, "run", slow)
    with opened(browser, page_url, query="?brightness=1") as page:
        try:
            give(page, dark_file)
            page.locator("#photos img").first.wait_for()
            tab(page, 1)
            page.locator("#all").click()
            page.wait_for_selector("#sheet")
        finally:
            gate.set()
        page.wait_for_selector("#slider .before-after", state="attached")
        page.wait_for_timeout(500)
        assert page.locator("#tiles .tile").count() == len(FEW) + 1
        assert page.locator("#sheet").is_visible()


def test_results_show_every_model_and_its_losses(page):
    tab(page, 2)
    page.wait_for_selector("#evaluation table")
    first = page.locator("#evaluation td:first-child").all_inner_texts()
    assert set(TITLES) <= set(first)
    page.wait_for_selector("#losses canvas, #losses svg")
    # All of it lies in its block.
    ends = page.locator("#losses, #losses .vega-embed > :is(canvas, svg)").evaluate_all(
        "all => all.map(it => it.getBoundingClientRect().bottom)"
    )
    assert len(ends) == 2 and ends[1] <= ends[0]
    assert fits_its_width(page)
