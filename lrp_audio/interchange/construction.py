"""The network under construction: nodes and their shapes, one operation after the other."""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from lrp_audio.interchange.limits import numbers
from lrp_audio.interchange.values import AbsentAxis, View
from lrp_audio.layers import Permute, Reshape
from lrp_audio.layers.base import Layer
from lrp_audio.models.network import INPUT, Node
from lrp_audio.types import Array

_LONGEST = 60
_WEIGHTED = ("BatchNormalization", "Conv", "Gemm", "MatMul")


class Construction:
    """Nodes made so far, `by_name`; the `shapes` of their outputs; `notes` on decisions.

    `name` is what the next nodes are called; a number is added where that is taken.
    """

    def __init__(self, input_shape: tuple[int, ...], dtype: type[np.floating[Any]]) -> None:
        self.by_name: dict[str, Node] = {}
        self.shapes = {INPUT: input_shape}
        self.notes: list[str] = []
        self.name = "layer"
        self._dtype = dtype
        self._plain: dict[View, View] = {}
        self._taken: dict[str, int] = {}

    def number(self, constant: Array) -> Array:
        """`constant` in the type that the network computes with."""
        return np.ascontiguousarray(constant, self._dtype)

    def add(self, layer: Layer, *sources: str, suffix: str = "") -> str:
        """Name of a new node with `layer`, which reads `sources`."""
        shapes = [self.shapes[source] for source in sources]
        joined = shapes[0] if len(shapes) == 1 else layer.joined_shape(shapes)
        shape = layer.output_shape(joined)
        numbers((*joined, 1), "its input")
        numbers((*shape, 1), "its output")
        if 0 in shape:
            raise ValueError(f"its output has the shape {shape} and holds nothing")
        name = self._free_name(suffix)
        self.by_name[name] = Node(name, layer, sources)
        self.shapes[name] = shape
        return name

    def along(self, layer: Layer, view: View) -> View:
        """`layer` on the node of `view`, whose axes stay where they are."""
        name = self.add(layer, view.node)
        return replace(view, node=name, shape=self.shapes[name])

    def plain(self, view: View) -> View:
        """The value of `view` by a node whose axes are those of the value, in their order.

        The batch axis is left out, and a first axis of length 1 that stands for it.
        """
        if view not in self._plain:
            self._plain[view] = self._made_plain(view)
        return self._plain[view]

    def _made_plain(self, view: View) -> View:
        order = [axis for axis in view.axes if isinstance(axis, int)]
        long = [axis for axis in order if view.shape[axis] != 1]
        if long != sorted(long):
            unused = [axis for axis in range(len(view.shape)) if axis not in order]
            layer = Permute([1 + axis for axis in [*order, *unused]])
            place = {axis: index for index, axis in enumerate([*order, *unused])}
            node = self.add(layer, view.node, suffix=".permute")
            axes = tuple(place[a] if isinstance(a, int) else a for a in view.axes)
            view = View(node, self.shapes[node], axes)
        kept = [
            not (axis is AbsentAxis.BATCH or (axis is AbsentAxis.ONE and index == 0))
            for index, axis in enumerate(view.axes)
        ]
        lengths = [n for n, keep in zip(view.sizes(), kept, strict=True) if keep]
        shape = tuple(lengths) or (1,)
        node = (
            view.node
            if shape == view.shape
            else self.add(Reshape(shape), view.node, suffix=".reshape")
        )
        numbered = iter(range(len(lengths)))
        axes = tuple(
            next(numbered) if keep else axis for axis, keep in zip(view.axes, kept, strict=True)
        )
        return View(node, shape, axes)

    def _free_name(self, suffix: str) -> str:
        wanted = name = self.name + suffix
        number = self._taken.get(wanted, 0)
        while name in self.shapes:
            number += 1
            name = f"{wanted}_{number}"
        self._taken[wanted] = number
        return name


def layer_name(operation: str, op: str, weight: str) -> str:
    """A short name for the layer of an operation, from its own name or that of its `weight`.

    ``/block/conv1/Conv`` becomes ``block/conv1``, and a weight ``block.conv1.weight`` gives
    ``block.conv1``.
    """
    name = weight.removesuffix(".weight") if weight.endswith(".weight") else operation
    parts = [part for part in name.strip("/").split("/") if part]
    if len(parts) > 1 and op in _WEIGHTED and re.fullmatch(rf"{op}(_\d+)?", parts[-1]):
        parts.pop()
    name = "".join(c if c.isprintable() else "?" for c in "/".join(parts))
    return name[-_LONGEST:] or op


def sources(views: Sequence[View]) -> list[str]:
    """The nodes of `views`."""
    return [view.node for view in views]
