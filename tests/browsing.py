"""The demo in a browser, as several test files drive it."""

import os
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from playwright.sync_api import TimeoutError, expect

# No lookups of the browser's own: this machine may have no network.
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WAIT_MS, TRIES = 180_000, 6
expect.set_options(timeout=WAIT_MS)
DESKTOP, PHONE = (1280, 900), (390, 844)


@cache
def visitor(browser, size, **settings):
    """Who opens the page again need not load and compile Gradio's scripts again."""
    width, height = size
    context = browser.new_context(viewport={"width": width, "height": height}, **settings)
    context.set_default_timeout(WAIT_MS)
    return context


@contextmanager
def opened(browser, url, size=DESKTOP, query="", logs=None, **settings):
    """The demo, open in a tab of its own; fails if it asks another machine or logs an error.

    Other than one that says what `logs` does.
    """
    page = visitor(browser, size, **settings).new_page()
    foreign, errors = [], []
    page.on(
        "request",
        lambda it: None if it.url.startswith((url, "data:", "blob:")) else foreign.append(it.url),
    )
    page.on("console", lambda it: errors.append(it.text) if it.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(url + query)
    # These names are what the page's own script does last.
    page.wait_for_selector("#examples button[aria-label]", state="attached")
    try:
        yield page
        assert foreign == []
        assert [error for error in errors if logs is None or logs not in error] == []
    finally:
        page.close()  # in the browser that all share, its work would go on


def give(page, *files):
    page.set_input_files("#photos input[type=file]", [str(file) for file in files])


def slider_of(page):
    page.wait_for_selector("#slider .before-after")
    return page.locator("#slider .before-after input")


def shown_share(page) -> str:
    return page.locator("#slider .before-after").evaluate("it => it.style.getPropertyValue('--at')")


def opacity_of_the_picture(page) -> str:
    return page.locator("#slider .before-after").evaluate("it => getComputedStyle(it).opacity")


def download(page, button: str):
    """What a click on a button for a file downloads, once it is there and nothing is in work."""
    # As long as that is there, clicks are held back.
    in_work = page.locator("#note .translucent > :is(.progress-text, .generating)")
    for attempt in range(TRIES):
        page.wait_for_selector(f"{button}:not([disabled])")
        in_work.wait_for(state="detached")
        try:
            with page.expect_download(timeout=WAIT_MS / TRIES) as waiting:
                page.locator(button).click()
            return waiting.value
        except TimeoutError:  # other work began after all, and held the click back
            if attempt == TRIES - 1:
                raise


def downloaded(page, button: str) -> bytes:
    return Path(download(page, button).path()).read_bytes()


def wait_until(condition):
    """Until a condition that no page tells of is met; fails where it takes too long."""
    deadline = time.monotonic() + WAIT_MS / 1000
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.1)


def fits_its_width(page) -> bool:
    return page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def tab(page, number: int):
    page.get_by_role("tab").nth(number).click()


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@contextmanager
def served(folder, *arguments, **environment):
    """The address of the demo in a folder, started as a Space or a user starts it."""
    port = free_port()
    settings = {"GRADIO_SERVER_NAME": "127.0.0.1", "GRADIO_SERVER_PORT": str(port)}
    with subprocess.Popen(
        [sys.executable, folder / "app.py", *arguments],
        cwd=folder,
        env={**os.environ, **settings, **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as server:
        try:
            for _ in range(600):
                with socket.socket() as probe:
                    if probe.connect_ex(("127.0.0.1", port)) == 0:
                        break
                assert server.poll() is None, "the server ended"
                time.sleep(0.5)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()
    assert server.returncode == 0  # it ends in order
