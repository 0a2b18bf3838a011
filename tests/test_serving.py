"""The demo as a process of its own: how it starts, and what it leaves behind."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from browsing import served
from gradio_client import Client

import app

mcp = pytest.importorskip("mcp")


def uploaded(url, file) -> Path:
    """Where a server on this machine keeps what was uploaded to it."""
    with file.open("rb") as photo:
        answer = httpx.post(
            url.rstrip("/") + "/gradio_api/upload", files={"files": photo}, timeout=60
        )
    return Path(answer.json()[0])


async def tools(url) -> dict:
    """What an agent finds at a server."""
    from mcp.client.streamable_http import streamable_http_client

    async with (
        streamable_http_client(f"{url}/gradio_api/mcp/") as (read, write, *_),
        mcp.ClientSession(read, write) as session,
    ):
        await session.initialize()
        return {tool.name: tool for tool in (await session.list_tools()).tools}


def test_a_server_is_found_by_agents_and_takes_its_own_photos_with_it(
    page_url, tmp_path, dark_file
):
    ours = uploaded(page_url, dark_file)
    # served() gives it a name and a port.
    own = {"HF_HUB_OFFLINE": "1", "GRADIO_TEMP_DIR": str(tmp_path / "theirs")}
    with served(Path(app.__file__).parent, "--mcp", **own) as url:
        # In a thread of its own: this one has a loop already where a browser was driven before.
        with ThreadPoolExecutor(1) as pool:
            found = pool.submit(asyncio.run, tools(url)).result()
        assert {"enhance", "enhance_batch", "compare", "models"} <= set(found)
        named = Client(url, verbose=False).view_api(return_format="dict")["named_endpoints"]
        assert "/compare" in named
        assert "camera, lens" in str(found["enhance"].inputSchema)
        theirs = uploaded(url, dark_file)
        assert theirs.exists()
    assert not list((tmp_path / "theirs").iterdir())
    assert ours.exists()
