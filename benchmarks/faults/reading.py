"""Hostile inputs given to the function that reads them, in a child with little memory, watched.

The child makes and reads one input after the other and says so in a pipe. If it dies, or an input
takes too long, that input has failed, and another child goes on behind it.
"""

import json
import os
import resource
import select
import signal
import sys
import tempfile
import time
import traceback
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.faults.disk import disk
from benchmarks.faults.kinds import KINDS, Kind
from lrp_audio.commands.text import printable
from lrp_audio.errors import LrpAudioError

SECONDS = 2.0
"""Time of a processor that an input may take."""

PATIENCE = 20.0
"""Seconds that an input may take where it waits, as for a pipe, instead of computing."""

MEMORY = 300_000_000
"""Bytes of memory that an input may take, beyond those of a process with all modules loaded."""

_ASLEEP = "S"

LONGEST = 1000
"""Characters that the sentence about a refused input may have, without the name of its folder."""


@dataclass(frozen=True)
class Failure:
    """An input, or a kill, that ended otherwise than promised: how to repeat it, and what was."""

    again: str
    what: str


@dataclass
class Readings:
    """What became of the inputs of a kind."""

    kind: str
    inputs: int = 0
    read: int = 0
    seconds: float = 0.0
    slowest: float = 0.0
    failures: list[Failure] = field(default_factory=list)

    @property
    def refused(self) -> int:
        """Inputs that got their sentence."""
        return self.inputs - self.read - len(self.failures)


def generator(kind: str, seed: int, number: int) -> np.random.Generator:
    """The random numbers of the input `number` of a kind."""
    return np.random.default_rng([seed, zlib.crc32(kind.encode()), number])


def read_kind(name: str, count: int, seed: int) -> Readings:
    """Read `count` inputs of the kind `name`; a failure does not stop it."""
    kind, found = KINDS[name], Readings(name)
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="faults-") as root, disk(Path(root)) as small:
        folder = small.folder
        kind.write(folder, generator(name, seed, 0))  # makes the seeds, for every child
        while found.inputs < count:
            _watch(kind, folder, range(found.inputs, count), seed, found)
    found.seconds = time.monotonic() - begun
    return found


def read_one(name: str, number: int, seed: int, folder: Path) -> None:
    """Read one input, left in `folder`, in this process; raises what reading it raises."""
    kind = KINDS[name]
    kind.read(kind.write(folder, generator(name, seed, number)))


def _watch(kind: Kind, folder: Path, numbers: range, seed: int, found: Readings) -> None:
    """Let a child read the inputs of those `numbers`, until it is done or one has failed badly."""
    ours, theirs = os.pipe()
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        os.close(ours)
        _serve(kind, folder, numbers, seed, theirs)
    os.close(theirs)
    with os.fdopen(ours, "rb", buffering=0) as pipe:
        for number in numbers:
            outcome = _outcome(pipe, child)
            found.inputs += 1
            found.slowest = max(found.slowest, outcome.get("seconds", 0.0))
            if outcome["end"] == "read":
                found.read += 1
            elif outcome["end"] != "refused":
                again = f"--only '{kind.name}' --seed {seed} --input {number}"
                found.failures.append(Failure(again, outcome["end"]))
            if "seconds" not in outcome:
                break
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


def _outcome(pipe: Any, child: int) -> dict[str, Any]:
    """What the child says about its next input; without seconds where nothing more will come."""
    line = b""
    waiting, (_, computed) = time.monotonic(), _state(child)
    while not line.strip():
        if select.select([pipe], [], [], 0.25)[0]:
            line = pipe.readline()
            if not line:
                ended = os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
                return {"end": f"the process died ({_named(ended)})"}
            waiting, (_, computed) = time.monotonic(), _state(child)
            continue
        state, so_far = _state(child)
        if state != _ASLEEP:  # it would compute if other processes let it
            waiting = time.monotonic()
        if so_far - computed > SECONDS + 1:
            return {"end": f"it computes for more than {SECONDS:g} s"}
        if time.monotonic() - waiting > PATIENCE:
            return {"end": f"it waits for more than {PATIENCE:g} s"}
    outcome: dict[str, Any] = json.loads(line)
    if outcome["seconds"] > SECONDS:
        outcome["end"] = f"it took {outcome['seconds']:.1f} s"
    return outcome


def _named(ended: Any) -> str:
    if ended.si_code == os.CLD_EXITED:
        return f"exit code {ended.si_status}"
    return signal.Signals(ended.si_status).name


def _state(process: int) -> tuple[str, float]:
    """The letter of what a process does now, and the seconds of a processor that it has had."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return fields[0], (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


# --- in the child ---------------------------------------------------------------------------------


def _serve(kind: Kind, folder: Path, numbers: range, seed: int, pipe: int) -> None:
    """Read inputs and report each; never returns."""
    code = 1
    try:
        # Decoders that are written in C print notes of their own.
        nothing = os.open(os.devnull, os.O_RDWR)
        os.dup2(nothing, 1)
        os.dup2(nothing, 2)
        with little_memory(MEMORY):
            for number in numbers:
                path = kind.write(folder, generator(kind.name, seed, number))
                os.write(pipe, b"\n")  # the watch begins
                before = time.process_time()
                end = outcome_of(kind, path, folder)
                taken = time.process_time() - before
                os.write(pipe, json.dumps({"end": end, "seconds": taken}).encode() + b"\n")
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


def outcome_of(kind: Kind, path: Path, folder: Path) -> str:
    """``read``, ``refused``, or what is wrong with how the input at `path` ended."""
    try:
        kind.read(path)
    except LrpAudioError as error:
        text = printable(str(error).replace(str(folder), ""))
        if len(text) > LONGEST:
            return f"its sentence has {len(text)} characters: {text:.300}"
        if "allow_pickle" in text:
            return f"its sentence advises to trust the file: {text:.300}"
        return "refused"
    except Exception as error:
        frames = traceback.extract_tb(error.__traceback__)
        last = next((f for f in reversed(frames) if "lrp_audio" in f.filename), frames[-1])
        place = f"{Path(last.filename).name}:{last.lineno}"
        return f"{type(error).__name__}: {error!s:.200} ({place})"
    return "read"


@contextmanager
def little_memory(most: int) -> Iterator[None]:
    """Inside the block, this process may have `most` bytes more than it has now."""
    before = resource.getrlimit(resource.RLIMIT_AS)
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * os.sysconf("SC_PAGESIZE") + most
    resource.setrlimit(resource.RLIMIT_AS, (limit, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)
