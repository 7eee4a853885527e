"""Threads that help the calling one, and that wait for work without sleeping for a moment.

To wake a sleeping thread takes about 0.1 ms, as long as half a layer of one clip. Between two
layers a helper therefore watches a counter for a moment, without the GIL, before it goes to sleep.
"""

import os
from collections.abc import Callable
from threading import Lock, Thread
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic, overload

from lrp_audio.kernels.compiling import compiled
from lrp_audio.types import Array

_LOOKS = 1 << 16  # at the counter before sleep: a fifth of a millisecond
_SOON = 1 << 20  # looks of the caller, which waits for a helper that works: three milliseconds


def _now(counter: Array) -> int:
    """The first number of `counter`, read from memory, however often it is asked for."""
    return int(counter[0])


@intrinsic
def _load(context: Any, counter: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array = context.make_array(signature.args[0])(context, builder, arguments[0])
        return builder.load_atomic(array.data, "acquire", ir.IntType(64).width // 8)

    return types.int64(counter), generate


@overload(_now)
def _now_in_memory(counter: Any) -> Any:
    def read(counter: Any) -> Any:
        return _load(counter)  # type: ignore[call-arg]  # numba adds the context

    return read


@compiled()
def _changed(counter: Array, seen: int, looks: int) -> bool:
    """Whether `counter` becomes another number than `seen` within so many looks."""
    for _ in range(looks):  # noqa: SIM110 - a loop without a generator
        if _now(counter) != seen:
            return True
    return False


class _Helper:
    """One thread, and the lock at which it sleeps."""

    def __init__(self, team: "Team", number: int) -> None:
        self.asleep = False
        self.alarm = Lock()
        self.alarm.acquire()
        name = f"lrp-audio_{number}"
        Thread(target=team.serve, args=(self,), name=name, daemon=True).start()


class Team:
    """`count` helpers for one caller at a time."""

    def __init__(self, count: int) -> None:
        self._calls = np.zeros(1, np.int64)
        self._returns = np.zeros(1, np.int64)
        self._work: Callable[[], None] = lambda: None
        self._busy, self._changing = Lock(), Lock()
        self._process = os.getpid()
        self._helpers = [_Helper(self, number) for number in range(count)]

    def run(self, take: Callable[[], None], done: Callable[[], bool]) -> None:
        """Let all threads call `take` until `done`; alone while another thread uses the team.

        A helper that comes late calls `take` after the end, when nothing is left to take.
        """
        if not self._busy.acquire(blocking=False):
            take()
            return
        try:
            self._work = take
            with self._changing:
                self._calls[0] += 1
                for helper in self._helpers:
                    if helper.asleep:
                        helper.asleep = False
                        helper.alarm.release()
            take()
            returns = int(self._returns[0])
            while not done():
                _changed(self._returns, returns, _SOON)
                returns = int(self._returns[0])
        finally:
            self._busy.release()

    def serve(self, helper: _Helper) -> None:
        """The life of a helper."""
        seen = 0
        while True:
            if not _changed(self._calls, seen, _LOOKS):
                with self._changing:
                    sleeps = helper.asleep = int(self._calls[0]) == seen
                if sleeps:
                    helper.alarm.acquire()
            seen = int(self._calls[0])
            self._work()
            with self._changing:
                self._returns[0] += 1
