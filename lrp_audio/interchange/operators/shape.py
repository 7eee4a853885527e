"""Operators that only move, cut, join or repeat values."""

import numpy as np

from lrp_audio.errors import ModelError
from lrp_audio.interchange.call import Call
from lrp_audio.interchange.construction import Construction, sources
from lrp_audio.interchange.layouts import reshape as reshape_view
from lrp_audio.interchange.layouts import together
from lrp_audio.interchange.limits import numbers
from lrp_audio.interchange.operators.arithmetic import affine
from lrp_audio.interchange.shapes import flat_shape, padding, reshaped, slices, split_sizes
from lrp_audio.interchange.values import (
    BATCHES,
    AbsentAxis,
    Known,
    MixedSamplesError,
    View,
    axis_of,
)
from lrp_audio.layers import Concat, Pad, Slice
from lrp_audio.types import Array

_MOST_TILES = 1000


def identity(call: Call, net: Construction) -> View:
    """Identity, Dropout in use, Cast from floats to floats."""
    return call.view()


def cast(call: Call, net: Construction) -> View:
    """Cast among types of floats, which are all computed in the type of the network."""
    if call.attribute("to", 0) not in (1, 10, 11, 16):
        raise ModelError("it rounds to whole numbers or to bool, which cannot be explained")
    return call.view()


def transpose(call: Call, net: Construction) -> View:
    """Transpose."""
    view = call.view()
    rank = len(view.axes)
    order = call.integers("perm")
    order = tuple(reversed(range(rank))) if order is None else order
    if sorted(order) != list(range(rank)):
        raise ModelError(f"it orders {rank} axes by {order}")
    return view.transposed(order)


def squeeze(call: Call, net: Construction) -> View:
    """Squeeze."""
    view, axes = call.view(), call.integers("axes", 1)
    if axes is None:
        sizes = view.sizes(BATCHES[0])
        return view.without([axis for axis, n in enumerate(sizes) if n == 1])
    return view.without([axis_of(axis, len(view.axes)) for axis in axes])


def unsqueeze(call: Call, net: Construction) -> View:
    """Unsqueeze."""
    view, axes = call.view(), call.integers("axes", 1) or ()
    rank = len(view.axes) + len(axes)
    return view.with_ones([axis_of(axis, rank) for axis in axes])


def reshape(call: Call, net: Construction) -> View:
    """Reshape to a constant shape, or to one computed from the shapes of values."""
    view = call.view()
    given = call.inputs[1] if len(call.inputs) > 1 else None
    attribute = call.integers("shape")
    if isinstance(given, Known):
        wanted = [tuple(int(n) for n in array.reshape(-1)) for array in given.arrays]
    elif attribute is not None:
        wanted = [attribute, attribute]
    else:
        raise ModelError("its shape depends on the numbers of the input")
    allow_zero = bool(call.attribute("allowzero", 0))
    try:
        targets = [
            reshaped(view.sizes(batch), target, allow_zero)
            for batch, target in zip(BATCHES, wanted, strict=True)
        ]
    except ModelError as error:
        if view.batch is None:
            raise
        raise MixedSamplesError(str(error)) from error
    return reshape_view(net, view, (targets[0], targets[1]))


def flatten(call: Call, net: Construction) -> View:
    """Flatten: two axes."""
    view, axis = call.view(), call.attribute("axis", 1)
    targets = [flat_shape(view.sizes(batch), axis) for batch in BATCHES]
    return reshape_view(net, view, (targets[0], targets[1]))


def slice_(call: Call, net: Construction) -> View:
    """Slice by constants."""
    view = call.view()
    return _cut(net, view, slices(call, view.sizes()))


def split(call: Call, net: Construction) -> tuple[View, ...]:
    """Split into several values along one axis."""
    view = call.view()
    axis = axis_of(call.attribute("axis", 0), len(view.axes))
    parts, start = [], 0
    for size in split_sizes(call, view.sizes()[axis]):
        cut = [slice(None)] * len(view.axes)
        cut[axis] = slice(start, start + size)
        parts.append(_cut(net, view, tuple(cut)))
        start += size
    return tuple(parts)


def gather(call: Call, net: Construction) -> View:
    """Gather of one position, or of positions at equal distances: a slice."""
    if call.live != [0]:
        raise ModelError("its positions depend on the input, as in an embedding of words")
    view, indices = call.view(), call.constant(1)
    axis = axis_of(call.attribute("axis", 0), len(view.axes))
    size = view.sizes()[axis]
    places = [int(place) + size * (place < 0) for place in indices.reshape(-1)]
    steps = set(np.diff(places).tolist()) if len(places) > 1 else {1}
    if indices.ndim > 1 or len(steps) != 1 or 0 in steps or not all(0 <= p < size for p in places):
        raise ModelError("it gathers positions in an irregular order, which is not read")
    (step,) = steps
    end: int | None = places[-1] + (1 if step > 0 else -1)
    cut = [slice(None)] * len(view.axes)
    cut[axis] = slice(places[0], None if end is not None and end < 0 else end, step)
    found = _cut(net, view, tuple(cut))
    return found.without([axis]) if indices.ndim == 0 else found


