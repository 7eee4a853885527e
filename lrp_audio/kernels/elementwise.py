"""Elementwise loops: the stabilised division of LRP with its accounts, ReLU, and sums."""

from collections.abc import Sequence
from functools import partial
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lrp_audio.kernels.compiling import compiled
from lrp_audio.kernels.layout import channels_first, channels_last
from lrp_audio.kernels.parts import part
from lrp_audio.kernels.reuse import empty
from lrp_audio.kernels.scratch import scratch
from lrp_audio.kernels.threads import parallel_for
from lrp_audio.kernels.winners import NO_WINNER, Winners
from lrp_audio.types import Array

_GRAIN = 1 << 18  # elements in a piece of work, for arrays that are read once
_MOST_LOST = 32  # 5 bits
_ADDED = 64  # quotients whose sum in float32 loses little


@part
def stabilised_quotients(
    relevance: Array,
    share: float,
    z: Array,
    epsilon: float,
    s: Array,
    quotients: Array,
    rest: Array,
) -> None:
    """`divide` for one position, arrays ``(channels,)``; adds s, and what z does not divide."""
    zero, one = z.dtype.type(0), z.dtype.type(1)
    if epsilon != 0:
        for c in range(len(z)):
            signed = epsilon if z[c] >= zero else -epsilon
            quotient = share * relevance[c] / (z[c] + signed)
            s[c] = quotient
            quotients[c] += quotient
            rest[c] += quotient * signed
    else:
        for c in range(len(z)):
            given, empty = share * relevance[c], z[c] == zero
            quotient = given / (one if empty else z[c])
            quotient = zero if empty else quotient
            s[c] = quotient
            quotients[c] += quotient
            rest[c] += given if empty else zero


@compiled()
def _divide(
    relevance: Array,
    share: Array,
    z: Array,
    epsilon: Array,
    s: Array,
    sums: Array,
    few: Array,
    first_sample: int,
    last_sample: int,
) -> None:
    # One sum for each channel, so that the loops over channels run on SIMD vectors, and moved to
    # float64 before many are added.
    _, positions, channels = z.shape
    for sample in range(first_sample, last_sample):
        for start in range(0, positions, _ADDED):
            for c in range(channels):
                few[0, c] = few[1, c] = 0
            for position in range(start, min(start + _ADDED, positions)):
                stabilised_quotients(
                    relevance[sample, position], share[0], z[sample, position], epsilon[sample],
                    s[sample, position], few[0], few[1],
                )  # fmt: skip
            for i in range(2):
                for c in range(channels):
                    sums[sample, i, c] += few[i, c]


