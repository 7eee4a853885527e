"""The rule of layers that act on each value separately, or only move values."""

from dataclasses import dataclass
from typing import ClassVar

from lrp_audio.rules.base import Rule


@dataclass(frozen=True)
class Pass(Rule):
    """Relevance goes through unchanged: activations, dropout, reshaping."""

    name: ClassVar[str] = "pass"
    formula: ClassVar[str] = "R_j = R_k"
    source: ClassVar[str] = "Bach et al. 2015"
    absorbs: ClassVar[tuple[str, ...]] = ()
