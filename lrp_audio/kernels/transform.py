"""Linear maps of small tiles, one for all channels: the transforms of Winograd filtering.

The matrices are constants of the compiled code, which holds a tile in vector registers.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic, overload

from lrp_audio.kernels.microkernel import REGISTER_BYTES
from lrp_audio.kernels.parts import PART
from lrp_audio.types import Array

Places = tuple[Array, int, int, int]
"""A flat array, the index of a tile's first number, and the distances of its rows and columns."""


def tile_transform(down: Array, across: Array) -> Callable[[Places, Places, int], None]:
    """The function that writes ``down X across^T`` for tiles X of vectors over the channels.

    It takes the places of X and of the result, and the number of channels: at least as many as a
    vector has lanes, and contiguous. What a row of zeros makes may be left unwritten.
    """

    def transform(given: Places, made: Places, channels: int) -> None:
        source, first, row, column = given
        lanes = np.arange(channels)
        rows, columns = np.arange(down.shape[1]), np.arange(across.shape[1])
        x = source[first + row * rows[:, None, None] + column * columns[:, None] + lanes]
        y = np.einsum("ij,jlc,kl->ikc", down, x, across)
        target, first, row, column = made
        rows, columns = np.arange(down.shape[0]), np.arange(across.shape[0])
        target[first + row * rows[:, None, None] + column * columns[:, None] + lanes] = y

    @intrinsic
    def in_registers(context: Any, given: Any, made: Any, channels: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            _generate(context, builder, signature, arguments, down, across)
            return context.get_dummy_value()

        return types.void(given, made, types.intp), generate

    @overload(transform, jit_options=PART)
    def of_vectors(given: Any, made: Any, channels: Any) -> Any:
        def call(given: Any, made: Any, channels: Any) -> None:
            in_registers(given, made, channels)  # type: ignore[call-arg]  # numba adds the context

        return call

    return transform


def _generate(
    context: Any, builder: Any, signature: Any, arguments: Any, down: Array, across: Array
) -> None:
    """A loop over vectors of channels; the last one ends at the last channel, and may overlap."""
    index = ir.IntType(64)
    places = []
    for kind, given in zip(signature.args[:2], arguments[:2], strict=True):
        array, *numbers = (builder.extract_value(given, i) for i in range(4))
        pointer = context.make_array(kind[0])(context, builder, array).data
        places.append((pointer, *numbers))
    dtype = signature.args[0][0].dtype
    itemsize = dtype.bitwidth // 8
    lanes = REGISTER_BYTES // itemsize
    number = context.get_value_type(dtype)
    vector = ir.VectorType(number, lanes)

    def at(place: Any, i: int, j: int, channel: Any) -> Any:
        pointer, first, row, column = place
        moved = builder.add(builder.mul(row, index(i)), builder.mul(column, index(j)))
        start = builder.add(builder.add(first, channel), moved)
        return builder.bitcast(builder.gep(pointer, [start]), vector.as_pointer())

    def combined(factors: Sequence[float], values: Sequence[Any]) -> Any:
        total = None
        for factor, value in zip(factors, values, strict=True):
            if factor == 0:
                continue
            constant = ir.Constant(vector, [float(factor)] * lanes)
            if total is None:
                total = value if factor == 1 else builder.fmul(value, constant)
            elif abs(factor) == 1:
                total = (builder.fadd if factor == 1 else builder.fsub)(total, value)
            else:
                product = builder.fmul(value, constant, flags=("contract",))
                total = builder.fadd(total, product, flags=("contract",))
        return total

    channels = arguments[2]
    last = builder.sub(channels, index(lanes))
    before, loop = builder.block, builder.append_basic_block("channels")
    after = builder.append_basic_block("after")
    builder.branch(loop)
    builder.position_at_end(loop)
    counter = builder.phi(index)
    counter.add_incoming(index(0), before)
    channel = builder.select(builder.icmp_signed("<", counter, last), counter, last)
    x = [
        [builder.load(at(places[0], j, k, channel), align=itemsize) for k in range(across.shape[1])]
        for j in range(down.shape[1])
    ]
    for i, factors in enumerate(down):
        row = [combined(factors, column) for column in zip(*x, strict=True)]
        for k, others in enumerate(across):
            if factors.any() and others.any():
                builder.store(combined(others, row), at(places[1], i, k, channel), align=itemsize)
    following = builder.add(counter, index(lanes))
    counter.add_incoming(following, loop)
    builder.cbranch(builder.icmp_signed("<", following, channels), loop, after)
    builder.position_at_end(after)
