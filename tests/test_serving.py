"""The demo as a process of its own: how it starts, and what it leaves behind."""

from pathlib import Path

import httpx
from browsing import served
from gradio_client import Client

import app


def uploaded(url, file) -> Path:
    """Where a server on this machine keeps what was uploaded to it."""
    with file.open("rb") as photo:
        answer = httpx.post(url.rstrip("/") + "/gradio_api/upload", files={"files": photo})
    return Path(answer.json()[0])


def test_a_server_that_ends_takes_its_own_photos_and_no_others(page_url, dark_file):
    ours = uploaded(page_url, dark_file)
    # served() gives it a name and a port.
    with served(Path(app.__file__).parent, HF_HUB_OFFLINE="1") as url:
        named = Client(url, verbose=False).view_api(return_format="dict")["named_endpoints"]
        assert "/compare" in named
        theirs = uploaded(url, dark_file)
        assert theirs.exists()
    assert not theirs.exists()
    assert ours.exists()
