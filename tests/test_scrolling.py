"""What was asked for comes into view, on a phone above all, and nothing moves under a finger."""

from browsing import give, slider_of, tab

from lowlight_hub import ATTEMPTS
from lowlight_hub.attempts import DEFAULT
from lowlight_hub.demo import comparison, service

IS_IN_VIEW = """(part) => {
  const box = document.querySelector(part)?.getBoundingClientRect();
  return box && box.top >= 0 && box.bottom <= window.innerHeight;
}"""


def test_a_result_comes_into_view_before_its_file_is_written(page, monkeypatch, dark_file, gate):
    save = service.save
    monkeypatch.setattr(service, "save", lambda *given: gate.wait() and save(*given))
    give(page, dark_file)
    slider_of(page)
    page.wait_for_function(IS_IN_VIEW, arg="#slider img")


def test_who_went_on_to_read_elsewhere_is_left_there(phone, monkeypatch, dark_file, gate):
    run = service.run
    monkeypatch.setattr(service, "run", lambda *given: gate.wait() and run(*given))
    give(phone, dark_file)
    phone.locator("#note .progress-text").wait_for()
    phone.mouse.wheel(0, 3000)
    phone.wait_for_function("() => window.scrollY > 300")
    gate.set()
    slider_of(phone)
    phone.wait_for_selector("#download:not([disabled])")
    phone.wait_for_timeout(1000)  # smooth scrolling takes its time
    assert not phone.evaluate(IS_IN_VIEW, "#slider img")


def test_a_comparison_comes_into_view(phone, monkeypatch, dark_file):
    monkeypatch.setattr(comparison, "ATTEMPTS", {it: ATTEMPTS[it] for it in ("listing", DEFAULT)})
    give(phone, dark_file)
    slider_of(phone)
    tab(phone, 1)
    phone.locator("#all").click()
    phone.wait_for_function(IS_IN_VIEW, arg="#tiles .tile img")
