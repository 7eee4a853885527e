"""Products of a signal and a gate, and the larger one of two values.

Which source of a product is the gate follows from the ranges that activations confine values to:
the gate is the one that is bounded from both sides and not negative (after a sigmoid, a softmax, a
clipping from 0); where neither is, the one that is bounded at all (a tanh); of two bounded ones
that with the narrower range.
"""

import math
from typing import TypeAlias

import numpy as np

from lrp_audio.errors import ModelError
from lrp_audio.interchange.construction import Construction, sources
from lrp_audio.interchange.layouts import together
from lrp_audio.interchange.values import View
from lrp_audio.layers import (
    Affine,
    Clip,
    Dropout,
    GlobalAveragePool,
    GlobalMaxPool,
    GlobalSum,
    HardSigmoid,
    Identity,
    LogSoftmax,
    MaxPool1D,
    MaxPool2D,
    Product,
    ReLU,
    Sigmoid,
    Softmax,
    Sum,
    Tanh,
)
from lrp_audio.layers.average_pool import AveragePool
from lrp_audio.layers.base import Rearrangement
from lrp_audio.models.network import INPUT

Range: TypeAlias = tuple[float, float]
_ANY: Range = (-math.inf, math.inf)
_FARTHEST = 50  # nodes before a product that are looked at
_KEEPING = (
    AveragePool,
    Dropout,
    GlobalAveragePool,
    GlobalMaxPool,
    Identity,
    LogSoftmax,
    MaxPool1D,
    MaxPool2D,
    Rearrangement,
)


def gated(net: Construction, first: View, second: View) -> View:
    """The product of two values, one of which is a gate."""
    ranges = [range_of(net, view.node) for view in (first, second)]
    ranks = [_rank(limits) for limits in ranges]
    if ranks[0] == ranks[1]:
        raise ModelError(
            "it multiplies two values that depend on the input, and neither is a gate with a "
            "narrower range than the other (a sigmoid, say); products such as those of attention "
            "are not explained; choose an output before it"
        )
    signal = int(ranks[0] < ranks[1])
    views = together(net, [first, second])
    shapes = [view.shape for view in views]
    node = net.add(Product(signal, None if shapes[0] == shapes[1] else shapes), *sources(views))
    gate, low, high = (first, second)[1 - signal].node, *ranges[1 - signal]
    net.notes.append(
        f"{node} is a product of a signal and a gate: {gate}, whose values lie between {low:g} and "
        f"{high:g}, is the gate and gets no relevance."
    )
    return View(node, net.shapes[node], views[0].axes)


def larger(net: Construction, first: View, second: View) -> View:
    """``max(a, b) = b + max(a - b, 0)``."""
    views = together(net, [first, second])
    shapes = [view.shape for view in views]
    same = shapes[0] == shapes[1]
    names = sources(views)
    above = net.add(Sum(2, (1, -1), None if same else shapes), *names)
    part = net.add(ReLU(), above)
    both = [net.shapes[part], shapes[1]]
    node = net.add(Sum(2, None, None if both[0] == both[1] else both), part, names[1])
    return View(node, net.shapes[node], views[0].axes)


def range_of(net: Construction, name: str) -> Range:
    """What the values of a node are confined to by the activations before it."""
    factors: list[Affine | GlobalSum] = []
    for _ in range(_FARTHEST):
        if name == INPUT:
            return _ANY
        node = net.by_name[name]
        layer = node.layer
        if isinstance(layer, Affine | GlobalSum):
            factors.append(layer)
        elif not isinstance(layer, _KEEPING) or len(node.sources) != 1:
            break
        name = node.sources[0]
    limits = _own_range(net.by_name[name].layer)
    for layer in reversed(factors):
        limits = _scaled(limits, layer)
    return limits


def _own_range(layer: object) -> Range:
    if isinstance(layer, Sigmoid | HardSigmoid | Softmax) and not isinstance(layer, LogSoftmax):
        return 0.0, 1.0
    if isinstance(layer, Tanh):
        return -1.0, 1.0
    if isinstance(layer, Clip):
        return layer.low, layer.high
    return (0.0, math.inf) if isinstance(layer, ReLU) else _ANY


def _scaled(limits: Range, layer: Affine | GlobalSum) -> Range:
    if isinstance(layer, GlobalSum):  # of any number of values
        return 0.0 if limits[0] >= 0 else -math.inf, 0.0 if limits[1] <= 0 else math.inf
    if not all(map(math.isfinite, limits)):
        return _ANY
    ends = np.multiply.outer(np.array(limits), [layer.weight.min(), layer.weight.max()])
    low, high = float(ends.min()), float(ends.max())
    if layer.bias is not None:
        low, high = low + float(layer.bias.min()), high + float(layer.bias.max())
    return low, high


def _rank(limits: Range) -> tuple[int, float]:
    low, high = limits
    if not all(map(math.isfinite, limits)):
        return 2, math.inf
    return (0 if low >= 0 else 1), high - low
