"""Layers merged into their neighbours, so that each weighted layer is one map, as it was trained.

Exporters write a bias as an Add of its own, padding as a Pad, a flattening with channels last as a
transposition before it. Rules see one layer where the network had one: the results are the same,
the relevance of a rule need not be.
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from lrp_audio.layers import Affine, BatchNorm, Dense, Flatten, Pad, Permute, Reshape
from lrp_audio.layers.base import Layer
from lrp_audio.layers.convolution import Convolution
from lrp_audio.models.network import INPUT, Node
from lrp_audio.types import Array

Shape = tuple[int, ...]
Merge = Callable[[Layer, Layer, Shape, Shape], Layer | None]


def merged(nodes: Sequence[Node], shapes: Mapping[str, Shape]) -> list[Node]:
    """`nodes`, in which each pair of neighbours that is one layer has become one.

    `shapes` are those of the outputs, and of the input, batch axis left out.
    """
    found = _permuted_dense(list(nodes), shapes)
    for merge in (_affine_pair, _affine_after_weights, _pad_before_convolution):
        found = _pairs(found, shapes, merge)
    return [Node(n.name, _as_batch_norm(n.layer, shapes[n.sources[0]]), n.sources) for n in found]


def _pairs(nodes: list[Node], shapes: Mapping[str, Shape], merge: Merge) -> list[Node]:
    """Nodes with each one merged into the node before it where `merge` gives a layer."""
    readers = _reader_counts(nodes)
    made: dict[str, Node] = {}
    renamed: dict[str, str] = {}
    for node in nodes:
        sources = tuple(renamed.get(source, source) for source in node.sources)
        node = Node(node.name, node.layer, sources)
        before = made.get(sources[0]) if len(sources) == 1 else None
        layer = None
        if before is not None and len(before.sources) == 1 and readers[node.sources[0]] == 1:
            layer = merge(before.layer, node.layer, shapes[before.sources[0]], shapes[node.name])
        if layer is None or before is None:
            made[node.name] = node
            continue
        name = node.name if isinstance(before.layer, Affine | Pad) else before.name
        del made[before.name]
        made[name] = Node(name, layer, before.sources)
        renamed[node.name] = name
        readers[name] = readers[node.name]
    return list(made.values())


def _reader_counts(nodes: Sequence[Node]) -> dict[str, int]:
    counts = {node.name: 0 for node in nodes} | {INPUT: 0, nodes[-1].name: 1}
    for node in nodes:
        for source in node.sources:
            counts[source] += 1
    return counts


def _affine_pair(first: Layer, second: Layer, given: Shape, made: Shape) -> Layer | None:
    """``w2 (w1 x + b1) + b2`` as one affine layer."""
    if not (isinstance(first, Affine) and isinstance(second, Affine)):
        return None
    if first.output_shape(given) != given or made != given:
        return None
    weight = second.weight * first.weight
    bias = None if first.bias is None else second.weight * first.bias
    if second.bias is not None:
        bias = second.bias if bias is None else bias + second.bias
    return Affine(weight, bias)


def _affine_after_weights(first: Layer, second: Layer, given: Shape, made: Shape) -> Layer | None:
    """Scale and bias of each output of a convolution or dense layer as its own."""
    if not (isinstance(first, Dense | Convolution) and isinstance(second, Affine)):
        return None
    if first.output_shape(given) != made:
        return None
    axis = len(made) - 1 if isinstance(first, Dense) else 0
    scale = _along(second.weight, made, axis)
    shift = None if second.bias is None else _along(second.bias, made, axis)
    if scale is None or (second.bias is not None and shift is None):
        return None
    weight = first.weight * scale.reshape(-1, *[1] * (first.weight.ndim - 1))
    bias = None if first.bias is None else first.bias * scale
    if shift is not None:
        bias = shift if bias is None else bias + shift
    kind = first.weight.dtype
    return first.with_parameters(weight.astype(kind), None if bias is None else bias.astype(kind))


def _along(constant: Array, shape: Shape, axis: int) -> Array | None:
    """`constant` as one number for each position of `axis`; None where it varies along others."""
    lengths = (1,) * (len(shape) - constant.ndim) + constant.shape
    if len(lengths) != len(shape):
        return None
    if any(n != 1 for place, n in enumerate(lengths) if place != axis):
        return None
    return np.broadcast_to(constant.reshape(-1), shape[axis : axis + 1])


def _pad_before_convolution(first: Layer, second: Layer, given: Shape, made: Shape) -> Layer | None:
    """Zeros around an input as padding of the convolution that reads it."""
    if not (isinstance(first, Pad) and isinstance(second, Convolution)):
        return None
    own = second.window.pad
    flat = [n for pair in first.pads for n in pair]
    if first.mode != "constant" or first.value != 0 or min(flat) < 0 or isinstance(own, str):
        return None
    if any(first.pads[0]):
        return None
    pads = [
        (before + b, after + a) for (before, after), (b, a) in zip(first.pads[1:], own, strict=True)
    ]
    return type(second)(
        second.weight,
        second.bias,
        second.window.stride,
        pads,
        second.window.dilation,
        second.groups,
    )


def _permuted_dense(nodes: list[Node], shapes: Mapping[str, Shape]) -> list[Node]:
    """A permutation, a flattening and a dense layer as a flattening and a permuted dense layer."""
    readers, by_name = _reader_counts(nodes), {node.name: node for node in nodes}
    for node in nodes:
        flat = by_name.get(node.sources[0])
        if not isinstance(node.layer, Dense) or flat is None or readers[flat.name] != 1:
            continue
        permuted = by_name.get(flat.sources[0])
        if not isinstance(flat.layer, Flatten | Reshape) or len(shapes[flat.name]) != 1:
            continue
        if permuted is None or not isinstance(permuted.layer, Permute):
            continue
        if readers[permuted.name] != 1:
            continue
        (source,) = permuted.sources
        shape = shapes[source]
        order = [axis - 1 for axis in permuted.layer.axes]
        place = np.arange(int(np.prod(shape))).reshape(shape).transpose(order).reshape(-1)
        columns = np.empty_like(node.layer.weight)
        columns[:, place] = node.layer.weight
        by_name[node.name] = Node(
            node.name, node.layer.with_parameters(columns, node.layer.bias), node.sources
        )
        by_name[flat.name] = Node(flat.name, Flatten(), (source,))
        del by_name[permuted.name]
    return list(by_name.values())


def _as_batch_norm(layer: Layer, shape: Shape) -> Layer:
    """An affine layer with one scale and one bias for each channel as the batch-norm that it is."""
    if not isinstance(layer, Affine) or layer.bias is None or len(shape) < 2:
        return layer
    if layer.output_shape(shape) != shape or max(layer.weight.size, layer.bias.size) == 1:
        return layer
    scale, shift = _along(layer.weight, shape, 0), _along(layer.bias, shape, 0)
    if scale is None or shift is None:
        return layer
    zero = np.zeros(len(shift), shift.dtype)
    return BatchNorm(scale, shift, zero, zero + 1, 0.0)
