"""Does the network need what an explanation points at? Accuracy while ever more is silenced."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from lrp_audio.attributions import Attribution, Lrp, methods
from lrp_audio.errors import ClipError
from lrp_audio.experiments import flip, subjects
from lrp_audio.experiments.intervals import interval
from lrp_audio.experiments.plan import Plan
from lrp_audio.experiments.report import Report, Row, Table
from lrp_audio.experiments.running import Result
from lrp_audio.experiments.subjects import Portion
from lrp_audio.fronts.base import FrontEnd
from lrp_audio.model import Model
from lrp_audio.rules.presets import composite
from lrp_audio.types import Array

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Curves = dict[str, Array]

NETWORKS = ("audionet-digit", "alexnet-digit")
CONTROLS = ("random", "amplitude")
DIRECTIONS = ("most first", "least first")
_SENSITIVITIES = ("gradient", "smooth-grad")  # their sign is that of no evidence: size counts
_CLIPS, _QUICK_CLIPS = 200, 16


@dataclass(frozen=True)
class Flipping:
    """Some clips, silenced in the order of each attribution, most relevant first and last."""

    portion: Portion
    seed: int

    def work(self) -> Result:
        """Whether each clip is heard right: by order, clip and share."""
        model, labels = self.portion.subject.load(), np.array(self.portion.labels())
        x = model.inputs(self.portion.clips())
        scores = {"amplitude": np.abs(x - model.front.silence)}
        for name, method in attributions(model.front, self.seed).items():
            scores[name] = ranking(name, method.attribute(model.network, x, labels))
        return right_by_order(model, x, labels, scores)


def right_by_order(model: Model, x: Array, labels: Array, scores: Mapping[str, Array]) -> Result:
    """Whether each clip is heard right, 0 or 1, by the scores' name and direction.

    `x` and each of the scores have shape ``(clips, *input shape)``, `labels` ``(clips,)``; the
    result's lists ``(clips, shares)``.
    """
    orders = {_named(name, DIRECTIONS[0]): value for name, value in scores.items()}
    orders |= {_named(name, DIRECTIONS[1]): -value for name, value in scores.items()}
    heard = [
        flip.decisions(
            model.network, sample, [of[i] for of in orders.values()], model.front.silence
        )
        for i, sample in enumerate(x)
    ]
    right = np.stack(heard, axis=1) == labels[:, None]
    return {name: of.astype(int).tolist() for name, of in zip(orders, right, strict=True)}


def ranking(name: str, attribution: Array) -> Array:
    """What to silence first by an attribution: evidence by its sign, sensitivity by its size."""
    return np.abs(attribution) if name in _SENSITIVITIES else attribution


def attributions(front: FrontEnd, seed: int) -> dict[str, Attribution]:
    """Chance, two gradients, and LRP under each composite, by name."""
    known = methods(front, seed)
    chosen = {name: known[name] for name in ("random", "gradient", "gradient-times-input")}
    rules = [composite(name, front.bounds) for name in front.compared]
    return chosen | {f"lrp {each.name}": Lrp(each) for each in rules}


def units(plan: Plan) -> tuple[list[Flipping], list[ClipError]]:
    """A few clips each, of both digit networks."""
    clips = _QUICK_CLIPS if plan.quick else _CLIPS
    return subjects.units(plan, NETWORKS, clips, partial(Flipping, seed=plan.seed))


def report(plan: Plan, found: Iterator[tuple[Flipping, Result]]) -> Report:
    """Curves, the areas under them, and how far apart they lie."""
    curves = gathered((unit.portion.subject.name, result) for unit, result in found)
    rows = [
        {"network": network, "order": order, "share silenced": share, "accuracy": accuracy}
        for network, orders in curves.items()
        for order, right in orders.items()
        for share, accuracy in zip(flip.SHARES, right.mean(axis=0).tolist(), strict=True)
    ]
    tables = [
        Table(
            "Flipping: areas under the accuracy",
            "Mean over the share of what sounds that is silenced, 0 to 1, with a 95 % bootstrap "
            "interval over the clips. Most first: the smaller, the better the explanation points "
            "at what the network needs. Least first: the larger, the better it knows what can go.",
            [_areas(network, name, of) for network, of in curves.items() for name in _names(of)],
        ),
        Table(
            "Flipping: area between the curves, most first",
            "How much faster accuracy falls by an explanation than by a control, clip by clip: an "
            "interval above 0 says that the explanation knows better.",
            [
                _gap(network, name, control, of)
                for network, of in curves.items()
                for name in _names(of)
                for control in CONTROLS
                if name not in CONTROLS
            ],
        ),
    ]
    draw = partial(_draw, curves=curves)
    return Report("flipping", plan.settings(), tables, rows, draw, (11.0, 5.6))


def gathered(found: Iterable[tuple[str, Result]]) -> dict[str, Curves]:
    """By network and order, whether each clip is heard right: ``(clips, shares)``."""
    pieces: defaultdict[str, defaultdict[str, list[Array]]] = defaultdict(lambda: defaultdict(list))
    for network, result in found:
        for order, right in result.items():
            pieces[network][order].append(np.array(right))
    return {
        network: {order: np.concatenate(parts) for order, parts in orders.items()}
        for network, orders in pieces.items()
    }


def _named(name: str, direction: str) -> str:
    return f"{name}, {direction}"


def _names(curves: Curves) -> list[str]:
    return list(dict.fromkeys(order.rpartition(", ")[0] for order in curves))


def _areas(network: str, name: str, curves: Curves) -> Row:
    most, least = (flip.area(curves[_named(name, direction)]) for direction in DIRECTIONS)
    return {
        "network": network,
        "order": name,
        "clips": len(most),
        "most first": str(interval(most)),
        "least first": str(interval(least)),
        "least minus most": str(interval(least - most)),
    }


def _gap(network: str, name: str, control: str, curves: Curves) -> Row:
    own, other = (flip.area(curves[_named(each, DIRECTIONS[0])]) for each in (name, control))
    gap = interval(other - own)
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
                shown = 100 * orders[_named(name, direction)].mean(axis=0)
                label = name if direction == DIRECTIONS[0] else None
                axes.plot(flip.SHARES, shown, dashes, label=label, **style)
        axes.set_title(f"{network}, {len(next(iter(orders.values())))} clips")
        axes.set_xlabel("share silenced (dotted: least relevant first)")
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(frameon=False, fontsize=8, loc="upper left", bbox_to_anchor=(0, -0.14), ncols=2)
    panels[0].set_ylabel("heard right in %")
