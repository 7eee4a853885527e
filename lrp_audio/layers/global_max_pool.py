"""The maximum over whole axes."""

import math
from typing import ClassVar

import numpy as np

from lrp_audio.errors import RuleError
from lrp_audio.layers.base import Layer, rule_class
from lrp_audio.layers.global_average_pool import GlobalAveragePool
from lrp_audio.layers.global_pool import GlobalPool
from lrp_audio.rules.alpha_beta import ZPlus
from lrp_audio.rules.base import Propagation, Rule
from lrp_audio.rules.pooling import Proportional, WinnerTakesAll
from lrp_audio.types import Array


class GlobalMaxPool(GlobalPool, Layer):
    """Largest value over `axes`, by default of each channel; the first one wins on ties."""

    kind: ClassVar[str] = "max-pool"
    default_rule: ClassVar[Rule | None] = WinnerTakesAll()

    def forward(self, x: Array) -> Array:
        """The maximum."""
        self.output_shape(x.shape[1:])
        return np.asarray(x.max(axis=self.reduced(x.ndim), keepdims=self.keepdims))

    def gradient(self, x: Array, y: Array, g: Array) -> Array:
        """The gradient of each output at its winner."""
        reduced = self.reduced(x.ndim)
        order = (*(axis for axis in range(x.ndim) if axis not in reduced), *reduced)
        moved = x.transpose(order)
        kept, count = moved.shape[: -len(reduced)], math.prod(moved.shape[-len(reduced) :])
        rows = moved.reshape(*kept, count)
        winners = rows.argmax(axis=-1)[..., None]
        spread = np.zeros(rows.shape, g.dtype)
        np.put_along_axis(spread, winners, g.reshape(winners.shape), axis=-1)
        return spread.reshape(moved.shape).transpose(np.argsort(order))

    def relevance(self, x: Array, y: Array, relevance: Array, rule: Rule) -> Propagation:
        """Winner-takes-all maps as the gradient does; proportional is z+ on the mean."""
        if isinstance(rule, WinnerTakesAll):
            return Propagation(self.gradient(x, y, relevance), np.zeros((len(x), 3)))
        if isinstance(rule, Proportional):
            mean = GlobalAveragePool(self.axes, self.keepdims)
            return ZPlus().propagate(mean, x, y, relevance)
        raise RuleError(f"A {self.kind} layer cannot take the rule {rule}.")

    @classmethod
    def accepts(cls, rule: Rule | type[Rule]) -> bool:
        """The rules of max-pooling."""
        return rule_class(rule) in (WinnerTakesAll, Proportional)
