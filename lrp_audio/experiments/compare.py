"""LRP compared with other methods: perturbation curves, listenable maps, and time."""

import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from lrp_audio.attributions import Attribution, methods
from lrp_audio.audio.clip import Clip
from lrp_audio.errors import ClipError
from lrp_audio.experiments import measures, selection
from lrp_audio.experiments.bootstrap import bootstrap_interval
from lrp_audio.experiments.classes import probabilities
from lrp_audio.experiments.experiment import Experiment
from lrp_audio.experiments.methods import common_methods
from lrp_audio.experiments.perturbation_curves import (
    DIRECTIONS,
    area,
    correct_by_order,
    order_name,
    ranking,
)
from lrp_audio.experiments.plan import ExperimentPlan
from lrp_audio.experiments.results import ExperimentResults, ResultRow, ResultTable
from lrp_audio.experiments.subjects import DIGIT_NETWORKS, Portion
from lrp_audio.experiments.units import UnitResult
from lrp_audio.explanation import carry
from lrp_audio.fronts.base import FrontEnd
from lrp_audio.model import Model
from lrp_audio.types import Array

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_LISTENABLE = {
    "average drop": ("%", "smaller"),
    "average increase": ("%", "larger"),
    "average gain": ("%", "larger"),
    "input fidelity": ("%", "larger"),
    "faithfulness": ("", "larger"),
    "sparseness": ("", "larger"),
    "complexity": ("nats", "smaller"),
}
"""Measures of listenable maps: unit, and which values are better."""


@dataclass(frozen=True)
class ComparedClips:
    """Some clips to explain by every method, each for the class that the network predicts."""

    portion: Portion
    seed: int

    def work(self) -> UnitResult:
        """By method, the measures of each clip's map and the seconds it took."""
        model = self.portion.subject.load()
        clips = self.portion.clips()
        x = model.inputs(clips)
        targets = model.targets(x)
        f = probabilities(model, x, targets)
        found: UnitResult = {}
        for name, method in compared_methods(model.front, self.seed).items():
            begun = time.perf_counter()
            maps = method.attribute(model.network, x, targets)
            seconds = (time.perf_counter() - begun) / len(x)
            kept = correct_by_order(model, x, targets, {name: ranking(name, maps)})
            areas = [area(np.array(kept[order_name(name, d)])).tolist() for d in DIRECTIONS]
            found[name] = {
                "seconds": [seconds] * len(x),
                **dict(zip(DIRECTIONS, areas, strict=True)),
                **_listenable(model, clips, x, targets, f, maps),
            }
        return found


def compared_methods(front: FrontEnd, seed: int) -> dict[str, Attribution]:
    """The common methods, and all others beside LRP, by name."""
    others = {name: method for name, method in methods(front, seed).items() if name != "lrp"}
    return common_methods(front, seed) | others


def _listenable(
    model: Model,
    clips: Sequence[Clip],
    x: Array,
    targets: NDArray[np.intp],
    f: Array,
    maps: Array,
) -> UnitResult:
    """The measures of listenable maps for each clip, whose sound is masked by relu(R).

    `f` are the probabilities of the whole clips, ``(clips, classes)``.
    """
    masks = [_mask(model.front, *of) for of in zip(clips, x, maps, strict=True)]
    kept, removed = (
        np.stack([_without(model.front, *of) for of in zip(clips, x, chosen, strict=True)])
        for chosen in (masks, [1 - mask for mask in masks])
    )
    f_kept, f_removed = (probabilities(model, of, targets) for of in (kept, removed))
    rows, predicted = np.arange(len(f)), f.argmax(axis=1)
    whole, left, gone = (of[rows, predicted] for of in (f, f_kept, f_removed))
    found = {
        "average drop": measures.average_drop(whole, left),
        "average increase": measures.average_increase(whole, left),
        "average gain": measures.average_gain(whole, left),
        "input fidelity": measures.input_fidelity(predicted, f_kept.argmax(axis=1)),
        "faithfulness": measures.faithfulness(whole, gone),
        "sparseness": np.array([measures.sparseness(of) for of in maps]),
        "complexity": np.array([measures.complexity(of) for of in maps]),
    }
    return {name: values.tolist() for name, values in found.items()}


