"""Winograd filtering: neighbouring outputs of a convolution with few taps from fewer products.

``m`` outputs of three taps need ``m + 2`` products, not ``3 m`` (Winograd 1980; for networks
Lavin & Gray 2016): ``y = A^T [(G w) * (B^T x)]``. The rows of G are the filter as a polynomial, at
points and at infinity, up to factors that B^T makes good.

A signal is cut into tiles of four outputs, which see six inputs (points 0, 1, -1, 2, -2)::

          | 4  0 -5  0  1  0 |             |  6   0   0 |
          | 0 -4 -4  1  1  0 |             | -4  -4  -4 |           | 1  1  1  1  1  0 |
    B^T = | 0  4 -4 -1  1  0 |   G = 1/24  | -4   4  -4 |     A^T = | 0  1 -1  2 -2  0 |
          | 0 -2 -1  2  1  0 |             |  1   2   4 |           | 0  1  1  4  4  0 |
          | 0  2 -1 -2  1  0 |             |  1  -2   4 |           | 0  1 -1  8 -8  1 |
          | 0  4  0 -5  0  1 |             |  0   0  24 |

An image is cut into tiles of two by two outputs, which see four by four inputs (points 0, 1, -1).
It is transformed along both axes, ``Y = A^T [(G W G^T) * (B^T X B)] A``, with::

          | 1  0 -1  0 |                   | 2  0  0 |
    B^T = | 0  1  1  0 |          G = 1/2  | 1  1  1 |        A^T = | 1  1  1  0 |
          | 0 -1  1  0 |                   | 1 -1  1 |              | 0  1 -1 -1 |
          | 0  1  0 -1 |                   | 0  0  2 |

The products of all channels are one GEMM for each of the 6 or 16 points.

A kernel of four to six taps along an axis is cut into pieces of three taps and of two, each with
the inputs at its own offset. Pieces of two taps take three of the four points, without -1::

          | 1 -1  0 |                      | 1  0 |
    B^T = | 0  1  0 |                  G = | 1  1 |
          | 0  0  0 |                      | 0  0 |
          | 0  1 -1 |                      | 0  1 |

A^T is the same, so the products of all pieces at a point are added before they are transformed.
Five by five taps take 16 + 12 + 12 + 9 = 49 products for four outputs instead of 100::

              3 taps   2 taps
            +--------+--------+
     3 taps | 4 by 4 | 4 by 3 |
            +--------+--------+  points
     2 taps | 3 by 4 | 3 by 3 |
            +--------+--------+

In an image, each output is made only of what its own window sees, and neighbouring windows that
see the same constant rows or columns have the same output to the last bit. A max-pool then finds
the winner that it finds among direct sums, which points 0, 1 and -1 for two taps would not grant.

In float32, rounding errors of a signal are two to three times those of direct sums; those of an
image are 0.6 to 1 times as large, because its sums have fewer terms. Denominators of rules are not
computed this way, nor is float64, which serves as the reference.
"""

from typing import NamedTuple

import numpy as np

from lrp_audio.kernels.blas import single_threaded_blas
from lrp_audio.kernels.blocks import clear
from lrp_audio.kernels.microkernel import MOST_ROWS, VECTORS, add_products
from lrp_audio.kernels.operand import Operand, vectors_of
from lrp_audio.kernels.parts import part
from lrp_audio.kernels.transform import tile_transform
from lrp_audio.types import Array

_TAPS = range(3, 7)  # along an axis: one piece or two
_B_SIGNAL = np.array(
    [
        [4, 0, -5, 0, 1, 0],
        [0, -4, -4, 1, 1, 0],
        [0, 4, -4, -1, 1, 0],
        [0, -2, -1, 2, 1, 0],
        [0, 2, -1, -2, 1, 0],
        [0, 4, 0, -5, 0, 1],
    ]
)
_A_SIGNAL = np.array(
    [[1, 1, 1, 1, 1, 0], [0, 1, -1, 2, -2, 0], [0, 1, 1, 4, 4, 0], [0, 1, -1, 8, -8, 1]]
)
_B_IMAGE = np.array([[1, 0, -1, 0], [0, 1, 1, 0], [0, -1, 1, 0], [0, 1, 0, -1]])
_A_IMAGE = np.array([[1, 1, 1, 0], [0, 1, -1, -1]])
_G_SIGNAL = np.array([[6, 0, 0], [-4, -4, -4], [-4, 4, -4], [1, 2, 4], [1, -2, 4], [0, 0, 24]]) / 24
_G_IMAGE = np.array([[2, 0, 0], [1, 1, 1], [1, -1, 1], [0, 0, 2]]) / 2
_ONE = np.array([[1]])
_signal_out, _image_out = tile_transform(_ONE, _A_SIGNAL), tile_transform(_A_IMAGE, _A_IMAGE)
_B_PAIR = np.array([[1, -1, 0], [0, 1, 0], [0, 0, 0], [0, 1, -1]])
_G_PAIR = np.array([[1, 0], [1, 1], [0, 0], [0, 1]])
_MINUS_ONE = 2  # the row of the point -1
# The inputs of pieces with three and with two taps, down and across.
_signal_in = tile_transform(_ONE, _B_SIGNAL)
_image_3_3 = tile_transform(_B_IMAGE, _B_IMAGE)
_image_3_2 = tile_transform(_B_IMAGE, _B_PAIR)
_image_2_3 = tile_transform(_B_PAIR, _B_IMAGE)
_image_2_2 = tile_transform(_B_PAIR, _B_PAIR)
_MIN_CHANNELS = 16  # of fewer, the transforms cost more than the products that they save
_ROOM = 1 << 19  # bytes of transformed inputs, which each panel of the weight reads again


