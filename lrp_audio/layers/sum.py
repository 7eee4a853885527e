"""The sum or difference of branches, as in a residual block."""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from lrp_audio.errors import ShapeError
from lrp_audio.layers.base import LinearLayer
from lrp_audio.layers.broadcasting import Broadcasting
from lrp_audio.types import Array


class Sum(Broadcasting, LinearLayer):
    """``y = sum_i sign_i x_i`` over axis 1 of ``(batch, branches, ...)``; every rule applies.

    All `signs` are 1 unless given; ``Sum(2, signs=(1, -1))`` is a difference. `shapes` are those
    of the branches where they differ and are broadcast, such as ``((3, 8), (3, 1))``.
    """

    kind: ClassVar[str] = "sum"

    def __init__(
        self,
        branches: int = 2,
        signs: Sequence[float] | None = None,
        shapes: Sequence[Sequence[int]] | None = None,
    ) -> None:
        super().__init__(shapes, branches)
        self.weight = np.ones(branches) if signs is None else np.array(signs, np.float64)
        if self.weight.shape != (branches,):
            raise ShapeError(
                f"A sum of {branches} branches was given the signs {signs}; expected one for each."
            )

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
