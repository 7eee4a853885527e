"""Writing files without ever leaving a partial one: under another name first, then renamed."""

import errno
import os
import re
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO

from lrp_audio.locking import Lock, locked_folder

_PARTIAL = ".partial"
_LEFTOVER = re.compile(rf"\.[a-z0-9_]{{8}}{re.escape(_PARTIAL)}")
_ABANDONED = 86_400.0  # seconds after which nobody writes to a folder any more


@contextmanager
def workspace(folder: Path) -> Iterator[Path]:
    """A new hidden folder in `folder`, which is removed at the end.

    It is locked until then, so that other processes leave it alone. What processes that were killed
    left in `folder` is removed first.
    """
    remove_leftovers(folder)
    with ExitStack() as stack:
        while True:
            aside = Path(
                stack.enter_context(
                    TemporaryDirectory(
                        dir=folder, prefix=".", suffix=_PARTIAL, ignore_cleanup_errors=True
                    )
                )
            )
            # Another process may have taken it for a leftover before it was locked.
            if stack.enter_context(locked_folder(aside)) is not Lock.OTHERS:
                break
        yield aside


@contextmanager
def staged(folder: Path) -> Iterator[Path]:
    """A folder to write files in; at the end they move into `folder`, after an error none does.

    Of several files the last by name moves last, and an earlier file of that name is removed
    first: where it exists, all of them belong together, even after a kill.
    """
    with naming(folder):
        make_folder(folder)
        with workspace(folder) as aside:
            yield aside
            files = sorted(aside.iterdir())
            for file in files:
                _require_file(folder / file.name)
            if len(files) > 1:
                (folder / files[-1].name).unlink(missing_ok=True)
            for file in files:
                os.replace(file, folder / file.name)


def make_folder(folder: Path) -> None:
    """Make `folder` and those above it, unless they are there; it may be thousands deep."""
    for path in (*reversed(missing_folders(folder)), folder):
        path.mkdir(exist_ok=True)


def missing_folders(folder: Path) -> list[Path]:
    """Those of `folder` and the folders above it that are not there, the deepest first."""
    missing = []
    while not folder.exists():
        missing.append(folder)
        folder = folder.parent
    return missing


@contextmanager
def naming(folder: Path) -> Iterator[None]:
    """Inside the block, an `OSError` about no file, or one that is under way, names `folder`.

    A write to a full disk, for one, does not say to which file.
    """
    try:
        yield
    except OSError as error:
        unnamed = error.filename is None or _PARTIAL in os.fsdecode(error.filename)
        if unnamed and error.errno is not None:  # without a number it has words of its own
            error.filename = os.fspath(folder)
        raise


def _require_file(path: Path) -> None:
    """Raise `OSError` where `path` is there and no file: a device such as /dev/null is kept."""
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), os.fspath(path))
    if path.exists() and not path.is_file():
        raise OSError(errno.EEXIST, "it is there and not a regular file", os.fspath(path))


def remove_leftovers(folder: Path) -> None:
    """Remove each `workspace` in `folder` whose process was killed.

    Where the file system has no locks, one counts as left over a day after its last change.
    """
    with suppress(OSError), os.scandir(folder) as entries:
        found = [entry.path for entry in entries if _LEFTOVER.fullmatch(entry.name)]
        for path in map(Path, found):
            with locked_folder(path) as lock:
                if lock is Lock.OURS or (lock is Lock.NONE and _is_old(path)):
                    shutil.rmtree(path, ignore_errors=True)


def _is_old(folder: Path) -> bool:
    """Whether nothing in a workspace was written for a day."""
    changes = [path.stat().st_mtime for path in (folder, *folder.rglob("*"))]
    return max(changes) < time.time() - _ABANDONED


def require_room(folder: Path, size: int) -> None:
    """Raise the `OSError` of a full disk if that of `folder` has fewer than `size` bytes free."""
    free = shutil.disk_usage(folder).free
    if size > free:
        wants = f"{size / 1e6:,.0f} MB are needed and {free / 1e6:,.0f} MB free"
        raise OSError(errno.ENOSPC, wants, str(folder))


def write_aside(path: Path, write: Callable[[BinaryIO], None]) -> None:
    """Call `write` with a new file under another name, then rename that file to `path`."""
    with staged(path.parent) as aside, (aside / path.name).open("xb") as file:
        write(file)


def write_bytes_aside(path: Path, content: bytes) -> None:
    """Write `content` to a new file under another name, then rename that file to `path`."""
    with staged(path.parent) as aside:
        (aside / path.name).write_bytes(content)
