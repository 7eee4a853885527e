"""Memory that a thread uses again and again, so that the system need not hand out pages anew."""

import math
from threading import local

import numpy as np
from numpy.typing import DTypeLike, NDArray

from lrp_audio.types import Array


class _Buffers(local):
    def __init__(self) -> None:
        self.kept: dict[str, NDArray[np.uint8]] = {}


_buffers = _Buffers()


def scratch(name: str, shape: tuple[int, ...], dtype: DTypeLike) -> Array:
    """An array of that `shape`, not initialised: this thread's own, until it asks for `name` again.

    What was asked for stays, so only tiles belong here, whose size does not grow with the batch.
    """
    size = math.prod(shape) * np.dtype(dtype).itemsize
    buffer = _buffers.kept.get(name)
    if buffer is None or buffer.size < size:
        buffer = _buffers.kept[name] = np.empty(size, np.uint8)
    return buffer[:size].view(dtype).reshape(shape)
