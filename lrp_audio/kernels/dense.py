"""Dense layer as GEMM over blocks of its weight, so that each weight is read once per pass."""

import numpy as np

from lrp_audio.kernels.blas import single_threaded_blas
from lrp_audio.kernels.threads import parallel_for
from lrp_audio.types import Array

_BLOCK_ELEMENTS = 1 << 21  # of a weight, rounded to whole rows or columns


def multiply(x: Array, weight: Array) -> Array:
    """``x @ weight.T``: ``(batch, in)`` by ``(out, in)`` to ``(batch, out)``."""
    columns = np.ascontiguousarray(x.T)
    out = np.empty((len(weight), len(x)), x.dtype)

    def piece(first: int, last: int) -> None:
        with single_threaded_blas():
            np.matmul(weight[first:last], columns, out=out[first:last])

    parallel_for(piece, len(weight), max(1, _BLOCK_ELEMENTS // weight.shape[1]))
    return out.T


def multiply_transpose(s: Array, weight: Array) -> Array:
    """``s @ weight``: ``(batch, out)`` by ``(out, in)`` to ``(batch, in)``."""
    columns = np.ascontiguousarray(s.T)
    out = np.empty((weight.shape[1], len(s)), s.dtype)

    def piece(first: int, last: int) -> None:
        with single_threaded_blas():
            np.matmul(weight[:, first:last].T, columns, out=out[first:last])

    parallel_for(piece, weight.shape[1], max(1, _BLOCK_ELEMENTS // len(weight)))
    return out.T


def multiply_weight_gradient(x: Array, g: Array) -> Array:
    """``g.T @ x``: gradient of a weight ``(out, in)``, summed over the batch."""
    columns, rows = np.ascontiguousarray(g.T), np.ascontiguousarray(x)
    out = np.empty((len(columns), rows.shape[1]), x.dtype)

    def piece(first: int, last: int) -> None:
        with single_threaded_blas():
            np.matmul(columns[first:last], rows, out=out[first:last])

    parallel_for(piece, len(columns), max(1, _BLOCK_ELEMENTS // rows.shape[1]))
    return out
