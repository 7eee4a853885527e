"""The rule of max-pooling."""

from dataclasses import dataclass
from typing import ClassVar

from lrp_audio.rules.base import Rule


@dataclass(frozen=True)
class WinnerTakesAll(Rule):
    """Each window's relevance goes to its largest input, the first one on ties; overlaps add up."""

    name: ClassVar[str] = "winner-takes-all"
    formula: ClassVar[str] = "R_j = sum_k R_k [j = argmax of window k]"
    source: ClassVar[str] = "Bach et al. 2015"
