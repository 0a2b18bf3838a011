"""Files that the demo hands out: each is deleted within the hour, and all when it ends."""

import logging
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from threading import Thread

from gradio.utils import get_upload_folder

from lowlight_hub.demo import IN_USE, TEMPORARY

# How old files may become, and how often Gradio looks for older ones.
KEEP_S, GRADIO_SWEEPS_S = 2700, 600
# What is there still when that was past has got out of its sight: a part of an upload that broke
# off, and everything once its task has died. So all is looked after once more, this often.
LOST_S, SWEEP_S = KEEP_S + GRADIO_SWEEPS_S + 60, 60
_forgetting: list[Callable[[], None]] = []
_kept = {(TEMPORARY[0] / IN_USE).absolute()}
_swept: list[Path] = []


def at_sweeps(forget: Callable[[], None]) -> Callable[[], None]:
    """Has something else called whenever old files are looked for: SWEEP_S apart, from a thread."""
    _forgetting.append(forget)
    return forget


def keep(files: Iterable[str]) -> None:
    """Has files and folders that belong to the page outlast the hour."""
    _kept.update(map(Path, files))


def temporary_folder(within: str | None = None) -> Path:
    """A new folder that lasts as long as the demo, within another or where such folders are."""
    folder = Path(tempfile.mkdtemp(prefix="lowlight-hub-", dir=within))
    TEMPORARY.append(folder)
    return folder


def new_folder() -> Path:
    """A new folder for files that are handed out; they are deleted within the hour."""
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
    keep([str(root.absolute())])
    _swept.append(root.parent)
    _start_to_sweep()
    return root


def look_after_uploads() -> None:
    """Has what is uploaded deleted within the hour, and what is handed out."""
    _root(get_upload_folder())


@cache
def _start_to_sweep() -> None:
    Thread(target=_sweep_for_ever, daemon=True).start()


def _sweep_for_ever() -> None:
    while True:
        for folder in list(_swept):
            sweep(folder, time.time())
        for forget in _forgetting:
            try:
                forget()
            except Exception:  # photos are deleted whatever happens
                logging.exception("what was remembered of photos was not forgotten")
        time.sleep(SWEEP_S)


def sweep(folder: Path, now: float) -> None:
    """Deletes what is old below a folder."""
    # Whatever is looked at may be deleted meanwhile, the folder itself included.
    with suppress(OSError):
        # A folder that something is deleted from is no longer old: so their ages come first.
        old = [it for it in folder.absolute().rglob("*") if it not in _kept and _is_old(it, now)]
        # What lies deeper goes first, so that folders are empty by their turn.
        for path in sorted(old, key=lambda it: -len(it.parts)):
            with suppress(OSError):
                if path.is_dir():
                    path.rmdir()
                elif _is_old(path, now):  # it may have been given anew
                    path.unlink()


def _is_old(path: Path, now: float) -> bool:
    try:
        return now - path.lstat().st_ctime > LOST_S
    except OSError:
        return False
