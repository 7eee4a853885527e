"""What follows the products of a block of a convolution, while they are in the cache."""

from typing import NamedTuple

import numpy as np

from lrp_audio.kernels.blocks import Blocks, block_of
from lrp_audio.kernels.elementwise import stabilised_quotients
from lrp_audio.kernels.layout import read_only
from lrp_audio.kernels.operand import Operand
from lrp_audio.kernels.parts import part
from lrp_audio.kernels.windows import NO_POOL, Window, scatter_add
from lrp_audio.kernels.winners import NO_PLACE, Block, Winners, rectified_maxima, select, selected
from lrp_audio.types import Array

OUTPUTS, MAXIMA, SELECTED, QUOTIENTS, PRODUCTS, COLUMNS = range(6)


class Epilogue(NamedTuple):
    """What follows the products z of a block; the fields that it does not need are empty.

    =========  =====================================================================================
    OUTPUTS    ``out = max(z + bias, least)``
    MAXIMA     ``out, found = rectified_maxima`` over the windows of `pool`
    SELECTED   ``out = z + bias`` at the winners, in `place`, of `pool`
    QUOTIENTS  ``out = share R / stabilised (z + bias)``, at the winners where there is a pool, with
               `sums` ``(batch, blocks of a sample, 2, channels)`` for the accounts
    PRODUCTS   ``out = x z``; ``out += x z`` where `onto`
    COLUMNS    ``out`` += each row of z, at the values of one window of `columns`
    =========  =====================================================================================

    `size` is that of all windows before a pool.
    """

    kind: int
    out: Array
    found: Array
    bias: Array
    place: Array
    pool: Window
    size: tuple[int, int]
    least: Array
    relevance: Array
    share: Array
    epsilon: Array
    sums: Array
    x: Array
    onto: bool
    columns: Window


def epilogue(
    kind: int,
    out: Array,
    size: tuple[int, int],
    bias: Array | None = None,
    at: Winners | None = None,
    pool: Window = NO_POOL,
    found: Array | None = None,
    least: float = -np.inf,
    relevance: Array | None = None,
    share: float = 1.0,
    epsilon: Array | None = None,
    sums: Array | None = None,
    x: Array | None = None,
    onto: bool = False,
    columns: Window = NO_POOL,
) -> Epilogue:
    """An `Epilogue` with empty fields for what is not given."""
    dtype, nothing = out.dtype, np.empty((0, 0, 0, 0), out.dtype)
    return Epilogue(
        kind,
        out,
        np.empty((0, 0, 0, 0), np.uint8) if found is None else found,
        read_only(
            np.zeros(out.shape[3], dtype) if bias is None else np.ascontiguousarray(bias, dtype)
        ),
        NO_PLACE if at is None else read_only(at.place),
        pool if at is None else at.window,
        size,
        np.full(1, least, dtype),
        read_only(nothing if relevance is None else np.ascontiguousarray(relevance, dtype)),
        np.full(1, share, dtype),
        np.zeros(1, dtype) if epsilon is None else np.array(epsilon, dtype),
        np.empty((0, 0, 0, 0)) if sums is None else sums,
        read_only(nothing if x is None else np.ascontiguousarray(x, dtype)),
        onto,
        columns,
    )


@part
def finish(
    z: Array,
    operand: Operand,
    epilogue: Epilogue,
    blocks: Blocks,
    number: int,
    seen: tuple[int, int],
    pool: Window,
    row: Array,
    which: Array,
) -> None:
    """What follows the products `z` of a block; `row` and `which` are memory for it."""
    kind, out, bias, place = epilogue.kind, epilogue.out, epilogue.bias, epilogue.place
    block = block_of(blocks, number)
    if kind == MAXIMA:
        rectified_maxima(z, seen, bias, out, epilogue.found, block, pool, row, which)
    elif kind == SELECTED:
        select(z, seen, place, bias, out, block, pool)
    elif kind == QUOTIENTS:
        sums = epilogue.sums
        _quotients(
            z, seen, bias, place, epilogue.relevance, epilogue.share, epilogue.epsilon, out,
            sums[:, number % sums.shape[1]], block, pool, row,
        )  # fmt: skip
    elif kind == COLUMNS:
        _scatter(z, operand, out, block, epilogue.columns)
    elif kind == PRODUCTS:
        _store_products(z, epilogue.x, epilogue.onto, out, block)
    else:
        _store(z, bias, epilogue.least[0], out, block)


@part
def _store(z: Array, bias: Array, least: float, out: Array, block: Block) -> None:
    s0, s1, y0, y1, x0, x1 = block
    for sample in range(s0, s1):
        for y in range(y0, y1):
            for x in range(x0, x1):
                made, value = out[sample, y, x], z[sample - s0, y - y0, x - x0]
                for c in range(len(made)):
                    total = value[c] + bias[c]
                    made[c] = least if total <= least else total


@part
def _store_products(z: Array, image: Array, onto: bool, out: Array, block: Block) -> None:
    s0, s1, y0, y1, x0, x1 = block
    for sample in range(s0, s1):
        for y in range(y0, y1):
            for x in range(x0, x1):
                made, value = out[sample, y, x], z[sample - s0, y - y0, x - x0]
                given = image[sample, y, x]
                if onto:
                    for c in range(len(made)):
                        made[c] += given[c] * value[c]
                else:
                    for c in range(len(made)):
                        made[c] = given[c] * value[c]


@part
def _quotients(
    z: Array,
    seen: tuple[int, int],
    bias: Array,
    place: Array,
    relevance: Array,
    share: Array,
    epsilon: Array,
    out: Array,
    sums: Array,
    block: Block,
    pool: Window,
    row: Array,
) -> None:
    s0, s1, y0, y1, x0, x1 = block
    channels, zero = out.shape[3], z.dtype.type(0)
    found, quotients = row[:channels], row[channels : 2 * channels]
    rest = row[2 * channels : 3 * channels]
    for sample in range(s0, s1):
        for c in range(channels):
            quotients[c] = rest[c] = zero
        for y in range(y0, y1):
            for x in range(x0, x1):
                top = (y - y0) * pool.stride[0] - pool.pad[0]
                left = (x - x0) * pool.stride[1] - pool.pad[1]
                for c in range(channels):
                    found[c] = bias[c]
                if place.size:
                    selected(z[sample - s0], seen, top, left, place[sample, y, x], pool, found)
                else:
                    value = z[sample - s0, top, left]
                    for c in range(channels):
                        found[c] += value[c]
                stabilised_quotients(
                    relevance[sample, y, x], share[0], found, epsilon[sample], out[sample, y, x],
                    quotients, rest,
                )  # fmt: skip
        for c in range(channels):
            sums[sample, 0, c] += quotients[c]
            sums[sample, 1, c] += rest[c]


@part
def _scatter(z: Array, operand: Operand, out: Array, block: Block, columns: Window) -> None:
    s0, s1, y0, y1, x0, x1 = block
    kernel, stride, pad, dilation = columns
    shifted = Window(kernel, stride, (pad[0] - y0 * stride[0], pad[1] - x0 * stride[1]), dilation)
    panel = z.reshape(-1, z.shape[3])
    depth = operand.made // (kernel[0] * kernel[1])
    for group in range(operand.groups):
        scatter_add(
            panel, group * operand.made, depth, out[s0:s1], group, (y1 - y0, x1 - x0), shifted
        )
