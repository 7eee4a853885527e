"""Loops over single neurons: the stabilised division of LRP with its accounts, and ReLU."""

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from lrp_audio.kernels.layout import channels_first, channels_last
from lrp_audio.kernels.threads import spread

Array = NDArray[Any]

_GRAIN = 1 << 18  # elements a piece of work, for arrays that are walked through once


@njit(nogil=True, cache=True)
def _divide(
    relevance: Array,
    z: Array,
    bias: Array,
    epsilon: Array,
    s: Array,
    accounts: Array,
    first_sample: int,
    last_sample: int,
) -> None:
    _, positions, channels = z.shape
    zero = z.dtype.type(0)
    for sample in range(first_sample, last_sample):
        eps = epsilon[sample]
        for position in range(positions):
            to_bias = to_stabiliser = dropped = 0.0
            for c in range(channels):
                r = relevance[sample, position, c]
                value = z[sample, position, c]
                padded = value + eps if value >= 0 else value - eps
                if padded == 0:
                    s[sample, position, c] = zero
                    dropped += r
                else:
                    quotient = r / padded
                    s[sample, position, c] = quotient
                    to_bias += quotient * bias[c]
                    to_stabiliser += quotient * (eps if value >= 0 else -eps)
            accounts[sample, 0] += to_bias
            accounts[sample, 1] += to_stabiliser
            accounts[sample, 2] += dropped


def divide(relevance: Array, z: Array, bias: Array, epsilon: Array) -> tuple[Array, Array]:
    """``s = relevance / (z + epsilon * sign(z))`` with sign(0) = +1; zero where that is 0.

    `relevance` and `z` are ``(batch, channels, ...)``, `bias` ``(channels,)``, `epsilon`
    ``(batch,)``. Also returns the accounts ``(batch, 3)`` in float64: what the bias absorbed, what
    the stabiliser absorbed, and what was dropped because the denominator is zero.
    """
    last = channels_last(z)
    flat = last.reshape(len(z), -1, z.shape[1])
    share = channels_last(relevance).reshape(flat.shape)
    s = np.empty_like(last)
    accounts = np.zeros((len(z), 3))
    spread(
        lambda i, j: _divide(share, flat, bias, epsilon, s.reshape(flat.shape), accounts, i, j),
        len(z),
        max(1, _GRAIN // max(1, flat[0].size)),
    )
    return channels_first(s), accounts


@njit(nogil=True, cache=True)
def _rectify(x: Array, out: Array, first: int, last: int) -> None:
    for i in range(first, last):
        out[i] = x[i] if x[i] > 0 else 0


@njit(nogil=True, cache=True)
def _gate(g: Array, y: Array, out: Array, first: int, last: int) -> None:
    for i in range(first, last):
        out[i] = g[i] if y[i] > 0 else 0


def rectify(x: Array) -> Array:
    """``max(x, 0)``, in the memory layout of `x` if that is channels-last."""
    last = channels_last(x)
    out = np.empty_like(last)
    spread(lambda i, j: _rectify(last.reshape(-1), out.reshape(-1), i, j), x.size, _GRAIN)
    return channels_first(out)


def gate(g: Array, y: Array) -> Array:
    """``g`` where ``y > 0``, else 0: the gradient of `rectify` at its output `y`."""
    flow, gates = channels_last(g), channels_last(y)
    out = np.empty_like(flow)
    spread(
        lambda i, j: _gate(flow.reshape(-1), gates.reshape(-1), out.reshape(-1), i, j),
        g.size,
        _GRAIN,
    )
    return channels_first(out)


@njit(nogil=True, cache=True)
def _channel_sums(g: Array, first: int, last: int) -> Array:
    total = np.zeros(g.shape[1], g.dtype)
    for row in range(first, last):
        for c in range(g.shape[1]):
            total[c] += g[row, c]
    return total


def channel_sums(g: Array) -> Array:
    """Sum over all axes but the channels: ``(batch, channels, ...)`` to ``(channels,)``."""
    rows = channels_last(g).reshape(-1, g.shape[1])
    parts = spread(lambda i, j: _channel_sums(rows, i, j), len(rows), max(1, _GRAIN // g.shape[1]))
    return np.asarray(np.sum(parts, axis=0))
