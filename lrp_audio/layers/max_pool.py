"""Max-pooling over time, or over height and width."""

from typing import ClassVar

import numpy as np

from lrp_audio.errors import RuleError, ShapeError
from lrp_audio.kernels import pooling
from lrp_audio.layers.base import Array, Layer
from lrp_audio.layers.window import Sliding, spatial, spatial_size, with_rank
from lrp_audio.rules.base import Propagation, Rule
from lrp_audio.rules.winner import WinnerTakesAll


class MaxPool(Layer):
    """Largest value of each window; `kernel`, `stride` and `pad` have one number an axis."""

    kind: ClassVar[str] = "max-pool"
    default_rule: ClassVar[Rule | None] = WinnerTakesAll()
    rank: ClassVar[int]

    def __init__(
        self,
        kernel: tuple[int, ...],
        stride: tuple[int, ...] | None = None,
        pad: tuple[int, ...] | None = None,
        ceil_mode: bool = False,
    ) -> None:
        self.window = Sliding(
            kernel,
            kernel if stride is None else stride,
            (0,) * self.rank if pad is None else pad,
            (1,) * self.rank,
            ceil_mode,
        )

    def output_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """``(channels, *windows)`` for ``(channels, *lengths)``."""
        if len(shape) != 1 + self.rank:
            raise ShapeError(
                f"A max-pool over {self.rank} axes was given samples of shape {shape}; expected "
                f"channels and {self.rank} lengths."
            )
        return (shape[0], *self.window.size(shape[1:]))

    def forward(self, x: Array) -> Array:
        """``y_k = max over window k of x``."""
        size = spatial_size(self.output_shape(x.shape[1:])[1:])
        y = pooling.maximum(spatial(x), self.window.geometry(x.shape[2:]), size)
        return with_rank(y, self.rank)

    def gradient(self, x: Array, y: Array, g: Array) -> Array:
        """The gradient of each window goes to its winner, the first on ties; overlaps add up."""
        window = self.window.geometry(x.shape[2:])
        return with_rank(pooling.to_winners(spatial(x), spatial(y), spatial(g), window), self.rank)

    def relevance(self, x: Array, y: Array, relevance: Array, rule: Rule) -> Propagation:
        """Winner-takes-all is the same map as the gradient."""
        if not self.accepts(rule):
            raise RuleError(f"A max-pool layer cannot take the rule {rule}.")
        return Propagation(self.gradient(x, y, relevance), np.zeros((len(x), 3)))

    def accepts(self, rule: Rule) -> bool:
        """Winner-takes-all."""
        return isinstance(rule, WinnerTakesAll)


class MaxPool1D(MaxPool):
    """Max-pooling of `x` ``(batch, channels, time)``."""

    rank: ClassVar[int] = 1


class MaxPool2D(MaxPool):
    """Max-pooling of `x` ``(batch, channels, height, width)``."""

    rank: ClassVar[int] = 2
