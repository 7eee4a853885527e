"""The exercises in which a rule has a fault that is to be mended."""

import inspect
import re

from lrp_audio.rules import AlphaBeta, Epsilon, Gamma, LinearRule, WSquare, ZPlus
from lrp_audio.teach import broken
from lrp_audio.teach.answers import PlainRule
from lrp_audio.teach.exercise import RuleExercise


def source(rule: PlainRule) -> str:
    """The source of a rule of `broken`, without annotations."""
    return re.sub(r": Array| -> Array", "", inspect.getsource(rule)).strip()


def _mend(
    number: int, given: PlainRule, rule: LinearRule, positive_inputs: bool = False
) -> RuleExercise:
    question = (
        f"This rule has one fault. Find it, and hand in the mended function.\n\n{source(given)}"
    )
    return RuleExercise(f"mend-{number}", question, rule, positive_inputs)


MENDING = (
    _mend(1, broken.gamma, Gamma(0.25), positive_inputs=True),
    _mend(2, broken.epsilon, Epsilon(0.1)),
    _mend(3, broken.w_square, WSquare()),
    _mend(4, broken.alpha_beta, AlphaBeta(2, 1)),
    _mend(5, broken.z_plus, ZPlus(), positive_inputs=True),
)
"""The exercises, in no particular order."""
