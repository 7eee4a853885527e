"""The innermost loop of all products: a tile of the result that stays in vector registers.

A tile has a few rows and two vectors of SIMD lanes as columns. Its sums stay in registers from the
first product to the last; each step of the loop adds one column of A times one row of B to them::

                            one row of B
                         +----------+----------+
                         | vector 0 | vector 1 |      2 registers
    one column of A      +----------+----------+
         a[0]  ->        |   sum    |   sum    |      2 * rows registers, and one for
         a[1]  ->        |   sum    |   sum    |      the value of A, copied to all lanes
          ...            |   ...    |   ...    |
      a[rows - 1]  ->    |   sum    |   sum    |
                         +----------+----------+

The number of rows follows from the number of registers: 14 rows of two vectors leave 4 of 32 free
(AVX-512: 16 lanes of float32; NEON: 4), and 6 rows leave 4 of 16 (AVX2: 8 lanes; SSE: 4). Each
value that is loaded is then used often enough for the multiplications to be the limit. The loop is
built of LLVM's vectors, because numba does not keep small arrays in registers.

A is read where it lies, and its rows may overlap: the windows of stride 1 along a line of a
channels-last image are such rows. BLAS would need a copy of each window.
"""

from collections.abc import Sequence
from itertools import product
from typing import Any

import llvmlite.binding as llvm
import numpy as np
from llvmlite import ir
from numba import types
from numba.core import config
from numba.extending import intrinsic, overload

from lrp_audio.kernels.parts import PART
from lrp_audio.types import Array

VECTORS = 2
_FREE_REGISTERS = 4


def _registers() -> tuple[int, int]:
    """Number of vector registers, and bytes in one, of the processor that numba compiles for."""
    features: str | None = vars(config)["CPU_FEATURES"]
    if features is None:
        features = llvm.get_host_cpu_features().flatten()
    available = set(features.split(","))
    if "+avx512f" in available:
        return 32, 64
    if "+avx2" in available:
        return 16, 32
    return (32, 16) if llvm.get_process_triple().startswith("aarch64") else (16, 16)


_REGISTERS, REGISTER_BYTES = _registers()
MOST_ROWS = (_REGISTERS - _FREE_REGISTERS) // VECTORS
"""The most rows of a tile."""


def tile_width(dtype: Any) -> int:
    """Number of columns of a tile of `dtype`."""
    return VECTORS * REGISTER_BYTES // int(np.dtype(dtype).itemsize)


def add_products(
    rows: int,
    vectors: int,
    a: Array,
    a_first: int,
    a_row: int,
    a_run: int,
    a_step: int,
    runs: int,
    steps: int,
    b: Array,
    b_first: int,
    b_step: int,
    c: Array,
    c_first: int,
    c_row: int,
) -> None:
    """``C += A B`` for a tile C of `rows` rows, at most `MOST_ROWS`, and one or two `vectors`.

    The arrays are flat, contiguous, and of one type; they are not checked. ``A[r, q * steps + i]``
    is ``a[a_first + r * a_row + q * a_run + i * a_step]``, for `runs` runs of `steps` steps. The
    rows of B and of C are contiguous and begin at ``b_first + j * b_step`` and
    ``c_first + r * c_row``.
    """
    width = vectors * tile_width(c.dtype) // VECTORS
    at = a_first + a_run * np.arange(runs)[:, None] + a_step * np.arange(steps)
    of_row = a[a_row * np.arange(rows)[:, None] + at.ravel()]
    columns = b[b_first + b_step * np.arange(runs * steps)[:, None] + np.arange(width)]
    c[c_first + c_row * np.arange(rows)[:, None] + np.arange(width)] += of_row @ columns


# numba takes the arguments of the three functions by name.
# fmt: off
@overload(add_products, jit_options=PART)
def _add_products_in_registers(
    rows: Any, vectors: Any, a: Any, a_first: Any, a_row: Any, a_run: Any, a_step: Any, runs: Any,
    steps: Any, b: Any, b_first: Any, b_step: Any, c: Any, c_first: Any, c_row: Any,
) -> Any:
    def add(
        rows: Any, vectors: Any, a: Any, a_first: Any, a_row: Any, a_run: Any, a_step: Any,
        runs: Any, steps: Any, b: Any, b_first: Any, b_step: Any, c: Any, c_first: Any, c_row: Any,
    ) -> None:
        _tile(  # type: ignore[call-arg]  # numba adds the context
            rows, vectors, a, a_first, a_row, a_run, a_step, runs, steps, b, b_first, b_step,
            c, c_first, c_row,
        )

    return add


@intrinsic
def _tile(
    context: Any, rows: Any, vectors: Any, a: Any, a_first: Any, a_row: Any, a_run: Any,
    a_step: Any, runs: Any, steps: Any, b: Any, b_first: Any, b_step: Any, c: Any, c_first: Any,
    c_row: Any,
) -> Any:
    i = types.intp
    return types.void(i, i, a, i, i, i, i, i, i, b, i, i, c, i, i), _generate
# fmt: on


