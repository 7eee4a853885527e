"""Pooling over windows and over whole axes, and reductions."""

from collections.abc import Callable, Sequence

import numpy as np

from lrp_audio.errors import ModelError
from lrp_audio.interchange.call import Call, whole
from lrp_audio.interchange.construction import Construction
from lrp_audio.interchange.layouts import samples_first
from lrp_audio.interchange.operators.arithmetic import affine, power
from lrp_audio.interchange.operators.windows import pads_of
from lrp_audio.interchange.values import AbsentAxis, MixedSamplesError, View, axis_of
from lrp_audio.layers import (
    Abs,
    AveragePool1D,
    AveragePool2D,
    Exp,
    GlobalAveragePool,
    GlobalMaxPool,
    GlobalSum,
    Log,
    MaxPool1D,
    MaxPool2D,
    Pow,
)
from lrp_audio.layers.base import Layer

Reduction = Callable[[Construction, View, Sequence[int]], View]


def max_pool(call: Call, net: Construction) -> View:
    """MaxPool."""
    if len([name for name in call.operation.outputs if name]) > 1:
        raise ModelError("its second output, the places of the maxima, is used")
    view, kernel, stride, dilation = _window(call, net)
    pads = pads_of(call, view.shape[1:], kernel, stride, dilation)
    make = MaxPool1D if len(kernel) == 1 else MaxPool2D
    ceil = bool(call.attribute("ceil_mode", 0))
    return net.along(make(kernel, stride, pads, ceil, dilation), view)


def average_pool(call: Call, net: Construction) -> View:
    """AveragePool."""
    view, kernel, stride, dilation = _window(call, net)
    pads = pads_of(call, view.shape[1:], kernel, stride, dilation)
    make = AveragePool1D if len(kernel) == 1 else AveragePool2D
    ceil, count = (bool(call.attribute(n, 0)) for n in ("ceil_mode", "count_include_pad"))
    return net.along(make(kernel, stride, pads, ceil, dilation, count), view)


def _window(
    call: Call, net: Construction
) -> tuple[View, tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
    view, kernel = samples_first(net, call.view()), call.integers("kernel_shape")
    if kernel is None or len(kernel) not in (1, 2):
        raise ModelError(f"its window is {kernel}; expected one or two lengths")
    ones = (1,) * len(kernel)
    stride = whole(call.integers("strides"), ones)
    return view, kernel, stride, whole(call.integers("dilations"), ones)


def global_pool(reduction: Reduction) -> Callable[[Call, Construction], View]:
    """GlobalAveragePool and GlobalMaxPool: all axes after the channels, which keep length 1."""
    return lambda call, net: reduction(net, call.view(), range(2, len(call.view().axes)))


def reduce(reduction: Reduction) -> Callable[[Call, Construction], View]:
    """A reduction over the axes in an attribute or an input, by default over all."""

    def reduced(call: Call, net: Construction) -> View:
        view, axes = call.view(), call.integers("axes", 1)
        rank = len(view.axes)
        if not axes and call.attribute("noop_with_empty_axes", 0):
            return view
        over = sorted({axis_of(axis, rank) for axis in axes} if axes else range(rank))
        found = reduction(net, view, over)
        return found if call.attribute("keepdims", 1) else found.without(over)

    return reduced


def mean(net: Construction, view: View, axes: Sequence[int]) -> View:
    """The mean over axes of a value, which keep length 1."""
    return _pooled(net, view, axes, GlobalAveragePool)


def maximum(net: Construction, view: View, axes: Sequence[int]) -> View:
    """The maximum over axes."""
    return _pooled(net, view, axes, GlobalMaxPool)


def minimum(net: Construction, view: View, axes: Sequence[int]) -> View:
    """The minimum over axes: ``-max(-x)``."""
    minus = np.array(-1.0)
    return affine(net, maximum(net, affine(net, view, minus), axes), minus)


def total(net: Construction, view: View, axes: Sequence[int]) -> View:
    """The sum over axes."""
    return _pooled(net, view, axes, GlobalSum)


def squares(net: Construction, view: View, axes: Sequence[int]) -> View:
    """The sum of squares over axes."""
    return total(net, net.along(Pow(2), view), axes)


def length(net: Construction, view: View, axes: Sequence[int]) -> View:
    """The root of the sum of squares over axes."""
    return power(net, squares(net, view, axes), 0.5)


def absolute(net: Construction, view: View, axes: Sequence[int]) -> View:
    """The sum of absolute values over axes."""
    return total(net, net.along(Abs(), view), axes)


def log_total(net: Construction, view: View, axes: Sequence[int]) -> View:
    """The logarithm of the sum over axes."""
    return net.along(Log(), total(net, view, axes))


def log_exp_total(net: Construction, view: View, axes: Sequence[int]) -> View:
    """The logarithm of the sum of exponentials over axes."""
    return log_total(net, net.along(Exp(), view), axes)


def _pooled(
    net: Construction,
    view: View,
    axes: Sequence[int],
    make: type[GlobalAveragePool] | type[GlobalMaxPool] | type[GlobalSum],
) -> View:
    if any(view.axes[axis] is AbsentAxis.BATCH for axis in axes):
        raise MixedSamplesError("it reduces over the batch")
    places = sorted({a for a in (view.axes[axis] for axis in axes) if isinstance(a, int)})
    ones = View(
        view.node,
        view.shape,
        tuple(AbsentAxis.ONE if index in axes else a for index, a in enumerate(view.axes)),
    )
    if all(view.shape[place] == 1 for place in places):
        return ones
    rank = len(view.shape)
    if places == list(range(1, rank)):
        layer: Layer = make()
    else:
        layer = make([1 + place for place in places], keepdims=True)
    node = net.add(layer, view.node)
    return View(node, net.shapes[node], ones.axes)
