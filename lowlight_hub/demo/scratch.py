"""Files that the demo hands out: each is deleted within the hour, and all when it ends."""

import logging
import tempfile
import time
import zipfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from shutil import rmtree
from threading import Thread

from gradio.utils import get_upload_folder

from lowlight_hub.demo import TEMPORARY

# How old files may become, and how often old ones are looked for: gone within the hour.
KEEP_S, SWEEP_S = 2700, 60
_forgetting: list[Callable[[], None]] = []


def at_sweeps(forget: Callable[[], None]) -> None:
    """Has something else called whenever old files are looked for: SWEEP_S apart, from a thread."""
    _forgetting.append(forget)


def temporary_folder(within: str | None = None) -> Path:
    """A new folder that lasts as long as the demo, within another or where such folders are."""
    folder = Path(tempfile.mkdtemp(prefix="lowlight-hub-", dir=within))
    TEMPORARY.append(folder)
    return folder


def new_folder() -> Path:
    """A new folder for files that are handed out; it is deleted after KEEP_S."""
    root = _root(get_upload_folder())
    root.mkdir(mode=0o700, parents=True, exist_ok=True)  # systems clear what lies idle in /tmp
    return Path(tempfile.mkdtemp(dir=root))


def zipped(files: Sequence[Path]) -> Path:
    """One zip of files with unlike names; photos are compressed already."""
    path = new_folder() / "lowlight-hub.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for file in files:
            archive.write(file, file.name)
    return path


@cache
def _root(handed_out_from: str) -> Path:
    # What lies there already Gradio hands out as it is: it neither reads nor copies it first.
    Path(handed_out_from).mkdir(parents=True, exist_ok=True)
    root = temporary_folder(handed_out_from)
    Thread(target=_sweep_for_ever, args=(root,), daemon=True).start()
    return root


def _sweep_for_ever(root: Path) -> None:
    while True:
        sweep(root)
        time.sleep(SWEEP_S)


def sweep(root: Path) -> None:
    """Deletes the old folders in `root`, and has forgotten what is to be."""
    # Whatever is looked at may be deleted meanwhile, the root itself included.
    with suppress(OSError):
        for folder in list(root.iterdir()):
            with suppress(OSError):
                if time.time() - folder.stat().st_mtime > KEEP_S:
                    rmtree(folder)
    for forget in _forgetting:
        try:
            forget()
        except Exception:  # photos are deleted whatever happens
            logging.exception("what was remembered of photos was not forgotten")
