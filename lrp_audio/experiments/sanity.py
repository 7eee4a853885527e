"""Sanity check: how explanations change as the weights are randomised, layer by layer."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from lrp_audio.attributions import Attribution, Lrp
from lrp_audio.errors import ClipError, ModelError
from lrp_audio.experiments import selection
from lrp_audio.experiments.bootstrap import bootstrap_interval
from lrp_audio.experiments.experiment import Experiment
from lrp_audio.experiments.methods import common_methods
from lrp_audio.experiments.plan import ExperimentPlan
from lrp_audio.experiments.results import ExperimentResults, ResultRow, ResultTable
from lrp_audio.experiments.subjects import DIGIT_NETWORKS, Portion, Subject
from lrp_audio.experiments.units import UnitResult
from lrp_audio.fronts.base import FrontEnd
from lrp_audio.kernels.blas import single_threaded_blas
from lrp_audio.model import Model
from lrp_audio.models.network import Network
from lrp_audio.rules.box import Box
from lrp_audio.rules.presets import PRESETS
from lrp_audio.types import Array, Parameters

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Similarities = dict[str, dict[str, Array]]
"""By measure and method, the similarity ``(clips, layers)``."""

MEASURES = ("rank correlation", "rank correlation of magnitudes")
TRAINED = "none"
"""Name of the step at which no layer is random yet."""
_OF_OWN = (
    " The initial weights of a network of your own are not known: instead, the weights of each "
    "layer are put in a random order."
)


@dataclass(frozen=True)
class RandomisedCascade:
    """Some clips to explain in the trained network, and with more and more layers randomised."""

    portion: Portion
    seed: int

    def work(self) -> UnitResult:
        """Similarity of each clip's maps to those of the trained network, by method and layer."""
        model = self.portion.subject.load()
        x = model.inputs(self.portion.clips())
        targets = self.portion.targets(x)
        methods = sanity_methods(model.front, self.seed)
        original = {n: m.attribute(model.network, x, targets) for n, m in methods.items()}
        found: UnitResult = {name: {measure: [] for measure in MEASURES} for name in methods}
        names = []
        for layer, network in cascade(model, untrained(self.portion.subject, self.seed)):
            names.append(layer)
            for name, method in methods.items():
                now = method.attribute(network, x, targets)
                pairs = list(zip(original[name], now, strict=True))
                alike = [rank_correlation(a, b) for a, b in pairs]
                found[name][MEASURES[0]].append(alike)
                alike = [rank_correlation(np.abs(a), np.abs(b)) for a, b in pairs]
                found[name][MEASURES[1]].append(alike)
        return {"layers": names, "similarity": found}


def sanity_methods(front: FrontEnd, seed: int) -> dict[str, Attribution]:
    """The common methods, and LRP under every composite that suits the input, by name."""
    every = [preset(front.bounds) for preset in PRESETS.values()]
    suiting = [each for each in every if front.bounded or not isinstance(each.first, Box)]
    return common_methods(front, seed) | {f"lrp {each.name}": Lrp(each) for each in suiting}


def untrained(subject: Subject, seed: int) -> Parameters:
    """Parameters of the network as they might be before training.

    Those of an architecture of this project are its initial ones. Of a network of the user's the
    initial ones are not known: each array has its own values, in a random order.
    """
    rng = np.random.default_rng([seed, 4])
    model = subject.load()
    if not subject.own:
        architecture = subject.architecture
        initial = architecture.initial(len(model.classes), rng)
        return architecture.for_raw_input(initial)
    trained = model.network.parameters()
    if not trained:
        raise ModelError(
            f"The network {subject.name} has no trained weights, which this experiment randomises."
        )
    return {name: rng.permuted(array) for name, array in trained.items()}


def cascade(model: Model, untrained: Parameters) -> Iterator[tuple[str, Network]]:
    """The trained network, then networks with `untrained` weights from the top down to some layer.

    Cascading randomisation (Adebayo et al. 2018). Each network comes with the name of the last
    layer that was randomised, the trained one with `TRAINED`.
    """
    trained = model.network.parameters()
    layers = list(dict.fromkeys(_layer(parameter) for parameter in trained))
    yield TRAINED, model.network
    randomised: set[str] = set()
    for layer in reversed(layers):
        randomised.add(layer)
        chosen = {name: untrained if _layer(name) in randomised else trained for name in trained}
        mixed = {name: of[name].astype(model.dtype) for name, of in chosen.items()}
        yield layer, model.network.with_parameters(mixed)


