"""Between the public face ``(batch, channels, ...)`` and the kernels' channels-last memory."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def channels_last(x: Array) -> Array:
    """Contiguous ``(batch, ..., channels)`` of ``(batch, channels, ...)``; free for our views."""
    return np.ascontiguousarray(np.moveaxis(x, 1, -1))


def channels_first(x: Array) -> Array:
    """View ``(batch, channels, ...)`` of channels-last memory."""
    return np.moveaxis(x, -1, 1)
