"""How kernels are compiled: the decorator of all of them, and a notice, since it takes seconds."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from numba import njit
from numba.core.compiler_lock import global_compiler_lock
from numba.core.event import Event, Listener, install_listener

from lrp_audio.forking import fork_outside
from lrp_audio.kernels.cache import cache_of
from lrp_audio.kernels.parts import COMMON

Function = TypeVar("Function", bound=Callable[..., Any])

fork_outside(global_compiler_lock)


def compiled(**options: Any) -> Callable[[Function], Function]:
    """The decorator of every kernel: compiled on its first call, without the GIL, and cached.

    `options` are those of ``numba.njit``, such as ``fastmath``. With ``NUMBA_DISABLE_JIT=1`` the
    function stays plain Python.
    """

    def decorate(function: Function) -> Function:
        kernel: Any = njit(nogil=True, **COMMON, **options)(function)
        if kernel is not function:  # it is where the JIT is off
            kernel._cache = cache_of(function)  # as numba's own enable_caching does
        made: Function = kernel
        return made

    return decorate


class _Once(Listener):
    def __init__(self, notify: Callable[[], None]) -> None:
        self._notify = notify
        self._notified = False

    def on_start(self, event: Event) -> None:
        if not self._notified:  # numba compiles one function at a time, under its own lock
            self._notified = True
            self._notify()

    def on_end(self, event: Event) -> None:
        pass


@contextmanager
def before_compiling(notify: Callable[[], None]) -> Iterator[None]:
    """Inside the block, call `notify` once, before the first kernel that numba has not cached."""
    with install_listener("numba:compile", _Once(notify)):
        yield
