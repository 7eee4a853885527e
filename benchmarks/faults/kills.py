"""Kills at random moments: no partial file under a final name, and the next run completes it all.

Half of the moments are drawn from the time that the command takes, half from the changes that it
makes to the file system, because most of its time it computes.
"""

import os
import signal
import time
from collections.abc import Callable

import numpy as np

from benchmarks.faults.children import Child, on_changes
from benchmarks.faults.commands import COMMANDS
from benchmarks.faults.reading import Failure, generator
from benchmarks.faults.trial import Prepared, Trials, prepared

_IN_A_ROW = 3
"""Most kills before the command may run to its end."""


def kill_command(name: str, count: int, seed: int) -> Trials:
    """Kill the command `name` so many times, and let it go on after one to three of them."""
    found, begun = Trials(name, kills=True), time.monotonic()
    with prepared(COMMANDS[name]) as command:
        number = 0
        while found.faults < count:
            rng = generator(name, seed, number)
            command.fresh()
            wrong = ""
            for nth in range(rng.integers(1, _IN_A_ROW + 1)):
                if not _kill(command, rng, again=nth > 0):
                    break
                found.faults += 1
                wrong = wrong or command.partial()
            wrong = wrong or command.unfinished()
            if wrong:
                found.failures.append(Failure(f"{name}: sequence {number} of seed {seed}", wrong))
            number += 1
    found.seconds = time.monotonic() - begun
    return found


def _kill(command: Prepared, rng: np.random.Generator, again: bool) -> bool:
    """Run the command and kill it; False where it ended before."""
    if rng.random() < 0.5:
        before, wait = _nothing, rng.random() * command.seconds
    else:
        before, wait = _suicide(int(rng.integers(1, command.changes + 1))), 10 * command.seconds
    child = Child(command.command, again, command.folder, before)
    begun = time.monotonic()
    while time.monotonic() < begun + wait and not child.ended():
        time.sleep(0.001)
    child.kill()
    return child.wait().code == -signal.SIGKILL


def _nothing() -> None:
    pass


def _suicide(moment: int) -> Callable[[], None]:
    """Before the change of that number, the process kills itself and those that it started."""

    def act(number: int, event: str, path: str) -> None:
        if number == moment:
            os.killpg(0, signal.SIGKILL)

    return lambda: on_changes(act)
