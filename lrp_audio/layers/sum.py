"""The sum where branches meet, as in a residual block."""

from typing import ClassVar

import numpy as np

from lrp_audio.errors import ShapeError
from lrp_audio.layers.base import LinearLayer
from lrp_audio.types import Array


class Sum(LinearLayer):
    """``y = sum_i x_i`` over axis 1 of ``(batch, branches, ...)``; every linear rule applies."""

    kind: ClassVar[str] = "sum"

    def __init__(self, branches: int = 2) -> None:
        self.weight = np.ones(branches)

    def output_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """The shape of one branch."""
        if len(shape) < 2 or shape[0] != len(self.weight):
            raise ShapeError(
                f"A sum of {len(self.weight)} branches was given samples of shape {shape}; "
                f"expected ({len(self.weight)}, ...), one entry for each branch."
            )
        return shape[1:]

    def linear(self, x: Array, weight: Array, bias: Array | None = None) -> Array:
        """``sum_i weight_i x_i``."""
        return np.asarray(np.einsum("bi...,i->b...", x, weight.astype(x.dtype)))

    def transpose(self, s: Array, weight: Array, shape: tuple[int, ...]) -> Array:
        """``weight_i s`` for every branch i."""
        return np.asarray(np.einsum("b...,i->bi...", s, weight.astype(s.dtype)))
