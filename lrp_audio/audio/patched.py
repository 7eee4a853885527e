"""A file with a corrected header: bytes put before it, and bytes that replace some of its own."""

import io
from typing import IO

from lrp_audio.audio.containers import Finding
from lrp_audio.audio.guarded import Buffer


class Patched(io.RawIOBase):
    """A file that is read with the prefix and the patches of a `Finding`."""

    def __init__(self, file: IO[bytes], finding: Finding) -> None:
        """Begin at the first byte of the prefix; the caller closes `file`."""
        self._file = file
        self._prefix = finding.prefix
        self._patches = finding.patches
        self._shift = finding.skipped - len(finding.prefix)  # from here to an offset in the file
        self._position = 0
        self._size = file.seek(0, io.SEEK_END) - self._shift

    def readable(self) -> bool:
        """Yes."""
        return True

    def seekable(self) -> bool:
        """Yes."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move to `offset` from the beginning, the current position or the end."""
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        self._position = max(start + offset, 0)
        return self._position

    def readinto(self, buffer: Buffer) -> int:  # type: ignore[override]
        """Read into `buffer`; returns the number of bytes read, 0 at the end."""
        content = bytearray(self._prefix[self._position : self._position + len(buffer)])
        begin = self._position + len(content) + self._shift
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
