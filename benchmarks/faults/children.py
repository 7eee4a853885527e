"""Commands in children of this process, which has all modules loaded: a start takes no time."""

import faulthandler
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import NoReturn, TextIO

from benchmarks.faults.commands import Command

SECONDS = 120.0
"""Time that a command may take at most; each of them needs a few seconds."""

_PATIENCE = 10.0  # more seconds, in which a command that takes too long says where it is

_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_CHANGES = (
    "os.mkdir",
    "os.rename",
    "os.remove",
    "os.rmdir",
    "os.link",
    "os.symlink",
    "os.truncate",
)


@dataclass(frozen=True)
class Ended:
    """How a child ended: exit code, or minus the number of a signal; its stderr; seconds."""

    code: int
    said: str
    seconds: float

    @property
    def hung(self) -> str:
        """Where it was, innermost call first, when its time was over; else nothing."""
        _, over, where = self.said.partition("Timeout (")
        return over and " ".join(where.split())


class Child:
    """A command that runs in a child of this process, in `folder`, after it has called `before`.

    Its stderr goes to a pipe, since files may be what fails.
    """

    def __init__(
        self, command: Command, again: bool, folder: Path, before: Callable[[], object]
    ) -> None:
        self._stderr, theirs = os.pipe()
        self._begun = time.monotonic()
        sys.stdout.flush()
        sys.stderr.flush()
        self.process = os.fork()
        if self.process == 0:
            _run(command, again, folder, before, theirs)
        os.close(theirs)

    def ended(self) -> bool:
        """Whether it has ended; it can still be waited for."""
        flags = os.WEXITED | os.WNOWAIT | os.WNOHANG
        return os.waitid(os.P_PID, self.process, flags) is not None

    def kill(self) -> None:
        """Kill it and the processes that it started, as far as they are still there."""
        for kill in (os.killpg, os.kill):
            with suppress(ProcessLookupError):
                kill(self.process, signal.SIGKILL)

    def wait(self) -> Ended:
        """Wait until it ends; one that takes too long says where it is, or is killed."""
        while not self.ended():
            if time.monotonic() > self._begun + SECONDS + _PATIENCE:
                self.kill()
            time.sleep(0.001)
        taken = time.monotonic() - self._begun
        _, status = os.waitpid(self.process, 0)
        with os.fdopen(self._stderr, "rb") as pipe:
            os.set_blocking(self._stderr, False)  # a process that it started may hold the pipe
            said = (pipe.read() or b"").decode(errors="replace")
        return Ended(os.waitstatus_to_exitcode(status), said, taken)


def _run(
    command: Command, again: bool, folder: Path, before: Callable[[], object], stderr: int
) -> NoReturn:
    code = 1
    try:
        os.setpgid(0, 0)
        os.chdir(folder)
        nothing = os.open(os.devnull, os.O_RDWR)
        for descriptor, target in ((0, nothing), (1, nothing), (2, stderr)):
            os.dup2(target, descriptor)
        sys.stdout, sys.stderr = map(_stream, (1, 2))
        # No other files than those of the command, and in these no times, which always differ.
        sys.dont_write_bytecode = True
        os.environ |= {"SOURCE_DATE_EPOCH": "0", "NO_PROXY": "*"}
        time.perf_counter = lambda: 0.0
        faulthandler.dump_traceback_later(SECONDS, exit=True, file=2)
        before()
        code = _code(command, again)
        sys.stderr.flush()
    except BaseException:
        os.write(2, traceback.format_exc().encode(errors="backslashreplace"))
    finally:
        os._exit(code)


def _stream(descriptor: int) -> TextIO:
    return open(descriptor, "w", encoding="utf-8", closefd=False)


def _code(command: Command, again: bool) -> int:
    try:
        return command.run(again)
    except SystemExit as end:
        return int(end.code or 0)


def on_changes(act: Callable[[int, str, str], object]) -> None:
    """Call `act` before every change of a file system that Python makes in this process.

    It gets the number of the change, counted from 1, what it is and the path. An exception that it
    raises is that of the change.
    """
    count = 0

    def heard(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal count
        if event == "open":
            path, _, flags = arguments
            writes = isinstance(flags, int) and flags & _WRITING
            if not writes or not isinstance(path, str | bytes) or os.fsencode(path)[:5] == b"/dev/":
                return
        elif event not in _CHANGES:
            return
        count += 1
        act(
            count, event, os.fsdecode(arguments[0]) if isinstance(arguments[0], str | bytes) else ""
        )

    sys.addaudithook(heard)


# --- what a folder holds --------------------------------------------------------------------------

Contents = dict[str, str]
"""The digest of each file by its path in a folder; that of a folder is empty."""


def contents(folder: Path) -> Contents:
    """All files and folders in `folder` and below it."""
    return {
        path.relative_to(folder).as_posix(): "" if path.is_dir() else _digest(path)
        for path in sorted(folder.rglob("*"))
    }


def _digest(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest()
