"""The interface of all layers, and what the layers of each sort share."""

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

    Arrays have the batch axis first; `x` is a layer's input and `y` its output for that input.
    The arguments of `forward`, `gradient` and `relevance` are checked before the call (`checked`).
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
        """Shape of what `join` returns for arrays of `shapes`, all without the batch axis.

        Raises `ShapeError` where the layer cannot join these.
        """
        if any(shape != shapes[0] for shape in shapes):
            raise ShapeError(f"Branches of different shapes meet: {', '.join(map(str, shapes))}.")
        return (len(shapes), *shapes[0])

    def join(self, arrays: Sequence[Array]) -> Array:
        """The layer's input, made of the outputs of several nodes: stacked along axis 1."""
        return np.stack(arrays, axis=1)

    def split(self, at_input: Array) -> Iterable[Array]:
        """The part of each node, from a gradient or relevance at the joined input."""
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
        """Output, and the function from its relevance and a rule to the input's relevance."""
        y = self.forward(x)
        return y, lambda relevance, rule: self.relevance(x, y, relevance, rule)

    @classmethod
    def accepts(cls, rule: Rule | type[Rule]) -> bool:
        """Whether `relevance` supports `rule` (or rules of that class)."""
        return issubclass(rule_class(rule), Pass)

    def parameters(self) -> Gradients:
        """Trainable arrays by name; none for most layers."""
        return {}

    def parameter_gradients(self, x: Array, g: Array) -> Gradients:
        """Gradient of each of `parameters`, summed over the batch."""
        return {}

    def differentiable(self, x: Array, rng: np.random.Generator) -> tuple[Array, Pullback]:
        """Output in training, and its pullback.

        The pullback takes the gradient at the output and whether the gradient at the input is
        wanted, and returns that (or None) and the gradients of the parameters.
        """
        y = self.forward(x)

        def pullback(g: Array, wants_input: bool) -> tuple[Array | None, Gradients]:
            return (
                self.gradient(x, y, g) if wants_input else None,
                self.parameter_gradients(x, g),
            )

        return y, pullback


class Rearrangement(Layer):
    """A layer whose outputs are copies of its inputs; relevance goes back to what was copied."""

    kind: ClassVar[str] = "shape"

    def relevance(self, x: Array, y: Array, relevance: Array, rule: Rule) -> Propagation:
        """For each input the sum of the relevance of its copies."""
        return Propagation(self.gradient(x, y, relevance), np.zeros((len(x), 3)))


class SameShape(Layer):
    """A layer whose output has the shape of its input; relevance passes unchanged."""

    def output_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """The shape of the input."""
        return shape

    def relevance(self, x: Array, y: Array, relevance: Array, rule: Rule) -> Propagation:
        """The same relevance."""
        return Propagation(relevance, np.zeros((len(x), 3)))


class Activation(SameShape):
    """A function of each value by itself, which is therefore the only one to receive relevance."""

    kind: ClassVar[str] = "activation"


class LinearLayer(Layer):
    """A layer ``z = W x + b``, given as the map and its transpose; every rule applies to it."""

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
        """``W+``; cached where the weight is read-only, as in a loaded model."""
        return self.remembered(self.weight, "positive", lambda: _frozen(positive(self.weight)))

    @property
    def negative_weight(self) -> Array:
        """``W-``; cached where the weight is read-only, as in a loaded model."""
        return self.remembered(self.weight, "negative", lambda: _frozen(negative(self.weight)))

    def remembered(self, weight: Array, what: str, make: Callable[[], T]) -> T:
        """The result of `make`, named `what`; cached for a `weight` that is read-only."""
        if weight.flags.writeable:
            return make()
        memory = self.__dict__.setdefault("_memory", {})
        key = (id(weight), what)
        if key not in memory:
            memory[key] = (weight, make())  # the weight is stored too, so that no other gets its id
        made: T = memory[key][1]
        return made

    def __getstate__(self) -> dict[str, object]:
        """The state without the cache, which copies fill from their own weights."""
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
    """A linear layer with a trained `weight` ``(out, ...)`` and `bias` ``(out,)``."""

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
        """A copy of the layer with another weight, of the same shape, and another bias."""
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
