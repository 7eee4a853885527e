"""Which layers of a network can be taken in one go: a convolution, its ReLU and its max-pool."""

import math
from collections.abc import Callable, Iterator

from lrp_audio.kernels.winners import MOST_PLACES
from lrp_audio.layers import Layer, ReLU
from lrp_audio.layers.convolution import Convolution
from lrp_audio.layers.max_pool import MaxPool
from lrp_audio.layers.rectified import Rectified
from lrp_audio.models.network import Network, Node

Group = tuple[Node, ...]
Readers = dict[str, list[Node]]


def fused(network: Network, joins: Callable[[Group], bool] = lambda group: True) -> Network:
    """The same function with fewer layers, over the same parameters.

    A node that stands for several has the name of the first, the convolution. `joins` may refuse
    a group.
    """
    every = list(groups(network, joins))
    names = {group[-1].name: group[0].name for group in every}
    nodes = [
        Node(
            group[0].name,
            _as_one(group),
            tuple(names.get(source, source) for source in group[0].sources),
        )
        for group in every
    ]
    return Network(nodes, network.input_shape)


def groups(network: Network, joins: Callable[[Group], bool]) -> Iterator[Group]:
    """The nodes in their order, those together that `fused` makes one of."""
    readers = readers_of(network)
    taken: set[str] = set()
    for node in network.nodes:
        if node.name not in taken:
            group = _following(node, readers)
            if len(group) > 1 and not joins(group):
                group = (node,)
            taken |= {member.name for member in group}
            yield group


def readers_of(network: Network) -> Readers:
    """The nodes that read each node."""
    return {
        node.name: [other for other in network.nodes if node.name in other.sources]
        for node in network.nodes
    }


def _following(node: Node, readers: Readers) -> Group:
    """`node`, with the ReLU and then the max-pool that alone follow it if it is a convolution."""
    group: Group = (node,)
    if isinstance(node.layer, Convolution):
        for kind in (ReLU, MaxPool):
            following = readers[group[-1].name]
            if len(following) != 1 or not isinstance(following[0].layer, kind):
                break
            layer = following[0].layer
            if isinstance(layer, MaxPool) and math.prod(layer.window.kernel) > MOST_PLACES:
                break
            group += (following[0],)
    return group


def _as_one(group: Group) -> Layer:
    first, last = group[0].layer, group[-1].layer
    if len(group) == 1 or not isinstance(first, Convolution):
        return first
    return Rectified(first, last if isinstance(last, MaxPool) else None)
