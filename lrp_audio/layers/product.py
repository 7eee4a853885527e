"""The product of a signal and a gate, as in squeeze-and-excite blocks and gated units."""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from lrp_audio.errors import ShapeError
from lrp_audio.layers.base import rule_class
from lrp_audio.layers.broadcasting import Broadcasting
from lrp_audio.rules.base import Propagation, Rule
from lrp_audio.rules.gating import SignalTakesAll
from lrp_audio.types import Array


class Product(Broadcasting):
    """``y = x_0 x_1`` over axis 1 of ``(batch, 2, ...)``; all relevance goes to source `signal`.

    `shapes` are those of the two sources where they differ and are broadcast, such as
    ``((16, 8, 8), (16, 1, 1))``.
    """

    kind: ClassVar[str] = "product"
    default_rule: ClassVar[Rule | None] = SignalTakesAll()

    def __init__(self, signal: int = 0, shapes: Sequence[Sequence[int]] | None = None) -> None:
        super().__init__(shapes, 2)
        if signal not in (0, 1):
            raise ShapeError(f"The signal of a product is source {signal}; expected 0 or 1.")
        self.signal = int(signal)

    def output_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """The shape of one source."""
        if len(shape) < 2 or shape[0] != 2:
            raise ShapeError(
                f"A product was given samples of shape {shape}; expected (2, ...), two sources."
            )
        return shape[1:]

    def forward(self, x: Array) -> Array:
        """``x_0 x_1``."""
        self.output_shape(x.shape[1:])
        return np.asarray(x[:, 0] * x[:, 1])

    def gradient(self, x: Array, y: Array, g: Array) -> Array:
        """``g x_1`` and ``g x_0``."""
        return x[:, ::-1] * g[:, None]

    def relevance(self, x: Array, y: Array, relevance: Array, rule: Rule) -> Propagation:
        """All relevance for the signal, none for the gate."""
        found = np.zeros(x.shape, relevance.dtype)
        found[:, self.signal] = relevance
        return Propagation(found, np.zeros((len(x), 3)))

    @classmethod
    def accepts(cls, rule: Rule | type[Rule]) -> bool:
        """The rule of products."""
        return issubclass(rule_class(rule), SignalTakesAll)
