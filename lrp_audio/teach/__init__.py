"""Exercises in LRP with checks: what is right is confirmed, what is wrong shown where it fails.

    outcome = lrp_audio.teach.check("z-plus", my_rule)
    print(outcome)

``print(lrp_audio.teach.exercise("z-plus"))`` shows what to do; `EXERCISES` lists all by name.
A check needs the extra ``teach``: ``pip install "lrp-audio[teach]"``.
"""

from lrp_audio.arguments import one_of
from lrp_audio.teach.answers import PlainRule
from lrp_audio.teach.case import Case
from lrp_audio.teach.conserving import CONSERVING
from lrp_audio.teach.exercise import Exercise
from lrp_audio.teach.losses import LOSSES
from lrp_audio.teach.mending import MENDING
from lrp_audio.teach.outcome import Outcome
from lrp_audio.teach.writing import WRITING

__all__ = ["EXERCISES", "Case", "Exercise", "Outcome", "PlainRule", "check", "exercise"]

EXERCISES: dict[str, Exercise] = {e.name: e for e in (*WRITING, *MENDING, *LOSSES, CONSERVING)}
"""All exercises by name, in the order in which they are meant."""


def exercise(name: str) -> Exercise:
    """The exercise of that name; raises `LrpAudioError` if there is none."""
    one_of(name, list(EXERCISES), "exercise")
    return EXERCISES[name]


def check(name: str, answer: object) -> Outcome:
    """Check an `answer` to the exercise of that name.

    The answer is a rule, as a function ``my_rule(x, weight, bias, relevance)`` or a `LinearRule`;
    for the exercises ``lost-...`` it is the pair of a layer and an account, such as
    ``("hidden", "bias")``. Always comes to the same outcome for the same answer. Raises
    `LrpAudioError` for another name, an answer of another kind, or where hypothesis is missing.
    """
    return exercise(name).check(answer)
