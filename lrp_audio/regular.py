"""Opening files of any origin: regular files only, and no more of one than is expected."""

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO

_FLAGS = os.O_RDONLY
for _name in ("O_NONBLOCK", "O_NOCTTY", "O_CLOEXEC", "O_BINARY"):  # those that this system has
    _FLAGS |= getattr(os, _name, 0)


def open_regular(path: Path, flags: int = 0) -> BinaryIO:
    """The regular file at `path`, open for reading; `flags` of `os.open` are added.

    Raises `OSError` that names it where it is missing, unreadable or anything else, such as a
    folder, a FIFO or a device, none of which is waited for.
    """
    try:
        descriptor = os.open(path, _FLAGS | flags)
    except ValueError as error:  # a NUL, or a character that names on this system cannot have
        raise OSError(errno.EINVAL, "no file can have such a name", str(path)) from error
    mode = os.fstat(descriptor).st_mode
    if not stat.S_ISREG(mode):
        os.close(descriptor)
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, "it is a folder", str(path))
        raise OSError(errno.EINVAL, "it is not a regular file", str(path))
    return os.fdopen(descriptor, "rb")


def read_regular(path: Path, most: int) -> bytes:
    """The content of a regular file of at most `most` bytes.

    Raises `OSError` as `open_regular` does, and for a larger file.
    """
    with open_regular(path) as file:
        size = os.fstat(file.fileno()).st_size
        if size > most:
            raise OSError(errno.EFBIG, f"it is larger than {most:,} bytes", str(path))
        return file.read(size)


def possible_path(text: str) -> bool:
    """Whether a file can have the path `text`: not if it is empty or has impossible characters."""
    try:
        return bool(text) and b"\0" not in os.fsencode(text)
    except UnicodeEncodeError:
        return False
