"""Locks on open files and folders: a process loses them when it ends, however it ends."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from pathlib import Path

if sys.platform != "win32":
    import fcntl


class Lock(Enum):
    """Whose a lock is after an attempt to take it."""

    OURS = "this process has it"
    OTHERS = "another process, or another thread, has it"
    NONE = "the system or its file system has no such locks"


def try_lock(descriptor: int) -> Lock:
    """Lock an open file or folder for this process until it is closed, without waiting."""
    if sys.platform == "win32":
        return Lock.NONE
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return Lock.OTHERS
    except OSError:  # as on some network file systems
        return Lock.NONE
    return Lock.OURS


def unlock(descriptor: int) -> None:
    """Release a lock also where a forked process has the same file open."""
    if sys.platform != "win32":
        fcntl.flock(descriptor, fcntl.LOCK_UN)


def same_file(descriptor: int, path: Path) -> bool:
    """Whether `path` still leads to the open file: it may have been removed, or replaced."""
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat(follow_symlinks=False))
    except FileNotFoundError:
        return False


@contextmanager
def locked_folder(folder: Path) -> Iterator[Lock]:
    """Inside the block, `folder` is locked where that is possible; yields whose its lock is.

    A folder that is gone counts as another's.
    """
    try:
        descriptor = os.open(folder, os.O_RDONLY | getattr(os, "O_DIRECTORY", 0))
    except FileNotFoundError:
        yield Lock.OTHERS
        return
    except OSError:  # as on Windows, which opens no folders
        yield Lock.NONE
        return
    try:
        found = try_lock(descriptor)
        gone = found is Lock.OURS and not same_file(descriptor, folder)
        try:
            yield Lock.OTHERS if gone else found
        finally:
            if found is Lock.OURS:
                unlock(descriptor)
    finally:
        os.close(descriptor)
