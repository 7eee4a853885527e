"""Rules that do not depend on the input: w^2 and flat."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from lrp_audio.rules.base import LinearMap, LinearRule, Part, Term
from lrp_audio.types import Array


@dataclass(frozen=True)
class WSquare(LinearRule):
    """The w^2 rule: inputs share in proportion to their squared weight."""

    name: ClassVar[str] = "w^2"
    formula: ClassVar[str] = "R_j = sum_k w_jk^2 / (sum_j w_jk^2) R_k"
    source: ClassVar[str] = "Montavon et al. 2017"
    absorbs: ClassVar[tuple[str, ...]] = ("dropped",)
    outputs_independent: ClassVar[bool] = True

    def terms(self, layer: LinearMap, x: Array, z: Array) -> Iterable[Term]:
        """One term: ones against the squared weight."""
        yield Term((Part(np.ones_like(x), layer.weight**2),), None)


@dataclass(frozen=True)
class Flat(LinearRule):
    """The flat rule: all inputs of a neuron get equal shares."""

    name: ClassVar[str] = "flat"
    formula: ClassVar[str] = "R_j = sum_k 1 / (number of inputs of k) R_k"
    source: ClassVar[str] = "Lapuschkin et al. 2019"
    absorbs: ClassVar[tuple[str, ...]] = ("dropped",)
    outputs_independent: ClassVar[bool] = True

    def terms(self, layer: LinearMap, x: Array, z: Array) -> Iterable[Term]:
        """One term: ones against ones."""
        yield Term((Part(np.ones_like(x), np.ones_like(layer.weight)),), None)
