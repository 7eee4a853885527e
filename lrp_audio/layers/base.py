"""What every layer offers, and what layers with a linear map share."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from copy import copy
from typing import Any, ClassVar, Self, TypeVar

import numpy as np

from lrp_audio.errors import RuleError, ShapeError
from lrp_audio.kernels.elementwise import channel_sums
from lrp_audio.layers.arrays import as_floats, checked
from lrp_audio.rules.base import LinearRule, Propagation, Rule, negative, positive
from lrp_audio.rules.epsilon import Epsilon
from lrp_audio.rules.passing import Pass
from lrp_audio.types import Array

T = TypeVar("T")
Gradients = dict[str, Array]
RelevanceBackward = Callable[[Array, Rule], Propagation]
Pullback = Callable[[Array, bool], tuple[Array | None, Gradients]]


class Layer(ABC):
    """A layer is a function: it keeps nothing between calls, so threads can share it.

    Arrays carry the batch axis first; `x` is a layer's input and `y` its output for that input.
    What `forward`, `gradient` and `relevance` are given is checked before (`checked`).
    """

    kind: ClassVar[str]
    default_rule: ClassVar[Rule | None] = Pass()

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        for name in {"forward", "gradient", "relevance"} & cls.__dict__.keys():
            setattr(cls, name, checked(cls.__dict__[name]))

    @abstractmethod
    def output_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """Shape of the output for an input of `shape`, both without the batch axis.

        Raises `ShapeError` where the layer cannot take that input.
        """

    def joined_shape(self, shapes: Sequence[tuple[int, ...]]) -> tuple[int, ...]:
        """Shape of the input that `join` makes of inputs of `shapes`, all without the batch axis.

        Raises `ShapeError` where the layer cannot join these.
        """
        if any(shape != shapes[0] for shape in shapes):
            raise ShapeError(f"Branches of different shapes meet: {', '.join(map(str, shapes))}.")
        return (len(shapes), *shapes[0])

    def join(self, arrays: Sequence[Array]) -> Array:
        """One input from the outputs of several nodes: stacked along axis 1."""
        return np.stack(arrays, axis=1)

    def split(self, at_input: Array) -> Iterable[Array]:
        """The share of each node, of what a backward pass gives the joined input."""
        return (at_input[:, index] for index in range(at_input.shape[1]))

    @abstractmethod
    def forward(self, x: Array) -> Array:
        """Output of the layer in the dtype of `x`."""

    @abstractmethod
    def gradient(self, x: Array, y: Array, g: Array) -> Array:
        """Gradient at the input, for the gradient `g` at the output."""

    @abstractmethod
    def relevance(self, x: Array, y: Array, relevance: Array, rule: Rule) -> Propagation:
        """Relevance of the input, for the `relevance` of the output under `rule`."""

    def forward_with_relevance(self, x: Array) -> tuple[Array, RelevanceBackward]:
        """Output, and the function from its relevance and a rule to the relevance of the input."""
        y = self.forward(x)
        return y, lambda relevance, rule: self.relevance(x, y, relevance, rule)

    @classmethod
    def accepts(cls, rule: Rule | type[Rule]) -> bool:
        """Whether `relevance` can take `rule` (or rules of that class)."""
        return issubclass(rule_class(rule), Pass)

    def parameters(self) -> Gradients:
        """Trainable arrays by name; none for most layers."""
        return {}

    def parameter_gradients(self, x: Array, g: Array) -> Gradients:
        """Gradient of each of `parameters`, summed over the batch."""
        return {}

    def differentiable(self, x: Array, rng: np.random.Generator) -> tuple[Array, Pullback]:
        """Output in training, and the function that takes its gradient back.

        The pullback takes the gradient and whether the input's own gradient is wanted.
        """
        y = self.forward(x)

        def pullback(g: Array, wants_input: bool) -> tuple[Array | None, Gradients]:
            return (
                self.gradient(x, y, g) if wants_input else None,
                self.parameter_gradients(x, g),
            )

        return y, pullback


class PassingLayer(Layer):
    """A layer that hands its relevance through unchanged, in the shape of its input."""

    def relevance(self, x: Array, y: Array, relevance: Array, rule: Rule) -> Propagation:
        """The same relevance, in the shape of `x`."""
        return Propagation(relevance.reshape(x.shape), np.zeros((len(x), 3)))


class Activation(PassingLayer):
    """A function of each value alone; relevance passes."""

    kind: ClassVar[str] = "activation"

    def output_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """The shape of the input."""
        return shape


class LinearLayer(Layer):
    """A layer ``z = W x + b``: it knows its map and the map's transpose, and serves every rule."""

    default_rule: ClassVar[Rule | None] = Epsilon(1e-6)
    weight: Array
    bias: Array | None = None

    @property
    def stacks(self) -> bool:
        """Whether inputs and weights may be stacked along axis 1; then their maps add up."""
        return False

    @abstractmethod
    def linear(self, x: Array, weight: Array, bias: Array | None = None) -> Array:
        """``weight x + bias`` for any weight of this layer's shape; a new array."""

    @abstractmethod
    def transpose(self, s: Array, weight: Array, shape: tuple[int, ...]) -> Array:
        """``weight^T s`` for an input of `shape`, batch axis included."""

    @property
    def positive_weight(self) -> Array:
        """``W+``; remembered where the weight is read-only, as a loaded model's is."""
        return self.remembered(self.weight, "positive", lambda: _frozen(positive(self.weight)))

    @property
    def negative_weight(self) -> Array:
        """``W-``; remembered where the weight is read-only, as a loaded model's is."""
        return self.remembered(self.weight, "negative", lambda: _frozen(negative(self.weight)))

    def remembered(self, weight: Array, what: str, make: Callable[[], T]) -> T:
        """What `make` makes of `weight`; made only once if the weight is read-only."""
        if weight.flags.writeable:
            return make()
        memory = self.__dict__.setdefault("_memory", {})
        key = (id(weight), what)
        if key not in memory:
            memory[key] = (weight, make())  # the weight is kept, so that its id stays its own
        made: T = memory[key][1]
        return made

    def __getstate__(self) -> dict[str, object]:
        """Without what is remembered, which copies make anew of their own weights."""
        return {name: value for name, value in vars(self).items() if name != "_memory"}

    def forward(self, x: Array) -> Array:
        """``W x + b``."""
        self.output_shape(x.shape[1:])
        return self.linear(x, self.weight, self.bias)

    def gradient(self, x: Array, y: Array, g: Array) -> Array:
        """``W^T g``."""
        return self.transpose(g, self.weight, x.shape)

    def relevance(self, x: Array, y: Array, relevance: Array, rule: Rule) -> Propagation:
        """Relevance of the input under a linear rule."""
        if not isinstance(rule, LinearRule):
            raise RuleError(f"A {self.kind} layer cannot take the rule {rule}.")
        return rule.propagate(self, x, y, relevance)

    @classmethod
    def accepts(cls, rule: Rule | type[Rule]) -> bool:
        """Every rule for linear maps."""
        return issubclass(rule_class(rule), LinearRule)


