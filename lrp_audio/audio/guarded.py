"""A file whose errors are kept until libsndfile has returned, through which none can be raised."""

import io
from typing import Protocol


class Buffer(Protocol):
    """Memory of libsndfile's that bytes are read into."""

    def __len__(self) -> int: ...

    def __setitem__(self, place: slice, value: bytes) -> None: ...


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes | None: ...

    def seek(self, offset: int, whence: int = ..., /) -> int: ...


class Guarded(io.RawIOBase):
    """`file`, which seems to end where it cannot be read; `error` says why."""

    def __init__(self, file: _Readable) -> None:
        """Begin where `file` is; the caller closes it."""
        self._file = file
        self.error: OSError | None = None

    def readable(self) -> bool:
        """Yes."""
        return True

    def seekable(self) -> bool:
        """Yes."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move to `offset` from the beginning, the current position or the end."""
        return self._file.seek(offset, whence)

    def readinto(self, buffer: Buffer) -> int:  # type: ignore[override]
        """Read into `buffer`; returns the number of bytes read, 0 at the end or after an error."""
        if self.error is not None:
            return 0
        try:
            content = self._file.read(len(buffer)) or b""
        except OSError as error:
            self.error = error
            return 0
        buffer[: len(content)] = content
        return len(content)
