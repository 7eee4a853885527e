"""Memory of large arrays, used again instead of being returned to the system.

The C library maps new pages for each array above 32 MB, and the system clears them: with 32 clips
that took an eighth of the time of an explanation, and a fifth of that of a training step.
"""

import math
import sys
from threading import Lock

import numpy as np
from numpy.typing import DTypeLike, NDArray

from lrp_audio.forking import fork_outside
from lrp_audio.types import Array

_LARGE = 1 << 20  # bytes; the C library reuses the memory of smaller arrays itself
_MOST = 1 << 28  # bytes that are kept while no array uses them
_UNUSED = 3  # references to a buffer that no array uses: the list's, the loop's, and the call's


class _Buffers:
    """Buffers, the last used first; one is free when no array refers to it."""

    def __init__(self) -> None:
        self._lock = Lock()
        fork_outside(self._lock)
        self._buffers: list[NDArray[np.uint8]] = []

    def take(self, size: int) -> NDArray[np.uint8]:
        """A buffer of at least `size` bytes, and at most a quarter more."""
        with self._lock:
            kept: list[NDArray[np.uint8]] = []
            found, idle = None, 0
            buffer: NDArray[np.uint8] | None = None
            for buffer in self._buffers:
                free = sys.getrefcount(buffer) == _UNUSED
                if free and found is None and size <= buffer.size <= size * 5 // 4:
                    found = buffer
                elif not free or idle + buffer.size <= _MOST:
                    idle += buffer.size if free else 0
                    kept.append(buffer)
            if found is None:
                found = np.empty(size, np.uint8)
            del buffer  # the next call counts references
            self._buffers = [found, *kept]
            return found


_buffers = _Buffers()


def empty(shape: tuple[int, ...], dtype: DTypeLike) -> Array:
    """An uninitialised array of `shape`; a large one may use memory of arrays that are gone."""
    size = math.prod(shape) * np.dtype(dtype).itemsize
    if size < _LARGE:
        return np.empty(shape, dtype)
    return _buffers.take(size)[:size].view(dtype).reshape(shape)
