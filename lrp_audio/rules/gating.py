"""The rule of products of a signal and a gate."""

from dataclasses import dataclass
from typing import ClassVar

from lrp_audio.rules.base import Rule


@dataclass(frozen=True)
class SignalTakesAll(Rule):
    """All relevance of a product goes to the signal, none to the gate that scales it."""

    name: ClassVar[str] = "signal-takes-all"
    formula: ClassVar[str] = "R_j = R_k for the signal j, 0 for the gate"
    source: ClassVar[str] = "Arras et al. 2017"
    absorbs: ClassVar[tuple[str, ...]] = ()
