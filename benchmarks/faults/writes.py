"""Every write failing in turn: one change of the file system, all from one on, files that are full.

After each of them the command has to say so in a sentence and exit with 2, without a partial file,
and to complete its work when there is room again.
"""

import errno
import os
import resource
import time
from collections.abc import Callable, Iterator

from benchmarks.faults.children import on_changes
from benchmarks.faults.commands import COMMANDS
from benchmarks.faults.reading import Failure
from benchmarks.faults.trial import Prepared, Trials, prepared

_TAKES_ROOM = ("open", "os.mkdir", "os.link", "os.symlink")
_PAGE = 4096
_DISK = 64_000_000  # bytes of the file system that is filled


def fail_writes(name: str, most: int | None = None) -> Trials:
    """Let every write of the command `name` fail, or `most` of each sort, evenly spread."""
    found, begun = Trials(name), time.monotonic()
    with prepared(COMMANDS[name]) as command:
        for what, before in _faults(command, most):
            command.fresh()
            found.faults += 1
            if wrong := _after(command, before):
                found.failures.append(Failure(f"--command '{name}', {what}", wrong))
    found.seconds = time.monotonic() - begun
    return found


def _faults(command: Prepared, most: int | None) -> Iterator[tuple[str, Callable[[], object]]]:
    every = range(1, command.changes + 1)
    for number in _some(every, most):
        yield f"change {number} fails", _failing(number, number)
    for number in _some(every, most):
        yield f"all from change {number} on fail", _failing(number, command.changes * 10)
    for size in _some(_sizes(command), most):
        yield f"files end after {size} bytes", _small_files(size)


def _some(numbers: "range | list[int]", most: int | None) -> list[int]:
    if most is None or len(numbers) <= most:
        return list(numbers)
    return [numbers[i * (len(numbers) - 1) // max(1, most - 1)] for i in range(most)]


def _failing(first: int, last: int) -> Callable[[], object]:
    """The changes of those numbers find no room; removing and renaming need none, when all fail."""

    def act(number: int, event: str, path: str) -> None:
        if first <= number <= last and (first == last or event in _TAKES_ROOM):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), path)

    return lambda: on_changes(act)


def _sizes(command: Prepared) -> list[int]:
    """Sizes at which files end: nothing, and for each file its half and all but its last byte."""
    sizes = [path.stat().st_size for path in sorted(command.folder.rglob("*")) if path.is_file()]
    return sorted({0, *(size // 2 for size in sizes), *(max(0, size - 1) for size in sizes)})


def _small_files(size: int) -> Callable[[], object]:
    """No file can be written beyond so many bytes; a write that begins before is cut there."""
    hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))


def _after(command: Prepared, before: Callable[[], object]) -> str:
    """What is wrong after a run with that fault, and after the one that follows."""
    ended = command.run(before=before)
    lines = ended.said.splitlines()
    if "Traceback" in ended.said or "Exception ignored" in ended.said:
        return f"a traceback: {lines[-1][-300:]}"
    if ended.code == 0:  # it could do without, as where nothing had to be removed
        wrong = command.partial()
        return f"it says nothing, but {wrong}" if wrong else command.unfinished()
    if ended.code != 2:
        return f"exit code {ended.code}: {' / '.join(lines)[-300:]}"
    if not any(line.startswith("error: ") for line in lines):
        return f"no sentence: {' / '.join(lines)[-300:]}"
    return command.partial() or command.unfinished()
