"""The demo's parts: what it computes, what it says in which language, how its page looks."""

import atexit
import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

from filelock import FileLock, Timeout

# A server's folder holds a file of this name, locked until it ends, in whatever way it does.
IN_USE = ".in-use"
_PREFIX = "lowlight-hub-"


def remove_what_was_left(shared: Path) -> None:
    """Deletes the folders within this one of servers that were killed, with all photos in them."""
    for folder in shared.glob(f"{_PREFIX}*"):
        # Others' folders may not be looked into.
        with suppress(OSError, Timeout):
            if (folder / IN_USE).is_file():
                with FileLock(folder / IN_USE, timeout=0):
                    shutil.rmtree(folder, ignore_errors=True)


# What Gradio reads when it is imported.
os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
# A folder of this server's own for uploads and results. In one that servers share, a photo's file
# is named by its contents alone, and the server that ends deletes it from under the others' pages.
_shared = Path(os.environ.get("GRADIO_TEMP_DIR") or tempfile.gettempdir())
_shared.mkdir(parents=True, exist_ok=True)
remove_what_was_left(_shared)
# Folders that last as long as the demo does.
TEMPORARY = [Path(tempfile.mkdtemp(prefix=_PREFIX, dir=_shared))]
os.environ["GRADIO_TEMP_DIR"] = str(TEMPORARY[0])
_in_use = FileLock(TEMPORARY[0] / IN_USE)
_in_use.acquire()


@atexit.register
def remove_all() -> None:
    """Deletes the temporary folders: the demo has come to its end."""
    for folder in TEMPORARY:
        shutil.rmtree(folder, ignore_errors=True)
