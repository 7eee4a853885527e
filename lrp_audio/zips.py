"""Opening ZIP archives of any origin: only as much is read as a list of members may take."""

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO

METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""Methods of compression that zipfile unpacks in bounded memory."""


@contextmanager
def open_zip(file: BinaryIO, longest_list: int) -> Iterator[zipfile.ZipFile]:
    """The archive in `file`, whose list of members has at most `longest_list` bytes.

    Raises `zipfile.BadZipFile` for a longer one or a damaged archive. Members are to be read in
    smaller blocks than that.
    """
    with zipfile.ZipFile(_Bounded(file, longest_list)) as archive:
        yield archive


class _Bounded:
    """A file that limits the size of each read.

    zipfile reads the whole list of members at once, before its length can be checked.
    """

    def __init__(self, file: BinaryIO, most: int) -> None:
        self._file, self._limit = file, most + 1

    def read(self, size: int | None = -1) -> bytes:
        """Read up to `size` bytes; all that is left where it is negative or None."""
        all_of_it = size is None or size < 0
        found = self._file.read(self._limit if all_of_it else min(size or 0, self._limit))
        if len(found) == self._limit:
            raise zipfile.BadZipFile("its list of members is too long")
        return found

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)