def divide(
    relevance: Array, z: Array, bias: Array, epsilon: Array, share: float = 1.0
) -> tuple[Array, Array]:
    """``s = share relevance / (z + epsilon * sign(z))`` with sign(0) = +1; zero where that is 0.

    `relevance` and `z` are ``(batch, channels, ...)``, `bias` ``(channels,)``, `epsilon`
    ``(batch,)``, at least 0. Also returns the accounts ``(batch, 3)`` in float64: what the bias
    absorbed, what the stabiliser absorbed, and what was dropped because the denominator is zero.
    """
    last = channels_last(z)
    flat = last.reshape(len(z), prod(z.shape[2:]), z.shape[1])
    given = channels_last(relevance).reshape(flat.shape)
    s = empty(last.shape, last.dtype)
    sums = np.zeros((len(z), 2, z.shape[1]))
    factor = np.array([share], z.dtype)

    def piece(first: int, last: int) -> None:
        few = scratch("few", (2, z.shape[1]), z.dtype)
        _divide(given, factor, flat, epsilon, s.reshape(flat.shape), sums, few, first, last)

    parallel_for(piece, len(z), max(1, _GRAIN // max(1, prod(flat.shape[1:]))))
    return channels_first(s), accounts(sums, bias, epsilon)


def accounts(sums: Array, bias: Array, epsilon: Array) -> Array:
    """The accounts of `divide`, from ``(batch, 2, channels)``: sums of quotients and of rests."""
    rest = sums[:, 1].sum(axis=1)
    stabilised = epsilon != 0
    absorbed = (sums[:, 0] * bias).sum(axis=1)
    columns = (absorbed, np.where(stabilised, rest, 0), np.where(stabilised, 0, rest))
    return np.stack(columns, axis=1)


@compiled()
def _rest(z: Array, above: Array, rest: Array, first: int, last: int) -> bool:
    kept, most, zero = True, z.dtype.type(_MOST_LOST), z.dtype.type(0)
    for i in range(first, last):
        difference = z[i] - above[i]
        rest[i] = zero if difference >= zero else difference
        kept &= most * rest[i] <= -above[i]
    return kept


def rest_below_zero(z: Array, above: Array) -> Array | None:
    """``z - above``: the sum of the negative terms of each `z`, or None.

    `above` is the sum of the positive ones. Where a rest is less than a 32nd of it, the difference
    would lose more than five bits to cancellation; the result is then None.
    """
    last = channels_last(z)
    total, part = last.reshape(-1), channels_last(above).reshape(-1)
    rest = empty(last.shape, last.dtype)
    kept = parallel_for(lambda i, j: _rest(total, part, rest.reshape(-1), i, j), total.size, _GRAIN)
    return channels_first(rest) if all(kept) else None


@compiled()
def _product(x: Array, c: Array, out: Array, first: int, last: int) -> None:
    for i in range(first, last):
        out[i] = x[i] * c[i]


@compiled()
def _sum_of_two(x: Array, c: Array, y: Array, d: Array, out: Array, first: int, last: int) -> None:
    for i in range(first, last):
        out[i] = x[i] * c[i] + y[i] * d[i]


@compiled()
def _add_product(x: Array, c: Array, out: Array, first: int, last: int) -> None:
    for i in range(first, last):
        out[i] += x[i] * c[i]


def weighted_sum(inputs: Sequence[Array], weights: Sequence[Array]) -> Array:
    """``sum_i x_i c_i`` of arrays of one shape, ``(batch, channels, ...)`` or ``(batch, n)``.

    Overwrites the first of the `weights` with the result if it is writeable.
    """
    out = channels_last(weights[0])
    if not out.flags.writeable:
        out = empty(out.shape, out.dtype)
    total = out.reshape(-1)
    flat = [channels_last(array).reshape(-1) for array in (*inputs, *weights)]
    (x, *others), (c, *more) = flat[: len(inputs)], flat[len(inputs) :]
    if others:  # one pass over memory for the first two
        first: Any = partial(_sum_of_two, x, c, others.pop(0), more.pop(0), total)
    else:
        first = partial(_product, x, c, total)
    parallel_for(first, total.size, _GRAIN)
    for x, c in zip(others, more, strict=True):
        parallel_for(partial(_add_product, x, c, total), total.size, _GRAIN)
    return channels_first(out)


@compiled()
def _rectify(x: Array, out: Array, first: int, last: int) -> None:
    for i in range(first, last):
        out[i] = 0 if x[i] <= 0 else x[i]


@compiled()
def _gate(g: Array, y: Array, out: Array, first: int, last: int) -> None:
    for i in range(first, last):
        out[i] = 0 if y[i] <= 0 else g[i]


def rectify(x: Array) -> Array:
    """``max(x, 0)``, in the memory layout of `x` if that is channels-last."""
    last = channels_last(x)
    out = empty(last.shape, last.dtype)
    parallel_for(lambda i, j: _rectify(last.reshape(-1), out.reshape(-1), i, j), x.size, _GRAIN)
    return channels_first(out)


def gate(g: Array, y: Array) -> Array:
    """``g`` where ``y > 0``, else 0: the gradient of `rectify` at its output `y`."""
    flow, gates = channels_last(g), channels_last(y)
    out = empty(flow.shape, flow.dtype)
    parallel_for(
        lambda i, j: _gate(flow.reshape(-1), gates.reshape(-1), out.reshape(-1), i, j),
        g.size,
        _GRAIN,
    )
    return channels_first(out)


def any_negative(x: Array) -> bool:
    """Whether any value is below 0, or NaN."""
    flat = channels_last(x).reshape(-1)
    return any(parallel_for(lambda i, j: not np.min(flat[i:j]) >= 0, flat.size, _GRAIN))


@compiled()
def _channel_sums(g: Array, first: int, last: int) -> Array:
    total = np.zeros(g.shape[1], g.dtype)
    for row in range(first, last):
        for c in range(g.shape[1]):
            total[c] += g[row, c]
    return total


@compiled()
def _winners_sums(g: Array, place: Array, first: int, last: int) -> Array:
    total, zero = np.zeros(g.shape[1], g.dtype), g.dtype.type(0)
    for row in range(first, last):
        for c in range(g.shape[1]):
            total[c] += zero if place[row, c] == NO_WINNER else g[row, c]
    return total


def channel_sums(g: Array, at: Winners | None = None) -> Array:
    """Sum over all axes but the channels: ``(batch, channels, ...)`` to ``(channels,)``.

    With winners, only of the values that have one.
    """
    rows = channels_last(g).reshape(-1, g.shape[1])
    grain = max(1, _GRAIN // g.shape[1])
    if at is None:
        parts = parallel_for(lambda i, j: _channel_sums(rows, i, j), len(rows), grain)
    else:
        place = at.place.reshape(rows.shape)
        parts = parallel_for(lambda i, j: _winners_sums(rows, place, i, j), len(rows), grain)
    return np.asarray(np.sum(parts, axis=0)) if parts else np.zeros(g.shape[1], g.dtype)


@compiled()
def _sample_sums(rows: Array, sums: Array, first: int, last: int) -> None:
    for sample in range(first, last):
        for position in range(rows.shape[1]):
            for c in range(rows.shape[2]):
                sums[sample, c] += rows[sample, position, c]


def sample_sums(x: Array) -> NDArray[np.float64]:
    """Sum of each sample, ``(batch,)``, of `x` ``(batch, channels, ...)``; added in float64."""
    rows = channels_last(x).reshape(len(x), prod(x.shape[2:]), x.shape[1])
    sums = np.zeros((len(x), x.shape[1]))
    parallel_for(
        lambda i, j: _sample_sums(rows, sums, i, j),
        len(x),
        max(1, _GRAIN // max(1, prod(rows.shape[1:]))),
    )
    return np.asarray(sums.sum(axis=1))
