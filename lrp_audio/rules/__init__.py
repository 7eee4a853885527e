"""One rule a file, each readable as its formula; composites that hand them out; the ledger."""

from lrp_audio.rules.alpha_beta import AlphaBeta, ZPlus
from lrp_audio.rules.base import LinearMap, Part, Propagation, Rule, Term
from lrp_audio.rules.composite import Assignment, Composite
from lrp_audio.rules.epsilon import LRP0, Epsilon
from lrp_audio.rules.ledger import Entry, Ledger
from lrp_audio.rules.passing import Pass
from lrp_audio.rules.presets import PRESETS, composite
from lrp_audio.rules.winner import WinnerTakesAll

__all__ = [
    "LRP0",
    "PRESETS",
    "AlphaBeta",
    "Assignment",
    "Composite",
    "Entry",
    "Epsilon",
    "Ledger",
    "LinearMap",
    "Part",
    "Pass",
    "Propagation",
    "Rule",
    "Term",
    "WinnerTakesAll",
    "ZPlus",
    "composite",
]