def concat(call: Call, net: Construction) -> View:
    """Concat of values; constants that are all of one number become padding."""
    if len(call.live) == 1:
        return _between_constants(call, net)
    if len(call.live) != len(call.inputs):
        raise ModelError("it joins several values with constants, which is not read")
    views = [call.view(place) for place in call.live]
    axis = axis_of(call.attribute("axis", 0), len(views[0].axes))
    views = together(net, views)
    if not isinstance(views[0].axes[axis], int):
        views = [net.plain(view) for view in views]
    place = views[0].axes[axis]
    if not isinstance(place, int):
        raise MixedSamplesError("it joins values along the batch")
    layer = Concat(1 + place, [view.shape[place] for view in views])
    node = net.add(layer, *sources(views))
    return View(node, net.shapes[node], views[0].axes)


def _between_constants(call: Call, net: Construction) -> View:
    (live,) = call.live
    view = call.view(live)
    axis = axis_of(call.attribute("axis", 0), len(view.axes))
    others = [call.constant(place) for place in range(len(call.inputs)) if place != live]
    if not others:
        return view
    if any((other != others[0].flat[0]).any() for other in others):
        raise ModelError("it joins a value with different constants, which is not read")
    widths = [[0, 0] for _ in view.axes]
    for place in range(len(call.inputs)):
        if place != live:
            widths[axis][int(place > live)] += call.constant(place).shape[axis]
    return _padded(net, view, widths, "constant", float(others[0].flat[0]))


def pad(call: Call, net: Construction) -> View:
    """Pad with a number, by reflection, or by what is at the edge."""
    view = call.view()
    before, after = padding(call, len(view.axes))
    mode = call.attribute("mode", "constant")
    value = call.number("value", 2, 0.0)
    return _padded(net, view, [list(p) for p in zip(before, after, strict=True)], mode, value)


def expand(call: Call, net: Construction) -> View:
    """Expand: repeats along axes of length 1."""
    view, given = call.view(), call.inputs[1]
    if not isinstance(given, Known):
        raise ModelError("its shape depends on the numbers of the input")
    shape = [int(n) for n in given.arrays[0].reshape(-1)]
    view = view.with_rank(len(shape))
    shape = [1] * (len(view.axes) - len(shape)) + shape
    if view.batch is not None and shape[view.batch] in (1, BATCHES[0]):
        shape[view.batch] = 1
    if all(n in (1, size) for n, size in zip(shape, view.sizes(), strict=True)):
        return view
    return affine(net, view, weight=_repeats(net, view, shape))


def _repeats(net: Construction, view: View, shape: list[int]) -> Array:
    longer = [1 if size != 1 else n for n, size in zip(shape, view.sizes(), strict=True)]
    numbers(longer, "its result")
    return np.ones(longer)


def tile(call: Call, net: Construction) -> View:
    """Tile: the value several times in a row."""
    view, repeats = call.view(), call.integers("repeats", 1) or ()
    for axis, times in enumerate(repeats):
        if times == 1:
            continue
        if view.axes[axis] is AbsentAxis.BATCH or not 1 <= times <= _MOST_TILES:
            raise ModelError(f"it repeats axis {axis} {times} times")
        plain = net.plain(view)
        place = plain.axes[axis]
        if not isinstance(place, int):
            raise MixedSamplesError("it repeats the batch")
        layer = Concat(1 + place, [plain.shape[place]] * times)
        node = net.add(layer, *[plain.node] * times)
        view = View(node, net.shapes[node], plain.axes)
    return view


def _cut(net: Construction, view: View, cut: tuple[slice, ...]) -> View:
    """`view` in slices, one for each of its axes."""
    batch = slice(None) if view.batch is None else cut[view.batch]
    if any(batch.indices(size) != (0, size, 1) for size in BATCHES):
        raise MixedSamplesError("it cuts the batch")
    wanted = [
        (axis, part.indices(view.shape[axis]))
        for axis, part in zip(view.axes, cut, strict=True)
        if isinstance(axis, int) and part.indices(view.shape[axis]) != (0, view.shape[axis], 1)
    ]
    for axis, part in zip(view.axes, cut, strict=True):
        if axis is AbsentAxis.ONE and len(range(*part.indices(1))) != 1:
            raise ModelError("it cuts away the whole of an axis")
    if not wanted:
        return view
    starts, ends, steps = zip(*(numbers for _, numbers in wanted), strict=True)
    ends = tuple(-(2**62) if end < 0 else end for end in ends)
    return net.along(Slice(starts, ends, [1 + axis for axis, _ in wanted], steps), view)


def _padded(
    net: Construction, view: View, widths: list[list[int]], mode: str, value: float
) -> View:
    if mode == "wrap" or mode not in ("constant", "reflect", "edge"):
        raise ModelError(f"it pads by {mode!r}, which is not read")
    if not any(map(any, widths)):
        return view
    view = net.plain(view)
    pairs = [(0, 0)] * len(view.shape)
    for width, axis in zip(widths, view.axes, strict=True):
        if any(width) and not isinstance(axis, int):
            raise MixedSamplesError("it pads the batch")
        if isinstance(axis, int):
            pairs[axis] = (width[0], width[1])
    return net.along(Pad(pairs, mode, value), view)  # type: ignore[arg-type]
