"""LRP-0, and the epsilon rule with an absolute or a relative epsilon."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from lrp_audio.errors import RuleError
from lrp_audio.rules.base import LinearMap, LinearRule, Part, Term
from lrp_audio.types import Array


def _check(epsilon: float) -> None:
    if not epsilon > 0:
        raise RuleError(
            f"epsilon is {epsilon:g}; the epsilon rule needs a number above 0. "
            "For epsilon = 0 take the rule lrp-0."
        )


@dataclass(frozen=True)
class LRP0(LinearRule):
    """LRP-0: each input gets the share that it contributed (gradient * input on ReLU nets)."""

    name: ClassVar[str] = "lrp-0"
    formula: ClassVar[str] = "R_j = x_j sum_k w_jk R_k / z_k"
    source: ClassVar[str] = "Bach et al. 2015, eq. 56"
    absorbs: ClassVar[tuple[str, ...]] = ("bias", "dropped")
    zero_input_gets_zero: ClassVar[bool] = True
    outputs_independent: ClassVar[bool] = True

    def terms(self, layer: LinearMap, x: Array, z: Array) -> Iterable[Term]:
        """One term, divided by the layer's own output."""
        yield Term((Part(x, layer.weight),), layer.bias, z=z)


@dataclass(frozen=True)
class Epsilon(LinearRule):
    """The epsilon rule: LRP-0 whose denominator is kept away from zero by `epsilon`, absolute."""

    epsilon: float = 1e-6
    name: ClassVar[str] = "epsilon"
    formula: ClassVar[str] = "R_j = x_j sum_k w_jk R_k / (z_k + epsilon sign(z_k)), sign(0) = +1"
    source: ClassVar[str] = "Bach et al. 2015, eq. 58"
    absorbs: ClassVar[tuple[str, ...]] = ("bias", "stabiliser")
    zero_input_gets_zero: ClassVar[bool] = True
    outputs_independent: ClassVar[bool] = True

    def __post_init__(self) -> None:
        _check(self.epsilon)

    def terms(self, layer: LinearMap, x: Array, z: Array) -> Iterable[Term]:
        """One term, divided by the layer's stabilised output."""
        yield Term((Part(x, layer.weight),), layer.bias, epsilon=self.epsilon, z=z)


@dataclass(frozen=True)
class RelativeEpsilon(LinearRule):
    """The epsilon rule with an epsilon of `share` times the root mean square of the layer's output.

    The scale is each sample's own, so that a row of a batch is explained as it is alone.
    """

    share: float = 0.1
    name: ClassVar[str] = "relative-epsilon"
    formula: ClassVar[str] = "epsilon with epsilon = share sqrt(mean_k z_k^2)"
    source: ClassVar[str] = "Montavon et al. 2019"
    absorbs: ClassVar[tuple[str, ...]] = ("bias", "stabiliser", "dropped")
    zero_input_gets_zero: ClassVar[bool] = True

    def __post_init__(self) -> None:
        _check(self.share)

    def terms(self, layer: LinearMap, x: Array, z: Array) -> Iterable[Term]:
        """One term, divided by the layer's stabilised output."""
        scale = np.sqrt(np.mean(z**2, axis=tuple(range(1, z.ndim))))
        yield Term((Part(x, layer.weight),), layer.bias, epsilon=self.share * scale, z=z)
