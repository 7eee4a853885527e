"""Two processes do the same task: started, warmed up, timed in alternation, memory read."""

import json
import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

import numpy as np

from benchmarks.peers import command, environment
from lrp_audio.types import Array

_PAUSE = 0.02  # seconds: the threads of the process just timed may go on spinning for a while

ENVIRONMENTS = {
    "ours": {},
    # Half of zennit's time at batch 32 would be page faults: its large temporaries are mapped and
    # given back to the system each time. With these, malloc keeps them.
    "peer": {
        "MALLOC_MMAP_THRESHOLD_": str(1 << 34),
        "MALLOC_TRIM_THRESHOLD_": str(1 << 34),
        "MALLOC_TOP_PAD_": str(1 << 28),
    },
    "onnx_peer": {},
}
"""Environment variables of each module's process, in addition to those of this one."""


class PeerError(RuntimeError):
    """A process of the benchmark ended early."""


class Timed(Protocol):
    """Something to be timed in alternation with others."""

    def call(self) -> float:
        """Do the task once; returns milliseconds."""


class Peer:
    """A process that does the task in a folder on request, with `threads` threads."""

    def __init__(
        self, module: str, folder: Path, threads: int, more: dict[str, str] | None = None
    ) -> None:
        self.name = module
        self._process = subprocess.Popen(
            command("peers", module, str(folder), str(threads)),
            env=environment() | ENVIRONMENTS[module] | (more or {}),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def call(self) -> float:
        """Do the task once; returns milliseconds."""
        return self._request(ask="call")

    def result(self, file: Path) -> dict[str, Array]:
        """Do the task once, and return its result, passed through `file` (ending in .npz)."""
        self._request(ask="call", save=str(file))
        with np.load(file, allow_pickle=False) as archive:
            found = dict(archive)
        file.unlink()
        return found

    def memory(self) -> float:
        """Peak of the process in MB."""
        return self._request(ask="memory")

    def _request(self, **question: str) -> float:
        assert self._process.stdin is not None and self._process.stdout is not None
        answer = ""
        try:
            print(json.dumps(question), file=self._process.stdin, flush=True)
            answer = self._process.stdout.readline()
        except BrokenPipeError:
            pass
        if not answer:
            raise PeerError(f"The process of {self.name!r} ended early; its error is above.")
        return float(json.loads(answer))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is not None:
            self._process.kill()
        self._process.communicate()


@dataclass(frozen=True)
class Quartiles:
    """The median of some timings, and the quartiles on both sides."""

    low: float
    median: float
    high: float


def quartiles(ms: Sequence[float]) -> Quartiles:
    """The three quartiles of `ms`, interpolated."""
    return Quartiles(*(float(q) for q in np.quantile(ms, (0.25, 0.5, 0.75))))


def alternating(peers: Sequence[Timed], repeats: int, pause: float = _PAUSE) -> list[list[float]]:
    """Milliseconds of `repeats` calls of each, ABAB, so that the machine's noise affects all."""
    timings: list[list[float]] = [[] for _ in peers]
    for _ in range(repeats):
        for peer, found in zip(peers, timings, strict=True):
            time.sleep(pause)
            found.append(peer.call())
    return timings


@dataclass(frozen=True)
class Effort:
    """How often a row is timed: `repeats` times, or as often as fits into `budget` seconds.

    In the latter case at least `least` and at most `most` times.
    """

    repeats: int | None = None
    budget: float = 30.0
    least: int = 7
    most: int = 51

    def rounds(self, ms: float) -> int:
        """Number of rounds of which one takes `ms`."""
        if self.repeats is not None:
            return self.repeats
        return int(min(max(1000 * self.budget / ms, self.least), self.most))


@dataclass(frozen=True)
class Comparison:
    """A row: timings and peak memory (MB) of each peer, and how far apart their results were.

    `difference` is the result of `check`.
    """

    timings: tuple[Quartiles, ...]
    memory: tuple[float, ...]
    repeats: int
    difference: float


Check = Callable[[dict[str, Array], dict[str, Array]], float]


def compared(
    folder: Path, threads: int, effort: Effort, check: Check, peer: str = "peer"
) -> Comparison:
    """This engine against the module `peer` at the task in `folder`.

    `check` is given both results first, and raises an error if they differ.
    """
    with ExitStack() as stack:
        ours, other = both = _started(stack, folder, threads, peer)
        difference = check(*(each.result(folder / f"{each.name}.npz") for each in both))
        repeats = effort.rounds(sum(each.call() for each in both))
        timings = alternating(both, repeats)
        return Comparison(
            tuple(map(quartiles, timings)), (ours.memory(), other.memory()), repeats, difference
        )


def compare(folder: Path, threads: int, check: Check) -> float:
    """The result of `check` for the task in `folder`; nothing is timed."""
    with ExitStack() as stack:
        both = _started(stack, folder, threads, "peer")
        return check(*(each.result(folder / f"{each.name}.npz") for each in both))


def _started(stack: ExitStack, folder: Path, threads: int, peer: str) -> tuple[Peer, Peer]:
    return (
        stack.enter_context(Peer("ours", folder, threads)),
        stack.enter_context(Peer(peer, folder, threads)),
    )


def first_answer(module: str, folder: Path, threads: int, more: dict[str, str]) -> float:
    """Seconds from the start of a process, with `more` in its environment, to its first result."""
    begun = time.perf_counter()
    with Peer(module, folder, threads, more) as peer:
        peer.call()
        return time.perf_counter() - begun
