"""Between the public face ``(batch, channels, ...)`` and the kernels' channels-last memory."""

import numpy as np

from lrp_audio.types import Array


def channels_last(x: Array) -> Array:
    """Contiguous ``(batch, ..., channels)`` of ``(batch, channels, ...)``; free for our views."""
    return np.ascontiguousarray(x.transpose(0, *range(2, x.ndim), 1))


def channels_first(x: Array) -> Array:
    """View ``(batch, channels, ...)`` of channels-last memory."""
    return x.transpose(0, x.ndim - 1, *range(1, x.ndim - 1))
