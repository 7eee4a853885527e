"""Writing files without ever leaving a partial one: under another name first, then renamed."""

import errno
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO

_PARTIAL = ".partial"


@contextmanager
def staged(folder: Path) -> Iterator[Path]:
    """A folder to write files in; at the end they move into `folder`, after an error none does.

    Of several files the last by name moves last, and an earlier file of that name is removed
    first: where it exists, all of them belong together, even after a kill.
    """
    with naming(folder):
        make_folder(folder)
        with TemporaryDirectory(
            dir=folder, prefix=".", suffix=_PARTIAL, ignore_cleanup_errors=True
        ) as aside:
            yield Path(aside)
            files = sorted(Path(aside).iterdir())
            for file in files:
                _require_file(folder / file.name)
            if len(files) > 1:
                (folder / files[-1].name).unlink(missing_ok=True)
            for file in files:
                os.replace(file, folder / file.name)


def make_folder(folder: Path) -> None:
    """Make `folder` and those above it, unless they are there; it may be thousands deep."""
    missing = [folder]
    while not missing[-1].parent.exists():
        missing.append(missing[-1].parent)
    for path in reversed(missing):
        path.mkdir(exist_ok=True)


@contextmanager
def naming(folder: Path) -> Iterator[None]:
    """Inside the block, an `OSError` about no file, or one that is under way, names `folder`.

    A write to a full disk, for one, does not say to which file.
    """
    try:
        yield
    except OSError as error:
        if error.filename is None or _PARTIAL in os.fsdecode(error.filename):
            error.filename = os.fspath(folder)
        raise


def _require_file(path: Path) -> None:
    """Raise `OSError` where `path` is there and no file: a device such as /dev/null is kept."""
    if path.exists() and not path.is_file():
        raise OSError(errno.EEXIST, "it is there and not a regular file", os.fspath(path))


def remove_leftovers(folder: Path) -> None:
    """Remove what a killed process left of `staged` in `folder`, where none may write now."""
    for aside in folder.glob(f".????????{_PARTIAL}"):
        shutil.rmtree(aside, ignore_errors=True)


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
