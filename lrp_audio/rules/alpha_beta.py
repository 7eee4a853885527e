"""The alpha-beta rule, and z+, its case alpha = 1, beta = 0; for inputs of either sign."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from lrp_audio.errors import RuleError
from lrp_audio.kernels.elementwise import rest_below_zero
from lrp_audio.rules.base import (
    LinearMap,
    LinearRule,
    Term,
    denominator,
    negative,
    positive,
    signed_parts,
)
from lrp_audio.types import Array


@dataclass(frozen=True)
class AlphaBeta(LinearRule):
    """Positive contributions get the share alpha, negative ones -beta; alpha - beta = 1."""

    alpha: float = 2.0
    beta: float = 1.0
    name: ClassVar[str] = "alpha-beta"
    formula: ClassVar[str] = (
        "R_j = sum_k [alpha (x_j w_jk)+ / z_k+ - beta (x_j w_jk)- / z_k-] R_k, "
        "z+ with b+, z- with b-"
    )
    source: ClassVar[str] = "Bach et al. 2015, eq. 60"
    absorbs: ClassVar[tuple[str, ...]] = ("bias", "dropped")
    zero_input_gets_zero: ClassVar[bool] = True
    outputs_independent: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if not (self.beta >= 0 and math.isclose(self.alpha - self.beta, 1, abs_tol=1e-9)):
            raise RuleError(
                f"alpha = {self.alpha:g} and beta = {self.beta:g}; relevance is only handed on in "
                "full where alpha - beta = 1 and beta >= 0, such as alpha = 2, beta = 1."
            )

    def terms(self, layer: LinearMap, x: Array, z: Array) -> Iterable[Term]:
        """The excitation with share alpha, and the inhibition with share -beta."""
        plus, minus = layer.positive_weight, layer.negative_weight
        bias = layer.bias
        excess = None if bias is None else positive(bias)
        excited = signed_parts(x, plus, minus)
        if not self.beta:
            yield Term(excited, excess, self.alpha)
        else:
            above = denominator(layer, excited, excess)
            yield Term(excited, excess, self.alpha, z=above)
            below = rest_below_zero(z, above)
            del above, excited  # frees their memory before the second term
            lack = None if bias is None else negative(bias)
            yield Term(signed_parts(x, minus, plus), lack, -self.beta, z=below)


@dataclass(frozen=True)
class ZPlus(LinearRule):
    """The z+ rule: only positive contributions; alpha-beta with alpha = 1, beta = 0."""

    name: ClassVar[str] = "z+"
    formula: ClassVar[str] = "R_j = sum_k (x_j w_jk)+ / z_k+ R_k"
    source: ClassVar[str] = "Montavon et al. 2017"
    absorbs: ClassVar[tuple[str, ...]] = ("bias", "dropped")
    zero_input_gets_zero: ClassVar[bool] = True
    outputs_independent: ClassVar[bool] = True

    def terms(self, layer: LinearMap, x: Array, z: Array) -> Iterable[Term]:
        """The excitation alone."""
        return AlphaBeta(1.0, 0.0).terms(layer, x, z)
