"""What a rule is: shares of the relevance, each propagated by the same four steps.

z = forward(modified x, modified W, b)      s = R / stabilise(z)
c = transpose(s, modified W)                R_in = x * c
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import astuple, dataclass
from functools import cached_property
from typing import ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from lrp_audio.arguments import OnOneLine
from lrp_audio.kernels.elementwise import any_negative, divide, weighted_sum
from lrp_audio.types import Array


class LinearMap(Protocol):
    """What a rule needs of a layer: weight and bias, the linear map and its transpose."""

    @property
    def weight(self) -> Array:
        """``W``, in the layer's own shape."""

    @property
    def bias(self) -> Array | None:
        """``b``, one number for each output channel, or None."""

    @property
    def positive_weight(self) -> Array:
        """``W+``."""

    @property
    def negative_weight(self) -> Array:
        """``W-``."""

    @property
    def stacks(self) -> bool:
        """Whether ``[W V] [x y] = W x + V y``, all stacked along axis 1."""

    def linear(self, x: Array, weight: Array, bias: Array | None = None) -> Array:
        """``weight x + bias``."""

    def transpose(self, s: Array, weight: Array, shape: tuple[int, ...]) -> Array:
        """``weight^T s``, in the `shape` of the input."""


class FusedMap(ABC):
    """A `LinearMap` that also computes two steps of a rule at once, without the array between."""

    @abstractmethod
    def quotients(
        self,
        x: Array,
        weight: Array,
        bias: Array | None,
        relevance: Array,
        share: float,
        epsilon: Array,
    ) -> tuple[Array, Array]:
        """``s = share R / (z + epsilon sign(z))`` with ``z = weight x + bias``, and the accounts.

        `epsilon` is ``(batch,)``; see `lrp_audio.kernels.elementwise.divide`.
        """

    @abstractmethod
    def stacked(self, weights: tuple[Array, ...]) -> Array:
        """The weights stacked along axis 1; the same array for the same read-only weights."""

    @abstractmethod
    def products(self, s: Array, weight: Array, x: Array, total: Array | None) -> Array:
        """``x * (weight^T s)``, added to `total` in place where that is given."""


@dataclass(frozen=True, repr=False)
class Part(OnOneLine):
    """One modified input and the modified weight that it is multiplied by."""

    input: Array
    weight: Array


@dataclass(frozen=True, repr=False)
class Term(OnOneLine):
    """A share of the relevance, and the parts among which one denominator divides it.

    The denominator is the sum of the parts' maps plus `bias`; give `z` where it is already known.
    `share` is a number, or an array that broadcasts against the layer's output. `epsilon` is a
    number, or one for each sample, shape ``(batch,)``.
    """

    parts: tuple[Part, ...]
    bias: Array | None
    share: float | Array = 1.0
    epsilon: float | Array = 0.0
    z: Array | None = None


@dataclass(frozen=True, repr=False)
class Trace(OnOneLine):
    """The steps of one term, for inspection: z and s; by part, c and the modified input."""

    z: Array
    s: Array
    c: tuple[Array, ...]
    inputs: tuple[Array, ...]


class SparseRelevance(Protocol):
    """Relevance ``(batch, ...)`` of which only some values are stored; all others are 0."""

    def whole(self) -> Array:
        """All values."""

    def of(self, take: Callable[[Array], Array]) -> "SparseRelevance":
        """The same for a part of the batch; `take` selects it from a stored array."""


@dataclass(frozen=True)
class Propagation:
    """The relevance of a layer's input, and where the rest went.

    `relevance` has the shape of the layer's input; `accounts` is ``(batch, 3)`` in float64: bias,
    stabiliser, dropped. For a layer that stands for several, `within` is the relevance between
    them.
    """

    relevance: Array
    accounts: NDArray[np.float64]
    within: SparseRelevance | None = None
    trace: Callable[[], tuple[Trace, ...]] | None = None

    def __repr__(self) -> str:
        r = self.relevance
        return f"<Propagation: relevance {r.shape} {r.dtype} of sum {float(r.sum()):.4g}>"

    @cached_property
    def traces(self) -> tuple[Trace, ...]:
        """The steps of each term, computed on first access; none where relevance passes."""
        return () if self.trace is None else self.trace()


class Rule(ABC):
    """How relevance goes from a layer's output to its input; immutable and comparable.

    `absorbs` names the columns of the ledger that may absorb a share; a rule without any conserves
    relevance exactly.
    """

    name: ClassVar[str]
    formula: ClassVar[str]
    source: ClassVar[str]
    absorbs: ClassVar[tuple[str, ...]]

    def __str__(self) -> str:
        values = ", ".join(f"{value:g}" for value in astuple(self))  # type: ignore[call-overload]
        return f"{self.name}({values})" if values else self.name


