"""The search for the smallest case in which an answer is wrong: hypothesis finds and shrinks it."""

import contextlib
import io
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from tempfile import TemporaryDirectory

from lrp_audio.errors import ExerciseError
from lrp_audio.teach.answers import Failure
from lrp_audio.teach.case import VALUES, Case, made_of

Judge = Callable[[Case], Failure | None]
"""What is wrong with an answer in a case; None if it is right."""

_SIZES = ((1, 1), (2, 1), (1, 2), (2, 2), (3, 3))  # inputs and outputs, the smallest first
_EACH = 60  # cases of each size


@dataclass(frozen=True)
class Found:
    """The smallest `failure`, or None after `tried` cases without one."""

    failure: Failure | None
    tried: int


def smallest_failure(judge: Judge, positive_inputs: bool) -> Found:
    """Look for a case in which `judge` finds a fault, in small networks first; always the same.

    Numbers shrink towards 1, biases towards 0. What the answer prints is shown for the case that
    is found, and left out for the others. Raises `ExerciseError` if hypothesis is missing.
    """
    try:
        from hypothesis import HealthCheck, find, settings
        from hypothesis.configuration import set_hypothesis_home_dir
        from hypothesis.errors import NoSuchExample
        from hypothesis.strategies import SearchStrategy, sampled_from, tuples
    except ImportError as error:
        raise ExerciseError(
            "The checks of exercises need the package hypothesis: "
            f'pip install "lrp-audio[teach]" ({error}).'
        ) from error
    numbers = sampled_from(VALUES)
    inputs_from = sampled_from([v for v in VALUES if v >= 0]) if positive_inputs else numbers
    biases = sampled_from(sorted(VALUES, key=abs))
    tried = 0

    def cases(inputs: int, outputs: int) -> "SearchStrategy[Case]":
        each = [inputs_from] * inputs + [numbers] * (inputs * outputs)
        each += [biases] * outputs + [numbers] * outputs
        return tuples(*each).map(lambda values: made_of(list(values), inputs, outputs))

    def fails(case: Case) -> bool:
        nonlocal tried
        tried += 1
        with contextlib.redirect_stdout(io.StringIO()):
            return judge(case) is not None

    chosen = settings(
        max_examples=_EACH,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    with TemporaryDirectory() as folder:  # hypothesis would write into the working folder
        set_hypothesis_home_dir(folder)
        try:
            for inputs, outputs in _SIZES:
                with contextlib.suppress(NoSuchExample):
                    case = find(cases(inputs, outputs), fails, settings=chosen, random=Random(0))
                    return Found(judge(case), tried)
        finally:
            set_hypothesis_home_dir(None)
    return Found(None, tried)
