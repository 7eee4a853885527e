"""Views and copies of arrays in the layout that kernels read: channels-last, and read-only."""

import numpy as np

from lrp_audio.types import Array


def channels_last(x: Array) -> Array:
    """Contiguous ``(batch, ..., channels)``; no copy if `x` is a view of such memory."""
    return np.ascontiguousarray(x.transpose(0, *range(2, x.ndim), 1))


def channels_first(x: Array) -> Array:
    """View ``(batch, channels, ...)`` of channels-last memory."""
    return x.transpose(0, x.ndim - 1, *range(1, x.ndim - 1))


def read_only(array: Array) -> Array:
    """A view that cannot be written to: one type for whatever a kernel only reads."""
    view = array.view()
    view.flags.writeable = False
    return view
