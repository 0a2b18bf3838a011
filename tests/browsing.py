"""The demo in a browser, as several test files drive it."""

from contextlib import contextmanager
from pathlib import Path

# No lookups of the browser's own: this machine may have no network.
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WAIT_MS = 60_000
DESKTOP, PHONE = (1280, 900), (390, 844)


@contextmanager
def opened(browser, url, size=DESKTOP, query="", **settings):
    """The open demo; fails if it asks another machine or logs an error."""
    width, height = size
    context = browser.new_context(viewport={"width": width, "height": height}, **settings)
    page = context.new_page()
    foreign, errors = [], []
    page.on(
        "request",
        lambda it: None if it.url.startswith((url, "data:", "blob:")) else foreign.append(it.url),
    )
    page.on("console", lambda it: errors.append(it.text) if it.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(url + query)
    page.wait_for_selector("#photos input[type=file]", state="attached", timeout=WAIT_MS)
    yield page
    assert foreign == []
    assert errors == []
    context.close()


def give(page, *files):
    page.set_input_files("#photos input[type=file]", [str(file) for file in files])


def slider_of(page):
    page.wait_for_selector("#slider .before-after", timeout=WAIT_MS)
    return page.locator("#slider input[type=range]")


def downloaded(page, button: str) -> bytes:
    page.wait_for_selector(f"{button}:not([disabled])", timeout=WAIT_MS)
    with page.expect_download(timeout=WAIT_MS) as waiting:
        page.locator(button).click()
    return Path(waiting.value.path()).read_bytes()


def fits_its_width(page) -> bool:
    return page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def tab(page, number: int):
    page.get_by_role("tab").nth(number).click()
