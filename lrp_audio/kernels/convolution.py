"""Convolution as GEMM over tiles: the map, its transpose, and the gradient of its weight.

The windows of a tile are gathered into a panel, and one GEMM with the packed weight does the
arithmetic; a tile is small enough that what it needs stays in the processor's cache. The result
may be wanted only at the winners of a max-pool: then it is never written down anywhere else.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from lrp_audio.kernels.layout import channels_first, channels_last
from lrp_audio.kernels.threads import spread
from lrp_audio.kernels.windows import Tile, Window, gather, scatter_add, tiles
from lrp_audio.kernels.winners import Winners, add_at_winners, rectified_maxima, select

Array = NDArray[Any]

_PANEL_BYTES = 1 << 20  # or as many as the weight's: a GEMM lays out its weight anew for each tile
_PIECES = 16  # of work to share among threads, at most


class Operands(NamedTuple):
    """A weight ``(out, in / groups, kh, kw)`` as the GEMMs take it.

    ``forward`` is ``(groups, kh * kw * in/g, out/g)``. With stride 1 the transpose is a convolution
    as well, with the kernel turned round: ``backward`` is its weight, else None.
    """

    forward: Array
    backward: Array | None


def pack(weight: Array, stride: tuple[int, ...], groups: int) -> Operands:
    """The `weight` of a convolution with that `stride` and these `groups`, laid out for GEMM."""
    forward = _packed(weight, groups)
    turned = _turned(weight, groups)
    # The panel of outputs may be much wider than that of inputs: then adding up is the less work.
    if any(step > 1 for step in stride) or turned.shape[1] > 2 * weight.shape[1]:
        return Operands(forward, None)
    return Operands(forward, _packed(turned, groups))


def _packed(weight: Array, groups: int) -> Array:
    out, depth, kh, kw = weight.shape
    split = weight.reshape(groups, out // groups, depth, kh, kw).transpose(0, 3, 4, 2, 1)
    return np.ascontiguousarray(split).reshape(groups, kh * kw * depth, out // groups)


def _unpacked(packed: Array, shape: tuple[int, ...]) -> Array:
    out, depth, kh, kw = shape
    groups = packed.shape[0]
    split = packed.reshape(groups, kh, kw, depth, out // groups).transpose(0, 4, 3, 1, 2)
    return np.ascontiguousarray(split).reshape(shape)


def _turned(weight: Array, groups: int) -> Array:
    """The kernel that leads back: in and out exchanged within each group, both axes reversed."""
    out, depth, kh, kw = weight.shape
    split = weight.reshape(groups, out // groups, depth, kh, kw)[..., ::-1, ::-1]
    return split.swapaxes(1, 2).reshape(groups * depth, out // groups, kh, kw)


def _facing(window: Window) -> Window:
    """The window of the outputs that an input reaches, for stride 1."""
    reach = zip(window.kernel, window.dilation, window.pad, strict=True)
    top, left = ((kernel - 1) * dilation - pad for kernel, dilation, pad in reach)
    return window._replace(pad=(top, left))


def convolve(
    x: Array, weight: Operands, bias: Array | None, window: Window, size: tuple[int, int]
) -> Array:
    """Convolution plus bias: ``(batch, in, h, w)`` to ``(batch, out, *size)``."""
    return _convolve(x, weight, bias, window, size, -np.inf)


def convolve_rectified(
    x: Array, weight: Operands, bias: Array | None, window: Window, size: tuple[int, int]
) -> Array:
    """``max(convolution + bias, 0)``."""
    return _convolve(x, weight, bias, window, size, 0.0)


def _convolve(
    x: Array,
    weight: Operands,
    bias: Array | None,
    window: Window,
    size: tuple[int, int],
    least: float,
) -> Array:
    image, packed = channels_last(x), weight.forward
    out = np.empty((len(x), *size, _width(packed)), x.dtype)
    added, floor = _bias(bias, out), np.full(1, least, x.dtype)

    def piece(tile: Tile) -> None:
        z = out[tile]
        _products(image[tile.samples], packed, window.below(tile.rows.start), z)
        if bias is not None or least == 0:
            _add_bias(z.reshape(-1, z.shape[3]), added, floor)

    _each(piece, len(x), size, packed)
    return channels_first(out)


def convolve_to_maxima(
    x: Array,
    weight: Operands,
    bias: Array | None,
    window: Window,
    size: tuple[int, int],
    pool: Window,
    pooled: tuple[int, int],
) -> tuple[Array, Winners]:
    """``max(max-pool of (convolution + bias), 0)`` of `pooled` size, and the winners."""
    image, packed = channels_last(x), weight.forward
    out = np.empty((len(x), *pooled, _width(packed)), x.dtype)
    index = np.empty(out.shape, np.uint8)
    added = _bias(bias, out)

    def piece(tile: Tile) -> None:
        z, top = _at_tile(image, packed, window, size, tile, pool)
        rectified_maxima(z, added, out[tile], index[tile], pool.below(tile.rows.start, top))

    _each(piece, len(x), pooled, packed, pool.stride[0] * size[1])
    return channels_first(out), Winners(index, pool, size)


def convolve_at(
    x: Array, weight: Operands, bias: Array | None, window: Window, at: Winners
) -> Array:
    """Convolution plus bias at the winners alone, in the shape of the pooled image."""
    image, packed = channels_last(x), weight.forward
    out = np.empty(at.index.shape, x.dtype)
    added, floor = _bias(bias, out), np.full(1, -np.inf, x.dtype)

    def piece(tile: Tile) -> None:
        z, top = _at_tile(image, packed, window, at.size, tile, at.window)
        part = out[tile]
        select(z, at.index[tile], part, at.window.below(tile.rows.start, top))
        if bias is not None:
            _add_bias(part.reshape(-1, part.shape[3]), added, floor)

    _each(piece, len(x), out.shape[1:3], packed, at.window.stride[0] * at.size[1])
    return channels_first(out)


def transpose(
    s: Array,
    weight: Operands,
    window: Window,
    size: tuple[int, int],
    at: Winners | None = None,
) -> Array:
    """Transpose of `convolve`, or of `convolve_at`: to ``(batch, in, *size)``, added up."""
    grid, packed = _Grid(channels_last(s), at), weight.forward
    groups, columns, _ = packed.shape
    channels = columns // (window.kernel[0] * window.kernel[1]) * groups
    if weight.backward is not None:
        return _transpose_as_convolution(grid, weight.backward, window, size, channels)
    out = np.zeros((len(s), *size, channels), s.dtype)

    def piece(first: int, last: int) -> None:
        part = slice(first, last)
        for tile in tiles(last - first, grid.size[0], _rows(packed, grid.size[1])):
            samples = slice(first + tile.samples.start, first + tile.samples.stop)
            image = grid.rows(samples, tile.rows)
            panel = np.empty((image[..., 0].size, columns), s.dtype)
            shifted = window.below(tile.rows.start)
            for group, flat in enumerate(_by_group(image, groups)):
                np.matmul(flat, packed[group].T, out=panel)
                scatter_add(panel, out[part][tile.samples], group, image.shape[1:3], shifted)

    spread(piece, len(s), -(-len(s) // _PIECES))  # whole samples: the windows of one overlap
    return channels_first(out)


def _transpose_as_convolution(
    grid: "_Grid", packed: Array, window: Window, size: tuple[int, int], channels: int
) -> Array:
    out = np.empty((len(grid.values), *size, channels), grid.values.dtype)
    facing = _facing(window)

    def piece(tile: Tile) -> None:
        top, bottom = facing.seen(tile.rows.start, tile.rows.stop, grid.size[0])
        image = grid.rows(tile.samples, slice(top, bottom))
        _products(image, packed, facing.below(tile.rows.start, top), out[tile])

    _each(piece, len(out), size, packed)
    return channels_first(out)


def weight_gradient(
    x: Array, g: Array, window: Window, groups: int, shape: tuple[int, ...], at: Winners | None
) -> Array:
    """Gradient of a weight of `shape` ``(out, in / groups, kh, kw)``, summed over the batch.

    `g` is the gradient at the output of `convolve`, or of `convolve_at`.
    """
    images, grid = channels_last(x), _Grid(channels_last(g), at)
    out, depth, kh, kw = shape
    packed = np.empty((groups, kh * kw * depth, out // groups), x.dtype)

    def piece(first: int, last: int) -> Array:
        gradient = np.zeros(packed.shape, x.dtype)
        for tile in tiles(last - first, grid.size[0], _rows(packed, grid.size[1])):
            samples = slice(first + tile.samples.start, first + tile.samples.stop)
            outer = grid.rows(samples, tile.rows)
            panel = np.empty((outer[..., 0].size, packed.shape[1]), x.dtype)
            for group, flat in enumerate(_by_group(outer, groups)):
                shifted = window.below(tile.rows.start)
                gather(panel, images[samples], group, outer.shape[1:3], shifted)
                gradient[group] += panel.T @ flat
        return gradient

    first, *others = spread(piece, len(x), max(8, -(-len(x) // _PIECES)))
    for other in others:
        first += other
    return _unpacked(first, shape)


class _Grid:
    """What arrives at the outputs of a convolution, given everywhere or at the winners alone."""

    def __init__(self, values: Array, at: Winners | None) -> None:
        self.values = values
        self.at = at
        self.size = values.shape[1:3] if at is None else at.size

    def rows(self, samples: slice, rows: slice) -> Array:
        """A tile of it."""
        if self.at is None:
            return self.values[samples, rows]
        first, last = self.at.window.seeing(rows.start, rows.stop, self.values.shape[1])
        given = self.values[samples, first:last]
        shape = (len(given), rows.stop - rows.start, self.size[1], given.shape[3])
        image = np.zeros(shape, given.dtype)
        window = self.at.window.below(first, rows.start)
        add_at_winners(given, self.at.index[samples, first:last], image, window)
        return image


def _at_tile(
    image: Array, packed: Array, window: Window, size: tuple[int, int], tile: Tile, pool: Window
) -> tuple[Array, int]:
    """The convolution, without bias, in the rows that a tile of a pool looks at, and the first."""
    top, bottom = pool.seen(tile.rows.start, tile.rows.stop, size[0])
    images = image[tile.samples]
    z = np.empty((len(images), bottom - top, size[1], _width(packed)), image.dtype)
    _products(images, packed, window.below(top), z)
    return z, top


def _products(images: Array, packed: Array, window: Window, z: Array) -> None:
    groups, columns, _ = packed.shape
    panel = np.empty((z[..., 0].size, columns), z.dtype)
    for group, flat in enumerate(_by_group(z, groups)):
        gather(panel, images, group, z.shape[1:3], window)
        np.matmul(panel, packed[group], out=flat)


def _by_group(image: Array, groups: int) -> list[Array]:
    """Views ``(positions, channels of a group)``."""
    flat = image.reshape(-1, image.shape[3])
    depth = image.shape[3] // groups
    return [flat[:, group * depth : (group + 1) * depth] for group in range(groups)]


def _each(
    piece: Callable[[Tile], None],
    batch: int,
    size: tuple[int, int],
    packed: Array,
    positions: int | None = None,
) -> None:
    """Do `piece` for each tile of `batch` images of `size`; a row stands for so many positions."""
    most = _rows(packed, size[1] if positions is None else positions)
    every = list(tiles(batch, size[0], min(most, -(-batch * size[0] // 2))))

    def several(first: int, last: int) -> None:
        for tile in every[first:last]:
            piece(tile)

    spread(several, len(every), -(-len(every) // _PIECES))


def _rows(packed: Array, positions: int) -> int:
    """Rows of a tile, for a number of `positions` in a row."""
    _, columns, depth = packed.shape
    room = max(_PANEL_BYTES // packed.itemsize, columns * depth)
    return max(1, room // (columns * positions))


def _width(packed: Array) -> int:
    return packed.shape[0] * packed.shape[2]


def _bias(bias: Array | None, out: Array) -> Array:
    return np.zeros(out.shape[-1], out.dtype) if bias is None else bias


@njit(nogil=True, cache=True)
def _add_bias(z: Array, bias: Array, least: Array) -> None:
    floor = least[0]
    for position in range(z.shape[0]):
        values = z[position]
        for c in range(z.shape[1]):
            value = values[c] + bias[c]
            values[c] = value if value > floor else floor
