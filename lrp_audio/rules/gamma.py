"""The gamma rule, and its generalisation to inputs of either sign."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from lrp_audio.errors import RuleError
from lrp_audio.rules.base import LinearMap, LinearRule, Part, Term, negative, positive, signed_parts
from lrp_audio.types import Array


def _check(gamma: float) -> None:
    if not gamma >= 0:
        raise RuleError(f"gamma is {gamma:g}; expected a number >= 0, such as 0.25.")


@dataclass(frozen=True)
class Gamma(LinearRule):
    """The gamma rule: positive weights count ``1 + gamma`` times; for inputs >= 0."""

    gamma: float = 0.25
    name: ClassVar[str] = "gamma"
    formula: ClassVar[str] = (
        "R_j = sum_k x_j (w_jk + gamma w_jk+) / (z_k + gamma z_k+) R_k, for x >= 0, "
        "z_k+ = sum_j x_j w_jk+ + b_k+"
    )
    source: ClassVar[str] = "Montavon et al. 2019"
    absorbs: ClassVar[tuple[str, ...]] = ("bias", "dropped")
    zero_input_gets_zero: ClassVar[bool] = True
    outputs_independent: ClassVar[bool] = True

    def __post_init__(self) -> None:
        _check(self.gamma)

    def terms(self, layer: LinearMap, x: Array, z: Array) -> Iterable[Term]:
        """One term with the modified weight and bias."""
        if x.min(initial=0) < 0:
            raise RuleError(
                f"The rule {self} was given inputs down to {x.min():g}; it is defined for inputs "
                ">= 0. Take generalised-gamma, which is right for either sign."
            )
        weight = layer.weight + self.gamma * layer.positive_weight
        bias = None if layer.bias is None else layer.bias + self.gamma * positive(layer.bias)
        yield Term((Part(x, weight),), bias)


@dataclass(frozen=True)
class GeneralisedGamma(LinearRule):
    """Gamma for inputs of either sign: contributions of the output's own sign count more.

    For inputs >= 0 and outputs >= 0 it is the gamma rule.
    """

    gamma: float = 0.25
    name: ClassVar[str] = "generalised-gamma"
    formula: ClassVar[str] = (
        "R_j = sum_k (x_j w_jk + gamma (x_j w_jk)^s_k) / (z_k + gamma z_k^s_k) R_k, "
        "s_k = + where z_k >= 0, else -"
    )
    source: ClassVar[str] = "Andeol et al. 2021"
    absorbs: ClassVar[tuple[str, ...]] = ("bias", "dropped")
    zero_input_gets_zero: ClassVar[bool] = True
    outputs_independent: ClassVar[bool] = True

    def __post_init__(self) -> None:
        _check(self.gamma)

    def terms(self, layer: LinearMap, x: Array, z: Array) -> Iterable[Term]:
        """One term for the neurons with an output >= 0, one for the others."""
        excite = layer.weight + self.gamma * layer.positive_weight
        inhibit = layer.weight + self.gamma * layer.negative_weight
        for mine, same, other, side in (
            (z >= 0, excite, inhibit, positive),
            (~(z >= 0), inhibit, excite, negative),  # includes NaN, which must propagate
        ):
            if np.any(mine):
                bias = None if layer.bias is None else layer.bias + self.gamma * side(layer.bias)
                yield Term(signed_parts(x, same, other), bias, share=mine)
