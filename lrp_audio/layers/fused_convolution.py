"""A convolution, the ReLU after it and the max-pool after that, computed as one layer."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from lrp_audio.errors import RuleError
from lrp_audio.kernels import convolution as kernel
from lrp_audio.kernels.elementwise import channel_sums, gate
from lrp_audio.kernels.pooling import hand_to_winners
from lrp_audio.kernels.winners import Winners
from lrp_audio.layers.base import Gradients, Layer, Pullback, RelevanceBackward, rule_class
from lrp_audio.layers.convolution import Convolution
from lrp_audio.layers.max_pool import MaxPool
from lrp_audio.layers.window import spatial, spatial_size, with_rank
from lrp_audio.rules.base import FusedMap, LinearRule, Propagation, Rule
from lrp_audio.types import Array


class FusedConvolution(Layer):
    """``y = max-pool(max(W x + b, 0))``, or without the pool where that is None.

    Stores only the pooled output and the argmax indices, not the output of the convolution. This
    is exact: relevance goes from the pool to the winners and through the ReLU unchanged, and all
    other outputs of the convolution have none. So the layer is the linear map of its winners, and a
    rule treats it as any other (`SelectedOutputs`). A neuron at 0 must have no relevance: the layer
    above must follow a rule that gives an input of 0 nothing.
    """

    kind: ClassVar[str] = "convolution"
    default_rule: ClassVar[Rule | None] = None

    def __init__(self, convolution: Convolution, pool: MaxPool | None = None) -> None:
        self.convolution = convolution
        self.pool = pool

    def output_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """The output shape of the last of the layers."""
        shape = self.convolution.output_shape(shape)
        return shape if self.pool is None else self.pool.output_shape(shape)

    def forward(self, x: Array) -> Array:
        """``max-pool(max(W x + b, 0))``."""
        return self.winning(x)[0]

    def winning(self, x: Array) -> tuple[Array, Winners | None]:
        """Output and winners, the latter None without a pool."""
        layer = self.convolution
        inputs = (
            spatial(x),
            layer.operands(layer.weight, x.dtype),
            layer.bias,
            layer.geometry(x.shape),
        )
        size = layer.size(x.shape)
        if self.pool is None:
            return with_rank(kernel.convolve_rectified(*inputs, size), layer.rank), None
        lengths = layer.output_shape(x.shape[1:])[1:]
        pool = self.pool.window
        y, winners = kernel.convolve_to_maxima(
            *inputs, size, pool.geometry(lengths), spatial_size(pool.size(lengths))
        )
        return with_rank(y, layer.rank), winners

    def forward_with_relevance(self, x: Array) -> tuple[Array, RelevanceBackward]:
        """The output, and the map from its relevance to that of the input."""
        y, winners = self.winning(x)

        def backward(relevance: Array, rule: Rule) -> Propagation:
            if not isinstance(rule, LinearRule):
                raise RuleError(f"A {self.kind} layer cannot take the rule {rule}.")
            flow = rule.propagate(SelectedOutputs(self.convolution, winners), x, y, relevance)
            if winners is None:
                return flow
            within = WinnersRelevance(relevance, winners, self.convolution.rank)
            return replace(flow, within=within)

        return y, backward

    def gradient(self, x: Array, y: Array, g: Array) -> Array:
        """Gradient at the input, through the winners whose output is above 0."""
        winners = self.winning(x)[1]
        linear = SelectedOutputs(self.convolution, winners)
        return linear.transpose(gate(g, y), self.convolution.weight, x.shape)

    def relevance(self, x: Array, y: Array, relevance: Array, rule: Rule) -> Propagation:
        """Relevance of the input; the winners are found again."""
        return self.forward_with_relevance(x)[1](relevance, rule)

    @classmethod
    def accepts(cls, rule: Rule | type[Rule]) -> bool:
        """Every rule for linear maps."""
        return issubclass(rule_class(rule), LinearRule)

    def parameters(self) -> Gradients:
        """Those of the convolution."""
        return self.convolution.parameters()

    def differentiable(self, x: Array, rng: np.random.Generator) -> tuple[Array, Pullback]:
        """Output in training, and its pullback."""
        y, winners = self.winning(x)
        layer = self.convolution

        def pullback(g: Array, wants_input: bool) -> tuple[Array | None, Gradients]:
            if winners is None:
                g = gate(g, y)
            gradients = {"weight": layer.weight_gradient_at(x, g, winners)}
            if layer.bias is not None:
                gradients["bias"] = channel_sums(g, winners)
            linear = SelectedOutputs(layer, winners)
            to_input = linear.transpose(g, layer.weight, x.shape) if wants_input else None
            return to_input, gradients

        return y, pullback


class SelectedOutputs(FusedMap):
    """The convolution's map to the winners among its outputs; to all outputs without a pool.

    A `LinearMap` in the sense of the rules, not a layer: rows of the convolution's matrix, selected
    for one batch.
    """

    def __init__(self, convolution: Convolution, winners: Winners | None) -> None:
        self.weight = convolution.weight
        self.bias = convolution.bias
        self.stacks = convolution.stacks
        self._convolution = convolution
        self._winners = winners

    @property
    def positive_weight(self) -> Array:
        """``W+`` of the convolution."""
        return self._convolution.positive_weight

    @property
    def negative_weight(self) -> Array:
        """``W-`` of the convolution."""
        return self._convolution.negative_weight

    def linear(self, x: Array, weight: Array, bias: Array | None = None) -> Array:
        """The convolution of `x` with `weight`, plus `bias`, at the winners."""
        layer = self._convolution
        if self._winners is None:
            return layer.linear(x, weight, bias)
        window = layer.geometry(x.shape)
        z = kernel.convolve_at(
            spatial(x), layer.operands(weight, x.dtype), bias, window, self._winners
        )
        return with_rank(z, layer.rank)

    def quotients(
        self,
        x: Array,
        weight: Array,
        bias: Array | None,
        relevance: Array,
        share: float,
        epsilon: Array,
    ) -> tuple[Array, Array]:
        """The division of a rule by the convolution of `x` at the winners."""
        return self._convolution.quotients(
            x, weight, bias, relevance, share, epsilon, self._winners
        )

    def stacked(self, weights: tuple[Array, ...]) -> Array:
        """The weights, stacked along the axis of input channels."""
        return self._convolution.stacked(weights)

    def products(self, s: Array, weight: Array, x: Array, total: Array | None) -> Array:
        """``x * (W^T s)``, added to `total`, for an `s` at the winners."""
        return self._convolution.products(s, weight, x, total, self._winners)

    def transpose(self, s: Array, weight: Array, shape: tuple[int, ...]) -> Array:
        """The transposed convolution of an `s` that is 0 everywhere but at the winners."""
        layer = self._convolution
        operands, size = layer.operands(weight, s.dtype), spatial_size(shape[2:])
        c = kernel.transpose(spatial(s), operands, layer.geometry(shape), size, self._winners)
        return with_rank(c, layer.rank)


@dataclass(frozen=True)
class WinnersRelevance:
    """Relevance at the output of a convolution before its max-pool: that of the pool's winners.

    `relevance` is that of the pool's output, `rank` the number of axes that the window moves along.
    """

    relevance: Array
    winners: Winners
    rank: int

    def whole(self) -> Array:
        """The relevance of all outputs of the convolution; 0 for all but the winners."""
        return with_rank(hand_to_winners(spatial(self.relevance), self.winners), self.rank)

    def of(self, take: Callable[[Array], Array]) -> "WinnersRelevance":
        """The same for the part of the batch that `take` selects from every stored array."""
        winners = self.winners._replace(place=take(self.winners.place))
        return WinnersRelevance(take(self.relevance), winners, self.rank)
