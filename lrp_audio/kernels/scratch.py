"""Memory that a thread reuses, so that the system need not map new pages for each call."""

import math
from threading import local

import numpy as np
from numpy.typing import DTypeLike, NDArray

from lrp_audio.types import Array


class _ScratchBuffers(local):
    def __init__(self) -> None:
        self.kept: dict[str, NDArray[np.uint8]] = {}


_buffers = _ScratchBuffers()


def scratch(name: str, shape: tuple[int, ...], dtype: DTypeLike) -> Array:
    """An uninitialised array of `shape`, valid in this thread until its next call with `name`.

    The memory is kept, so it is only for tiles, whose size does not grow with the batch.
    """
    size = math.prod(shape) * np.dtype(dtype).itemsize
    buffer = _buffers.kept.get(name)
    if buffer is None or buffer.size < size:
        buffer = _buffers.kept[name] = np.empty(size, np.uint8)
    return buffer[:size].view(dtype).reshape(shape)