def _mask(front: FrontEnd, clip: Clip, x: Array, relevance: Array) -> Array:
    """The mask of relu(R) through which `clip` is heard, in the network's own domain."""
    samples = front.samples_of(clip)
    shape = front.input_shape(samples.shape[-1])
    own = front.plane(relevance.reshape(shape))
    carried, _ = carry(front.domain, front.plane(x.reshape(shape)), own, samples)
    return front.mask(front.domain, carried, own, samples, "for")


def _without(front: FrontEnd, clip: Clip, x: Array, mask: Array) -> Array:
    """An input like `x`, of what `mask` leaves of `clip`."""
    samples = front.samples_of(clip)
    heard = np.apply_along_axis(lambda channel: front.domain.heard(mask, channel), -1, samples)
    return front(heard).astype(x.dtype).reshape(x.shape)


def units(plan: ExperimentPlan) -> tuple[list[ComparedClips], list[ClipError]]:
    """A few clips each, for both digit networks or networks of the user's."""
    clips = plan.clip_count(usual=40, quick=4)
    make = partial(ComparedClips, seed=plan.seed)
    return selection.units(plan, DIGIT_NETWORKS, clips, make, own=("class",))


def results(found: Iterator[tuple[ComparedClips, UnitResult]]) -> ExperimentResults:
    """Mean of every measure by method."""
    rows: list[ResultRow] = []
    for unit, result in found:
        for method, values in result.items():
            for clip, recording in enumerate(unit.portion.recordings):
                about = {"network": unit.portion.subject.name, "clip": recording.path.name}
                measured = {name: of[clip] for name, of in values.items()}
                rows.append(about | {"method": method} | measured)
    groups: defaultdict[tuple[str, str], list[ResultRow]] = defaultdict(list)
    for row in rows:
        groups[row["network"], row["method"]].append(row)
    better = "; ".join(f"{name}, {better}" for name, (_, better) in _LISTENABLE.items())
    tables = [
        ResultTable(
            "Methods compared: flipping and time",
            "Area under the share of clips that keep their class while more and more of the sound "
            "is silenced, with a 95 % bootstrap interval over the clips; and seconds for an "
            "explanation, which differ from run to run.",
            [_flipping(*group, of) for group, of in groups.items()],
        ),
        ResultTable(
            "Methods compared: listenable maps",
            "Mean over the clips of measures of the network's output for the sound that the mask "
            f"relu(R) leaves. Better is: {better}.",
            [_measured(*group, of) for group, of in groups.items()],
        ),
    ]
    return ExperimentResults(tables, rows, partial(_draw, groups=groups))


COMPARE = Experiment(
    "compare",
    "Which explanation is best, by which measure, and at what cost?",
    units,
    results,
)


def _column(rows: list[ResultRow], name: str) -> Array:
    return np.array([row[name] for row in rows])


def _flipping(network: str, method: str, rows: list[ResultRow]) -> ResultRow:
    return {
        "network": network,
        "method": method,
        "clips": len(rows),
        **{
            direction: str(bootstrap_interval(_column(rows, direction))) for direction in DIRECTIONS
        },
        "seconds": float(np.median(_column(rows, "seconds"))),
    }


def _measured(network: str, method: str, rows: list[ResultRow]) -> ResultRow:
    means = {
        f"{name} ({unit})" if unit else name: float(_column(rows, name).mean())
        for name, (unit, _) in _LISTENABLE.items()
    }
    return {"network": network, "method": method, **means}


def _draw(figure: "Figure", groups: dict[tuple[str, str], list[ResultRow]]) -> None:
    networks = list(dict.fromkeys(network for network, _ in groups))
    panels = figure.subplots(1, len(networks), sharex=True, squeeze=False)[0]
    for axes, network in zip(panels, networks, strict=True):
        found = {
            method: bootstrap_interval(_column(rows, DIRECTIONS[0]))
            for (of, method), rows in groups.items()
            if of == network
        }
        ordered = sorted(found, key=lambda method: found[method].mean, reverse=True)
        for place, method in enumerate(ordered):
            mean, low, high = found[method]
            colour = "#c1440e" if method.startswith("lrp") else "#555555"
            axes.plot([low, high], [place, place], color=colour, lw=2)
            axes.plot(mean, place, "o", color=colour)
        axes.set_yticks(range(len(ordered)), ordered)
        axes.set_title(network)
        axes.set_xlabel("area under the curve, small is good")
        axes.spines[["top", "right"]].set_visible(False)
