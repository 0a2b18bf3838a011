"""Files that the demo hands out: where they lie, and that they go."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from browsing import wait_until
from conftest import FEW
from gradio.utils import get_upload_folder
from gradio_client import Client, handle_file

from lowlight_hub.demo import page, remove_what_was_left, scratch


def test_files_that_were_handed_out_go_when_they_are_old(tmp_path):
    old, page_s, broken = (tmp_path / it for it in ("given/old.png", "page/small.jpg", "tmp_part"))
    for file in (old, page_s, broken):
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(b"a photo")
    scratch.keep([str(page_s)])
    now = time.time()
    scratch.sweep(tmp_path, now + 2700)
    assert old.exists() and broken.exists()
    scratch.sweep(tmp_path, now + 3500)
    assert [it for it in tmp_path.rglob("*") if it.is_file()] == [page_s]
    assert not old.parent.exists()
    shutil.rmtree(tmp_path)
    scratch.sweep(tmp_path, now)


def test_photos_of_a_server_that_was_killed_go_when_another_starts(tmp_path):
    start = (
        "from lowlight_hub.demo import TEMPORARY; import sys; print(TEMPORARY[0], flush=True); "
        "sys.stdin.read()"
    )
    own = {**os.environ, "GRADIO_TEMP_DIR": str(tmp_path)}
    servers, folders = [], []
    try:
        for _ in range(2):
            server = subprocess.Popen(
                [sys.executable, "-c", start],
                env=own,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            servers.append(server)
            folders.append(Path(server.stdout.readline().strip()))
            (folders[-1] / "photo.jpg").write_bytes(b"a photo")
        remove_what_was_left(tmp_path)
        assert all((it / "photo.jpg").exists() for it in folders)
        servers[0].kill()
        servers[0].wait()
        remove_what_was_left(tmp_path)
        assert not folders[0].exists() and (folders[1] / "photo.jpg").exists()
        servers[1].communicate("")
        assert list(tmp_path.iterdir()) == []
    finally:
        for server in servers:
            server.kill()
            server.communicate()


def test_results_find_a_place_also_after_the_system_cleared_its_own(tmp_path, monkeypatch):
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "given"))
    before = scratch.new_folder()
    shutil.rmtree(tmp_path / "given")
    assert scratch.new_folder().parent == before.parent


def test_a_result_is_on_disk_once(page_url, tmp_path, dark_file):
    name = f"only-{os.getpid()}"
    client = Client(page_url, verbose=False, download_files=False)
    photo = handle_file(shutil.copy(dark_file, tmp_path / f"{name}.png"))
    file, _ = client.predict(photo, api_name="/enhance")
    assert [str(it) for it in Path(get_upload_folder()).rglob(f"{name}_*")] == [file["path"]]


def test_uploads_and_results_are_deleted(few, monkeypatch, tmp_path, dark_file):
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "kept"))
    monkeypatch.setattr(scratch, "GRADIO_SWEEPS_S", 1)
    monkeypatch.setattr(scratch, "KEEP_S", 5)  # all results are written within it

    def kept():
        return {it for it in (tmp_path / "kept").rglob("*") if it.is_file()}

    demo = page.build()
    _, url, _ = demo.launch(
        **page.launch_settings(), prevent_thread_lock=True, quiet=True, server_name="127.0.0.1"
    )
    try:
        examples = kept()
        client = Client(url, verbose=False, download_files=False)
        client.predict(handle_file(dark_file), api_name="/compare")
        assert len(kept() - examples) > len(FEW)
        wait_until(lambda: kept() == examples)
    finally:
        demo.close()