def _generate(context: Any, builder: Any, signature: Any, arguments: Sequence[Any]) -> Any:
    """A call of the function for all tiles of this type."""
    dtype = signature.args[2].dtype
    number = context.get_value_type(dtype)
    given = [
        context.make_array(kind)(context, builder, argument).data
        if isinstance(kind, types.Array)
        else argument
        for kind, argument in zip(signature.args, arguments, strict=True)
    ]
    name = f"lrp_audio_add_products_{dtype}"
    function = builder.module.globals.get(name)
    if function is None:
        kind = ir.FunctionType(ir.VoidType(), [value.type for value in given])
        function = _define(ir.Function(builder.module, kind, name), number, dtype.bitwidth // 8)
    builder.call(function, given)
    return context.get_dummy_value()


def _define(function: Any, number: Any, itemsize: int) -> Any:
    """A switch with one loop for each number of rows and vectors; shared by all that call it."""
    function.linkage = "linkonce_odr"
    function.attributes.add("noinline")
    rows, vectors, a, *of_a, b, b_first, b_step, c, c_first, c_row = function.args
    builder = ir.IRBuilder(function.append_basic_block("entry"))
    index, end = ir.IntType(64), function.append_basic_block("end")
    switch = builder.switch(builder.add(builder.mul(rows, index(VECTORS)), vectors), end)
    for height, width in product(range(1, MOST_ROWS + 1), range(1, VECTORS + 1)):
        block = function.append_basic_block(f"tile_{height}_{width}")
        switch.add_case(index(height * VECTORS + width), block)
        builder.position_at_end(block)
        tile = _Tile(builder, height, width, number, itemsize)
        tile.add((a, b, c), of_a, (b_first, b_step), (c_first, c_row))
        builder.branch(end)
    builder.position_at_end(end)
    builder.ret_void()
    return function


class _Tile:
    """Emits the code for tiles of one height and width."""

    def __init__(self, builder: Any, rows: int, vectors: int, number: Any, itemsize: int) -> None:
        self.builder = builder
        self.rows = rows
        self.vectors = vectors
        self.index = ir.IntType(64)
        self.itemsize = itemsize
        self.lanes = REGISTER_BYTES // itemsize
        self.vector = ir.VectorType(number, self.lanes)

    def add(
        self, pointers: Sequence[Any], of_a: Sequence[Any], of_b: Sequence[Any], of_c: Sequence[Any]
    ) -> None:
        """Load C, loop over the runs of A and their steps, store C."""
        (a, b, c), builder = pointers, self.builder
        a_first, a_row, a_run, a_step, runs, steps = of_a
        (b_first, b_step), (c_first, c_row) = of_b, of_c
        heads = [
            builder.gep(a, [builder.add(a_first, builder.mul(a_row, self.index(row)))])
            for row in range(self.rows)
        ]
        tile = [
            place
            for row in range(self.rows)
            for place in self.places(c, builder.add(c_first, builder.mul(c_row, self.index(row))))
        ]
        loaded = [self.load(place) for place in tile]

        def of_run(run: Any, b_at: Any, sums: list[Any]) -> tuple[Any, list[Any]]:
            def of_step(a_at: Any, b_at: Any, sums: list[Any]) -> tuple[Any, list[Any]]:
                added = self.step([builder.gep(head, [a_at]) for head in heads], b, b_at, sums)
                return builder.add(b_at, b_step), added

            return self.loop(steps, builder.mul(run, a_run), a_step, b_at, sums, of_step)

        _, sums = self.loop(runs, self.index(0), self.index(1), b_first, loaded, of_run)
        for place, value in zip(tile, sums, strict=True):
            builder.store(value, place, align=self.itemsize)

    def loop(
        self, count: Any, first: Any, step: Any, b_at: Any, sums: list[Any], body: Any
    ) -> tuple[Any, list[Any]]:
        """``body(position, b_at, sums)``, `count` times, at least once, the position moving."""
        builder, before = self.builder, self.builder.block
        head = builder.append_basic_block("loop")
        builder.branch(head)
        builder.position_at_end(head)
        counter, position, b_phi = (builder.phi(self.index) for _ in range(3))
        phis = [builder.phi(self.vector) for _ in sums]
        starts = [self.index(0), first, b_at, *sums]
        for phi, start in zip([counter, position, b_phi, *phis], starts, strict=True):
            phi.add_incoming(start, before)
        b_next, new = body(position, b_phi, phis)
        following = builder.add(counter, self.index(1))
        nexts = [following, builder.add(position, step), b_next, *new]
        for phi, following_value in zip([counter, position, b_phi, *phis], nexts, strict=True):
            phi.add_incoming(following_value, builder.block)
        after = builder.append_basic_block("after")
        builder.cbranch(builder.icmp_signed("<", following, count), head, after)
        builder.position_at_end(after)
        return b_next, new

    def step(self, column: Sequence[Any], b: Any, b_at: Any, sums: Sequence[Any]) -> list[Any]:
        """One column of A times one row of B, added to the sums."""
        builder, added = self.builder, []
        weights = [self.load(place) for place in self.places(b, b_at)]
        undefined = ir.Constant(self.vector, ir.Undefined)
        lanes = ir.Constant(ir.VectorType(ir.IntType(32), self.lanes), [0] * self.lanes)
        for row, place in enumerate(column):
            value = builder.insert_element(undefined, builder.load(place), ir.IntType(32)(0))
            spread = builder.shuffle_vector(value, undefined, lanes)
            for vector, weight in enumerate(weights):
                # "contract" makes one instruction of both where the processor has it.
                scaled = builder.fmul(spread, weight, flags=("contract",))
                total = sums[row * self.vectors + vector]
                added.append(builder.fadd(scaled, total, flags=("contract",)))
        return added

    def places(self, array: Any, first: Any) -> list[Any]:
        """The addresses of the vectors of a row that begins at index `first`."""
        builder, pointer = self.builder, self.vector.as_pointer()
        starts = [builder.add(first, self.index(self.lanes * v)) for v in range(self.vectors)]
        return [builder.bitcast(builder.gep(array, [start]), pointer) for start in starts]

    def load(self, place: Any) -> Any:
        """A vector from an address that may not be aligned to it."""
        return self.builder.load(place, align=self.itemsize)
