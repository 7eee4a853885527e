"""Batch normalisation folded into its neighbour, exactly, or refused with the reason.

A batch-norm is ``weight x + bias`` for each channel. It moves backwards into a convolution or dense
layer before it, or forwards into one after it. On the way it may pass

- an average pool or dropout: always (the mean of an affine map is the affine map of the mean), but
  for means over channels, and with bias 0 only where a mean counts padding;
- a max-pool: with weights > 0 (then it preserves the order);
- a ReLU or LeakyReLU: with weights > 0 and bias 0 (these are homogeneous);
- flatten: forwards into a dense layer.

Forwards into a convolution with zero padding it only moves with bias 0, because the padding is not
normalised.
"""

from collections.abc import Iterator

import numpy as np

from lrp_audio.errors import ModelError
from lrp_audio.kernels.blas import single_threaded_blas
from lrp_audio.layers import (
    BatchNorm,
    Dense,
    Dropout,
    Flatten,
    Identity,
    Layer,
    LeakyReLU,
    MaxPool1D,
    MaxPool2D,
    ReLU,
)
from lrp_audio.layers.average_pool import AveragePool
from lrp_audio.layers.base import WeightedLayer
from lrp_audio.layers.convolution import Convolution
from lrp_audio.layers.global_average_pool import GlobalAveragePool
from lrp_audio.models.network import INPUT, Network, Node
from lrp_audio.types import Array


def fold_batch_norms(network: Network) -> Network:
    """The same function without `BatchNorm` layers; the layers given are not changed.

    Raises `ModelError` for one that has no neighbour to move into, naming what is in the way.
    """
    while norms := [n for n in network.nodes if isinstance(n.layer, BatchNorm)]:
        failed = _fold(network, norms[0])
        attempts = (_fold(network, norm) for norm in norms)
        folded, obstacles = next((a for a in attempts if a[0] is not None), failed)
        if folded is None:
            raise ModelError(
                f"The batch-norm {norms[0].name} cannot be folded: before it, {obstacles[0]}; "
                f"after it, {obstacles[1]}."
            )
        network = folded
    return network


def fold_where_exact(network: Network) -> tuple[Network, list[str]]:
    """The same function with as few `BatchNorm` layers as possible; sentences on those kept."""
    kept: dict[str, str] = {}
    while norms := [
        n for n in network.nodes if isinstance(n.layer, BatchNorm) and n.name not in kept
    ]:
        folded, obstacles = _fold(network, norms[0])
        if folded is None:
            kept[norms[0].name] = (
                f"The batch-norm {norms[0].name} is kept as a layer of its own: before it, "
                f"{obstacles[0]}; after it, {obstacles[1]}."
            )
        else:
            network, kept = folded, {}
    return network, list(kept.values())


def _fold(network: Network, node: Node) -> tuple[Network | None, list[str]]:
    """The network without one batch-norm, or what is in the way before and after it."""
    assert isinstance(node.layer, BatchNorm)
    obstacles = []
    for way, merge in ((_backwards, _after), (_forwards, _before)):
        place, obstacle = _find(network, node.layer, way(network, node))
        if place is not None and _along_other_axis(network, place):
            obstacle = f"{place.name} (Dense) acts along another axis than the channels"
        elif place is not None:
            merged = merge(place.layer, node.layer, network.shapes[place.sources[0]])
            if merged is not None:
                return _replaced(network, node, place, merged), []
            obstacle = f"{place.name} pads with zeros, which the bias of the batch-norm would shift"
        obstacles.append(obstacle)
    return None, obstacles


def _along_other_axis(network: Network, place: Node) -> bool:
    """Whether `place` is a dense layer along the last of several axes."""
    return isinstance(place.layer, Dense) and len(network.shapes[place.name]) > 1


def _find(network: Network, norm: BatchNorm, way: Iterator[Node]) -> tuple[Node | None, str]:
    """The first layer on the way that can absorb the batch-norm, or what is in the way."""
    for node in way:
        if isinstance(node.layer, WeightedLayer):
            return node, ""
        reason = _obstacle(node.layer, norm)
        if reason:
            return None, f"{node.name} ({type(node.layer).__name__}) is in the way: {reason}"
    return None, "there is no dense or convolution layer that only it is connected to"


