"""Notices that kernels are being compiled, which takes seconds where numba's cache is empty."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from numba.core.event import Event, Listener, install_listener


class _Once(Listener):
    def __init__(self, tell: Callable[[], None]) -> None:
        self._tell = tell
        self._told = False

    def on_start(self, event: Event) -> None:
        if not self._told:  # numba compiles one function at a time, under its own lock
            self._told = True
            self._tell()

    def on_end(self, event: Event) -> None:
        pass


@contextmanager
def before_compiling(tell: Callable[[], None]) -> Iterator[None]:
    """Inside the block, call `tell` once, before the first kernel that numba has not cached."""
    with install_listener("numba:compile", _Once(tell)):
        yield