class FilteredAxis(NamedTuple):
    """How an axis is filtered: in tiles of `outputs`, at `points`, with `pieces` of the kernel.

    The first `threes` pieces have three taps, the others two, and no product at -1.
    """

    outputs: int
    points: int
    pieces: int
    threes: int


@part
def axes(kernel: tuple[int, int]) -> tuple[FilteredAxis, FilteredAxis]:
    """How both axes are filtered; the windows of a signal have a single row."""
    if kernel[0] == 1:
        return FilteredAxis(1, 1, 1, 1), _axis(kernel[1], 4)
    return _axis(kernel[0], 2), _axis(kernel[1], 2)


@part
def _axis(taps: int, outputs: int) -> FilteredAxis:
    pieces = -(-taps // 3)
    return FilteredAxis(outputs, outputs + 2, pieces, taps - 2 * pieces)


@part
def _first_tap(axis: FilteredAxis, piece: int) -> int:
    return 2 * piece + min(piece, axis.threes)


@part
def _pieces_at(axis: FilteredAxis, point: int) -> int:
    """Number of pieces that have a product at a point: the first ones."""
    return axis.threes if point == _MINUS_ONE else axis.pieces


def suits(weight: Array, groups: int) -> bool:
    """Whether a `weight` ``(out, in / groups, kh, kw)`` is worth transforming, for stride 1."""
    out, depth, height, width = weight.shape
    return (
        weight.dtype == np.float32
        and ((height, width) == (1, 3) or (height in _TAPS and width in _TAPS))
        and min(out // groups, depth) >= _MIN_CHANNELS
    )


def transform_weight(packed: Array, kernel: tuple[int, int]) -> Array:
    """``G W G^T`` of the pieces of a weight packed for GEMM ``(groups, kh * kw * in/g, out/g)``.

    Returns ``(groups, products, in/g, out/g)``, the products in the order of their points.
    """
    groups, columns, made = packed.shape
    g = _filters(kernel).astype(packed.dtype)
    number, taps = g.shape
    with single_threaded_blas():
        transformed = g @ packed.reshape(groups, taps, -1)
    return transformed.reshape(groups, number, columns // taps, made)


def _filters(kernel: tuple[int, int]) -> Array:
    """The row of weights of the kernel's taps for each product."""
    down, across = axes(kernel)
    of_rows, of_columns = _by_piece(down, kernel[0]), _by_piece(across, kernel[1])
    return np.stack(
        [
            np.kron(of_rows[piece, i], of_columns[other, j])
            for i in range(down.points)
            for j in range(across.points)
            for piece in range(_pieces_at(down, i))
            for other in range(_pieces_at(across, j))
        ]
    )


def _by_piece(axis: FilteredAxis, taps: int) -> Array:
    """G of each piece, ``(pieces, points, taps)``, 0 at the taps of the others."""
    g = {1: _ONE, 4: _G_IMAGE, 6: _G_SIGNAL}[axis.points]
    placed = np.zeros((axis.pieces, axis.points, taps))
    for piece in range(axis.pieces):
        of_piece = g if piece < axis.threes else _G_PAIR
        first = _first_tap(axis, piece)
        placed[piece, :, first : first + of_piece.shape[1]] = of_piece
    return placed


@part
def whole_tiles(kernel: tuple[int, int], height: int, width: int) -> tuple[int, int]:
    """Height and width of the tiles that make so many outputs."""
    down, across = axes(kernel)
    return -(-height // down.outputs) * down.outputs, -(-width // across.outputs) * across.outputs


@part
def tiles_at_once(operand: Operand, kernel: tuple[int, int]) -> int:
    """How many tiles are transformed at a time, at most, to stay in the second-level cache."""
    down, across = axes(kernel)
    each = down.points * down.pieces * across.points * across.pieces * operand.depth
    return max(1, _ROOM // (each * operand.weight.itemsize * MOST_ROWS)) * MOST_ROWS


def memory(
    operand: Operand, kernel: tuple[int, int], samples: int, height: int, width: int
) -> tuple[int, int]:
    """Length of the memory for transformed inputs, and for products, of so many outputs."""
    down, across = axes(kernel)
    tiles = samples * (height // down.outputs) * (width // across.outputs)
    points = down.points * across.points * min(tiles, tiles_at_once(operand, kernel))
    return points * down.pieces * across.pieces * operand.depth, points * operand.width


@part
def products(
    frame: Array, operand: Operand, kernel: tuple[int, int], z: Array, inputs: Array, found: Array
) -> None:
    """The windows of `frame` times the transformed weight, into `z`; both hold whole tiles.

    `inputs` and `found` are flat memory, for the transformed inputs and one panel's products.
    """
    down, across = axes(kernel)
    tiles = len(z) * (z.shape[1] // down.outputs) * (z.shape[2] // across.outputs)
    shares = -(-tiles // tiles_at_once(operand, kernel))
    depth, columns = operand.depth, operand.width
    points = down.points * across.points
    for share in range(shares):
        first, last = tiles * share // shares, tiles * (share + 1) // shares
        count = last - first
        piece = count * depth * points
        segments = -(-count // MOST_ROWS)
        for group in range(operand.groups):
            _transform_inputs(frame, kernel, z.shape, first, last, group * depth, depth, inputs)
            for panel in range(group * operand.panels, (group + 1) * operand.panels):
                vectors = vectors_of(operand, panel)
                clear(found[: points * count * columns])
                b = panel * (len(operand.weight) // (operand.groups * operand.panels))
                for point in range(points):
                    i, j = divmod(point, across.points)
                    rows_of, columns_of = _pieces_at(down, i), _pieces_at(across, j)
                    runs = rows_of * columns_of
                    if runs == 0:
                        continue
                    # Pieces with a product here: all across, or the first one of each row.
                    run = piece if columns_of == across.pieces else across.pieces * piece
                    for segment in range(segments):
                        start = count * segment // segments
                        rows = count * (segment + 1) // segments - start
                        add_products(
                            rows, vectors, inputs, (point * count + start) * depth, depth, run,
                            1, runs, depth, operand.weight, b, columns,
                            found, (point * count + start) * columns, columns,
                        )  # fmt: skip
                    b += runs * depth * columns
                used = columns * vectors // VECTORS
                _transform_outputs(found, kernel, first, last, columns, z, panel * columns, used)


@part
def _place(tile: int, down: int, across: int) -> tuple[int, int, int]:
    """Sample, row and column of a tile, of so many down and across."""
    rest, column = divmod(tile, across)
    sample, row = divmod(rest, down)
    return sample, row, column


@part
def _transform_inputs(
    frame: Array,
    kernel: tuple[int, int],
    made: tuple[int, ...],
    first: int,
    last: int,
    channel: int,
    depth: int,
    inputs: Array,
) -> None:
    """Inputs of the tiles from `first` to `last`, as ``(pieces, points, tiles, depth)``."""
    down, across = axes(kernel)
    given = frame.reshape(-1)
    _, tall, wide, channels = frame.shape
    rows, columns = made[1] // down.outputs, made[2] // across.outputs
    count = last - first
    row, column = across.points * count * depth, count * depth
    for piece in range(down.pieces):
        for other in range(across.pieces):
            start = (piece * across.pieces + other) * down.points * row
            top, left = _first_tap(down, piece), _first_tap(across, other)
            high, broad = piece < down.threes, other < across.threes
            for tile in range(first, last):
                sample, y, x = _place(tile, rows, columns)
                y, x = y * down.outputs + top, x * across.outputs + left
                at = ((sample * tall + y) * wide + x) * channels + channel
                out_of = (given, at, wide * channels, channels)
                into = (inputs, start + (tile - first) * depth, row, column)
                if down.points == 1:
                    _signal_in(out_of, into, depth)
                elif high:
                    if broad:
                        _image_3_3(out_of, into, depth)
                    else:
                        _image_3_2(out_of, into, depth)
                elif broad:
                    _image_2_3(out_of, into, depth)
                else:
                    _image_2_2(out_of, into, depth)


@part
def _transform_outputs(
    found: Array,
    kernel: tuple[int, int],
    first: int,
    last: int,
    columns: int,
    z: Array,
    channel: int,
    used: int,
) -> None:
    """Products ``(points, tiles, columns)`` of a panel, into the `used` channels of `z`."""
    down, across = axes(kernel)
    made = z.reshape(-1)
    _, height, width, padded = z.shape
    tiles_down, tiles_across = height // down.outputs, width // across.outputs
    count = last - first
    row, column = across.points * count * columns, count * columns
    for tile in range(first, last):
        sample, y, x = _place(tile, tiles_down, tiles_across)
        at = ((sample * height + y * down.outputs) * width + x * across.outputs) * padded + channel
        out_of = (found, (tile - first) * columns, row, column)
        into = (made, at, width * padded, padded)
        if down.points == 1:
            _signal_out(out_of, into, used)
        else:
            _image_out(out_of, into, used)
