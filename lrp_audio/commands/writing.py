"""One command at a time writes to a folder: a second one ends with a sentence about the first."""

import os
import re
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from lrp_audio.errors import BusyError
from lrp_audio.files import make_folder, missing_folders, remove_leftovers
from lrp_audio.locking import Lock, same_file, try_lock, unlock

_FLAGS = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)
_MOST_BYTES = 300  # of a lock file
_DYING = 0.5  # seconds in which processes that were killed may still hold a lock
_HOLDER = re.compile(r"(\d{1,20}) ([\w.-]{1,255})\n", re.ASCII)


@contextmanager
def sole_writer(folder: Path, name: str = "") -> Iterator[None]:
    """Inside the block, no other command of this package writes to `folder`.

    With a `name`, that holds for what has this name in `folder`, and not for all of it. `folder` is
    made, and removed again where nothing was put into it. What killed commands left unfinished in
    it is removed. A hidden lock file lies there until the end of the block; one that a killed
    process left is of no effect. Where the file system has no locks, nothing is prevented. Raises
    `BusyError` where another command writes there, and `OSError` where no file can be made in
    `folder`.
    """
    path, target = folder / f".{name or 'lrp_audio'}.lock", folder / name
    missing: list[Path] = []
    try:
        try:
            missing += missing_folders(folder)
            make_folder(folder)
            descriptor = _taken(path, target)
        except OSError as error:
            raise OSError(error.errno, error.strerror, str(target)) from error
        try:
            remove_leftovers(folder)
            yield
        finally:
            with suppress(OSError):
                path.unlink()
            with suppress(OSError):
                unlock(descriptor)
            os.close(descriptor)
    finally:
        with suppress(OSError):  # of a folder with content
            for parent in missing:
                parent.rmdir()


def _taken(path: Path, target: Path) -> int:
    """The lock file at `path`, open and locked, with the name of this process in it."""
    until = time.monotonic() + _DYING
    while True:
        descriptor = os.open(path, _FLAGS, 0o666)
        lock = try_lock(descriptor)
        waits = lock is Lock.OTHERS and time.monotonic() < until
        if not waits and (lock is Lock.NONE or same_file(descriptor, path)):
            break
        os.close(descriptor)  # its owner may have just removed it
        if waits:
            time.sleep(0.01)
    if lock is Lock.OTHERS:
        holder = _holder(descriptor)
        os.close(descriptor)
        raise BusyError(
            f"{target} is being written by {holder}: wait for its end, or write elsewhere."
        )
    with suppress(OSError):  # of a full disk: the lock holds without the name
        os.truncate(descriptor, 0)
        os.write(descriptor, f"{os.getpid()} {socket.gethostname()}\n".encode())
    return descriptor


def _holder(descriptor: int) -> str:
    """The process that holds a lock file, in words."""
    with suppress(OSError):
        content = os.read(descriptor, _MOST_BYTES).decode("ascii", "replace")
        if found := _HOLDER.fullmatch(content):
            return f"process {found[1]} on {found[2]}"
    return "another process"
