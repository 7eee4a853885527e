"""Winograd filtering: neighbouring outputs of a convolution with three taps from fewer products.

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

Rounding grows, by a factor of about 3 in float32. So denominators of rules are not computed this
way, nor is float64, which serves as the reference.
"""

import numpy as np

from lrp_audio.kernels.blas import single_threaded_blas
from lrp_audio.kernels.blocks import clear
from lrp_audio.kernels.microkernel import MOST_ROWS, VECTORS, add_products
from lrp_audio.kernels.operand import Operand, vectors_of
from lrp_audio.kernels.parts import part
from lrp_audio.kernels.transform import tile_transform
from lrp_audio.types import Array

SIGNAL, IMAGE = (1, 3), (3, 3)
"""The kernels, ``(height, width)``, that can be transformed."""

_TILE_OUTPUTS = {SIGNAL: (1, 4), IMAGE: (2, 2)}
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
_signal_in, _signal_out = tile_transform(_ONE, _B_SIGNAL), tile_transform(_ONE, _A_SIGNAL)
_image_in, _image_out = tile_transform(_B_IMAGE, _B_IMAGE), tile_transform(_A_IMAGE, _A_IMAGE)
_MIN_CHANNELS = 16  # of fewer, the transforms cost more than the products that they save


def suits(weight: Array, groups: int) -> bool:
    """Whether a `weight` ``(out, in / groups, *kernel)`` is worth transforming, for stride 1."""
    out, depth, *kernel = weight.shape
    return (
        weight.dtype == np.float32
        and tuple(kernel) in (SIGNAL, IMAGE)
        and min(out // groups, depth) >= _MIN_CHANNELS
    )


def transform_weight(packed: Array, kernel: tuple[int, int]) -> Array:
    """``G w``, or ``G W G^T``, of a weight packed for GEMM ``(groups, kh * kw * in/g, out/g)``.

    Returns ``(groups, points, in/g, out/g)``.
    """
    groups, columns, made = packed.shape
    g = _G_SIGNAL if kernel == SIGNAL else np.kron(_G_IMAGE, _G_IMAGE)
    points, taps = g.shape
    with single_threaded_blas():
        transformed = g.astype(packed.dtype) @ packed.reshape(groups, taps, -1)
    return transformed.reshape(groups, points, columns // taps, made)


def points_of(kernel: tuple[int, int]) -> int:
    """Number of products for each tile."""
    return 6 if kernel == SIGNAL else 16


@part
def whole_tiles(kernel: tuple[int, int], height: int, width: int) -> tuple[int, int]:
    """Number of tiles down and across that make so many outputs."""
    if kernel[0] == 1:
        return height, -(-width // 4)
    return -(-height // 2), -(-width // 2)


@part
def products(
    frame: Array, operand: Operand, kernel: tuple[int, int], z: Array, inputs: Array, found: Array
) -> None:
    """The windows of `frame` times the transformed weight, into `z`; both hold whole tiles.

    `inputs` and `found` are flat memory, for the transformed inputs and one panel's products.
    """
    samples, height, width, padded = z.shape
    _, tall, wide, channels = frame.shape
    depth, columns = operand.depth, operand.width
    down, across = whole_tiles(kernel, height, width)
    signal = kernel[0] == 1
    tiles, points = samples * down * across, 6 if signal else 16
    given, made = frame.reshape(-1), z.reshape(-1)
    for tile in range(tiles):
        sample, place = divmod(tile, down * across)
        row, column = divmod(place, across)
        into = (inputs, tile * channels, 4 * tiles * channels, tiles * channels)
        if signal:
            first = ((sample * tall + row) * wide + 4 * column) * channels
            _signal_in((given, first, 0, channels), into, channels)
        else:
            first = ((sample * tall + 2 * row) * wide + 2 * column) * channels
            _image_in((given, first, wide * channels, channels), into, channels)
    segments = -(-tiles // MOST_ROWS)
    for panel in range(operand.groups * operand.panels):
        group = panel // operand.panels
        vectors = vectors_of(operand, panel)
        used = columns * vectors // VECTORS
        clear(found[: points * tiles * columns])
        for point in range(points):
            b = (panel * points + point) * depth * columns
            for segment in range(segments):
                first = tiles * segment // segments
                rows = tiles * (segment + 1) // segments - first
                add_products(
                    rows, vectors, inputs, (point * tiles + first) * channels + group * depth, channels, 0,
                    1, 1, depth, operand.weight, b, columns,
                    found, (point * tiles + first) * columns, columns,
                )  # fmt: skip
        for tile in range(tiles):
            sample, place = divmod(tile, down * across)
            row, column = divmod(place, across)
            out_of = (found, tile * columns, 4 * tiles * columns, tiles * columns)
            if signal:
                first = ((sample * height + row) * width + 4 * column) * padded + panel * columns
                _signal_out(out_of, (made, first, 0, padded), used)
            else:
                first = ((sample * height + 2 * row) * width + 2 * column) * padded
                into = (made, first + panel * columns, width * padded, padded)
                _image_out(out_of, into, used)
