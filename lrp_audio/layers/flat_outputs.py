"""Linear layers whose bias does not lie along axis 1, in the form that rules expect."""

import math

import numpy as np

from lrp_audio.errors import RuleError
from lrp_audio.layers.base import LinearLayer
from lrp_audio.rules.base import LinearRule, Propagation, Rule
from lrp_audio.types import Array


class FlatOutputs:
    """The map of `layer` for samples of `shape`, with the outputs of a sample in one row.

    So every output has a bias of its own. A `LinearMap` in the sense of the rules, not a layer.
    """

    stacks = False

    def __init__(self, layer: LinearLayer, shape: tuple[int, ...]) -> None:
        self.layer = layer
        self.weight = layer.weight
        self.positive_weight, self.negative_weight = layer.positive_weight, layer.negative_weight
        self.output_shape = layer.output_shape(shape)
        self.bias: Array | None = None
        if layer.bias is not None:
            self.bias = np.broadcast_to(layer.bias, (1, *self.output_shape)).reshape(-1)

    def linear(self, x: Array, weight: Array, bias: Array | None = None) -> Array:
        """``weight x + bias``, ``(batch, outputs)``."""
        z = self.layer.linear(x, weight)
        flat = z.reshape(len(z), math.prod(self.output_shape))
        return flat if bias is None else flat + bias.astype(x.dtype)

    def transpose(self, s: Array, weight: Array, shape: tuple[int, ...]) -> Array:
        """``weight^T s`` for an `s` ``(batch, outputs)``."""
        return self.layer.transpose(s.reshape(len(s), *self.output_shape), weight, shape)


def propagate_flat(
    layer: LinearLayer, x: Array, y: Array, relevance: Array, rule: Rule
) -> Propagation:
    """Relevance of the input of `layer` under a linear rule, by its `FlatOutputs`."""
    if not isinstance(rule, LinearRule):
        raise RuleError(f"A {layer.kind} layer cannot take the rule {rule}.")
    flat = (len(y), math.prod(y.shape[1:]))
    outputs = FlatOutputs(layer, x.shape[1:])
    return rule.propagate(outputs, x, y.reshape(flat), relevance.reshape(flat))
