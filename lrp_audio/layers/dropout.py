"""Dropout: active in training only."""

from typing import ClassVar

import numpy as np

from lrp_audio.layers.base import Gradients, Pullback, SameShape
from lrp_audio.types import Array


class Dropout(SameShape):
    """In training, sets values to 0 with probability `rate` and scales others by 1 / (1 - rate)."""

    kind: ClassVar[str] = "dropout"

    def __init__(self, rate: float = 0.5) -> None:
        self.rate = rate

    def forward(self, x: Array) -> Array:
        """`x` itself."""
        return x

    def gradient(self, x: Array, y: Array, g: Array) -> Array:
        """`g` itself."""
        return g

    def differentiable(self, x: Array, rng: np.random.Generator) -> tuple[Array, Pullback]:
        """`x` times a random mask; the gradient is masked alike."""
        kept = rng.random(x.shape, np.float32) >= self.rate
        mask = kept * x.dtype.type(1 / (1 - self.rate))

        def pullback(g: Array, wants_input: bool) -> tuple[Array | None, Gradients]:
            return g * mask, {}

        return x * mask, pullback
