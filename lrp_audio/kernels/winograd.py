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
from lrp_audio.kernels.compiling import compiled
from lrp_audio.kernels.scratch import scratch
from lrp_audio.kernels.windows import Window
from lrp_audio.types import Array

SIGNAL, IMAGE = (3, 1), (3, 3)
"""The kernels, ``(height, width)``, that can be transformed."""

_TILE_OUTPUTS = {SIGNAL: (4, 1), IMAGE: (2, 2)}
_G_SIGNAL = np.array([[6, 0, 0], [-4, -4, -4], [-4, 4, -4], [1, 2, 4], [1, -2, 4], [0, 0, 24]]) / 24
_G_IMAGE = np.array([[2, 0, 0], [1, 1, 1], [1, -1, 1], [0, 0, 2]]) / 2
_MIN_CHANNELS = 16  # of fewer, the transforms cost more than the products that they save
_MAX_CHANNELS = 512  # that fit into the buffers of a tile


def suits(weight: Array, groups: int) -> bool:
    """Whether a `weight` ``(out, in / groups, *kernel)`` is worth transforming, for stride 1."""
    out, depth, *kernel = weight.shape
    return (
        weight.dtype == np.float32
        and tuple(kernel) in (SIGNAL, IMAGE)
        and min(out // groups, depth) >= _MIN_CHANNELS
        and max(out, depth * groups) <= _MAX_CHANNELS
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


def products(images: Array, points: Array, window: Window, z: Array) -> None:
    """The windows of `images` against the transformed weight, into `z` ``(n, h, w, out)``."""
    samples, height, width, channels = z.shape
    groups, count, depth, made = points.shape
    tile_height, tile_width = _TILE_OUTPUTS[window.kernel]
    down, across = -(-height // tile_height), -(-width // tile_width)
    seen = np.ascontiguousarray(images)
    inputs = scratch("inputs", (count, samples * down * across, groups * depth), z.dtype)
    found = scratch("products", (*inputs.shape[:2], channels), z.dtype)
    transform_in, transform_out = (
        (_signal_in, _signal_out) if window.kernel == SIGNAL else (_image_in, _image_out)
    )
    transform_in(seen, inputs, down, across, window.pad)
    for group in range(groups):
        np.matmul(
            inputs[..., group * depth : (group + 1) * depth],
            points[group],
            out=found[..., group * made : (group + 1) * made],
        )
    transform_out(found, z, down, across)


# Tiles are copied to buffers of constant shape: their rows are at distances that the compiler
# can see, so that it knows that they do not overlap, and the loops over channels run on SIMD
# vectors. In the names of the variables, x1 is input 1 of a tile, m1 product 1, y1 output 1.


@compiled()
def _signal_in(images: Array, inputs: Array, down: int, across: int, pad: tuple[int, int]) -> None:
    """``B^T x`` of each tile of `images` ``(n, h, 1, in)``, into `inputs` ``(6, tiles, in)``."""
    _, height, _, channels = images.shape
    dtype = images.dtype.type
    x, v = np.empty((6, _MAX_CHANNELS), images.dtype), np.empty((6, _MAX_CHANNELS), images.dtype)
    zero, two, four, five = dtype(0), dtype(2), dtype(4), dtype(5)
    for tile in range(inputs.shape[1]):
        sample, row = divmod(tile, down)
        for i in range(6):
            top = 4 * row + i - pad[0]
            if 0 <= top < height:
                for c in range(channels):
                    x[i, c] = images[sample, top, 0, c]
            else:
                for c in range(channels):
                    x[i, c] = zero
        for c in range(channels):
            x0, x1, x2, x3, x4, x5 = x[0, c], x[1, c], x[2, c], x[3, c], x[4, c], x[5, c]
            even, odd = x4 - four * x2, x3 - four * x1  # rows 1 and 2: the points 1 and -1
            near, far = x4 - x2, two * (x3 - x1)  # rows 3 and 4: the points 2 and -2
            v[0, c] = four * x0 - five * x2 + x4
            v[1, c] = even + odd
            v[2, c] = even - odd
            v[3, c] = near + far
            v[4, c] = near - far
            v[5, c] = four * x1 - five * x3 + x5
        for i in range(6):
            for c in range(channels):
                inputs[i, tile, c] = v[i, c]


@compiled()
def _signal_out(found: Array, z: Array, down: int, across: int) -> None:
    """``A^T m`` of each tile of `found` ``(6, tiles, out)``, into `z` ``(n, h, 1, out)``."""
    _, height, _, channels = z.shape
    m, y = np.empty((6, _MAX_CHANNELS), z.dtype), np.empty((4, _MAX_CHANNELS), z.dtype)
    two, four, eight = z.dtype.type(2), z.dtype.type(4), z.dtype.type(8)
    for tile in range(found.shape[1]):
        sample, row = divmod(tile, down)
        for i in range(6):
            for c in range(channels):
                m[i, c] = found[i, tile, c]
        for c in range(channels):
            m0, m1, m2, m3, m4, m5 = m[0, c], m[1, c], m[2, c], m[3, c], m[4, c], m[5, c]
            y[0, c] = m0 + (m1 + m2) + (m3 + m4)
            y[1, c] = (m1 - m2) + two * (m3 - m4)
            y[2, c] = (m1 + m2) + four * (m3 + m4)
            y[3, c] = (m1 - m2) + eight * (m3 - m4) + m5
        for i in range(min(4, height - 4 * row)):
            for c in range(channels):
                z[sample, 4 * row + i, 0, c] = y[i, c]


@compiled()
def _image_in(images: Array, inputs: Array, down: int, across: int, pad: tuple[int, int]) -> None:
    """``B^T X B`` of each tile of `images` ``(n, h, w, in)``, into `inputs` ``(16, tiles, in)``."""
    _, height, width, channels = images.shape
    zero = images.dtype.type(0)
    x = np.empty((4, 4, _MAX_CHANNELS), images.dtype)
    v = np.empty((4, 4, _MAX_CHANNELS), images.dtype)
    for tile in range(inputs.shape[1]):
        sample, place = divmod(tile, down * across)
        row, column = divmod(place, across)
        for i in range(4):
            for j in range(4):
                top, left = 2 * row + i - pad[0], 2 * column + j - pad[1]
                if 0 <= top < height and 0 <= left < width:
                    for c in range(channels):
                        x[i, j, c] = images[sample, top, left, c]
                else:
                    for c in range(channels):
                        x[i, j, c] = zero
        for j in range(4):  # B^T X
            for c in range(channels):
                x0, x1, x2, x3 = x[0, j, c], x[1, j, c], x[2, j, c], x[3, j, c]
                v[0, j, c] = x0 - x2
                v[1, j, c] = x1 + x2
                v[2, j, c] = x2 - x1
                v[3, j, c] = x1 - x3
        for i in range(4):  # (B^T X) B
            for c in range(channels):
                v0, v1, v2, v3 = v[i, 0, c], v[i, 1, c], v[i, 2, c], v[i, 3, c]
                x[i, 0, c] = v0 - v2
                x[i, 1, c] = v1 + v2
                x[i, 2, c] = v2 - v1
                x[i, 3, c] = v1 - v3
        for i in range(4):
            for j in range(4):
                for c in range(channels):
                    inputs[4 * i + j, tile, c] = x[i, j, c]


@compiled()
def _image_out(found: Array, z: Array, down: int, across: int) -> None:
    """``A^T M A`` of each tile of `found` ``(16, tiles, out)``, into `z` ``(n, h, w, out)``."""
    _, height, width, channels = z.shape
    m, y = np.empty((4, 4, _MAX_CHANNELS), z.dtype), np.empty((2, 4, _MAX_CHANNELS), z.dtype)
    for tile in range(found.shape[1]):
        sample, place = divmod(tile, down * across)
        row, column = divmod(place, across)
        for i in range(4):
            for j in range(4):
                for c in range(channels):
                    m[i, j, c] = found[4 * i + j, tile, c]
        for j in range(4):  # A^T M
            for c in range(channels):
                m0, m1, m2, m3 = m[0, j, c], m[1, j, c], m[2, j, c], m[3, j, c]
                y[0, j, c] = m0 + m1 + m2
                y[1, j, c] = m1 - m2 - m3
        for i in range(2):  # (A^T M) A
            for c in range(channels):
                y0, y1, y2, y3 = y[i, 0, c], y[i, 1, c], y[i, 2, c], y[i, 3, c]
                m[i, 0, c] = y0 + y1 + y2
                m[i, 1, c] = y1 - y2 - y3
        for i in range(min(2, height - 2 * row)):
            for j in range(min(2, width - 2 * column)):
                for c in range(channels):
                    z[sample, 2 * row + i, 2 * column + j, c] = m[i, j, c]
