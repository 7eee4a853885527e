"""The graph of a network: its nodes, and what arrives at them in a backward pass."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from lrp_audio.errors import ShapeError
from lrp_audio.layers.base import Layer
from lrp_audio.types import Array

INPUT = "input"
"""The name of the network's input."""


@dataclass(frozen=True)
class Node:
    """A layer with its name, and the names of the nodes that it reads (or `INPUT`).

    With more than one source the layer joins their outputs to its input (`Layer.join`).
    """

    name: str
    layer: Layer
    sources: tuple[str, ...]

    def input(self, outputs: Mapping[str, Array]) -> Array:
        """The layer's input, from the `outputs` of all nodes by name."""
        if len(self.sources) == 1:
            return outputs[self.sources[0]]
        return self.layer.join([outputs[source] for source in self.sources])

    def shares(self, at_input: Array) -> Iterator[tuple[str, Array]]:
        """Each source with its share of what a backward pass gives to the layer's input."""
        if len(self.sources) == 1:
            yield self.sources[0], at_input
        else:
            yield from zip(self.sources, self.layer.split(at_input), strict=True)


class Arrivals:
    """Relevance or gradient that has arrived at the output of each node; several shares add up.

    `start` arrives at the output of the last node.
    """

    def __init__(self, nodes: Sequence[Node], start: Array) -> None:
        self._waiting = {nodes[-1].name: start}

    def take(self, name: str) -> Array:
        """Remove what has arrived at a node, and return it; all its readers must have passed on."""
        return self._waiting.pop(name)

    def pass_on(self, node: Node, at_input: Array) -> None:
        """Add what the input of `node` received to what has arrived at the nodes that it reads."""
        for source, share in node.shares(at_input):
            waiting = self._waiting
            waiting[source] = waiting[source] + share if source in waiting else share


def chain(layers: Iterable[tuple[str, Layer]]) -> tuple[Node, ...]:
    """Nodes of a plain chain, each layer reading the one before it."""
    nodes, source = [], INPUT
    for name, layer in layers:
        nodes.append(Node(name, layer, (source,)))
        source = name
    return tuple(nodes)


def readers_of(nodes: Iterable[Node]) -> dict[str, list[Node]]:
    """The nodes that read each node, and the network's input."""
    readers: dict[str, list[Node]] = {INPUT: []}
    for node in nodes:
        readers[node.name] = []
        for source in dict.fromkeys(node.sources):
            readers[source].append(node)
    return readers


def shapes_of(nodes: Sequence[Node], input_shape: tuple[int, ...]) -> dict[str, tuple[int, ...]]:
    """Shape of the output of every node, and of the input, without the batch axis.

    Raises `ShapeError` where a layer does not fit the nodes it reads, reads an unknown one, has the
    name of another or, not being the last, is read by none.
    """
    shapes = {INPUT: input_shape}
    for node in nodes:
        if node.name in shapes or not set(node.sources) <= shapes.keys():
            raise ShapeError(
                f"Layer {node.name} reading {', '.join(node.sources)} does not fit: expected a "
                f"new name, and sources among {', '.join(shapes)}."
            )
        try:
            given = [shapes[source] for source in node.sources]
            shape = given[0] if len(given) == 1 else node.layer.joined_shape(given)
            shapes[node.name] = node.layer.output_shape(shape)
        except ShapeError as error:
            raise ShapeError(f"Layer {node.name}: {error}") from error
    read = {source for node in nodes for source in node.sources}
    for node in nodes[:-1]:
        if node.name not in read:
            raise ShapeError(f"No layer reads {node.name}, and it is not the last one.")
    return shapes
