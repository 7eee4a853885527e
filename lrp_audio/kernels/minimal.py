"""Minimal filtering: neighbouring outputs of a convolution with three taps from fewer products.

``m`` outputs of three taps need ``m + 2`` products, not ``3 m`` (Winograd 1980; for networks
Lavin & Gray 2016): ``y = A^T [(G w) * (B^T x)]``. A signal is cut into tiles of four outputs from
six products each, an image into tiles of two by two from sixteen. What a tile sees and the weight
are transformed, the products of all channels are one GEMM for each point, and what these give is
transformed back.

Rounding grows, by a factor of about 3 in float32. So sums that something is divided by are not
computed this way, nor is float64, which is there for truth.
"""

import numpy as np

from lrp_audio.kernels.blas import single_threaded_blas
from lrp_audio.kernels.compiling import compiled
from lrp_audio.kernels.scratch import scratch
from lrp_audio.kernels.windows import Window
from lrp_audio.types import Array

SIGNAL, IMAGE = (3, 1), (3, 3)
"""The kernels, ``(height, width)``, for which there is a way."""

_MADE = {SIGNAL: (4, 1), IMAGE: (2, 2)}  # outputs of a tile
# G of the polynomial's values at 0, 1, -1, 2, -2 and infinity, and at 0, 1, -1 and infinity.
_FOUR = np.array([[6, 0, 0], [-4, -4, -4], [-4, 4, -4], [1, 2, 4], [1, -2, 4], [0, 0, 24]]) / 24
_TWO = np.array([[2, 0, 0], [1, 1, 1], [1, -1, 1], [0, 0, 2]]) / 2
_LEAST, _MOST = 16, 512  # channels


