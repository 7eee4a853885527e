"""A file as it should have been written: bytes before it, and bytes over some of its own."""

import io
from collections.abc import Mapping
from typing import IO, Protocol


class _Buffer(Protocol):
    def __len__(self) -> int: ...
    def __setitem__(self, place: slice, value: bytes) -> None: ...


class Patched(io.RawIOBase):
    """`prefix`, then `file` with `patches` over it, each at its offset in `file`; to be read."""

    def __init__(self, file: IO[bytes], prefix: bytes, patches: Mapping[int, bytes]) -> None:
        """Begin at the first byte of `prefix`; `file` stays the caller's to close."""
        self._file = file
        self._prefix = prefix
        self._patches = patches
        self._position = 0
        self._size = len(prefix) + file.seek(0, io.SEEK_END)

    def readable(self) -> bool:
        """Yes."""
        return True

    def seekable(self) -> bool:
        """Yes."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to `offset` from the beginning, from here or from the end."""
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        self._position = max(start + offset, 0)
        return self._position

    def readinto(self, buffer: _Buffer) -> int:  # type: ignore[override]
        """Read into `buffer`; the number of bytes read, 0 at the end."""
        content = bytearray(self._prefix[self._position : self._position + len(buffer)])
        begin = self._position - len(self._prefix) + len(content)
        if len(content) < len(buffer):
            self._file.seek(begin)
            own = bytearray(self._file.read(len(buffer) - len(content)))
            for offset, new in self._patches.items():
                for index, byte in enumerate(new, offset - begin):
                    if 0 <= index < len(own):
                        own[index] = byte
            content += own
        buffer[: len(content)] = bytes(content)
        self._position += len(content)
        return len(content)
