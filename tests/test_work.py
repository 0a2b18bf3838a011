"""What the demo has in work: how it is shown, and how it ends before it is done."""

import io
import shutil
import threading
import zipfile
from collections.abc import Iterator

import gradio as gr
import numpy as np
import pytest
from browsing import downloaded, give, opacity_of_the_picture, slider_of
from PIL import Image
from playwright.sync_api import Route

from lowlight_hub import enhance, load_model, restoring
from lowlight_hub.attempts import DEFAULT
from lowlight_hub.demo import enhancing, service
from lowlight_hub.demo.last_run import LastRun
from lowlight_hub.demo.service import Settings
from lowlight_hub.demo.texts import TEXTS
from lowlight_hub.demo.work import CLOSED_S, Stopped, Work, end_work
from lowlight_hub.look import Look
from lowlight_hub.photos import open_photo, save_photo, to_picture


def test_a_number_ends_the_runs_up_to_it_and_none_after():
    work = Work()
    work.check(1)
    work.end(2)
    work.end(1)  # what came late takes nothing back
    for number in (1, 2):
        with pytest.raises(Stopped):
            work.check(number)
    work.check(3)


def test_a_run_ends_those_before_it_and_has_results_of_its_own(tmp_path):
    work = Work()
    earlier = work.begin(1)
    later = work.begin(2)
    earlier.files.append(tmp_path)
    assert later is work.results and later.files == []
    with pytest.raises(Stopped):
        work.check(1)
    with pytest.raises(Stopped):
        work.begin(1)
    work.check(2)


def test_results_of_other_settings_are_not_handed_out_by_a_stop(tmp_path):
    work = Work()
    work.begin(1).files.append(tmp_path)
    work.finish(1)
    end_work(1, work)
    note, download = enhancing.stop(2, work, None)
    assert note == TEXTS["en"]["stopped"] and not download.value


def test_an_end_that_comes_late_leaves_the_results_of_what_began_meanwhile(tmp_path):
    work = Work()
    work.begin(2).files.append(tmp_path)
    end_work(1, work)
    assert work.results.files == [tmp_path]
    end_work(2, work)
    assert work.results.files == []


def test_a_stop_tells_of_what_was_closed_before_it(tmp_path, dark_file):
    photos, work = [dark_file, tmp_path / "second.png"], Work()
    shutil.copy(*photos)
    given = [(str(it), None) for it in photos]
    settings = ("listing", 1.0, 0.0, 0.0, "transfer", "same", False)
    run = enhancing.enhance_photos(1, work, None, given, *settings, None, gr.Progress())
    next(run)
    run.close()  # as Gradio does
    note, download = enhancing.stop(1, work, None)
    assert note.startswith(TEXTS["en"]["stopped_several"])
    assert zipfile.ZipFile(download.value["path"]).namelist() == ["dark_listing.png"]


def test_what_waits_for_its_turn_can_be_stopped(monkeypatch, dark_file):
    steps = []

    def step(*_):
        steps.append(_)
        if len(steps) > 1:
            raise Stopped

    monkeypatch.setattr(service, "WAIT_S", 0.01)
    monkeypatch.setattr(service, "open_photo", lambda *_: pytest.fail("it was opened"))
    with service.a_turn(), service.a_turn(), pytest.raises(Stopped):
        service.run_file(dark_file, Settings(), step)


def test_what_a_stop_ended_waits_to_be_closed_but_not_for_ever(monkeypatch):
    clock = [0.0]
    monkeypatch.setattr("time.monotonic", lambda: clock[0])
    monkeypatch.setattr("time.sleep", lambda seconds: clock.append(clock.pop() + seconds))
    work = Work()
    work.begin(1)
    work.end(1)
    assert not list(work.until_closed(1))
    work.begin(2)
    work.stop(2)
    assert len(list(work.until_closed(2))) > 1
    assert clock[0] == pytest.approx(CLOSED_S, abs=0.1)
    work.begin(3)
    assert not list(work.until_closed(2))


def test_a_stop_tells_which_photos_had_failed():
    work = Work()
    work.begin(1).failures.append("broken.jpg cannot be read as a photo")
    note, download = enhancing.stop(1, work, None)
    assert note.endswith(f"{TEXTS['en']['failed']}: broken.jpg cannot be read as a photo.")
    assert not download.value


def test_a_stopped_run_ends_between_two_tiles(monkeypatch, dark_file):
    monkeypatch.setattr(restoring, "TILE_PX", 100)
    steps: list[tuple[int, int]] = []

    def step(done, parts):
        steps.append((done, parts))
        if done == 2:
            raise Stopped

    with pytest.raises(Stopped):
        service.run_file(dark_file, Settings(), step)
    (_, parts) = steps[-1]
    assert steps == [(0, 1), (0, parts), (1, parts), (2, parts)] and parts > 4
    # Whoever comes next finds both places free.
    for _ in range(service.TOGETHER):
        service.run(open_photo(dark_file, "dark"), Settings(model="listing"))


