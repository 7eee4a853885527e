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
_ALWAYS = 1 << 29  # bytes of all buffers together up to which they are kept
_UNUSED = 3  # references to a buffer that no array uses: the list's, the loop's, and the call's


class _Buffers:
    """Buffers, the last used first; one is free when no array refers to it.

    Beyond half a gigabyte, those that are free are kept only as far as all buffers together do not
    exceed the most that was ever used at once: memory that is used again makes no peak higher.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        fork_outside(self._lock)
        self._buffers: list[NDArray[np.uint8]] = []
        self._peak = 0  # bytes

    def take(self, size: int) -> NDArray[np.uint8]:
        """A buffer of at least `size` bytes, and at most a quarter more."""
        with self._lock:
            free: list[NDArray[np.uint8]] = []
            used: list[NDArray[np.uint8]] = []
            buffer: NDArray[np.uint8] | None = None
            for buffer in self._buffers:
                (free if sys.getrefcount(buffer) == _UNUSED else used).append(buffer)
            del buffer  # the next call counts references
            fitting = (i for i, b in enumerate(free) if size <= b.size <= size * 5 // 4)
            index = next(fitting, None)
            found = None if index is None else free.pop(index)
            in_use = sum(b.size for b in used) + (size if found is None else found.size)
            self._peak = max(self._peak, in_use)
            room = min(max(self._peak, _ALWAYS) - in_use, _MOST)
            kept = []
            for b in free:
                if b.size <= room:
                    kept.append(b)
                    room -= b.size
            del free  # before more is allocated
            self._buffers = [*used, *kept]
            if found is None:
                found = np.empty(size, np.uint8)
            self._buffers.insert(0, found)
            return found

    def release(self) -> None:
        with self._lock:
            self._buffers.clear()  # arrays keep alive those that they use
            self._peak = 0


_buffers = _Buffers()


def empty(shape: tuple[int, ...], dtype: DTypeLike) -> Array:
    """An uninitialised array of `shape`; a large one may use memory of arrays that are gone."""
    size = math.prod(shape) * np.dtype(dtype).itemsize
    if size < _LARGE:
        return np.empty(shape, dtype)
    return _buffers.take(size)[:size].view(dtype).reshape(shape)


def release() -> None:
    """Return the memory that no array uses to the system."""
    _buffers.release()
