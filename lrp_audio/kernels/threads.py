"""Runs a kernel on several threads; the kernels release the GIL.

Which thread takes which piece of the work, and how large the pieces are, has no influence on the
result.
"""

import os
from collections.abc import Callable
from functools import lru_cache
from itertools import count as count_from
from typing import Any

from lrp_audio.arguments import as_whole, described
from lrp_audio.errors import SettingError
from lrp_audio.kernels.team import Team

_MOST = 1024
_chosen: int | None = None  # the number of threads, once it was chosen


def available_cores() -> int:
    """Number of processor cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def threads(count: int | None) -> None:
    """Compute with `count` threads from now on; None is one for each available core, as at first.

    Applies to this engine's loops and to the BLAS that they call, in the whole process. Raises
    `SettingError` for anything but a whole number from 1 to 1024.
    """
    global _chosen
    number = as_whole(count)
    if count is not None and not (number is not None and 1 <= number <= _MOST):
        raise SettingError(
            f"{described(count)} threads were asked for; expected a number from 1 to {_MOST}."
        )
    _chosen = number


def thread_count() -> int:
    """Number of threads that this engine computes with."""
    return _chosen or available_cores()


@lru_cache(maxsize=1)
def _team(helpers: int) -> Team:
    return Team(helpers)


if hasattr(os, "register_at_fork"):  # threads do not survive a fork; a waiting child would hang
    os.register_at_fork(after_in_child=_team.cache_clear)


def parallel_for(work: Callable[[int, int], Any], count: int, grain: int) -> list[Any]:
    """Call ``work(first, last)`` on consecutive pieces of ``range(count)``, at most `grain` long.

    Returns what the pieces returned, in their order. An exception in a piece is raised here.
    """
    pieces = [(first, min(first + grain, count)) for first in range(0, count, max(1, grain))]
    if min(thread_count(), len(pieces)) > 1:
        return _shared(work, pieces)
    return [work(*piece) for piece in pieces]


def _shared(work: Callable[[int, int], Any], pieces: list[tuple[int, int]]) -> list[Any]:
    """The calling thread works too: short pieces are done before the other threads wake."""
    found: list[Any] = [None] * len(pieces)
    errors: list[BaseException] = []
    done: list[int] = []
    numbers = count_from(0)

    def take() -> None:
        while (number := next(numbers)) < len(pieces):
            try:
                found[number] = work(*pieces[number])
            except BaseException as error:
                errors.append(error)
            done.append(number)

    try:
        team = _team(thread_count() - 1)
    except RuntimeError:  # the system allows no more threads, or Python is about to end
        take()
    else:
        team.run(take, lambda: len(done) == len(pieces))
    if errors:
        raise errors[0]
    return found
