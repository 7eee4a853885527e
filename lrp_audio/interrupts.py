"""Ctrl-C while a library calls back into Python: it takes effect when the library has returned."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from threading import current_thread, main_thread
from types import FrameType


@contextmanager
def interrupts_after() -> Iterator[None]:
    """Ctrl-C inside the block takes effect at its end.

    An exception in a function that C calls is printed there and lost: a `KeyboardInterrupt` in the
    ``read`` of a file would only look like the end of that file.
    """
    usual = signal.getsignal(signal.SIGINT)
    if not callable(usual) or current_thread() is not main_thread():
        yield
        return
    pressed: list[tuple[int, FrameType | None]] = []
    signal.signal(signal.SIGINT, lambda number, frame: pressed.append((number, frame)))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, usual)
        if pressed:
            usual(*pressed[0])
