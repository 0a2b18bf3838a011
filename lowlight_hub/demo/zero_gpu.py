"""ZeroGPU, on which a Space may run: each call of a network gets a GPU, in a process of its own."""

import os
from collections.abc import Callable
from typing import Any

# As the package `spaces` reads it; other Spaces have that package, too.
IS_ZERO_GPU = os.environ.get("SPACES_ZERO_GPU", "").lower() in ("1", "t", "true")

if IS_ZERO_GPU:
    from spaces import GPU as on_gpu
else:

    def on_gpu(function: Callable) -> Callable:
        """Elsewhere a function runs where it is called."""
        return function


def words_of_zero_gpu(error: Any) -> str | None:
    """What ZeroGPU has to say to a visitor who gets no GPU; None of errors of other kinds.

    A quota that is spent, say, and when there is more of it. Of what went wrong on a GPU it says
    no more than the name of the error.
    """
    title = str(getattr(error, "title", ""))
    if not title.startswith("ZeroGPU") or title == "ZeroGPU worker error":
        return None
    return str(error.message).strip().removesuffix(".")
