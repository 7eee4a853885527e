"""What a student hands in: a rule as a function of plain arrays; and one call of it."""

import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lrp_audio.arguments import described
from lrp_audio.errors import ExerciseError
from lrp_audio.rules.base import LinearRule
from lrp_audio.teach.case import Case, Numbers

PlainRule = Callable[[Numbers, Numbers, Numbers, Numbers], Any]
"""``my_rule(x, weight, bias, relevance)``: the relevance of `x` at one dense layer."""

_NAMES = ("x", "weight", "bias", "relevance")


@dataclass(frozen=True)
class Failure:
    """A `case` in which an answer is wrong: why, in a sentence, with hints.

    `given` is what the rule returned, None if it raised an exception; `expected` is None where
    several results are right. `kind` is ``raised``, ``type``, ``shape``, ``changed`` or ``values``.
    """

    case: Case
    kind: str
    reason: str
    given: Any = None
    expected: Numbers | None = None
    hints: tuple[str, ...] = ()


def as_plain_rule(answer: object) -> PlainRule:
    """`answer` as a function of plain arrays; raises `ExerciseError` if it is no rule."""
    if isinstance(answer, LinearRule):
        rule = answer
        return lambda *arrays: Case(*arrays).relevance_under(rule)
    if isinstance(answer, type) or not callable(answer):
        raise ExerciseError(
            f"The answer is {described(answer)}; expected a function my_rule(x, weight, bias, "
            "relevance) that returns the relevance of x, or an instance of a LinearRule."
        )
    return answer


def call(rule: PlainRule, case: Case) -> NDArray[Any] | Failure:
    """What `rule` returns for `case`, if that has the form of a relevance of its input."""
    arrays = case.copies()
    try:
        with np.errstate(all="ignore"):  # numbers that are not finite are reported as such
            given = rule(*arrays)
    except Exception as error:
        return Failure(case, "raised", _raised(error), hints=_about_exception(error))
    relevance = _as_array(given)
    if relevance is None or relevance.dtype.kind != "f":
        reason, hint = _about_type(given, relevance)
        return Failure(case, "type", reason, given, hints=(hint,))
    if relevance.shape != case.x.shape:
        reason = f"The rule gave an array of shape {relevance.shape}; expected {case.x.shape}."
        hints = (_about_shape(relevance.shape, case),)
        return Failure(case, "shape", reason, relevance, hints=hints)
    originals = (getattr(case, name) for name in _NAMES)
    for name, array, original in zip(_NAMES, arrays, originals, strict=True):
        if array.shape != original.shape or not np.array_equal(array, original):
            hint = f"Work on a copy: {name} = {name}.copy(). Operators such as *= change an array."
            reason = f"The rule changed its argument {name} in place."
            return Failure(case, "changed", reason, relevance, hints=(hint,))
    return relevance


def _as_array(given: object) -> NDArray[Any] | None:
    try:
        return np.asarray(given)
    except (ValueError, TypeError):
        return None


def _raised(error: Exception) -> str:
    """The last line of the traceback, and where in the student's code it was raised."""
    last = traceback.format_exception_only(error)[-1].strip()
    frames = traceback.extract_tb(error.__traceback__)[1:]  # the first is the call in this file
    if not frames:
        return f"The rule raised {last}"
    place = f"line {frames[0].lineno} of {frames[0].name}"
    code = f": {frames[0].line}" if frames[0].line else ""
    return f"The rule raised {last}\n(at {place}{code})"


def _about_exception(error: Exception) -> tuple[str, ...]:
    if isinstance(error, TypeError) and "argument" in str(error):
        return ("The rule is called as my_rule(x, weight, bias, relevance).",)
    if isinstance(error, ValueError) and any(w in str(error) for w in ("shape", "dim", "align")):
        return (
            "The weight is (outputs, inputs): weight @ x has one number for each output, and "
            "weight.T @ s one for each input. Is it transposed where it should not be, or the "
            "other way round?",
        )
    return ()


def _about_type(given: object, array: NDArray[Any] | None) -> tuple[str, str]:
    if given is None:
        return "The rule gave nothing.", "Does the function end with `return`?"
    what = described(given) if array is None else f"an array of {array.dtype}"
    hint = "Return an array of floats; np.zeros_like(x) makes one in the shape and type of x."
    return f"The rule gave {what}; expected floats.", hint


def _about_shape(shape: tuple[int, ...], case: Case) -> str:
    if shape == case.weight.shape:
        return "These are the shares of each output; sum them over the outputs, axis 0."
    if shape == case.weight.T.shape:
        return "These are the shares of each output; sum them over the outputs, axis 1."
    if shape == case.relevance.shape:
        return "This has one number for each output; weight.T @ s has one for each input."
    if np.prod(shape) == case.x.size:
        return "This has an axis too many: return one number for each input, not rows or columns."
    return "Return one number for each input."
