"""Every write failing in turn: changes of the file system, full disks, files that cannot grow.

After each of them the command has to say so in a sentence and exit with 2, without a partial file,
and to complete its work when there is room again.
"""

import resource
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from benchmarks.faults.children import contents, on_changes
from benchmarks.faults.commands import COMMANDS
from benchmarks.faults.disk import PAGE, no_room
from benchmarks.faults.reading import Failure
from benchmarks.faults.trial import Prepared, Trials, prepared, visible

_TAKES_ROOM = ("open", "os.mkdir", "os.link", "os.symlink")
_MARGIN = 10  # pages beyond those of the files: folders take some


def _nothing() -> None:
    pass


def fail_writes(name: str, most: int | None = None) -> Trials:
    """Let every write of the command `name` fail, or `most` of each sort, evenly spread."""
    found, begun = Trials(name, kills=False), time.monotonic()
    with prepared(COMMANDS[name]) as command:
        for fault in list(_faults(command, most)):
            command.fresh()
            found.faults += 1
            if wrong := _after(command, fault):
                found.failures.append(Failure(f"{name}: {fault.what}", wrong))
    found.seconds = time.monotonic() - begun
    return found


@dataclass(frozen=True)
class _Fault:
    """One fault: how it is described, what fills the disk, what is done in the child before."""

    what: str
    fill: Callable[[], object] = _nothing
    before: Callable[[], object] = _nothing


def _faults(command: Prepared, most: int | None) -> Iterator[_Fault]:
    changes = range(1, command.changes + 1)
    for number in _some(changes, most):
        yield _Fault(f"change {number} fails", before=_failing(number, number))
    for number in _some(changes, most):
        last = 10 * command.changes
        yield _Fault(f"all from change {number} on fail", before=_failing(number, last))
    sizes = [path.stat().st_size for path in command.folder.rglob("*") if path.is_file()]
    ends = {0, *(size // 2 for size in sizes), *(max(0, size - 1) for size in sizes)}
    for size in _some(sorted(ends), most):
        yield _Fault(f"files end after {size} bytes", before=_small_files(size))
    if command.disk.small:
        pages = sum(-(-size // PAGE) for size in sizes) + _MARGIN
        for free in _some(range(pages), most):
            fill = partial(command.disk.leave, free * PAGE)
            yield _Fault(f"the disk has room for {free} pages", fill)


def _some(numbers: Sequence[int], most: int | None) -> list[int]:
    if most is None or len(numbers) <= most:
        return list(numbers)
    return [numbers[i * (len(numbers) - 1) // max(1, most - 1)] for i in range(most)]


def _failing(first: int, last: int) -> Callable[[], object]:
    """The changes of those numbers find no room; removing and renaming need none, when all fail."""

    def act(number: int, event: str, path: str) -> None:
        if first <= number <= last and (first == last or event in _TAKES_ROOM):
            raise no_room(path)

    return lambda: on_changes(act)


def _small_files(size: int) -> Callable[[], object]:
    """No file can be written beyond so many bytes; a write that begins before is cut there."""
    hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))


def _after(command: Prepared, fault: _Fault) -> str:
    """What is wrong after a run with that fault, and after the one that follows."""
    fault.fill()
    ended = command.run(before=fault.before)
    command.disk.make_room()
    lines = ended.said.splitlines()
    if ended.hung:
        return f"it hangs: {ended.hung}"
    if "Traceback" in ended.said or "Exception ignored" in ended.said:
        return f"a traceback: {lines[-1][-300:]}"
    if ended.code == 0:  # it could do without, as where nothing had to be removed
        wrong = command.different(visible(contents(command.folder)))
        return f"it says nothing, but {wrong}" if wrong else command.unfinished()
    if ended.code != 2:
        return f"exit code {ended.code}: {' / '.join(lines)[-300:]}"
    if not any(line.startswith("error: ") for line in lines):
        return f"no sentence: {' / '.join(lines)[-300:]}"
    return command.partial() or command.unfinished()
