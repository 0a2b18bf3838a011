"""Leaving a training when asked to: Ctrl-C and SIGTERM end it after its step; nothing is lost."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Stopped(Exception):
    """A training was asked to stop, and did; its text says where it stands."""


class StopRequest:
    """While it is entered, Ctrl-C and SIGTERM raise KeyboardInterrupt, but within `waiting()`.

    There the first one only makes `asked` true, and the second one does as it would without this.
    Outside the main thread, where no signals arrive, it does nothing.
    """

    def __init__(self) -> None:
        self.asked = False
        self._waits = False

    def __enter__(self) -> "StopRequest":
        self._before = {}
        if threading.current_thread() is threading.main_thread():
            self._before = {it: signal.signal(it, self._ask) for it in _SIGNALS}
        return self

    def __exit__(self, *_: object) -> None:
        for it, handler in self._before.items():
            signal.signal(it, handler)

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """For what looks at `asked` often enough."""
        self._waits = True
        try:
            yield
        finally:
            self._waits = False

    def _ask(self, number: int, frame: FrameType | None) -> None:
        self.asked = True
        self.__exit__()
        if not self._waits:
            raise KeyboardInterrupt