def suits(weight: Array, groups: int) -> bool:
    """Whether a `weight` ``(out, in / groups, *kernel)`` is worth transforming, for stride 1."""
    out, depth, *kernel = weight.shape
    return (
        weight.dtype == np.float32
        and tuple(kernel) in (SIGNAL, IMAGE)
        and min(out // groups, depth) >= _LEAST
        and max(out, depth * groups) <= _MOST
    )


def transform_weight(packed: Array, kernel: tuple[int, int]) -> Array:
    """A weight packed for GEMM ``(groups, kh * kw * in/g, out/g)``, at the points of its tile.

    Returns ``(groups, points, in/g, out/g)``.
    """
    groups, columns, made = packed.shape
    y, x = (_FOUR, np.eye(1)) if kernel == SIGNAL else (_TWO, _TWO)
    matrix = np.kron(y, x).astype(packed.dtype)
    with single_threaded_blas():
        points = matrix @ packed.reshape(groups, matrix.shape[1], -1)
    return points.reshape(groups, len(matrix), columns // matrix.shape[1], made)


def products(images: Array, points: Array, window: Window, z: Array) -> None:
    """The windows of `images` against the transformed weight, into `z` ``(n, h, w, out)``."""
    samples, height, width, channels = z.shape
    groups, count, depth, made = points.shape
    per_tile = _MADE[window.kernel]
    down, across = -(-height // per_tile[0]), -(-width // per_tile[1])
    seen = np.ascontiguousarray(images)
    inputs = scratch("inputs", (count, samples * down * across, groups * depth), z.dtype)
    found = scratch("products", (*inputs.shape[:2], channels), z.dtype)
    inwards, outwards = (
        (_four_in, _four_out) if window.kernel == SIGNAL else (_two_by_two_in, _two_by_two_out)
    )
    inwards(seen, inputs, down, across, window.pad)
    for group in range(groups):
        np.matmul(
            inputs[..., group * depth : (group + 1) * depth],
            points[group],
            out=found[..., group * made : (group + 1) * made],
        )
    outwards(found, z, down, across)


# A tile is copied to rows of fixed length: loops whose places the compiler knows run on vectors.


@compiled()
def _four_in(images: Array, inputs: Array, down: int, across: int, pad: tuple[int, int]) -> None:
    """``B^T x`` of six rows, for each tile of four rows of a signal."""
    _, height, _, channels = images.shape
    x, v = np.empty(6 * _MOST, images.dtype), np.empty(6 * _MOST, images.dtype)
    zero, two = images.dtype.type(0), images.dtype.type(2)
    four, five = images.dtype.type(4), images.dtype.type(5)
    for tile in range(inputs.shape[1]):
        sample, row = divmod(tile, down)
        for i in range(6):
            top = 4 * row + i - pad[0]
            if 0 <= top < height:
                for c in range(channels):
                    x[i * _MOST + c] = images[sample, top, 0, c]
            else:
                for c in range(channels):
                    x[i * _MOST + c] = zero
        for c in range(channels):
            x0, x1, x2 = x[c], x[_MOST + c], x[2 * _MOST + c]
            x3, x4, x5 = x[3 * _MOST + c], x[4 * _MOST + c], x[5 * _MOST + c]
            even, odd, near, far = x4 - four * x2, x3 - four * x1, x4 - x2, two * (x3 - x1)
            v[c] = four * x0 - five * x2 + x4
            v[_MOST + c] = even + odd
            v[2 * _MOST + c] = even - odd
            v[3 * _MOST + c] = near + far
            v[4 * _MOST + c] = near - far
            v[5 * _MOST + c] = four * x1 - five * x3 + x5
        for i in range(6):
            for c in range(channels):
                inputs[i, tile, c] = v[i * _MOST + c]


@compiled()
def _four_out(found: Array, z: Array, down: int, across: int) -> None:
    """``A^T m`` of six products, for each tile of four rows of a signal."""
    _, height, _, channels = z.shape
    m, y = np.empty(6 * _MOST, z.dtype), np.empty(4 * _MOST, z.dtype)
    two, four, eight = z.dtype.type(2), z.dtype.type(4), z.dtype.type(8)
    for tile in range(found.shape[1]):
        sample, row = divmod(tile, down)
        for i in range(6):
            for c in range(channels):
                m[i * _MOST + c] = found[i, tile, c]
        for c in range(channels):
            m1, m2, m3, m4 = m[_MOST + c], m[2 * _MOST + c], m[3 * _MOST + c], m[4 * _MOST + c]
            y[c] = m[c] + (m1 + m2) + (m3 + m4)
            y[_MOST + c] = (m1 - m2) + two * (m3 - m4)
            y[2 * _MOST + c] = (m1 + m2) + four * (m3 + m4)
            y[3 * _MOST + c] = (m1 - m2) + eight * (m3 - m4) + m[5 * _MOST + c]
        for i in range(min(4, height - 4 * row)):
            for c in range(channels):
                z[sample, 4 * row + i, 0, c] = y[i * _MOST + c]


@compiled()
def _two_by_two_in(
    images: Array, inputs: Array, down: int, across: int, pad: tuple[int, int]
) -> None:
    """``B^T x B`` of four by four positions, for each tile of two by two."""
    _, height, width, channels = images.shape
    zero = images.dtype.type(0)
    x, v = np.empty(16 * _MOST, images.dtype), np.empty(16 * _MOST, images.dtype)
    for tile in range(inputs.shape[1]):
        sample, place = divmod(tile, down * across)
        row, column = divmod(place, across)
        for i in range(16):
            top, left = 2 * row + i // 4 - pad[0], 2 * column + i % 4 - pad[1]
            if 0 <= top < height and 0 <= left < width:
                for c in range(channels):
                    x[i * _MOST + c] = images[sample, top, left, c]
            else:
                for c in range(channels):
                    x[i * _MOST + c] = zero
        for j in range(4):  # down the columns, then along the rows
            for c in range(channels):
                x0, x1 = x[j * _MOST + c], x[(4 + j) * _MOST + c]
                x2, x3 = x[(8 + j) * _MOST + c], x[(12 + j) * _MOST + c]
                v[j * _MOST + c] = x0 - x2
                v[(4 + j) * _MOST + c] = x1 + x2
                v[(8 + j) * _MOST + c] = x2 - x1
                v[(12 + j) * _MOST + c] = x1 - x3
        for i in range(0, 16, 4):
            for c in range(channels):
                v0, v1 = v[i * _MOST + c], v[(i + 1) * _MOST + c]
                v2, v3 = v[(i + 2) * _MOST + c], v[(i + 3) * _MOST + c]
                x[i * _MOST + c] = v0 - v2
                x[(i + 1) * _MOST + c] = v1 + v2
                x[(i + 2) * _MOST + c] = v2 - v1
                x[(i + 3) * _MOST + c] = v1 - v3
        for i in range(16):
            for c in range(channels):
                inputs[i, tile, c] = x[i * _MOST + c]


@compiled()
def _two_by_two_out(found: Array, z: Array, down: int, across: int) -> None:
    """``A^T m A`` of sixteen products, for each tile of two by two positions."""
    _, height, width, channels = z.shape
    m, y = np.empty(16 * _MOST, z.dtype), np.empty(8 * _MOST, z.dtype)
    for tile in range(found.shape[1]):
        sample, place = divmod(tile, down * across)
        row, column = divmod(place, across)
        for i in range(16):
            for c in range(channels):
                m[i * _MOST + c] = found[i, tile, c]
        for j in range(4):
            for c in range(channels):
                m1, m2 = m[(4 + j) * _MOST + c], m[(8 + j) * _MOST + c]
                y[j * _MOST + c] = m[j * _MOST + c] + m1 + m2
                y[(4 + j) * _MOST + c] = m1 - m2 - m[(12 + j) * _MOST + c]
        for i in range(2):
            for c in range(channels):
                y1, y2 = y[(4 * i + 1) * _MOST + c], y[(4 * i + 2) * _MOST + c]
                m[2 * i * _MOST + c] = y[4 * i * _MOST + c] + y1 + y2
                m[(2 * i + 1) * _MOST + c] = y1 - y2 - y[(4 * i + 3) * _MOST + c]
        for i in range(min(2, height - 2 * row)):
            for j in range(min(2, width - 2 * column)):
                for c in range(channels):
                    z[sample, 2 * row + i, 2 * column + j, c] = m[(2 * i + j) * _MOST + c]
