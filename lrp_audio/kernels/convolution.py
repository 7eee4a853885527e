"""Convolution: the map, its transpose, the two together with steps of a rule, and its gradient."""

from collections.abc import Callable

import numpy as np

from lrp_audio.kernels import depthwise
from lrp_audio.kernels.blocks import spread_frame
from lrp_audio.kernels.compiling import compiled
from lrp_audio.kernels.elementwise import accounts, divide, weighted_sum
from lrp_audio.kernels.epilogue import (
    COLUMNS,
    MAXIMA,
    OUTPUTS,
    PRODUCTS,
    QUOTIENTS,
    SELECTED,
    epilogue,
)
from lrp_audio.kernels.few_outputs import convolve_few, few, transpose_few
from lrp_audio.kernels.gradients import weight_gradient_by_sample
from lrp_audio.kernels.layout import channels_first, channels_last, read_only
from lrp_audio.kernels.operand import DEPTHWISE
from lrp_audio.kernels.packing import Operands, unpacked
from lrp_audio.kernels.reuse import empty
from lrp_audio.kernels.schedule import Schedule, Source
from lrp_audio.kernels.threads import parallel_for
from lrp_audio.kernels.windows import NO_POOL, Window
from lrp_audio.kernels.winners import NO_PLACE, Winners
from lrp_audio.types import Array

_spread = compiled()(spread_frame)
_PIECES = 16  # at most, of a sum over samples, which threads share


def _reverse(window: Window) -> Window:
    """The window of the outputs that each input contributes to, for stride 1."""
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
    image, operand = channels_last(x), weight.forward
    out = empty((len(x), *size, operand.channels), x.dtype)
    schedule = Schedule(operand, window, image, size)
    schedule.run(_all(image), epilogue(OUTPUTS, out, size, bias, least=least))
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
    image, operand = channels_last(x), weight.forward
    out = empty((len(x), *pooled, operand.channels), x.dtype)
    winners = Winners(empty(out.shape, np.uint8), pool, size)
    schedule = Schedule(operand, window, image, pooled, pool)
    schedule.run(_all(image), epilogue(MAXIMA, out, size, bias, pool=pool, found=winners.place))
    return channels_first(out), winners


def convolve_at(
    x: Array, weight: Operands, bias: Array | None, window: Window, at: Winners
) -> Array:
    """Convolution plus bias at the winners alone, in the shape of the pooled image.

    Where there is no winner it is 0 or the bias: no relevance comes from there.
    """
    if few(weight, window, at):
        return convolve_few(x, weight, bias, window, at)
    image, operand = channels_last(x), weight.forward
    out = empty(at.place.shape, x.dtype)
    schedule = Schedule(operand, window, image, (out.shape[1], out.shape[2]), at.window)
    schedule.run(_all(image), epilogue(SELECTED, out, at.size, bias, at))
    return channels_first(out)


def quotients_of(
    x: Array,
    weight: Operands,
    bias: Array | None,
    window: Window,
    size: tuple[int, int],
    at: Winners | None,
    relevance: Array,
    share: float,
    epsilon: Array,
) -> tuple[Array, Array]:
    """``s = share relevance / stabilised z`` for the z of `convolve`, or of `convolve_at`.

    There is no array for z. Also returns the accounts; see `divide`.
    """
    if at is not None and few(weight, window, at):
        z = convolve_few(x, weight, bias, window, at)
        return divide(relevance, z, _bias(bias, channels_last(z)), epsilon, share)
    image, given, operand = channels_last(x), channels_last(relevance), weight.forward
    s = empty(given.shape, x.dtype)
    pool = NO_POOL if at is None else at.window
    schedule = Schedule(operand, window, image, (s.shape[1], s.shape[2]), pool)
    sums = np.zeros((len(x), schedule.blocks_of_sample, 2, s.shape[3]))
    made = epilogue(
        QUOTIENTS, s, size, bias, at, relevance=given, share=share, epsilon=epsilon, sums=sums
    )
    schedule.run(_all(image), made)
    return channels_first(s), accounts(sums.sum(axis=1), _bias(bias, s), epsilon)


