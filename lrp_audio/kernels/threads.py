"""Spreads a kernel over a pool of threads; the kernels release the GIL, BLAS stays at one thread.

A pool that sleeps between calls costs microseconds and leaves the cores to others, where OpenMP's
default spins. Work is cut into pieces of a size that does not depend on the number of threads, so
that a result does not either.
"""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from functools import cache
from itertools import count as count_from
from threading import Lock
from typing import Any

from threadpoolctl import ThreadpoolController

from lrp_audio.arguments import as_whole, described
from lrp_audio.errors import SettingError

_MOST = 1024
_chosen: list[int] = []  # the number of threads, once it was chosen


def available_cores() -> int:
    """Number of processor cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def threads(count: int | None) -> None:
    """Compute with `count` threads from now on; None is one for each available core, as at first.

    It holds for this engine's loops and for the BLAS that they call, in the whole process. Raises
    `SettingError` for less than 1, or for more than 1024.
    """
    if count is None:
        _chosen.clear()
    else:
        number = as_whole(count)
        if number is None or not 1 <= number <= _MOST:
            raise SettingError(
                f"{described(count)} threads were asked for; expected a number from 1 to {_MOST}."
            )
        _chosen[:] = [number]
    _pool.cache_clear()


def thread_count() -> int:
    """Number of threads that this engine computes with."""
    return _chosen[0] if _chosen else available_cores()


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max(1, thread_count() - 1), thread_name_prefix="lrp-audio")


if hasattr(os, "register_at_fork"):  # threads do not survive a fork; a waiting child would hang
    os.register_at_fork(after_in_child=_pool.cache_clear)


@cache
def _blas() -> ThreadpoolController:
    return ThreadpoolController()


class _SingleThreadedBlas:
    """Counts its users, so that the first sets the limit and the last one lifts it."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._users = 0
        self._limiter: Any = None

    @contextmanager
    def __call__(self) -> Iterator[None]:
        with self._lock:
            if self._users == 0:
                self._limiter = _blas().limit(limits=1, user_api="blas")
            self._users += 1
        try:
            yield
        finally:
            with self._lock:
                self._users -= 1
                if self._users == 0:
                    self._limiter.restore_original_limits()


single_threaded_blas = _SingleThreadedBlas()


def spread(work: Callable[[int, int], Any], count: int, grain: int) -> list[Any]:
    """Call ``work(first, last)`` on consecutive pieces of ``range(count)``, at most `grain` long.

    Returns what the pieces returned, in their order. An exception in a piece is raised here.
    """
    pieces = [(first, min(first + grain, count)) for first in range(0, count, grain)]
    helpers = min(thread_count(), len(pieces)) - 1
    with single_threaded_blas():
        if helpers < 1:
            return [work(*piece) for piece in pieces]
        return _shared(work, pieces, helpers)


def _shared(
    work: Callable[[int, int], Any], pieces: list[tuple[int, int]], helpers: int
) -> list[Any]:
    """The calling thread works too: where the pieces are short, it is done before others wake."""
    found: list[Any] = [None] * len(pieces)
    numbers = count_from(0)

    def take() -> None:
        while (number := next(numbers)) < len(pieces):
            found[number] = work(*pieces[number])

    others = [_pool().submit(take) for _ in range(helpers)]
    try:
        take()
    finally:
        started = [other for other in others if not other.cancel()]
        wait(started)
    for other in started:
        other.result()
    return found
