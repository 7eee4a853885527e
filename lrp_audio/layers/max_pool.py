"""Max-pooling over time, or over height and width."""

from typing import ClassVar

import numpy as np

from lrp_audio.errors import RuleError
from lrp_audio.kernels import pooling
from lrp_audio.layers.base import Layer, rule_class
from lrp_audio.layers.pooled import Pooled
from lrp_audio.layers.window import spatial, spatial_size, with_rank
from lrp_audio.layers.window_sum import WindowSum
from lrp_audio.rules.alpha_beta import ZPlus
from lrp_audio.rules.base import Propagation, Rule
from lrp_audio.rules.pooling import Proportional, WinnerTakesAll
from lrp_audio.types import Array


class MaxPool(Pooled, Layer):
    """Largest value of each window."""

    kind: ClassVar[str] = "max-pool"
    default_rule: ClassVar[Rule | None] = WinnerTakesAll()

    def forward(self, x: Array) -> Array:
        """``y_k = max over window k of x``."""
        size = spatial_size(self.output_shape(x.shape[1:])[1:])
        y = pooling.maximum(spatial(x), self.window.geometry(x.shape[2:]), size)
        return with_rank(y, self.rank)

    def gradient(self, x: Array, y: Array, g: Array) -> Array:
        """The gradient of each window goes to its winner, the first on ties; overlaps add up."""
        window = self.window.geometry(x.shape[2:])
        return with_rank(pooling.to_winners(spatial(x), spatial(g), window), self.rank)

    def relevance(self, x: Array, y: Array, relevance: Array, rule: Rule) -> Propagation:
        """Winner-takes-all maps as the gradient does; proportional is z+ on the window's sum."""
        if isinstance(rule, WinnerTakesAll):
            return Propagation(self.gradient(x, y, relevance), np.zeros((len(x), 3)))
        if isinstance(rule, Proportional):
            return ZPlus().propagate(WindowSum(self.window), x, y, relevance)
        raise RuleError(f"A {self.kind} layer cannot take the rule {rule}.")

    @classmethod
    def accepts(cls, rule: Rule | type[Rule]) -> bool:
        """The rules of max-pooling."""
        return rule_class(rule) in (WinnerTakesAll, Proportional)


class MaxPool1D(MaxPool):
    """Max-pooling of `x` ``(batch, channels, time)``."""

    rank: ClassVar[int] = 1


class MaxPool2D(MaxPool):
    """Max-pooling of `x` ``(batch, channels, height, width)``."""

    rank: ClassVar[int] = 2
