"""The rules of max-pooling."""

from dataclasses import dataclass
from typing import ClassVar

from lrp_audio.rules.base import Rule


@dataclass(frozen=True)
class WinnerTakesAll(Rule):
    """Each window's relevance goes to its largest input, the first one on ties; overlaps add up."""

    name: ClassVar[str] = "winner-takes-all"
    formula: ClassVar[str] = "R_j = sum_k [j = first argmax of window k] R_k"
    source: ClassVar[str] = "Bach et al. 2015"
    absorbs: ClassVar[tuple[str, ...]] = ()


@dataclass(frozen=True)
class Proportional(Rule):
    """Each window's relevance is shared in proportion to its positive inputs; overlaps add up."""

    name: ClassVar[str] = "proportional"
    formula: ClassVar[str] = "R_j = sum_k x_j+ / (sum over window k of x+) R_k"
    source: ClassVar[str] = "Bach et al. 2015, sum-pooling"
    absorbs: ClassVar[tuple[str, ...]] = ("dropped",)
