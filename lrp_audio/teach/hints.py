"""Hints: what is common to the cases in which an answer is wrong."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations, islice

import numpy as np

from lrp_audio.teach.answers import Failure, PlainRule, call
from lrp_audio.teach.case import Case, Numbers
from lrp_audio.teach.search import Judge

_ENOUGH = 10  # cases, for something to be said of all of their kind
_MOST = 2  # hints of this sort


@dataclass(frozen=True)
class Fault:
    """A mistake that is often made: the `rule` that it results in, and what to say about it."""

    hint: str
    rule: Callable[[Case], Numbers]


_CONDITIONS: dict[str, Callable[[Case], bool]] = {
    "the bias is 0": lambda c: not c.bias.any(),
    "no input is negative": lambda c: bool((c.x >= 0).all()),
    "no weight is negative": lambda c: bool((c.weight >= 0).all()),
    "no relevance is negative": lambda c: bool((c.relevance >= 0).all()),
    "there is a single output": lambda c: len(c.relevance) == 1,
    "there is a single input": lambda c: len(c.x) == 1,
    "no output z is 0": lambda c: bool((c.z != 0).all()),
    "all outputs z are positive": lambda c: bool((c.z > 0).all()),
}


def same(given: object, expected: Numbers) -> bool:
    """Whether two results are equal up to rounding; what is not finite is equal nowhere."""
    return bool(np.allclose(np.asarray(given), expected, rtol=1e-6, atol=1e-9))


def about_values(
    rule: PlainRule, judge: Judge, cases: Sequence[Case], faults: Sequence[Fault]
) -> tuple[str, ...]:
    """Hints on a `rule` with wrong values, from all `cases`; the same values as a known fault."""
    for fault in faults:
        if all(_alike(call(rule, case), fault.rule(case)) for case in cases):
            return (fault.hint,)
    failures = [judge(case) for case in cases]
    hints = [f"The rule is right wherever {what}." for what in _where_right(cases, failures)]
    others = (f for f in failures if f is not None and f.kind != "values")
    hints += [f"In other cases: {f.reason}" for f in islice(others, 1)]
    return tuple(hints)


def _where_right(cases: Sequence[Case], failures: Sequence[Failure | None]) -> list[str]:
    """The weakest conditions under which no case fails: single ones, otherwise one pair."""
    for size, most in ((1, _MOST), (2, 1)):
        found = []
        for names in combinations(_CONDITIONS, size):
            of_kind = [
                failure
                for case, failure in zip(cases, failures, strict=True)
                if all(_CONDITIONS[name](case) for name in names)
            ]
            if len(of_kind) >= _ENOUGH and not any(of_kind):
                found.append(" and ".join(names))
        if found:
            return found[:most]
    return []


def _alike(given: object, expected: Numbers) -> bool:
    """As `same`, but what is not finite is equal to what is not finite."""
    if isinstance(given, Failure):
        return False
    array = np.asarray(given)
    finite = np.isfinite(array)
    return np.array_equal(finite, np.isfinite(expected)) and same(array[finite], expected[finite])