def _obstacle(layer: Layer, norm: BatchNorm) -> str:
    """Why a batch-norm cannot change places with `layer`; empty if it can."""
    if isinstance(layer, AveragePool) and layer.count_include_pad and norm.bias.any():
        return "it counts padding, which the bias of the batch-norm would shift"
    if isinstance(layer, GlobalAveragePool) and layer.axes is not None:
        return "" if min(layer.axes) > 1 else "it may average over channels"
    if isinstance(layer, AveragePool | GlobalAveragePool | Dropout | Flatten | Identity):
        return ""
    if isinstance(layer, MaxPool1D | MaxPool2D):
        return "" if (norm.weight > 0).all() else "a weight is not above 0"
    if isinstance(layer, ReLU | LeakyReLU):
        homogeneous = (norm.weight > 0).all() and not norm.bias.any()
        return "" if homogeneous else "a weight is not above 0 or a bias not 0"
    return "the two do not commute"


def _backwards(network: Network, node: Node) -> Iterator[Node]:
    """Nodes before `node` as long as each has one source and one reader."""
    by_name = {n.name: n for n in network.nodes}
    while len(node.sources) == 1 and node.sources[0] != INPUT:
        node = by_name[node.sources[0]]
        if len(_readers(network, node)) != 1 or isinstance(node.layer, Flatten):
            return
        yield node


def _forwards(network: Network, node: Node) -> Iterator[Node]:
    """Nodes after `node` as long as each has one reader, which reads nothing else."""
    while len(readers := _readers(network, node)) == 1 and len(readers[0].sources) == 1:
        node = readers[0]
        yield node


def _readers(network: Network, node: Node) -> list[Node]:
    return [n for n in network.nodes if node.name in n.sources]


def _after(layer: Layer, norm: BatchNorm, shape: tuple[int, ...]) -> Layer | None:
    """`layer`, then `norm`, as one layer."""
    assert isinstance(layer, WeightedLayer)
    bias = norm.bias if layer.bias is None else norm.bias + norm.weight * layer.bias
    return layer.with_parameters(layer.weight * _along(norm.weight, 0, layer.weight.ndim), bias)


def _before(layer: Layer, norm: BatchNorm, shape: tuple[int, ...]) -> Layer | None:
    """`norm`, then `layer` for inputs of `shape`, as one layer; None where padding forbids it."""
    assert isinstance(layer, WeightedLayer)
    weight, shift = norm.weight, norm.bias
    if isinstance(layer, Convolution):
        if shift.any() and layer.window.pads(shape[1:]):
            return None
        per_group = layer.weight.shape[1]
        outputs = layer.weight.shape[0] // layer.groups
        # Row o of the weight belongs to group o // outputs and reads that group's channels.
        channels = (np.arange(layer.weight.shape[0]) // outputs)[:, None] * per_group
        channels = channels + np.arange(per_group)
        scale, shift = weight[channels], shift[channels]
        extra = (1,) * (layer.weight.ndim - 2)
        added = (layer.weight * shift.reshape(*shift.shape, *extra)).reshape(len(shift), -1).sum(1)
        new = layer.weight * scale.reshape(*scale.shape, *extra)
    else:
        assert isinstance(layer, Dense)
        repeats = layer.weight.shape[1] // len(weight)  # positions of each channel, flattened
        new = layer.weight * np.repeat(weight, repeats)
        with single_threaded_blas():
            added = layer.weight @ np.repeat(shift, repeats)
    return layer.with_parameters(new, added if layer.bias is None else added + layer.bias)


def _along(values: Array, axis: int, rank: int) -> Array:
    return values.reshape([-1 if a == axis else 1 for a in range(rank)])


def _replaced(network: Network, norm: Node, place: Node, merged: Layer) -> Network:
    """The network without `norm`, and with `merged` in the place of `place`'s layer."""
    nodes = []
    for node in network.nodes:
        if node.name == norm.name:
            continue
        sources = tuple(norm.sources[0] if s == norm.name else s for s in node.sources)
        nodes.append(Node(node.name, merged if node.name == place.name else node.layer, sources))
    return Network(nodes, network.input_shape)
