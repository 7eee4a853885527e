"""Opening a file of weights: a regular file, no link, and its size before its content."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from lrp_audio.errors import ModelError
from lrp_audio.regular import open_regular


@contextmanager
def regular_file(path: Path, what: str, limit: int) -> Iterator[tuple[BinaryIO, int]]:
    """The file at `path`, open for reading, and its size; `what` names it in messages.

    Raises `ModelError` for a file that is missing, unreadable, a link, empty, larger than `limit`
    bytes or not a regular file. A FIFO or device is not waited for.
    """
    try:
        file = open_regular(path, getattr(os, "O_NOFOLLOW", 0))
    except OSError as error:
        raise ModelError(_refusal(path, what, error)) from error
    with file:
        size = os.fstat(file.fileno()).st_size
        if size == 0:
            raise ModelError(f"{what} {path} is empty; copy or export it again.")
        if size > limit:
            raise ModelError(f"{what} {path} has {size:,} bytes; at most {limit:,} are read.")
        yield file, size


def is_plain_name(text: str) -> bool:
    """Whether `text` is the name of a file in the same folder, on any system."""
    parts = set(text) & set("/\\:\0")
    return (
        bool(text)
        and not parts
        and text not in (".", "..")
        and len(text.encode(errors="replace")) <= 255
    )


def read_exactly(file: BinaryIO, offset: int, length: int) -> bytearray | None:
    """`length` bytes from `offset` of a file, or None where it ends before."""
    data = bytearray(length)
    file.seek(offset)
    return data if file.readinto(data) == length else None  # type: ignore[attr-defined]


def _refusal(path: Path, what: str, error: OSError) -> str:
    if error.errno in (errno.ENOENT, errno.ENOTDIR):
        return f"There is no file {path}."
    if error.errno in (errno.ELOOP, errno.EMLINK):
        return f"{what} {path} is a link, which is not followed; give the file itself."
    return f"{what} {path} cannot be opened: {error.strerror}."