@single_threaded_blas()
def rank_correlation(a: Array, b: Array) -> float:
    """Spearman's correlation of two maps of one shape; 0 where one of them is constant."""
    from scipy.stats import rankdata

    first, second = (rankdata(values.ravel()) for values in (a, b))
    first, second = first - first.mean(), second - second.mean()
    norm = float(np.sqrt((first @ first) * (second @ second)))
    return float(first @ second) / norm if norm > 0 else 0.0


def units(plan: ExperimentPlan) -> tuple[list[RandomisedCascade], list[ClipError]]:
    """A few clips each, for both digit networks or networks of the user's."""
    clips = plan.clip_count(usual=40, quick=8)
    make = partial(RandomisedCascade, seed=plan.seed)
    return selection.units(plan, DIGIT_NETWORKS, clips, make, own=("class", "value"))


def results(found: Iterator[tuple[RandomisedCascade, UnitResult]]) -> ExperimentResults:
    """Similarity by method, and by the last layer randomised."""
    layers: dict[str, list[str]] = {}
    parts: defaultdict[str, list[UnitResult]] = defaultdict(list)
    own = False
    for unit, result in found:
        own = own or unit.portion.subject.own
        layers[unit.portion.subject.name] = result["layers"]
        parts[unit.portion.subject.name].append(result["similarity"])
    curves = {network: _joined(of) for network, of in parts.items()}
    rows = [
        {
            "network": network,
            "method": method,
            "measure": measure,
            "random down to": layer,
            "similarity": float(similar[:, i].mean()),
        }
        for network, measures in curves.items()
        for measure, methods in measures.items()
        for method, similar in methods.items()
        for i, layer in enumerate(layers[network])
    ]
    table = [
        _summary(network, method, of, layers[network])
        for network, of in curves.items()
        for method in of[MEASURES[0]]
    ]
    reading = (
        "Spearman's rank correlation between the maps of the trained network and those of networks "
        "whose layers, from the output down, have their initial weights; 95 % bootstrap interval "
        "over the clips. An explanation of what was learnt must approach 0. The control, random "
        "numbers that do not depend on the network, stays at 1."
    ) + _OF_OWN * own
    return ExperimentResults(
        [ResultTable("Sanity: similarity after randomisation", reading, table)],
        rows,
        partial(_draw, curves=curves, layers=layers),
        (11.0, 8.5),
    )


SANITY = Experiment(
    "sanity",
    "Does an explanation depend on what the network has learnt?",
    units,
    results,
)


def _layer(parameter: str) -> str:
    return parameter.rpartition(".")[0]


def _joined(parts: list[UnitResult]) -> Similarities:
    return {
        measure: {
            method: np.concatenate([np.array(part[method][measure]).T for part in parts])
            for method in parts[0]
        }
        for measure in MEASURES
    }


def _summary(network: str, method: str, of: Similarities, layers: list[str]) -> ResultRow:
    signed, magnitudes = (of[measure][method] for measure in MEASURES)
    return {
        "network": network,
        "method": method,
        "clips": len(signed),
        "last layer random": str(bootstrap_interval(signed[:, 1])),
        "half random": str(bootstrap_interval(signed[:, len(layers) // 2])),
        "all random": str(bootstrap_interval(signed[:, -1])),
        "all random, magnitudes": str(bootstrap_interval(magnitudes[:, -1])),
    }


def _draw(figure: "Figure", curves: dict[str, Similarities], layers: dict[str, list[str]]) -> None:
    from matplotlib import colormaps

    panels = figure.subplots(len(MEASURES), len(curves), sharey="row", squeeze=False)
    colours = colormaps["tab20"].colors  # type: ignore[attr-defined]
    for column, (network, of) in zip(panels.T, curves.items(), strict=True):
        for axes, measure in zip(column, MEASURES, strict=True):
            for colour, (method, similar) in zip(colours, of[measure].items(), strict=False):
                axes.plot(
                    layers[network], similar.mean(axis=0), "o-", ms=3, color=colour, label=method
                )
            axes.tick_params(axis="x", rotation=45)
            axes.axhline(0, color="0.8", lw=0.8, zorder=0)
            axes.spines[["top", "right"]].set_visible(False)
        column[0].set_title(network)
        column[-1].set_xlabel("random from the output down to")
        column[-1].legend(
            frameon=False, fontsize=8, loc="upper left", bbox_to_anchor=(0, -0.3), ncols=2
        )
    for axes, measure in zip(panels[:, 0], MEASURES, strict=True):
        axes.set_ylabel(measure.replace(" of ", "\nof "))
