"""What an experiment is: a question, units of work, and the results made of theirs."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Generic

from lrp_audio.errors import ClipError
from lrp_audio.experiments.plan import ExperimentPlan
from lrp_audio.experiments.results import ExperimentResults
from lrp_audio.experiments.units import AnyUnit, UnitResult


@dataclass(frozen=True)
class Experiment(Generic[AnyUnit]):
    """A question and how it is answered.

    `units` divides the work of a plan into units that can be done anywhere; with them come the
    errors of recordings that cannot be read, which are left out. `results` makes tables, rows and a
    figure of the units with what each returned, in the order of the units. The files are named for
    `name`; the command's help shows `question`.
    """

    name: str
    question: str
    units: Callable[[ExperimentPlan], tuple[list[AnyUnit], list[ClipError]]]
    results: Callable[[Iterator[tuple[AnyUnit, UnitResult]]], ExperimentResults]
