"""Dense layer as GEMM over blocks of its weight's rows, so that each weight is read once a pass."""

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from lrp_audio.kernels.threads import spread

Array = NDArray[Any]

_BLOCK_ELEMENTS = 1 << 21  # rows of a block hold about this many weights; at least one row


def _rows(weight: Array) -> int:
    return max(1, _BLOCK_ELEMENTS // int(weight.shape[1]))


@njit(nogil=True, cache=True)
def _forward(columns: Array, weight: Array, out: Array, first: int, last: int) -> None:
    np.dot(weight[first:last], columns, out[first:last])


@njit(nogil=True, cache=True)
def _transpose(columns: Array, weight: Array, first: int, last: int) -> Array:
    product: Array = np.dot(columns[first:last].T, weight[first:last])
    return product


@njit(nogil=True, cache=True)
def _weight_gradient(x: Array, columns: Array, out: Array, first: int, last: int) -> None:
    np.dot(columns[first:last], x, out[first:last])


def _columns(x: Array) -> Array:
    return np.ascontiguousarray(x.T)


def multiply(x: Array, weight: Array) -> Array:
    """``x @ weight.T``: ``(batch, in)`` by ``(out, in)`` to ``(batch, out)``."""
    columns = _columns(x)
    out = np.empty((len(weight), len(x)), x.dtype)
    weight = np.ascontiguousarray(weight)
    spread(
        lambda first, last: _forward(columns, weight, out, first, last), len(weight), _rows(weight)
    )
    return out.T


def multiply_transpose(s: Array, weight: Array) -> Array:
    """``s @ weight``: ``(batch, out)`` by ``(out, in)`` to ``(batch, in)``."""
    columns = _columns(s)
    weight = np.ascontiguousarray(weight)
    parts = spread(
        lambda first, last: _transpose(columns, weight, first, last), len(weight), _rows(weight)
    )
    total = parts[0]
    for part in parts[1:]:
        total += part
    return np.asarray(total)


def multiply_weight_gradient(x: Array, g: Array) -> Array:
    """``g.T @ x``: gradient of a weight ``(out, in)``, summed over the batch."""
    columns = _columns(g)
    rows = np.ascontiguousarray(x)
    out = np.empty((len(columns), x.shape[1]), x.dtype)
    spread(
        lambda first, last: _weight_gradient(rows, columns, out, first, last),
        len(columns),
        _rows(out),
    )
    return out