class WeightedLayer(LinearLayer):
    """A linear layer whose `weight` ``(out, ...)`` and `bias` ``(out,)`` are trained."""

    default_rule: ClassVar[Rule | None] = None

    def __init__(self, weight: Array, bias: Array | None = None) -> None:
        weight = as_floats(weight, f"The weight of a {self.kind} layer")
        if bias is not None:
            bias = as_floats(bias, f"The bias of a {self.kind} layer")
            wider = np.result_type(weight, bias)
            weight, bias = weight.astype(wider, copy=False), bias.astype(wider, copy=False)
        if bias is not None and bias.shape != weight.shape[:1]:
            raise ShapeError(
                f"A bias of shape {bias.shape} was given with a weight of shape {weight.shape}; "
                f"expected {weight.shape[:1]}, one number for each output."
            )
        self.weight = weight
        self.bias = bias

    def with_parameters(self, weight: Array, bias: Array | None) -> Self:
        """The same layer over another weight, of the same shape, and another bias."""
        other = copy(self)
        other.weight, other.bias = weight, bias
        return other

    @abstractmethod
    def weight_gradient(self, x: Array, g: Array) -> Array:
        """Gradient of the weight, summed over the batch."""

    def parameters(self) -> Gradients:
        """Weight, and bias where the layer has one."""
        return {"weight": self.weight} | ({} if self.bias is None else {"bias": self.bias})

    def parameter_gradients(self, x: Array, g: Array) -> Gradients:
        """Gradients of weight and bias, summed over the batch (and over positions)."""
        gradients = {"weight": self.weight_gradient(x, g)}
        if self.bias is not None:
            gradients["bias"] = channel_sums(g)
        return gradients


def rule_class(rule: Rule | type[Rule]) -> type[Rule]:
    """The class of `rule`, or `rule` itself if it is one."""
    return rule if isinstance(rule, type) else type(rule)


def _frozen(array: Array) -> Array:
    array.setflags(write=False)
    return array
