"""Values of the graph against the arrays of the network: axes matched, and reshapes.

Transpose, Squeeze and Unsqueeze only change the axes of a `View`; a layer that moves numbers is
made where one is needed (`Construction.plain`). So a graph that transposes around every
convolution gets back the order that its convolutions compute in.
"""

import math
from collections.abc import Sequence

import numpy as np

from lrp_audio.errors import ModelError
from lrp_audio.interchange.construction import Construction
from lrp_audio.interchange.values import BATCHES, AbsentAxis, MixedSamplesError, View
from lrp_audio.layers import Flatten, Reshape
from lrp_audio.layers.base import Layer
from lrp_audio.types import Array


def with_constant(net: Construction, view: View, constant: Array) -> tuple[View, Array]:
    """`view` and `constant` such that the one's array and the other are broadcast as in NumPy."""
    view = view.with_rank(constant.ndim)
    constant = constant.reshape((1,) * (len(view.axes) - constant.ndim) + constant.shape)
    if any(a is AbsentAxis.ONE and n != 1 for a, n in zip(view.axes, constant.shape, strict=True)):
        view = net.plain(view)
    for place, (axis, length) in enumerate(zip(view.axes, constant.shape, strict=True)):
        if not isinstance(axis, int) and length != 1:
            raise MixedSamplesError(f"it has another constant for each sample along axis {place}")
    places = [
        view.axes.index(axis) if axis in view.axes else None for axis in range(len(view.shape))
    ]
    found = [place for place in places if place is not None]
    moved = constant.transpose([*found, *(a for a in range(constant.ndim) if a not in found)])
    lengths = [1 if place is None else constant.shape[place] for place in places]
    return view, np.asarray(moved.reshape(lengths))


def together(net: Construction, views: Sequence[View]) -> list[View]:
    """`views` with the same axes, so that their arrays are broadcast or joined as their values."""
    rank = max(len(view.axes) for view in views)
    views = [view.with_rank(rank) for view in views]
    if any(view.axes != views[0].axes or view.shape != views[0].shape for view in views):
        views = [net.plain(view) for view in views]
    if any(view.batch != views[0].batch for view in views):
        raise MixedSamplesError("it joins values with the batch at different axes")
    if any(len(view.shape) != len(views[0].shape) for view in views):
        raise ModelError("it joins values whose axes cannot be matched")
    return views


def samples_first(net: Construction, view: View) -> View:
    """`view` with the batch as its first axis and all others as axes of its array, in order."""
    view = net.plain(view)
    if view.axes and isinstance(view.axes[0], int) and view.shape[view.axes[0]] == 1:
        view = net.plain(View(view.node, view.shape, (AbsentAxis.ONE, *view.axes[1:])))
    if not view.axes or isinstance(view.axes[0], int):
        raise ModelError(
            f"its input {view.sizes()} has several samples where one was expected; export the "
            "network with a batch of 1 or a dynamic batch"
        )
    if AbsentAxis.BATCH in view.axes[1:]:
        raise MixedSamplesError("the batch is not the first axis of its input")
    return view


def reshape(net: Construction, view: View, targets: tuple[tuple[int, ...], ...]) -> View:
    """`view` in another shape: `targets` are its shapes for each of the `BATCHES`."""
    shape, other = targets
    places = [i for i, (n, m) in enumerate(zip(shape, other, strict=True)) if n != m]
    batch = places[0] if places else None
    before = view.sizes()[: view.batch or 0]
    if view.batch is None:
        moved = bool(places)
    else:
        moved = len(places) != 1 or (shape[places[0]], other[places[0]]) != BATCHES
        moved = moved or math.prod(before) != math.prod(shape[: places[0]])
    if moved:
        raise MixedSamplesError(
            f"it reshapes {view.sizes(BATCHES[0])} to {shape}, across the batch"
        )
    renamed = _renamed(view, shape, batch)
    if renamed is not None:
        return renamed
    view = net.plain(view)
    first = batch is None and len(shape) > 0 and shape[0] == 1
    kept = [n for place, n in enumerate(shape) if place != batch and not (first and place == 0)]
    layer: Layer = Flatten() if len(kept) == 1 else Reshape(tuple(kept))
    node = view.node if tuple(kept) == view.shape else net.add(layer, view.node)
    numbered = iter(range(len(kept)))
    axes = tuple(
        AbsentAxis.BATCH
        if place == batch
        else AbsentAxis.ONE
        if first and place == 0
        else next(numbered)
        for place in range(len(shape))
    )
    return View(node, tuple(kept), axes)


def _renamed(view: View, shape: Sequence[int], batch: int | None) -> View | None:
    """`view` in a `shape` that only adds or drops axes of length 1; None where it does more."""
    axes: list[int | AbsentAxis] = []
    long = [
        a for a in view.axes if a is AbsentAxis.BATCH or (isinstance(a, int) and view.shape[a] != 1)
    ]
    for place, length in enumerate(shape):
        if length == 1 and place != batch:
            axes.append(AbsentAxis.ONE)
            continue
        if not long:
            return None
        axis = long.pop(0)
        if (axis is AbsentAxis.BATCH) != (place == batch):
            return None
        if isinstance(axis, int) and view.shape[axis] != length:
            return None
        axes.append(axis)
    return None if long else View(view.node, view.shape, tuple(axes))
