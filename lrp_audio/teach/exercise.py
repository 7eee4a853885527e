"""What all exercises are: a question, and a check of the answer."""

import contextlib
import io
from abc import ABC, abstractmethod
from dataclasses import dataclass, replace

import numpy as np

from lrp_audio.rules.base import LinearRule
from lrp_audio.teach.answers import Failure, PlainRule, as_plain_rule, call
from lrp_audio.teach.case import Case, spread
from lrp_audio.teach.hints import Fault, about_values, same
from lrp_audio.teach.outcome import Outcome
from lrp_audio.teach.search import smallest_failure


class Exercise(ABC):
    """An exercise; ``print(exercise)`` shows what to do."""

    name: str
    question: str

    @abstractmethod
    def check(self, answer: object) -> Outcome:
        """Whether `answer` is right."""

    def __str__(self) -> str:
        return f"{self.name}\n\n{self.question}"

    def __repr__(self) -> str:
        return f"<Exercise {self.name}>"


@dataclass(frozen=True, repr=False)
class RuleExercise(Exercise):
    """A rule is to be written: the answer must agree with `rule` in every case.

    `positive_inputs`: only inputs >= 0 are given. `faults` are mistakes that are often made here.
    """

    name: str
    question: str
    rule: LinearRule
    positive_inputs: bool = False
    faults: tuple[Fault, ...] = ()

    def check(self, answer: object) -> Outcome:
        """Compare `answer` with the rule, in small cases first."""
        rule = as_plain_rule(answer)
        found = smallest_failure(lambda case: self._judge(rule, case), self.positive_inputs)
        if found.failure is None:
            remark = f"It agrees with the rule {self.rule} in all of {found.tried} cases."
            return Outcome(self.name, True, remark)
        return Outcome(self.name, False, failure=self._with_hints(rule, found.failure))

    def _judge(self, rule: PlainRule, case: Case) -> Failure | None:
        given = call(rule, case)
        if isinstance(given, Failure):
            return given
        expected = case.relevance_under(self.rule)
        if same(given, expected):
            return None
        first = int(np.argmin(np.isclose(given, expected, rtol=1e-6, atol=1e-9)))
        reason = (
            f"The first difference is at input {first}: {given[first]:.6g}, "
            f"expected {expected[first]:.6g}."
        )
        return Failure(case, "values", reason, given, expected)

    def _with_hints(self, rule: PlainRule, failure: Failure) -> Failure:
        if failure.kind != "values":
            return failure
        cases = list(spread(self.positive_inputs))
        with contextlib.redirect_stdout(io.StringIO()):  # what the rule prints
            hints = about_values(rule, lambda case: self._judge(rule, case), cases, self.faults)
        if not np.isfinite(failure.given).all():
            hints = ("A denominator is 0 here. What should become of the relevance?", *hints)
        return replace(failure, hints=hints)