class LinearRule(Rule):
    """A rule for layers with a linear map; a subclass only defines which terms share the relevance.

    Two properties allow layers to be fused (see `lrp_audio.models.fusion`); without them they are
    computed one by one. `zero_input_gets_zero`: an input of 0 gets no relevance, because it
    contributed nothing. `outputs_independent`: the share of a neuron does not depend on the outputs
    `z` of other neurons.
    """

    zero_input_gets_zero: ClassVar[bool] = False
    outputs_independent: ClassVar[bool] = False

    @abstractmethod
    def terms(self, layer: LinearMap, x: Array, z: Array) -> Iterable[Term]:
        """Terms of this rule at `layer` for input `x` and output `z` (bias included)."""

    def propagate(self, layer: LinearMap, x: Array, z: Array, relevance: Array) -> Propagation:
        """Relevance of the input `x` of `layer`, for the `relevance` of its output `z`."""
        total, accounts = None, list[Array]()
        for term in self.terms(layer, x, z):
            stacked = _stacked(layer, term.parts)
            s, account = _quotients(layer, term, stacked, relevance)
            total = _products(layer, term, stacked, s, total)
            accounts.append(account)
        assert total is not None  # every rule has a term

        def trace_of_each() -> tuple[Trace, ...]:
            return tuple(_four_steps(layer, t, relevance) for t in self.terms(layer, x, z))

        return Propagation(total, np.sum(accounts, axis=0), trace=trace_of_each)


def denominator(layer: LinearMap, parts: tuple[Part, ...], bias: Array | None) -> Array:
    """The sum of the maps of `parts` plus `bias`, in the shape of the layer's output."""
    return _sum_of_maps(layer, _stacked(layer, parts), bias)


def _sum_of_maps(layer: LinearMap, parts: tuple[Part, ...], bias: Array | None) -> Array:
    first, *others = parts
    z = layer.linear(first.input, first.weight, bias)
    for part in others:
        z += layer.linear(part.input, part.weight)
    return z


def _quotients(
    layer: LinearMap, term: Term, stacked: tuple[Part, ...], relevance: Array
) -> tuple[Array, Array]:
    """The quotients s of a term, and its accounts."""
    share, single = term.share, term.z is None and len(stacked) == 1
    if isinstance(layer, FusedMap) and single and not isinstance(share, np.ndarray):
        (part,) = stacked
        epsilon = np.broadcast_to(np.asarray(term.epsilon, relevance.dtype), len(relevance))
        return layer.quotients(part.input, part.weight, term.bias, relevance, share, epsilon)
    z = _sum_of_maps(layer, stacked, term.bias) if term.z is None else term.z
    return _divided(term, relevance, z)


def _divided(term: Term, relevance: Array, z: Array) -> tuple[Array, Array]:
    bias = np.zeros(z.shape[1], z.dtype) if term.bias is None else term.bias
    epsilon = np.broadcast_to(np.asarray(term.epsilon, z.dtype), len(z))
    if isinstance(term.share, np.ndarray):
        return divide(relevance * term.share, z, bias, epsilon)
    return divide(relevance, z, bias, epsilon, term.share)


def _products(
    layer: LinearMap, term: Term, stacked: tuple[Part, ...], s: Array, total: Array | None
) -> Array:
    """``x * c`` of a term, summed over its parts and added to `total`."""
    if isinstance(layer, FusedMap) and len(stacked) == len(term.parts):
        for part in term.parts:
            total = layer.products(s, part.weight, part.input, total)
        assert total is not None
        return total
    inputs = [part.input for part in term.parts]
    product = weighted_sum(inputs, _transposed(layer, term, stacked, s))
    return product if total is None else total + product


def _transposed(layer: LinearMap, term: Term, stacked: tuple[Part, ...], s: Array) -> list[Array]:
    """``c = W^T s`` for each part of a term."""
    c = [layer.transpose(s, part.weight, part.input.shape) for part in stacked]
    return c if len(c) == len(term.parts) else np.split(c[0], len(term.parts), axis=1)


def _four_steps(layer: LinearMap, term: Term, relevance: Array) -> Trace:
    stacked = _stacked(layer, term.parts)
    z = _sum_of_maps(layer, stacked, term.bias) if term.z is None else term.z
    s, _ = _divided(term, relevance, z)
    inputs = tuple(part.input for part in term.parts)
    return Trace(z, s, tuple(_transposed(layer, term, stacked, s)), inputs)


def _stacked(layer: LinearMap, parts: tuple[Part, ...]) -> tuple[Part, ...]:
    """The parts as one, if the layer takes their inputs and weights stacked along axis 1."""
    if len(parts) == 1 or not layer.stacks:
        return parts
    inputs, weights = [part.input for part in parts], tuple(part.weight for part in parts)
    together = layer.stacked(weights) if isinstance(layer, FusedMap) else np.concatenate(weights, 1)
    return (Part(np.concatenate(inputs, axis=1), together),)


def positive(a: Array) -> Array:
    """``a+``, the positive part."""
    return np.maximum(a, 0)


def negative(a: Array) -> Array:
    """``a-``, the negative part (values <= 0)."""
    return np.minimum(a, 0)


def signed_parts(x: Array, same: Array, other: Array) -> tuple[Part, ...]:
    """The parts of ``x+ same + x- other``; only one of them if all inputs have the same sign."""
    if not any_negative(x):
        return (Part(x, same),)
    if not any_negative(-x):
        return (Part(x, other),)
    return Part(positive(x), same), Part(negative(x), other)
