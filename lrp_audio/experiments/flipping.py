"""Flipping: accuracy while more and more of the input is silenced in an explanation's order."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from lrp_audio.errors import ClipError
from lrp_audio.experiments import selection
from lrp_audio.experiments.bootstrap import bootstrap_interval
from lrp_audio.experiments.experiment import Experiment
from lrp_audio.experiments.methods import common_methods
from lrp_audio.experiments.perturbation_curves import (
    DIRECTIONS,
    SHARES,
    area,
    correct_by_order,
    order_name,
    ranking,
)
from lrp_audio.experiments.plan import ExperimentPlan
from lrp_audio.experiments.results import ExperimentResults, ResultRow, ResultTable
from lrp_audio.experiments.subjects import DIGIT_NETWORKS, Portion
from lrp_audio.experiments.units import UnitResult
from lrp_audio.types import Array

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Curves = dict[str, Array]
"""By the name of an order, whether each clip is classified correctly: ``(clips, shares)``."""

CONTROLS = ("random", "amplitude")
_OF_OWN = (
    " Of a network of your own, what it predicts for the whole sound counts as correct: the "
    "recordings have no labels."
)


@dataclass(frozen=True)
class FlippedClips:
    """Some clips to silence in the order of each attribution, from either end."""

    portion: Portion
    seed: int

    def work(self) -> UnitResult:
        """Whether each clip is classified correctly: by order, clip and share silenced."""
        model = self.portion.subject.load()
        x = model.inputs(self.portion.clips())
        targets = self.portion.targets(x)
        scores = {"amplitude": np.abs(x - model.front.silence)}
        for name, method in common_methods(model.front, self.seed).items():
            scores[name] = ranking(name, method.attribute(model.network, x, targets))
        return correct_by_order(model, x, targets, scores)


def units(plan: ExperimentPlan) -> tuple[list[FlippedClips], list[ClipError]]:
    """A few clips each, for both digit networks or networks of the user's."""
    clips = plan.clip_count(usual=200, quick=16)
    make = partial(FlippedClips, seed=plan.seed)
    return selection.units(plan, DIGIT_NETWORKS, clips, make, own=("class",))


def results(found: Iterator[tuple[FlippedClips, UnitResult]]) -> ExperimentResults:
    """Curves, the areas under them, and the areas between those of explanations and controls."""
    done = list(found)
    curves = gathered((unit.portion.subject.name, result) for unit, result in done)
    own = any(unit.portion.subject.own for unit, _ in done)
    rows = [
        {"network": network, "order": order, "share silenced": share, "accuracy": accuracy}
        for network, orders in curves.items()
        for order, correct in orders.items()
        for share, accuracy in zip(SHARES, correct.mean(axis=0).tolist(), strict=True)
    ]
    tables = [
        ResultTable(
            "Flipping: areas under the accuracy",
            "Mean accuracy over the share of the sound that is silenced, 0 to 1, with a 95 % "
            "bootstrap interval over the clips. Most first: the smaller the area, the better the "
            "explanation finds what the network needs. Least first: the larger the area, the "
            "better it finds what the network can do without." + _OF_OWN * own,
            [_areas(network, name, of) for network, of in curves.items() for name in _names(of)],
        ),
        ResultTable(
            "Flipping: area between the curves, most first",
            "How much faster accuracy falls in the order of an explanation than in that of a "
            "control, clip by clip: an interval above 0 says that the explanation is better.",
            [
                _gap(network, name, control, of)
                for network, of in curves.items()
                for name in _names(of)
                for control in CONTROLS
                if name not in CONTROLS
            ],
        ),
    ]
    return ExperimentResults(tables, rows, partial(_draw, curves=curves), (11.0, 5.6))


FLIPPING = Experiment(
    "flipping",
    "Does the network need what an explanation points at?",
    units,
    results,
)


def gathered(found: Iterable[tuple[str, UnitResult]]) -> dict[str, Curves]:
    """The curves of each network, from those of its units."""
    pieces: defaultdict[str, defaultdict[str, list[Array]]] = defaultdict(lambda: defaultdict(list))
    for network, result in found:
        for order, correct in result.items():
            pieces[network][order].append(np.array(correct))
    return {
        network: {order: np.concatenate(parts) for order, parts in orders.items()}
        for network, orders in pieces.items()
    }


def _names(curves: Curves) -> list[str]:
    return list(dict.fromkeys(order.rpartition(", ")[0] for order in curves))


def _areas(network: str, name: str, curves: Curves) -> ResultRow:
    most, least = (area(curves[order_name(name, direction)]) for direction in DIRECTIONS)
    return {
        "network": network,
        "order": name,
        "clips": len(most),
        "most first": str(bootstrap_interval(most)),
        "least first": str(bootstrap_interval(least)),
        "least minus most": str(bootstrap_interval(least - most)),
    }


def _gap(network: str, name: str, control: str, curves: Curves) -> ResultRow:
    own, other = (area(curves[order_name(each, DIRECTIONS[0])]) for each in (name, control))
    gap = bootstrap_interval(other - own)
    return {
        "network": network,
        "explanation": name,
        "against": control,
        "area between": str(gap),
        "better": "yes" if gap.low > 0 else "no" if gap.high >= 0 else "worse",
    }


def _draw(figure: "Figure", curves: dict[str, Curves]) -> None:
    panels = figure.subplots(1, len(curves), sharey=True, squeeze=False)[0]
    for axes, (network, orders) in zip(panels, curves.items(), strict=True):
        for place, name in enumerate(_names(orders)):
            style = {"color": f"C{place}", "lw": 1 if name in CONTROLS else 1.8}
            for direction, dashes in zip(DIRECTIONS, ("-", ":"), strict=True):
                shown = 100 * orders[order_name(name, direction)].mean(axis=0)
                label = name if direction == DIRECTIONS[0] else None
                axes.plot(SHARES, shown, dashes, label=label, **style)
        axes.set_title(f"{network}, {len(next(iter(orders.values())))} clips")
        axes.set_xlabel("share silenced (dotted: least relevant first)")
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(frameon=False, fontsize=8, loc="upper left", bbox_to_anchor=(0, -0.14), ncols=2)
    panels[0].set_ylabel("classified correctly in %")
