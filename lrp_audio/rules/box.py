"""The zB rule, for inputs in a box, such as the decibels of a spectrogram."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from lrp_audio.errors import RuleError
from lrp_audio.rules.base import LinearMap, LinearRule, Part, Propagation, Term
from lrp_audio.types import Array


@dataclass(frozen=True)
class Box(LinearRule):
    """The zB rule: contributions are relative to the corners of the box [low, high]; no bias."""

    low: float
    high: float
    name: ClassVar[str] = "zB"
    formula: ClassVar[str] = (
        "R_j = sum_k (x_j w_jk - low w_jk+ - high w_jk-) / (sum over j of the same) R_k"
    )
    source: ClassVar[str] = "Montavon et al. 2017"
    absorbs: ClassVar[tuple[str, ...]] = ("dropped",)
    outputs_independent: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if not self.low <= self.high:
            raise RuleError(
                f"The box from {self.low:g} to {self.high:g} is empty; give low <= high."
            )

    def propagate(self, layer: LinearMap, x: Array, z: Array, relevance: Array) -> Propagation:
        """As for every rule; raises `RuleError` for inputs outside the box."""
        least, most = float(x.min(initial=self.high)), float(x.max(initial=self.low))
        slack = 1e-6 * max(abs(self.low), abs(self.high))
        if least < self.low - slack or most > self.high + slack:
            raise RuleError(
                f"The rule {self} was given inputs from {least:g} to {most:g}; expected all of "
                f"them between {self.low:g} and {self.high:g}. Widen the box."
            )
        return super().propagate(layer, x, z, relevance)

    def terms(self, layer: LinearMap, x: Array, z: Array) -> Iterable[Term]:
        """One term: the input against the weight, the box's corners against its signed parts."""
        low, high = np.full_like(x, -self.low), np.full_like(x, -self.high)
        yield Term(
            (
                Part(x, layer.weight),
                Part(low, layer.positive_weight),
                Part(high, layer.negative_weight),
            ),
            None,
        )
