"""How much memory the process had at most while something ran, and how it stays little."""

import ctypes
from contextlib import suppress
from threading import Event, Thread

import psutil

SAMPLE_S = 0.01
# Of glibc's <malloc.h>, and how many heaps it may have.
_M_ARENA_MAX, _ARENAS = -8, 2


def share_heaps() -> None:
    """Lets threads share heaps, where the C library has one for each: call it before they start.

    Else each of the server's many threads would keep what the largest of its photos took.
    """
    with suppress(AttributeError, OSError, TypeError):  # another C library than glibc
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, _ARENAS)


class PeakMemory:
    """A context: `peak_mb` is the largest resident memory of this process since it was entered.

    In MB, sampled every SAMPLE_S seconds; everything else that the process does counts too.
    """

    def __enter__(self) -> "PeakMemory":
        self._process = psutil.Process()
        self._done = Event()
        self._peak = self._process.memory_info().rss
        self._thread = Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def _watch(self) -> None:
        while not self._done.wait(SAMPLE_S):
            self._peak = max(self._peak, self._process.memory_info().rss)

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    @property
    def peak_mb(self) -> float:
        """Of the run so far."""
        return max(self._peak, self._process.memory_info().rss) / 1e6
