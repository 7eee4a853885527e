"""BLAS at one thread wherever this engine computes, so that the bits of a result never vary.

How BLAS rounds depends on how many threads share a product. Most libraries have one limit for the
whole process; those built on OpenMP have one for each thread.
"""

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock, local
from typing import Any

from threadpoolctl import ThreadpoolController

from lrp_audio.forking import fork_outside

_ATTEMPTS = 3

Limits = dict[str, tuple[Any, int]]
"""By path of a library: its controller, and its number of threads before this engine's."""


class _Own(local):
    """How often one thread has entered, and the limits of this thread alone."""

    def __init__(self) -> None:
        self.depth = 0
        self.before: Limits = {}


class _SingleThreadedBlas:
    """Limits BLAS when the first thread begins to compute, and restores it after the last one.

    Libraries that were loaded since, and limits that were lifted, are limited whenever a thread
    begins to compute.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        fork_outside(self._lock)
        self._threads = 0  # number that compute
        self._own = _Own()
        self._before: Limits = {}
        self._libraries: list[Any] = []
        self._refused: set[str] = set()
        self._modules = 0  # number of modules when the libraries were looked for

    @contextmanager
    def __call__(self) -> Iterator[None]:
        own = self._own
        if own.depth == 0:
            with self._lock:
                self._limit(own)
                self._threads += 1
        own.depth += 1
        try:
            yield
        finally:
            own.depth -= 1
            if own.depth == 0:
                with self._lock:
                    self._threads -= 1
                    _restore(own.before)
                    if self._threads == 0:
                        _restore(self._before)

    def _limit(self, own: _Own) -> None:
        if len(sys.modules) != self._modules:  # an import may load a library: scipy has its own
            self._libraries = ThreadpoolController().select(user_api="blas").lib_controllers
            self._modules = len(sys.modules)
        for library in self._libraries:
            count = library.get_num_threads()
            if count in (1, None) or library.filepath in self._refused:
                continue
            of_thread = getattr(library, "threading_layer", None) == "openmp"
            (own.before if of_thread else self._before).setdefault(
                library.filepath, (library, count)
            )
            if not _set(library, 1):
                self._refused.add(library.filepath)
                logging.getLogger("lrp_audio").warning(
                    "%s keeps %s threads although it was limited to one, so results may differ in "
                    "their last bits from one run to the next.",
                    library.filepath,
                    library.get_num_threads(),
                )

    def after_fork_in_child(self) -> None:
        """In the child, only the thread that forked is left."""
        self._threads = int(self._own.depth > 0)


def _set(library: Any, count: int) -> bool:
    """Set the limit, from any thread; returns whether the library took it.

    threadpoolctl lets one thread of a process control OpenBLAS, and silently ignores the others.
    """
    release = getattr(library, "clear_controlling_thread", lambda force: None)
    for _ in range(_ATTEMPTS):
        release(force=True)
        library.set_num_threads(count)
        release(force=True)
        if library.get_num_threads() == count:
            return True
    return False


def _restore(limits: Limits) -> None:
    for library, count in limits.values():
        _set(library, count)
    limits.clear()


single_threaded_blas = _SingleThreadedBlas()

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=single_threaded_blas.after_fork_in_child)
