"""A network: layers in a graph, with its forward pass and its backward passes."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import deepcopy
from functools import cached_property, partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from lrp_audio.errors import ShapeError
from lrp_audio.kernels.blas import single_threaded_blas
from lrp_audio.layers.arrays import as_floats
from lrp_audio.layers.base import Pullback, RelevanceBackward
from lrp_audio.models import lrp
from lrp_audio.models.fusion import Fusion, fused, unfused
from lrp_audio.models.graph import INPUT, Arrivals, Node, chain, shapes_of
from lrp_audio.models.lrp import Propagated, Step
from lrp_audio.rules.composite import Assignment, Composite
from lrp_audio.types import Array, Parameters

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["INPUT", "Network", "Node", "Step", "chain"]


class Network:
    """Layers in topological order over samples of `input_shape` (batch axis left out).

    `forward`, `input_gradient`, `differentiable` and `propagate` are fast: they compute a
    convolution, its ReLU and its max-pool as one layer where they can, keeping only what is needed.
    `activations`, `gradient` and `steps` go layer by layer, so that each can be inspected.
    Along `free_axes` of a sample an input may have another length than `input_shape`, as far as the
    layers allow. Raises `ShapeError` where a layer does not fit the one it reads, or is read by
    none.
    """

    def __init__(
        self,
        nodes: Sequence[Node],
        input_shape: tuple[int, ...],
        free_axes: tuple[int, ...] = (),
    ) -> None:
        self.nodes = tuple(nodes)
        self.input_shape = input_shape
        self.free_axes = free_axes
        self.shapes = shapes_of(self.nodes, input_shape)

    def __repr__(self) -> str:
        names = ", ".join(node.name for node in self.nodes)
        return f"<Network of {len(self.nodes)} layers over {self.input_shape}: {names}>"

    @property
    def output(self) -> str:
        """Name of the last node."""
        return self.nodes[-1].name

    @property
    def lengths(self) -> str:
        """The axes of an input without the batch axis, in words, such as ``1, any``."""
        axes = enumerate(self.input_shape)
        return ", ".join("any" if axis in self.free_axes else str(n) for axis, n in axes)

    def takes(self, shape: tuple[int, ...]) -> bool:
        """Whether inputs ``(batch, *shape)`` differ from `input_shape` along free axes only."""
        return len(shape) == len(self.input_shape) and all(
            axis in self.free_axes or shape[axis] == n for axis, n in enumerate(self.input_shape)
        )

    def output_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """Shape of the output for inputs ``(batch, *shape)``, without the batch axis.

        Raises `ShapeError` where a layer cannot take what it is given of them.
        """
        return (self.shapes if shape == self.input_shape else shapes_of(self.nodes, shape))[
            self.output
        ]

    @cached_property
    def _fused(self) -> Fusion:
        return fused(self.nodes)

    def parameters(self) -> Parameters:
        """All trainable arrays as ``layer.parameter``; the layers' own, not copies."""
        return {
            f"{node.name}.{name}": array
            for node in self.nodes
            for name, array in node.layer.parameters().items()
        }

    def with_parameters(self, parameters: Mapping[str, Array]) -> "Network":
        """The same layers with other `parameters`, of the names and shapes of `parameters()`."""
        other = Network(deepcopy(self.nodes), self.input_shape, self.free_axes)
        for name, array in other.parameters().items():
            array[...] = parameters[name]
        return other

    def freeze(self) -> None:
        """Make all parameters read-only: layers then remember what they derive from them."""
        for array in self.parameters().values():
            array.setflags(write=False)

    def forward(self, x: Array) -> Array:
        """Output of the last node for `x` ``(batch, *input_shape)``."""
        x = self._checked(x)
        outputs = {INPUT: x}
        for node in self._fused.nodes:
            outputs[node.name] = node.layer.forward(node.input(outputs))
            for read in self._fused.last_read[node.name]:
                del outputs[read]
        (output,) = outputs.values()
        return output

    def activations(self, x: Array) -> dict[str, Array]:
        """Output of every node for `x` ``(batch, *input_shape)``, and `x` under `INPUT`."""
        x = self._checked(x)
        outputs = {INPUT: x}
        for node in self.nodes:
            outputs[node.name] = node.layer.forward(node.input(outputs))
        return outputs

    def assign(self, rules: Composite) -> list[Assignment]:
        """The rule of every layer under `rules`, from input to output."""
        return rules.assign([(node.name, node.layer) for node in self.nodes])

    def propagate(
        self, x: Array, start: Callable[[Array], Array], rules: Composite, fuse: bool = True
    ) -> Propagated:
        """LRP of `x` ``(batch, *input_shape)``: the relevance of every layer, and the ledger.

        `start` makes the relevance of the output from the output. Without `fuse` every layer is
        computed on its own, with the same result.
        """
        return next(self.propagate_each(x, [start], rules, fuse))

    def propagate_each(
        self,
        x: Array,
        starts: Sequence[Callable[[Array], Array]],
        rules: Composite,
        fuse: bool = True,
    ) -> Iterator[Propagated]:
        """`propagate` for each of `starts`, with a single forward pass."""
        x = self._checked(x)
        assigned = {a.layer: a for a in self.assign(rules)}
        rules_by_name = {name: a.rule for name, a in assigned.items()}
        fusion = fused(self.nodes, rules_by_name) if fuse else unfused(self.nodes)
        with single_threaded_blas():  # once here, instead of in every kernel
            passed = lrp.forward_pass(fusion, x)
        output = passed.outputs[fusion.nodes[-1].name]
        for start, last in zip(starts, range(len(starts))[::-1], strict=True):
            with single_threaded_blas():
                arrivals = Arrivals(fusion.nodes, start(output))
                # The last one may release what the layers needed as it goes.
                steps = lrp.steps(fusion, passed.copy() if last else passed, arrivals, assigned)
                found = lrp.collected(fusion, steps, arrivals, output, assigned)
            yield found

    def steps(
        self, activations: dict[str, Array], relevance: Array, rules: Composite
    ) -> Iterator[Step]:
        """The same LRP one layer at a time, from the last to the first.

        `activations` are those of every node, `relevance` is that of the last one's output.
        """
        assigned = {a.layer: a for a in self.assign(rules)}
        backward: dict[str, RelevanceBackward] = {
            node.name: partial(
                node.layer.relevance, node.input(activations), activations[node.name]
            )
            for node in self.nodes
        }
        passed = lrp.ForwardPass(dict(activations), backward)
        arrivals = Arrivals(self.nodes, relevance)
        return lrp.steps(unfused(self.nodes), passed, arrivals, assigned)

    def draw(
        self, x: ArrayLike, target: int | None = None, rules: str | Composite = "epsilon-plus"
    ) -> "Figure":
        """Draw the network with the relevance of one sample `x`, ``input_shape`` or a batch of one.

        A network of up to a hundred neurons is drawn with its connections; a larger one as its
        layers, with how much relevance each handed on and what absorbed the rest. `target` is the
        number of the output to explain (along its first axis), by default the largest. `rules` is
        a composite or its name. Returns a matplotlib ``Figure``. Raises `ShapeError`,
        `TargetError` or `RuleError`.
        """
        from lrp_audio.drawing.network import network_figure  # loads matplotlib

        return network_figure(self, x, target, rules)

    def gradient(self, activations: dict[str, Array], g: Array) -> Array:
        """Gradient at the input for the gradient `g` at the output, dropout inactive."""
        return _gradient(self.nodes, activations, g)

    def input_gradient(self, x: Array, start: Callable[[Array], Array]) -> Array:
        """Gradient at the input `x`; `start` makes the gradient at the output from the output."""
        x = self._checked(x)
        outputs = {INPUT: x}
        for node in self._fused.nodes:
            outputs[node.name] = node.layer.forward(node.input(outputs))
        return _gradient(self._fused.nodes, outputs, start(outputs[self._fused.nodes[-1].name]))

    def differentiable(
        self, x: Array, rng: np.random.Generator
    ) -> tuple[Array, Callable[[Array], Parameters]]:
        """Training pass (dropout active): output, and the function from its gradient to the others.

        The gradients have the names of `parameters` and are summed over the batch.
        """
        x = self._checked(x)
        nodes = self._fused.nodes
        outputs, pullbacks = {INPUT: x}, dict[str, Pullback]()
        for node in nodes:
            y, pullbacks[node.name] = node.layer.differentiable(node.input(outputs), rng)
            outputs[node.name] = y

        def pullback(g: Array) -> Parameters:
            gradients: Parameters = {}
            arrivals = Arrivals(nodes, g)
            for node in reversed(nodes):
                wants_input = node.sources != (INPUT,)
                to_input, own = pullbacks.pop(node.name)(arrivals.take(node.name), wants_input)
                gradients |= {f"{node.name}.{name}": of for name, of in own.items()}
                if to_input is not None:
                    arrivals.pass_on(node, to_input)
            return gradients

        return outputs[nodes[-1].name], pullback

    def _checked(self, x: Array) -> Array:
        """`x` as floats; raises `ShapeError` if its shape does not fit."""
        x = as_floats(x, "The input of a network")
        if x.ndim == 0 or not self.takes(x.shape[1:]):
            raise ShapeError(
                f"The network takes (batch, {self.lengths}) but was given an array of shape "
                f"{x.shape}."
            )
        self.output_shape(x.shape[1:])  # each layer says what it cannot take
        return x


def _gradient(nodes: Sequence[Node], outputs: dict[str, Array], g: Array) -> Array:
    arrivals = Arrivals(nodes, g)
    for node in reversed(nodes):
        x, y = node.input(outputs), outputs[node.name]
        arrivals.pass_on(node, node.layer.gradient(x, y, arrivals.take(node.name)))
    return arrivals.take(INPUT)
