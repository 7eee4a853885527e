"""LRP-0 and the epsilon rule."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from lrp_audio.errors import RuleError
from lrp_audio.rules.base import Array, LinearMap, LinearRule, Part, Term


@dataclass(frozen=True)
class LRP0(LinearRule):
    """LRP-0: each input gets the share that it contributed (gradient * input on ReLU nets)."""

    name: ClassVar[str] = "lrp-0"
    formula: ClassVar[str] = "R_j = x_j sum_k w_jk R_k / z_k"
    source: ClassVar[str] = "Bach et al. 2015, eq. 56"

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

    def __post_init__(self) -> None:
        if not self.epsilon > 0:
            raise RuleError(
                f"epsilon is {self.epsilon:g}; the epsilon rule needs a number above 0. "
                "For epsilon = 0 take the rule lrp-0."
            )

    def terms(self, layer: LinearMap, x: Array, z: Array) -> Iterable[Term]:
        """One term, divided by the layer's stabilised output."""
        yield Term((Part(x, layer.weight),), layer.bias, epsilon=self.epsilon, z=z)
