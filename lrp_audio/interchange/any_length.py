"""Networks of any length: what readings of a graph for several lengths have in common."""

from collections.abc import Iterable, Sequence
from copy import copy
from dataclasses import replace
from typing import Any

import numpy as np

from lrp_audio.errors import ModelError
from lrp_audio.layers import Reshape, Slice
from lrp_audio.layers.base import Layer
from lrp_audio.layers.broadcasting import Broadcasting
from lrp_audio.models.graph import Node
from lrp_audio.models.network import Network

_TO_THE_END = 2**62


def longer(length: int) -> tuple[int, int]:
    """Two lengths to read a graph for that was read for one.

    Divided by any number, one of them leaves another remainder: what a graph cuts or pads to a
    multiple of something is noticed.
    """
    return 2 * length + 1, 2 * length + 2


def of_any_length(network: Network, others: Iterable[Network]) -> list[Node]:
    """The nodes of `network` for samples of any length, with the help of those for other lengths.

    What differs between them is the length of a reshaped or a broadcast axis, which becomes -1, or
    a position that a slice has from the end. Raises `ModelError` with the name of a layer that
    depends on the length in another way. One of the others is held at a time.
    """
    found: list[Node] = []
    names = [(node.name, node.sources) for node in network.nodes]
    for other in others:
        if [(node.name, node.sources) for node in other.nodes] != names:
            raise ModelError("Its layers depend on the length.")
        opened = [_general(place, network, other) for place in range(len(network.nodes))]
        for node, before in zip(opened, found or opened, strict=True):
            if not _same(node.layer, before.layer):
                raise ModelError(f"Its layer {node.name} depends on the length.")
        found = opened
    return found


def _general(place: int, network: Network, other: Network) -> Node:
    """The node at `place`, for inputs of any length."""
    node, layer = network.nodes[place], other.nodes[place].layer
    shape, given = (of.shapes[node.sources[0]] for of in (network, other))
    opened = _opened(node.layer, layer, shape, given)
    if not _same(opened, _opened(layer, node.layer, given, shape)):
        raise ModelError(f"Its layer {node.name} depends on the length.")
    return replace(node, layer=opened)


def _opened(layer: Layer, other: Layer, shape: tuple[int, ...], longer: tuple[int, ...]) -> Layer:
    """`layer`, which takes `shape`, with all left open that another length changes in one way."""
    if isinstance(layer, Reshape) and isinstance(other, Reshape):
        open_shape = _open(layer.shape, other.shape)
        return _with(layer, shape=open_shape) if open_shape.count(-1) <= 1 else layer
    if isinstance(layer, Broadcasting) and isinstance(other, Broadcasting):
        pairs = list(zip(layer.shapes or (), other.shapes or (), strict=False))
        return _with(layer, shapes=tuple(_open(*pair) for pair in pairs) or layer.shapes)
    if isinstance(layer, Slice) and isinstance(other, Slice) and layer.axes == other.axes:
        lengths = [(shape[axis - 1], longer[axis - 1]) for axis in layer.axes]
        return _with(
            layer,
            starts=_from_the_end(layer.starts, other.starts, lengths),
            ends=_from_the_end(layer.ends, other.ends, lengths),
        )
    return layer


def _open(shape: tuple[int, ...], other: tuple[int, ...]) -> tuple[int, ...]:
    """`shape` with -1 where the other one is longer or shorter."""
    if len(shape) != len(other):
        return shape
    return tuple(n if n == m else -1 for n, m in zip(shape, other, strict=True))


def _from_the_end(
    places: Sequence[int], others: Sequence[int], lengths: Sequence[tuple[int, int]]
) -> tuple[int, ...]:
    """`places` along axes of such `lengths`, counted from the end where they move with it."""
    each = zip(places, others, lengths, strict=True)
    return tuple(
        (n - length or _TO_THE_END) if n != m and n - length == m - longer else n
        for n, m, (length, longer) in each
    )


def _with(layer: Layer, **values: Any) -> Layer:
    changed = copy(layer)
    vars(changed).update(values)
    return changed


def _same(a: object, b: object) -> bool:
    """Whether two layers, or what they hold, are the same."""
    if a is b:
        return True
    if type(a) is not type(b):
        return False
    if isinstance(a, np.ndarray):
        return np.array_equal(a, b)  # type: ignore[arg-type]
    if isinstance(a, list | tuple):
        pairs = zip(a, b, strict=False)  # type: ignore[call-overload]
        return len(a) == len(b) and all(_same(x, y) for x, y in pairs)  # type: ignore[arg-type]
    if hasattr(a, "__dict__"):
        return _same(*(sorted(vars(of).items()) for of in (a, b)))
    return bool(a == b)
