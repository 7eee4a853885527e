"""The cosine transform behind MFCCs, and how a layer that reads MFCCs comes to read log-mels.

LRP-0 through the cosine transform multiplies relevance hundredfold, because its outputs are small
differences of large terms. As it is linear, it can be folded into the first layer of the network
instead: the network then reads log-mel values, which have natural bounds for zB, and computes the
same.
"""

import numpy as np
from numpy.typing import NDArray

from lrp_audio.errors import ShapeError
from lrp_audio.types import Array


def dct_matrix(n_mfcc: int, n_mels: int) -> NDArray[np.float64]:
    """The orthonormal DCT-II ``(n_mfcc, n_mels)``, as librosa, torchaudio and Kaldi take it."""
    orders = np.arange(n_mfcc)[:, None]
    cosines = np.cos(np.pi / n_mels * (np.arange(n_mels) + 0.5) * orders)
    return np.asarray(cosines * np.where(orders == 0, np.sqrt(1 / n_mels), np.sqrt(2 / n_mels)))


def lifters(n_mfcc: int, lifter: float, first: int = 0) -> NDArray[np.float64]:
    """Factor ``1 + lifter / 2 sin(pi c / lifter)`` of each coefficient c, ``(n_mfcc,)``.

    Kaldi counts coefficients from 0, librosa `first` from 1. 1 for a `lifter` of 0.
    """
    if lifter == 0:
        return np.ones(n_mfcc)
    orders = first + np.arange(n_mfcc)
    return np.asarray(1.0 + lifter / 2.0 * np.sin(np.pi * orders / lifter))


def fold_into_weight(
    weight: Array, bias: Array, matrix: Array, offset: Array, axis: int = 1
) -> tuple[Array, Array]:
    """Weight and bias that read log-mels in place of MFCCs, where `axis` runs over coefficients.

    Coefficients are ``matrix @ log_mel + offset``. A weight ``(out, n_mfcc, ...)`` becomes
    ``(out, n_mels, ...)``: of a Conv1D over time with coefficients as channels, or of a Dense whose
    inputs are reshaped to coefficients and frames. An `offset` is exact where the layer does not
    pad.
    """
    if weight.shape[axis] != matrix.shape[0]:
        raise ShapeError(
            f"A weight of shape {weight.shape} has {weight.shape[axis]} inputs on axis {axis}, but "
            f"there are {matrix.shape[0]} coefficients: give the axis that runs over them."
        )
    last = np.moveaxis(weight, axis, -1)
    folded = np.moveaxis(last @ matrix.astype(weight.dtype), -1, axis)
    moved = (last @ offset.astype(weight.dtype)).reshape(len(weight), -1).sum(axis=1)
    return np.ascontiguousarray(folded), bias + moved


def fold_into_convolution(
    weight: Array, bias: Array, matrix: Array, offset: Array, stride: int = 1, padding: int = 0
) -> tuple[Array, Array]:
    """Weight and bias of a Conv1D over time for a Conv2D over (coefficients, time).

    `weight` ``(out, 1, height, width)`` becomes ``(out * rows, n_mels, width)``, `bias` ``(out *
    rows,)``; `stride` and `padding` are those along coefficients. The Conv1D reads log-mels
    ``(n_mels, time)`` as channels, and its output is to be reshaped to ``(out, rows, time)``. An
    `offset` is exact where the layer does not pad in time.
    """
    out, inputs, height, width = weight.shape
    coefficients = matrix.shape[0]
    if inputs != 1 or height > coefficients + 2 * padding:
        raise ShapeError(
            f"A convolution with weight of shape {weight.shape} does not fit one channel of "
            f"{coefficients} coefficients padded by {padding}."
        )
    rows = 1 + (coefficients + 2 * padding - height) // stride
    read = np.column_stack([matrix, offset]).astype(weight.dtype)
    padded = np.pad(read, ((padding, padding), (0, 0)))
    starts = stride * np.arange(rows)[:, None] + np.arange(height)
    folded = np.einsum("ohw,rhm->ormw", weight[:, 0], padded[starts])
    folded = folded.reshape(out * rows, matrix.shape[1] + 1, width)
    moved = folded[:, -1].sum(axis=1)
    return np.ascontiguousarray(folded[:, :-1]), np.repeat(bias, rows) + moved
