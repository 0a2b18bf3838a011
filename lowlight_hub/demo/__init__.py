"""The demo's parts: what it computes, what it says in which language, how its page looks."""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

# What Gradio reads when it is imported.
os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
# A folder of this server's own for uploads and results. In one that servers share, a photo's file
# is named by its contents alone, and the server that ends deletes it from under the others' pages.
_shared = Path(os.environ.get("GRADIO_TEMP_DIR") or tempfile.gettempdir())
_shared.mkdir(parents=True, exist_ok=True)
os.environ["GRADIO_TEMP_DIR"] = tempfile.mkdtemp(prefix="lowlight-hub-", dir=_shared)
# Folders that last as long as the demo does.
TEMPORARY = [Path(os.environ["GRADIO_TEMP_DIR"])]


@atexit.register
def remove_all() -> None:
    """Deletes the temporary folders: the demo has come to its end."""
    for folder in TEMPORARY:
        shutil.rmtree(folder, ignore_errors=True)
