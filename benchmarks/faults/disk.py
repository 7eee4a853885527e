"""A small file system in memory that can be filled to the last page, where mounting is allowed."""

import errno
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

PAGE = 4096
"""Bytes by which such a file system grows."""

_SIZE = 64_000_000
_BALLAST = "ballast"


@dataclass(frozen=True)
class Disk:
    """The folder in which all of a command lies; ``small`` if it is a file system of its own."""

    folder: Path
    small: bool

    def leave(self, free: int) -> None:
        """Fill the file system until it has room for so many bytes more."""
        ballast = self.folder / _BALLAST
        ballast.unlink(missing_ok=True)
        status = os.statvfs(self.folder)
        wanted = status.f_bavail * status.f_frsize - free
        with ballast.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, wanted)

    def make_room(self) -> None:
        """Remove what fills it."""
        (self.folder / _BALLAST).unlink(missing_ok=True)


@contextmanager
def disk(folder: Path) -> Iterator[Disk]:
    """A small file system at `folder`, or the folder itself where this process may not mount."""
    options = ["-t", "tmpfs", "-o", f"size={_SIZE},mode=700", "lrp-audio-faults", str(folder)]
    mounted = False
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        done = subprocess.run(["mount", *options], capture_output=True, check=False)
        mounted = done.returncode == 0
    try:
        yield Disk(folder, mounted)
    finally:
        if mounted:
            subprocess.run(["umount", "--lazy", str(folder)], capture_output=True, check=True)


def no_room(path: str) -> OSError:
    """The error of a full file system."""
    return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), path)
