"""The model graph: layers in order, walked forwards, and backwards for relevance or gradient."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from lrp_audio.errors import ShapeError
from lrp_audio.kernels.elementwise import sample_sums
from lrp_audio.layers.base import Gradients, Layer, Pullback
from lrp_audio.rules.base import Propagation, Rule
from lrp_audio.rules.composite import Assignment, Composite
from lrp_audio.rules.ledger import Entry

Array = NDArray[Any]
T = TypeVar("T")
INPUT = "input"


@dataclass(frozen=True)
class Node:
    """A layer with its name and the names of the nodes it reads (`INPUT` is the network's input).

    With more than one source the layer sees their outputs stacked along axis 1.
    """

    name: str
    layer: Layer
    sources: tuple[str, ...]


@dataclass(frozen=True)
class Step:
    """One layer's turn in LRP: its input `x`, output `y`, the relevance that arrived, and the flow.

    `flow.relevance` is what its input receives; `flow.traces` holds z, s and c.
    """

    assignment: Assignment
    x: Array
    y: Array
    relevance: Array
    flow: Propagation

    @property
    def entry(self) -> Entry:
        """This step's line in the ledger."""
        amounts = sample_sums(self.relevance), sample_sums(self.flow.relevance)
        return Entry.of(self.assignment, *amounts, self.flow.accounts)


class Turn(NamedTuple):
    """One node's turn in LRP where nothing is kept: what arrived at its output, and the flow."""

    node: Node
    relevance: Array
    flow: Propagation


HandBack = Callable[[Array, Mapping[str, Rule]], Iterator[tuple[dict[str, Array], Turn]]]


def chain(layers: Sequence[tuple[str, Layer]]) -> tuple[Node, ...]:
    """Nodes of a plain chain, each layer reading the one before it."""
    names = [INPUT, *(name for name, _ in layers)]
    return tuple(
        Node(name, layer, (source,))
        for (name, layer), source in zip(layers, names[:-1], strict=True)
    )


class Network:
    """Layers in topological order over samples of `input_shape` (batch axis left out).

    Raises `ShapeError` where a layer does not fit the one it reads, or is read by none.
    """

    def __init__(self, nodes: Sequence[Node], input_shape: tuple[int, ...]) -> None:
        self.nodes = tuple(nodes)
        self.input_shape = input_shape
        shapes = {INPUT: input_shape}
        for node in self.nodes:
            if node.name in shapes or not set(node.sources) <= shapes.keys():
                raise ShapeError(
                    f"Layer {node.name} reading {', '.join(node.sources)} does not fit: expected a "
                    f"new name, and sources among {', '.join(shapes)}."
                )
            try:
                shape = _joined([shapes[source] for source in node.sources])
                shapes[node.name] = node.layer.output_shape(shape)
            except ShapeError as error:
                raise ShapeError(f"Layer {node.name}: {error}") from error
        self.shapes = shapes
        read = {source for node in self.nodes for source in node.sources}
        for node in self.nodes[:-1]:
            if node.name not in read:
                raise ShapeError(f"No layer reads {node.name}, and it is not the last one.")

    @property
    def output(self) -> str:
        """Name of the last node."""
        return self.nodes[-1].name

    def parameters(self) -> Gradients:
        """All trainable arrays as ``layer.parameter``, the layers' own (not copies)."""
        return {
            f"{node.name}.{name}": array
            for node in self.nodes
            for name, array in node.layer.parameters().items()
        }

    def activations(self, x: Array) -> dict[str, Array]:
        """Output of every node for `x` ``(batch, *input_shape)``, and `x` under `INPUT`."""
        if x.shape[1:] != self.input_shape:
            raise ShapeError(
                f"The network takes (batch, {', '.join(map(str, self.input_shape))}) but was given "
                f"an array of shape {x.shape}."
            )
        found = {INPUT: x}
        for node in self.nodes:
            found[node.name] = node.layer.forward(self._input(node, found))
        return found

    def forward(self, x: Array) -> Array:
        """Output of the last node for `x` ``(batch, *input_shape)``."""
        return self.activations(x)[self.output]

    def assign(self, rules: Composite) -> list[Assignment]:
        """The rule of every layer under `rules`, from input to output."""
        return rules.assign([(node.name, node.layer) for node in self.nodes])

    def steps(
        self, activations: dict[str, Array], relevance: Array, rules: Composite
    ) -> Iterator[Step]:
        """LRP itself: from the last layer to the first, hand the relevance of a layer to its input.

        `relevance` belongs to the output of the last node. Yields one `Step` a layer.
        """
        assigned = {a.layer: a for a in self.assign(rules)}

        def visit(node: Node, arriving: Array) -> tuple[Array, Step]:
            x, y = self._input(node, activations), activations[node.name]
            flow = node.layer.relevance(x, y, arriving, assigned[node.name].rule)
            return flow.relevance, Step(assigned[node.name], x, y, arriving, flow)

        for _, step in self._backwards(relevance, visit):
            yield step

    def explainable(self, x: Array) -> tuple[Array, HandBack]:
        """Output for `x`, and the function that hands its relevance back; nothing else is kept.

        That function takes the relevance of the output and the rule of each node by name. It yields
        a turn for each node, from the last to the first, and what waits at earlier ones.
        """
        found, back = {INPUT: x}, {}
        for node in self.nodes:
            found[node.name], back[node.name] = node.layer.explainable(self._input(node, found))
        output = found[self.output]

        def hand_back(
            relevance: Array, rules: Mapping[str, Rule]
        ) -> Iterator[tuple[dict[str, Array], Turn]]:
            def visit(node: Node, arriving: Array) -> tuple[Array, Turn]:
                flow = back.pop(node.name)(arriving, rules[node.name])
                return flow.relevance, Turn(node, arriving, flow)

            return self._backwards(relevance, visit)

        return output, hand_back

    def gradient(self, activations: dict[str, Array], g: Array) -> Array:
        """Gradient at the input for the gradient `g` at the output, dropout inactive."""

        def visit(node: Node, arriving: Array) -> tuple[Array, None]:
            x, y = self._input(node, activations), activations[node.name]
            return node.layer.gradient(x, y, arriving), None

        *_, (waiting, _) = self._backwards(g, visit)
        return waiting[INPUT]

    def differentiable(
        self, x: Array, rng: np.random.Generator
    ) -> tuple[Array, Callable[[Array], Gradients]]:
        """Training pass (dropout active): output, and the function from its gradient to all others.

        The gradients come under the names of `parameters`, summed over the batch.
        """
        found, pullbacks = {INPUT: x}, dict[str, Pullback]()
        for node in self.nodes:
            y, pullbacks[node.name] = node.layer.differentiable(self._input(node, found), rng)
            found[node.name] = y

        def visit(node: Node, arriving: Array) -> tuple[Array | None, Gradients]:
            wants_input = node.sources != (INPUT,)
            to_input, gradients = pullbacks.pop(node.name)(arriving, wants_input)
            return to_input, {f"{node.name}.{name}": g for name, g in gradients.items()}

        def pullback(g: Array) -> Gradients:
            gradients: Gradients = {}
            for _, found_here in self._backwards(g, visit):
                gradients |= found_here
            return gradients

        return found[self.output], pullback

    def _backwards(
        self, start: Array, visit: Callable[[Node, Array], tuple[Array | None, T]]
    ) -> Iterator[tuple[dict[str, Array], T]]:
        """Visit the nodes from last to first with what has arrived at each one's output.

        Yields what waits at earlier nodes, and what the visit gave.
        """
        waiting = {self.output: start}
        for node in reversed(self.nodes):
            to_input, given = visit(node, waiting.pop(node.name))
            if to_input is not None:
                for source, share in self._split(node, to_input):
                    waiting[source] = waiting[source] + share if source in waiting else share
            yield waiting, given

    @staticmethod
    def _input(node: Node, found: dict[str, Array]) -> Array:
        arrays = [found[source] for source in node.sources]
        return arrays[0] if len(arrays) == 1 else np.stack(arrays, axis=1)

    @staticmethod
    def _split(node: Node, shares: Array) -> Iterator[tuple[str, Array]]:
        if len(node.sources) == 1:
            yield node.sources[0], shares
        else:
            for index, source in enumerate(node.sources):
                yield source, shares[:, index]


def _joined(shapes: list[tuple[int, ...]]) -> tuple[int, ...]:
    if len(shapes) == 1:
        return shapes[0]
    if any(shape != shapes[0] for shape in shapes):
        raise ShapeError(f"Branches of different shapes meet: {', '.join(map(str, shapes))}.")
    return (len(shapes), *shapes[0])
