"""The exercise in which a rule of one's own must conserve relevance."""

from dataclasses import replace

import numpy as np

from lrp_audio.teach.answers import Failure, PlainRule, as_plain_rule, call
from lrp_audio.teach.case import Case
from lrp_audio.teach.exercise import Exercise
from lrp_audio.teach.outcome import Outcome
from lrp_audio.teach.search import smallest_failure


class _Conserving(Exercise):
    name = "conserves"
    question = (
        "Invent a rule my_rule(x, weight, bias, relevance) that conserves relevance: for every\n"
        "weight, bias, input and relevance, what the inputs get sums to what the outputs have.\n"
        "An input gets relevance only from neurons that it contributes to (x_j w_jk not 0); if\n"
        "nothing contributes to a neuron, share its relevance as you like."
    )

    def check(self, answer: object) -> Outcome:
        """Whether the rule `answer` conserves relevance in every case."""
        rule = as_plain_rule(answer)
        found = smallest_failure(lambda case: _judge(rule, case), positive_inputs=False)
        if found.failure is None:
            remark = f"It conserves relevance in all of {found.tried} cases."
            return Outcome(self.name, True, remark)
        return Outcome(self.name, False, failure=found.failure)


def _judge(rule: PlainRule, case: Case) -> Failure | None:
    given = call(rule, case)
    if isinstance(given, Failure):
        return given
    got, had = given.sum(), case.relevance.sum()
    if not np.isclose(got, had, rtol=1e-6, atol=1e-9):
        hint = _about_sum(case, bool(np.isfinite(got)))
        reason = f"What the inputs get sums to {got:.6g}, what the outputs have to {had:.6g}."
        return Failure(case, "values", reason, given, hints=(hint,))
    of_each = (_judge_one(rule, case, output) for output in range(len(case.relevance)))
    return next(filter(None, of_each), None)


def _judge_one(rule: PlainRule, case: Case, output: int) -> Failure | None:
    """Whether inputs that contribute nothing to `output` get none of its relevance."""
    alone = replace(case, relevance=np.where(np.arange(len(case.relevance)) == output, 1.0, 0.0))
    given = call(rule, alone)
    if isinstance(given, Failure):
        return given
    contributions = case.contributions[output]
    wrong = (contributions == 0) & (np.abs(given) > 1e-9)
    if not contributions.any() or not wrong.any():
        return None
    first = int(np.argmax(wrong))
    reason = (
        f"Input {first} contributes nothing to output {output}, the only one with relevance, but "
        f"it gets {given[first]:.6g}."
    )
    return Failure(alone, "values", reason, given)


def _about_sum(case: Case, finite: bool) -> str:
    if not finite:
        return "A denominator is 0 here: who gets the relevance then?"
    if not case.contributions.any(axis=1).all():
        return "Nothing contributes to one of the neurons: who gets its relevance?"
    if case.bias.any():
        return "Does the bias keep a share?"
    return "Do the shares of each neuron sum to 1?"


CONSERVING = _Conserving()
"""The exercise."""
