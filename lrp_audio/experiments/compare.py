"""Which explanation is best? LRP beside other methods: flipping, listenable maps, and time."""

import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from lrp_audio.attributions import Attribution, methods
from lrp_audio.audio.audible import speaking
from lrp_audio.errors import ClipError
from lrp_audio.experiments import flip, measures, subjects
from lrp_audio.experiments.flipping import DIRECTIONS, attributions, ranking, right_by_order
from lrp_audio.experiments.intervals import interval
from lrp_audio.experiments.plan import Plan
from lrp_audio.experiments.report import Report, Row, Table
from lrp_audio.experiments.running import Result
from lrp_audio.experiments.subjects import Portion
from lrp_audio.fronts.base import FrontEnd
from lrp_audio.model import Model
from lrp_audio.outputs import softmax
from lrp_audio.types import Array

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NETWORKS = ("audionet-digit", "alexnet-digit")
_CLIPS, _QUICK_CLIPS = 40, 4
_LISTENING = {
    "average drop": ("%", "smaller"),
    "average increase": ("%", "larger"),
    "average gain": ("%", "larger"),
    "input fidelity": ("%", "larger"),
    "faithfulness": ("", "larger"),
    "sparseness": ("", "larger"),
    "complexity": ("nats", "smaller"),
}


@dataclass(frozen=True)
class Comparison:
    """Some clips, explained by every method for the class that the network hears."""

    portion: Portion
    seed: int

    def work(self) -> Result:
        """What each method's maps are worth for each clip, by method."""
        model = self.portion.subject.load()
        clips = self.portion.clips()
        x = model.inputs(clips)
        f = softmax(model.logits(clips))
        targets = f.argmax(axis=1)
        found: Result = {}
        for name, method in compared(model.front, self.seed).items():
            begun = time.perf_counter()
            maps = method.attribute(model.network, x, targets)
            seconds = (time.perf_counter() - begun) / len(x)
            right = right_by_order(model, x, targets, {name: ranking(name, maps)})
            areas = [flip.area(np.array(right[f"{name}, {d}"])).tolist() for d in DIRECTIONS]
            found[name] = {
                "seconds": [seconds] * len(x),
                **dict(zip(DIRECTIONS, areas, strict=True)),
                **_listening(model, [clip.samples for clip in clips], maps, f),
            }
        return found


def compared(front: FrontEnd, seed: int) -> dict[str, Attribution]:
    """LRP under each composite, and all other methods, by name."""
    others = {name: method for name, method in methods(front, seed).items() if name != "lrp"}
    return attributions(front, seed) | others


def _listening(model: Model, clips: list[Array], maps: Array, f: Array) -> Result:
    """The listenable-map measures of each clip, for what is heard through the mask relu(R)."""
    domain = model.front.domain
    masks = [speaking(of[0]) for of in maps]
    kept, taken = (
        np.stack([model.front(domain.heard(m, s)) for m, s in zip(chosen, clips, strict=True)])
        for chosen in (masks, [1 - mask for mask in masks])
    )
    f_kept, f_taken = (softmax(model.network.forward(x.astype(model.dtype))) for x in (kept, taken))
    rows, heard = np.arange(len(f)), f.argmax(axis=1)
    whole, left, gone = (of[rows, heard] for of in (f, f_kept, f_taken))
    found = {
        "average drop": measures.average_drop(whole, left),
        "average increase": measures.average_increase(whole, left),
        "average gain": measures.average_gain(whole, left),
        "input fidelity": measures.input_fidelity(heard, f_kept.argmax(axis=1)),
        "faithfulness": measures.faithfulness(whole, gone),
        "sparseness": np.array([measures.sparseness(of) for of in maps]),
        "complexity": np.array([measures.complexity(of) for of in maps]),
    }
    return {name: values.tolist() for name, values in found.items()}


def units(plan: Plan) -> tuple[list[Comparison], list[ClipError]]:
    """A few clips each, of both digit networks."""
    clips = _QUICK_CLIPS if plan.quick else _CLIPS
    return subjects.units(plan, NETWORKS, clips, partial(Comparison, seed=plan.seed))


def report(plan: Plan, found: Iterator[tuple[Comparison, Result]]) -> Report:
    """Mean of every measure by method."""
    rows: list[Row] = []
    for unit, result in found:
        for method, values in result.items():
            for clip, recording in enumerate(unit.portion.recordings):
                about = {"network": unit.portion.subject.name, "clip": recording.path.name}
                measured = {name: of[clip] for name, of in values.items()}
                rows.append(about | {"method": method} | measured)
    groups: defaultdict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in rows:
        groups[row["network"], row["method"]].append(row)
    tables = [
        Table(
            "Methods compared: flipping and time",
            "Area under the share of clips that are still heard as before while ever more is "
            "silenced, with a 95 % bootstrap interval over the clips; and seconds for an "
            "explanation, of which a rerun gives others.",
            [_flipping(*group, of) for group, of in groups.items()],
        ),
        Table(
            "Methods compared: listenable maps",
            "Mean over the clips of what the network says of the sound that the mask relu(R) "
            "leaves. Better is: "
            + "; ".join(f"{name}, {better}" for name, (_, better) in _LISTENING.items())
            + ".",
            [_measured(*group, of) for group, of in groups.items()],
        ),
    ]
    return Report("compare", plan.settings(), tables, rows, partial(_draw, groups=groups))


def _column(rows: list[Row], name: str) -> Array:
    return np.array([row[name] for row in rows])


def _flipping(network: str, method: str, rows: list[Row]) -> Row:
    return {
        "network": network,
        "method": method,
        "clips": len(rows),
        **{direction: str(interval(_column(rows, direction))) for direction in DIRECTIONS},
        "seconds": float(np.median(_column(rows, "seconds"))),
    }


def _measured(network: str, method: str, rows: list[Row]) -> Row:
    means = {
        f"{name} ({unit})" if unit else name: float(_column(rows, name).mean())
        for name, (unit, _) in _LISTENING.items()
    }
    return {"network": network, "method": method, **means}


def _draw(figure: "Figure", groups: dict[tuple[str, str], list[Row]]) -> None:
    networks = list(dict.fromkeys(network for network, _ in groups))
    panels = figure.subplots(1, len(networks), sharex=True, squeeze=False)[0]
    for axes, network in zip(panels, networks, strict=True):
        found = {
            method: interval(_column(rows, DIRECTIONS[0]))
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
