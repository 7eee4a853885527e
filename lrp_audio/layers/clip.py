"""Values limited to a range; the maximum or minimum with a constant."""

import math
from typing import ClassVar

import numpy as np

from lrp_audio.errors import ShapeError
from lrp_audio.kernels.elementwise import sample_sums
from lrp_audio.layers.base import Activation, rule_class
from lrp_audio.rules.base import Propagation, Rule
from lrp_audio.rules.passing import Pass, PassCopies
from lrp_audio.types import Array


class Clip(Activation):
    """``y = min(max(x, low), high)``; ``Clip(0, 6)`` is ReLU6.

    Where a limit replaces the value, the output is a constant that the input does not influence,
    and its relevance is dropped. The rule `Pass` gives it to the input all the same, as for
    activations that saturate.
    """

    default_rule: ClassVar[Rule | None] = PassCopies()

    def __init__(self, low: float = -math.inf, high: float = math.inf) -> None:
        if not low <= high:
            raise ShapeError(f"The limits {low} and {high} were given; expected low <= high.")
        self.low, self.high = low, high

    def forward(self, x: Array) -> Array:
        """`x` within the limits."""
        return np.clip(x, x.dtype.type(self.low), x.dtype.type(self.high))

    def gradient(self, x: Array, y: Array, g: Array) -> Array:
        """``g`` where `x` is within the limits, else 0."""
        return np.where(self._replaced(x), g.dtype.type(0), g)

    def relevance(self, x: Array, y: Array, relevance: Array, rule: Rule) -> Propagation:
        """The relevance where `x` is within the limits, or all of it under `Pass`."""
        if isinstance(rule, Pass):
            return super().relevance(x, y, relevance, rule)
        replaced, zero = self._replaced(x), relevance.dtype.type(0)
        accounts = np.zeros((len(x), 3))
        accounts[:, 2] = sample_sums(np.where(replaced, relevance, zero))
        return Propagation(np.where(replaced, zero, relevance), accounts)

    @classmethod
    def accepts(cls, rule: Rule | type[Rule]) -> bool:
        """The rule of copies, and passing."""
        return issubclass(rule_class(rule), Pass | PassCopies)

    def _replaced(self, x: Array) -> Array:
        """Where a limit replaces the value; NaN stays."""
        return np.asarray((x < x.dtype.type(self.low)) | (x > x.dtype.type(self.high)))
