"""The outcome of a check, with a text that fits on one screen."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from lrp_audio.arguments import described
from lrp_audio.teach.answers import Failure

_INDENT = 4
_LABEL = 11  # characters of the names of arrays


@dataclass(frozen=True, repr=False)
class Outcome:
    """Whether an answer to an exercise is right; if not, `failure` is the smallest case.

    ``print(outcome)`` shows all of it. `remark` says what was compared, or what is wrong where
    there is no case.
    """

    exercise: str
    passed: bool
    remark: str = ""
    failure: Failure | None = None

    def __repr__(self) -> str:
        return self.text

    def __bool__(self) -> bool:
        return self.passed

    @property
    def text(self) -> str:
        """All numbers of the case, where the answer first goes wrong, and hints."""
        if self.passed:
            return f"{self.exercise}: right. {self.remark}"
        if self.failure is None:
            return f"{self.exercise}: not yet. {self.remark}"
        lines = [f"{self.exercise}: not yet. The smallest case in which it is wrong:", ""]
        lines += _numbers(self.failure)
        lines += ["", self.failure.reason, *(f"Hint: {hint}" for hint in self.failure.hints)]
        return "\n".join(lines)


def _numbers(failure: Failure) -> list[str]:
    case = failure.case
    shown: list[tuple[str, object]] = [
        ("x", case.x),
        ("weight", case.weight),
        ("bias", case.bias),
        ("z", case.z),
        ("relevance", case.relevance),
    ]
    if failure.kind != "raised":
        shown.append(("your rule", failure.given))
    if failure.expected is not None:
        shown.append(("expected", failure.expected))
    return [line for name, value in shown for line in _lines(name, value)]


def _lines(name: str, value: object) -> list[str]:
    """`value` with its name in front of the first line, and the others below it."""
    first, *rest = _printed(value).splitlines()
    indent = " " * _INDENT
    return [f"{indent}{name:<{_LABEL}}{first}", *(f"{indent}{'':<{_LABEL}}{r}" for r in rest)]


def _printed(value: Any) -> str:
    """An array with all of its numbers, short ones; anything else on one line."""
    if not isinstance(value, np.ndarray) or value.dtype.kind not in "biuf" or value.size > 9:
        return described(value)
    return np.array2string(value, formatter={"float_kind": lambda number: f"{number:.6g}"})
