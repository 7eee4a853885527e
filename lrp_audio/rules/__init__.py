"""One rule per file, each readable as its formula; composites, which assign them; the ledger."""

from lrp_audio.rules.alpha_beta import AlphaBeta, ZPlus
from lrp_audio.rules.base import LinearMap, LinearRule, Part, Propagation, Rule, Term, Trace
from lrp_audio.rules.box import Box
from lrp_audio.rules.composite import Assignment, Composite
from lrp_audio.rules.epsilon import LRP0, Epsilon, RelativeEpsilon
from lrp_audio.rules.gamma import Gamma, GeneralisedGamma
from lrp_audio.rules.gating import SignalTakesAll
from lrp_audio.rules.input_independent import Flat, WSquare
from lrp_audio.rules.ledger import Entry, Ledger
from lrp_audio.rules.passing import Pass, PassCopies
from lrp_audio.rules.pooling import Proportional, WinnerTakesAll
from lrp_audio.rules.presets import PRESETS, composite

__all__ = [
    "LRP0",
    "PRESETS",
    "AlphaBeta",
    "Assignment",
    "Box",
    "Composite",
    "Entry",
    "Epsilon",
    "Flat",
    "Gamma",
    "GeneralisedGamma",
    "Ledger",
    "LinearMap",
    "LinearRule",
    "Part",
    "Pass",
    "PassCopies",
    "Propagation",
    "Proportional",
    "RelativeEpsilon",
    "Rule",
    "SignalTakesAll",
    "Term",
    "Trace",
    "WSquare",
    "WinnerTakesAll",
    "ZPlus",
    "composite",
]
