"""Sums, differences, products and quotients: with constants, and of two values."""

import math
from collections.abc import Callable

import numpy as np

from lrp_audio.errors import ModelError
from lrp_audio.interchange.call import Call
from lrp_audio.interchange.construction import Construction, sources
from lrp_audio.interchange.layouts import together, with_constant
from lrp_audio.interchange.operators.gates import gated, larger
from lrp_audio.interchange.values import View
from lrp_audio.layers import Affine, Clip, Pow, Sqrt, Sum
from lrp_audio.types import Array


def affine(
    net: Construction, view: View, weight: Array | None = None, bias: Array | None = None
) -> View:
    """``weight view + bias``, of which one is given, broadcast as in the graph."""
    constant = bias if weight is None else weight
    assert constant is not None
    view, constant = with_constant(net, view, constant)
    neutral = 0 if weight is None else 1
    if (
        bool((constant == neutral).all())
        and np.broadcast_shapes(constant.shape, view.shape) == view.shape
    ):
        return view
    constant = net.number(constant)
    return net.along(Affine(bias=constant) if weight is None else Affine(constant), view)


def add(call: Call, net: Construction) -> View:
    """Add and Sum: of values, of constants, or of both."""
    views = [call.view(place) for place in call.live]
    total = views[0] if len(views) == 1 else _sum(net, views, (1,) * len(views))
    for place in range(len(call.inputs)):
        if place not in call.live:
            total = affine(net, total, bias=call.constant(place))
    return total


def subtract(call: Call, net: Construction) -> View:
    """Sub."""
    if call.live == [0, 1]:
        return _sum(net, [call.view(0), call.view(1)], (1, -1))
    if call.live == [0]:
        return affine(net, call.view(0), bias=-call.constant(1))
    negative = affine(net, call.view(1), weight=np.array(-1.0))
    return affine(net, negative, bias=call.constant(0))


def multiply(call: Call, net: Construction) -> View:
    """Mul: by a constant, by itself, or a signal by a gate."""
    if len(call.live) == 2:
        first, second = call.view(0), call.view(1)
        if first == second:
            return net.along(Pow(2), first)
        return gated(net, first, second)
    (live,) = call.live
    return affine(net, call.view(live), weight=call.constant(1 - live))


def divide(call: Call, net: Construction) -> View:
    """Div by a constant, or a constant by a value."""
    if call.live == [0]:
        divisor = call.constant(1)
        if not np.all(divisor):
            raise ModelError("it divides by 0")
        return affine(net, call.view(0), weight=1 / divisor.astype(np.float64))
    if call.live == [1]:
        return affine(net, net.along(Pow(-1), call.view(1)), weight=call.constant(0))
    raise ModelError(
        "it divides one value by another that depends on the input, as normalisations by the "
        "input's own mean and deviation do; put these into the front end, or use BatchNorm"
    )


def negative(call: Call, net: Construction) -> View:
    """Neg."""
    return affine(net, call.view(), weight=np.array(-1.0))


def reciprocal(call: Call, net: Construction) -> View:
    """Reciprocal."""
    return net.along(Pow(-1), call.view())


def power(net: Construction, view: View, exponent: float) -> View:
    """``view^exponent``."""
    if exponent == 1:
        return view
    return net.along(Sqrt() if exponent == 0.5 else Pow(exponent), view)


def pow_(call: Call, net: Construction) -> View:
    """Pow with one constant exponent."""
    exponent = call.constant(1)
    if exponent.size != 1 or call.live != [0]:
        raise ModelError("its exponent is not one constant")
    return power(net, call.view(0), float(exponent.reshape(())))


def extreme(upper: bool) -> Callable[[Call, Construction], View]:
    """Max, or Min where `upper` limits come from: with constants and of values."""

    def limited(call: Call, net: Construction) -> View:
        views = [call.view(place) for place in call.live]
        result = views[0]
        for view in views[1:]:
            result = smaller(net, result, view) if upper else larger(net, result, view)
        for place in range(len(call.inputs)):
            if place not in call.live:
                result = _limit(net, result, call.constant(place), upper)
        return result

    return limited


def smaller(net: Construction, first: View, second: View) -> View:
    """``min(a, b) = -max(-a, -b)``."""
    minus = np.array(-1.0)
    found = larger(net, affine(net, first, minus), affine(net, second, minus))
    return affine(net, found, minus)


def _limit(net: Construction, view: View, limit: Array, upper: bool) -> View:
    if limit.size and (limit == limit.flat[0]).all() and limit.ndim <= len(view.axes):
        value = float(limit.flat[0])
        return net.along(Clip(high=value) if upper else Clip(low=value), view)
    # With a limit for each channel: max(x, c) = max(x - c, 0) + c.
    shifted = affine(net, view, bias=-limit)
    cut = net.along(Clip(high=0.0) if upper else Clip(low=0.0), shifted)
    return affine(net, cut, bias=limit)


def _sum(net: Construction, views: list[View], signs: tuple[int, ...]) -> View:
    if all(view == views[0] for view in views):
        return affine(net, views[0], weight=np.array(float(math.fsum(signs))))
    views = together(net, views)
    shapes = [view.shape for view in views]
    same = all(shape == shapes[0] for shape in shapes)
    layer = Sum(len(views), None if min(signs) == 1 else signs, None if same else shapes)
    node = net.add(layer, *sources(views))
    return View(node, net.shapes[node], views[0].axes)
