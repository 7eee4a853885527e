"""A command prepared for faults: what an undisturbed run writes, and what is wrong after others."""

import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, chdir, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from threading import RLock

import tqdm

import lrp_audio
from benchmarks.faults.children import Child, Contents, Ended, contents, on_changes
from benchmarks.faults.commands import Command
from benchmarks.faults.disk import Disk, disk
from benchmarks.faults.reading import Failure


@dataclass
class Trials:
    """What became of the faults of one sort in a command: `kills`, or failing writes."""

    command: str
    kills: bool
    faults: int = 0
    seconds: float = 0.0
    failures: list[Failure] = field(default_factory=list)


@dataclass(frozen=True)
class Prepared:
    """A command with a folder to run in, on its disk, and what an undisturbed run does there.

    `expected` is what the folder holds after it, apart from the content of files that is `varying`
    from run to run; `changes` is how often it changes the file system.
    """

    command: Command
    disk: Disk
    folder: Path
    expected: Contents
    varying: frozenset[str]
    seconds: float
    changes: int

    def fresh(self) -> None:
        """Make the folder as it is before the first run."""
        _make(self.command, self.folder)

    def run(self, again: bool = False, before: Callable[[], object] = lambda: None) -> Ended:
        """Run the command to its end, after `before`."""
        return Child(self.command, again, self.folder, before).wait()

    def partial(self) -> str:
        """What is wrong with the files now: each has to be that of an undisturbed run, or missing.

        Hidden files, which nobody takes for a result, may be anything until the next run.
        """
        for path, digest in visible(contents(self.folder)).items():
            if path in self.command.states:
                continue
            if path not in self.expected:
                return f"it leaves {path}, which an undisturbed run does not write"
            if self.expected[path] != digest:
                return f"{path} is not what an undisturbed run writes"
        return ""

    def unfinished(self) -> str:
        """What is wrong after the command has gone on: all has to be as if it was undisturbed."""
        complete = visible(contents(self.folder)) == visible(self.expected)
        ended = self.run(again=True)
        if ended.hung:
            return f"going on hangs: {ended.hung}"
        if "Traceback" in ended.said:
            return f"going on ends in a traceback: {_last_line(ended.said)}"
        refused = complete and ended.code == 2  # what is complete is not made again
        if ended.code != 0 and not refused:
            return f"going on ends with {ended.code}: {_last_line(ended.said)}"
        different = self.different(contents(self.folder))
        return f"{different} after going on" if different else ""

    def different(self, found: Contents) -> str:
        """How `found` is not what the folder holds after an undisturbed run."""
        for path in sorted(self.expected.keys() | found.keys()):
            if path not in found:
                return f"{path} is missing"
            if path not in self.expected:
                return f"{path} is still there"
            if found[path] != self.expected[path] and path not in self.varying:
                return f"{path} differs"
        return ""


def visible(found: Contents) -> Contents:
    """`found` without hidden files and folders."""
    return {
        path: digest
        for path, digest in found.items()
        if not any(part.startswith(".") for part in Path(path).parts)
    }


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or ["nothing on stderr"])[-1][-300:]


@contextmanager
def prepared(command: Command) -> Iterator[Prepared]:
    """`command` ready for faults. It has run in this process, which holds all modules from then on.

    Raises `RuntimeError` where an undisturbed run fails, or two of them write different files.
    """
    tqdm.tqdm.monitor_interval = 0  # its thread would not survive a fork
    tqdm.tqdm.set_lock(RLock())  # its own is shared with children, and killed ones may hold it
    lrp_audio.threads(1)
    with ExitStack() as stack:
        root = stack.enter_context(tempfile.TemporaryDirectory(prefix="faults-"))
        small = stack.enter_context(disk(Path(root).resolve()))
        home = small.folder
        (home / "data").mkdir()
        command.data(home / "data")
        stack.enter_context(command.service(home / "data") if command.service else nullcontext())
        folder = home / "work"
        _make(command, folder)
        _run_here(command, folder)
        counted = home / "changes"

        def count() -> None:
            # Unbuffered: the child may end at any moment.
            file = counted.open("wb", buffering=0)
            on_changes(lambda number, event, path: file.write(b"."))

        runs = []
        for before in (count, lambda: None):
            _make(command, folder)
            ended = Child(command, False, folder, before).wait()
            if ended.code != 0:
                raise RuntimeError(f"{command.name} fails undisturbed ({ended.code}): {ended.said}")
            runs.append((contents(folder), ended.seconds))
        (expected, _), (again, seconds) = runs
        paths = expected.keys() | again.keys()
        varying = frozenset(path for path in paths if expected.get(path) != again.get(path))
        if not varying <= set(command.states):
            raise RuntimeError(f"two undisturbed runs of {command.name} differ in {varying}")
        changes = counted.stat().st_size
        yield Prepared(command, small, folder, expected, varying, seconds, changes)


def _make(command: Command, folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    command.prepare(folder)


def _run_here(command: Command, folder: Path) -> None:
    out, err = sys.stdout, sys.stderr
    with chdir(folder), (folder.parent / "here").open("w", encoding="utf-8") as text:
        sys.stdout = sys.stderr = text
        try:
            command.run(False)
        finally:
            sys.stdout, sys.stderr = out, err