def test_on_zerogpu_a_run_is_not_followed(monkeypatch, dark_file):
    monkeypatch.setattr(service, "IS_ZERO_GPU", True)
    steps = []
    service.run_file(dark_file, Settings(model="listing"), lambda *step: steps.append(step))
    assert steps == [(0, 1)]


def test_another_format_of_the_last_photo_takes_no_network(monkeypatch, dark_file):
    last, jpeg = LastRun(), Settings(file_format="jpg", keep_metadata=True)
    (first,) = last.runs_of_file(dark_file, Settings())
    monkeypatch.setattr(service, "restore", lambda *_, **__: 1 / 0)
    assert list(last.runs_of_file(dark_file, jpeg)) == [first]
    last.forget(older_than_s=60)
    assert list(last.runs_of_file(dark_file, jpeg)) == [first]
    for other in (
        Settings(look=Look(brightness=1)),
        Settings(),
    ):  # the first is forgotten by the second
        with pytest.raises(ZeroDivisionError):
            list(last.runs_of_file(dark_file, other))


def test_the_last_photo_is_forgotten_after_a_while(dark_file):
    last = LastRun()
    (first,) = last.runs_of_file(dark_file, Settings())
    last.forget()
    (again,) = last.runs_of_file(dark_file, Settings())
    assert again is not first


def test_a_large_photo_is_seen_small_before_it_is_done(monkeypatch, tmp_path, photo):
    file = tmp_path / "large.png"
    save_photo(to_picture(photo * 0.15).resize((1600, 1200)), file)
    monkeypatch.setattr(service, "QUICK_PIXELS", 1_000_000)
    quick, whole = LastRun().runs_of_file(file, Settings())
    assert quick.is_quick_look and not whole.is_quick_look
    assert whole.photo.size == (1600, 1200)
    assert quick.photo.size == (800, 600)
    expected = to_picture(whole.restored).resize((800, 600), Image.Resampling.BOX)
    difference = np.asarray(to_picture(quick.restored), float) - np.asarray(expected, float)
    assert np.abs(difference).mean() < 4
    # A panorama has its own shape also small, where overview_of gives it another.
    save_photo(Image.new("RGB", (6400, 400), (20, 10, 5)), file)
    quick, _ = service.runs_of_file(file, Settings())
    assert quick.photo.size[0] / quick.photo.size[1] == pytest.approx(16, rel=0.05)
    # Where a network takes no longer for a large one, there is nothing to be seen before.
    assert len(list(service.runs_of_file(file, Settings(model="listing")))) == 1


def test_the_format_can_be_chosen_when_the_result_is_seen(desktop, monkeypatch, dark_file):
    give(desktop, dark_file)
    assert Image.open(io.BytesIO(downloaded(desktop, "#download"))).format == "PNG"
    gate, save = threading.Event(), service.save
    monkeypatch.setattr(service, "save", lambda *given: gate.wait() and save(*given))
    monkeypatch.setattr(service, "run", lambda *_: 1 / 0)
    try:
        desktop.locator("#format input[value=webp]").check()
        desktop.wait_for_selector("#download[disabled]")
        assert desktop.locator("#slider .before-after").is_visible()
    finally:
        gate.set()
    assert Image.open(io.BytesIO(downloaded(desktop, "#download"))).format == "WEBP"


def test_a_quick_look_is_said_to_be_one_and_is_not_faint(desktop, monkeypatch, dark_file):
    monkeypatch.setattr(service, "QUICK_PIXELS", 0)
    gate, run = threading.Event(), service.run

    def quick_then_gated(photo, settings, step):
        if photo.pixels.dtype == np.uint8:  # the photo itself
            step(0, 2)
            gate.wait()
        return run(photo, settings, step)

    monkeypatch.setattr(service, "run", quick_then_gated)
    try:
        give(desktop, dark_file)
        print_ = desktop.locator("#slider .small-print")
        print_.get_by_text(TEXTS["en"]["quick_look"]).wait_for()
        desktop.locator("#note .progress-text").get_by_text("0/2").wait_for()
        desktop.wait_for_timeout(1000)
        assert desktop.locator("#download").is_disabled()
        assert opacity_of_the_picture(desktop) == "1"
        # Other light can be chosen while the photo itself is in work.
        desktop.locator("#choices button").nth(5).wait_for()
    finally:
        gate.set()
    print_.get_by_text("320×240").wait_for()
    assert downloaded(desktop, "#download")