def relevance_of(
    s: Array,
    weight: Operands,
    window: Window,
    x: Array,
    at: Winners | None,
    total: Array | None,
) -> Array:
    """``x * transpose(s)``, added to `total` in place where that is given."""
    size = (x.shape[2], x.shape[3])
    if not weight.reverses or (at is not None and few(weight, window, at)):
        found = weighted_sum([x], [transpose(s, weight, window, size, at)])
        return found if total is None else total + found
    image = channels_last(x)
    out = empty(image.shape, s.dtype) if total is None else channels_last(total)
    source = _source(s, at)
    schedule = Schedule(weight.backward, _reverse(window), source.values, size)
    schedule.run(source, epilogue(PRODUCTS, out, size, x=image, onto=total is not None))
    return channels_first(out)


def transpose(
    s: Array,
    weight: Operands,
    window: Window,
    size: tuple[int, int],
    at: Winners | None = None,
) -> Array:
    """Transpose of `convolve`, or of `convolve_at`: to ``(batch, in, *size)``, added up."""
    if at is not None and few(weight, window, at):
        return transpose_few(s, weight, window, size, at)
    source, operand = _source(s, at), weight.backward
    shape = (len(s), *size, weight.forward.groups * weight.forward.depth)
    if weight.reverses:
        out = empty(shape, s.dtype)
        schedule = Schedule(operand, _reverse(window), source.values, size)
        schedule.run(source, epilogue(OUTPUTS, out, size))
        return channels_first(out)
    # In whole samples, because the windows of one sample overlap.
    out = np.zeros(shape, s.dtype)
    grid = _grid(source, at)
    if weight.forward.kind == DEPTHWISE:

        def samples(first: int, last: int) -> None:
            part = slice(first, last)
            depthwise.add_transpose(_whole(source, grid, part), weight.matrix, window, out[part])

        parallel_for(samples, len(s), 1)
    else:
        schedule = Schedule(operand, NO_POOL, source.values, grid, samples=1)
        schedule.run_samples(source, epilogue(COLUMNS, out, grid, columns=window))
    return channels_first(out)


def weight_gradient(
    x: Array, g: Array, window: Window, groups: int, shape: tuple[int, ...], at: Winners | None
) -> Array:
    """Gradient of a weight of `shape` ``(out, in / groups, kh, kw)``, summed over the batch.

    `g` is the gradient at the output of `convolve`, or of `convolve_at`.
    """
    images, source = channels_last(x), _source(g, at)
    grid = _grid(source, at)
    out, depth, kh, kw = shape
    packed_shape = (groups, kh * kw * depth, out // groups)
    if depthwise.suits(packed_shape, kh * kw):

        def samples(first: int, last: int) -> Array:
            gradient, part = np.zeros(packed_shape, x.dtype), slice(first, last)
            whole = _whole(source, grid, part)
            depthwise.add_weight_gradient(images[part], whole, window, gradient)
            return gradient

        piece: Callable[[int, int], Array] = samples
    else:
        piece = weight_gradient_by_sample(images, source, window, packed_shape, grid)
    if not len(x):
        return np.zeros(shape, x.dtype)
    first, *others = parallel_for(piece, len(x), max(8, -(-len(x) // _PIECES)))
    for other in others:
        first += other
    return unpacked(first, shape)


def _all(values: Array) -> Source:
    return Source(read_only(values), NO_PLACE, NO_POOL)


def _source(values: Array, at: Winners | None) -> Source:
    """Values at the outputs of a convolution, given at all of them or at the winners alone."""
    given = channels_last(values)
    return _all(given) if at is None else Source(read_only(given), read_only(at.place), at.window)


def _grid(source: Source, at: Winners | None) -> tuple[int, int]:
    """Height and width of all outputs of the convolution."""
    return (source.values.shape[1], source.values.shape[2]) if at is None else at.size


def _whole(source: Source, grid: tuple[int, int], part: slice) -> Array:
    """The values at all outputs of some samples, 0 where none is given."""
    given = source.values[part]
    if not source.place.size:
        return given
    image = empty((len(given), *grid, given.shape[3]), given.dtype)
    _spread(given, source.place[part], source.pool, 0, 0, image)
    return image


def _bias(bias: Array | None, out: Array) -> Array:
    return np.zeros(out.shape[-1], out.dtype) if bias is None else bias