@pytest.fixture
def held(desktop, monkeypatch, dark_file) -> Iterator[threading.Event]:
    """A restored photo on the page, and another brightness in work until what it gives is set."""
    give(desktop, dark_file)
    desktop.wait_for_selector("#download:not([disabled])")
    gate, run = threading.Event(), service.run
    monkeypatch.setattr(service, "run", lambda *given: gate.wait() and run(*given))
    desktop.locator("#brightness input[type=number]").fill("1")
    desktop.keyboard.press("Enter")
    try:
        desktop.locator("#note .progress-text").wait_for()
        yield gate
    finally:
        gate.set()


def test_settings_in_work_are_said_to_be_and_the_download_waits_for_them(desktop, held, dark_file):
    line, download = (desktop.locator(it).bounding_box() for it in ("#note .wrap", "#download"))
    assert line["height"] >= 20  # Gradio cuts the line off where it has no room
    assert line["y"] + line["height"] <= download["y"]
    desktop.wait_for_function(
        "() => getComputedStyle(document.querySelector('#slider .before-after')).opacity === '0.6'"
    )
    files = []
    desktop.on("download", lambda file: files.append(file))
    desktop.locator("#download").click()
    desktop.locator("#download").press("Enter")
    desktop.wait_for_timeout(500)
    assert not files
    held.set()
    desktop.locator("#note .progress-text").wait_for(state="detached")
    restored = Image.open(io.BytesIO(downloaded(desktop, "#download")))
    expected = enhance(load_model(DEFAULT), dark_file, brightness=1)
    assert np.array_equal(np.asarray(restored), np.asarray(expected))


def test_what_is_stopped_is_said_to_be_and_can_be_started_again(desktop, held):
    desktop.locator("#stop").click()
    desktop.get_by_text(TEXTS["en"]["stopped"]).wait_for()
    desktop.locator("#download").wait_for(state="hidden")
    # Also while what was stopped has not come to its end.
    desktop.locator("#run").click()
    held.set()
    assert downloaded(desktop, "#download")
    # Where nothing is in work, there is nothing to stop and to take away.
    desktop.locator("#note .wrap.hide").wait_for(state="attached")
    desktop.locator("#stop").click()
    desktop.wait_for_timeout(500)
    assert desktop.locator("#download").is_visible()


def test_what_waits_for_the_end_of_another_is_stopped_too(desktop, held):
    shown = desktop.locator("#slider img:not(.before)").get_attribute("src")
    desktop.locator("#brightness input[type=number]").fill("2")
    with desktop.expect_response("**/run/predict*"):  # the end of what is in work
        desktop.keyboard.press("Enter")
    desktop.wait_for_timeout(500)
    cancels: list[Route] = []
    desktop.route("**/cancel", lambda it: cancels.append(it))
    with desktop.expect_request("**/cancel"):
        desktop.locator("#stop").click()
    # What is in work comes to its end before Gradio is told of the stop.
    held.set()
    desktop.wait_for_timeout(1000)
    cancels.pop().continue_()
    note = desktop.locator("#note").get_by_text(TEXTS["en"]["stopped"])
    note.wait_for()
    desktop.wait_for_timeout(1000)
    assert note.is_visible()
    assert desktop.locator("#slider img:not(.before)").get_attribute("src") == shown


def test_only_the_last_of_several_settings_is_worked_out(desktop, held, dark_file):
    shown = desktop.locator("#slider img:not(.before)").get_attribute("src")
    desktop.evaluate(
        """() => new MutationObserver(() => {
          window.emptied ||= !document.querySelector("#slider .before-after");
        }).observe(document.querySelector("#slider"), { childList: true, subtree: true })"""
    )
    slider_of(desktop).focus()
    desktop.keyboard.press("End")
    for brightness in ("0.5", "2"):
        desktop.locator("#brightness input[type=number]").fill(brightness)
        with desktop.expect_response("**/run/predict*"):  # the end of what is in work
            desktop.keyboard.press("Enter")
    desktop.wait_for_timeout(500)
    assert desktop.locator("#slider img:not(.before)").get_attribute("src") == shown
    held.set()
    desktop.wait_for_selector(f"#slider img:not(.before):not([src='{shown}'])")
    restored = Image.open(io.BytesIO(downloaded(desktop, "#download")))
    expected = enhance(load_model(DEFAULT), dark_file, brightness=2)
    assert np.array_equal(np.asarray(restored), np.asarray(expected))
    assert not desktop.evaluate("window.emptied")
    # The slider stays where it was set to.
    share = desktop.locator("#slider figure").evaluate("it => it.style.getPropertyValue('--at')")
    assert share == f"{slider_of(desktop).input_value()}%"
