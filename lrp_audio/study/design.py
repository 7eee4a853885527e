"""The design: which participant gets which clip in which condition, and in which order.

Every participant gets one of `ORDERS` orders. Orders come in pairs: the second of a pair has the
clips of the first in the same order, each in the other condition. Within an order half of the clips
are seen and half are heard; the same holds, as nearly as possible, for those that the network
classified wrongly and for those with the same answer.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, get_args

import numpy as np

Condition = Literal["seen", "heard"]
Kind = Literal["trial", "practice", "catch", "check"]
CONDITIONS: tuple[Condition, ...] = get_args(Condition)
KINDS: tuple[Kind, ...] = get_args(Kind)

ORDERS = 64
"""An even number, more than a study needs to vary the order; participants draw one of them."""

CATCHES: dict[Condition, int] = {"seen": 2, "heard": 2}
"""Catch trials by condition, the same in all orders: written words and unaltered recordings."""

PRACTICE = 2
"""Practice items: one seen, one heard."""

_BLOCK = 4  # trials, half of them seen: no condition comes more than four times in a row
_OTHER: dict[Condition, Condition] = {"seen": "heard", "heard": "seen"}


@dataclass(frozen=True)
class Item:
    """Something to see or hear, with what participants must not know about it.

    ``id`` is opaque, because it names files of the site. ``network`` is the class that the network
    predicts, which is the right answer; ``spoken`` is the class that was spoken. ``clip`` is the
    name of the recording, empty for a catch trial that is a picture of a word.
    """

    id: str
    kind: Kind
    network: str
    spoken: str
    clip: str = ""
    probability: float = 1.0

    @property
    def wrong(self) -> bool:
        """Whether the network predicts another class than was spoken."""
        return self.network != self.spoken


@dataclass(frozen=True)
class Shown:
    """One place in an order: an item and how it is presented."""

    item: str
    condition: Condition


Order = tuple[Shown, ...]


def orders(items: Iterable[Item], rng: np.random.Generator) -> tuple[Order, ...]:
    """`ORDERS` orders over `items`: practice, then trials with the catch trials among them.

    The number of trials is even. Catch trials with a clip are heard, the others seen.
    """
    items = list(items)
    practice = [item.id for item in items if item.kind == "practice"]
    catches = [
        Shown(item.id, "heard" if item.clip else "seen") for item in items if item.kind == "catch"
    ]
    trials = [item for item in items if item.kind == "trial"]
    made: list[Order] = []
    for _ in range(ORDERS // 2):
        warming = _alternating(practice, rng)
        main = _flattened(_blocks(_alternating(_alike_side_by_side(trials, rng), rng), rng))
        order = rng.permutation(len(catches))
        places = _places(len(main), len(catches), rng)
        for swapped in (False, True):
            shown = [_swapped(one) if swapped else one for one in (*warming, *main)]
            # From the last to the first, so that the places before stay as they are.
            for which, place in reversed(list(zip(order, places, strict=True))):
                shown.insert(len(warming) + place, catches[which])
            made.append(tuple(shown))
    return tuple(made)


def _alike_side_by_side(trials: Sequence[Item], rng: np.random.Generator) -> list[str]:
    """Ids, the wrong ones first and equal answers together, otherwise at random."""
    shuffled = [trials[i] for i in rng.permutation(len(trials))]
    return [item.id for item in sorted(shuffled, key=lambda item: (not item.wrong, item.network))]


def _alternating(ids: Sequence[str], rng: np.random.Generator) -> list[Shown]:
    """Every other one is seen, so that neighbours, which are alike, differ in condition."""
    first = int(rng.integers(2))
    return [Shown(id, CONDITIONS[(first + place) % 2]) for place, id in enumerate(ids)]


def _blocks(shown: Sequence[Shown], rng: np.random.Generator) -> list[list[Shown]]:
    """Blocks of `_BLOCK`, half of each seen, in random order; the last block may be shorter."""
    by_condition = [
        [s for s in (shown[i] for i in rng.permutation(len(shown))) if s.condition == condition]
        for condition in CONDITIONS
    ]
    half = _BLOCK // 2
    cut = [
        [s for some in by_condition for s in some[first : first + half]]
        for first in range(0, max(map(len, by_condition)), half)
    ]
    return [[block[i] for i in rng.permutation(len(block))] for block in cut]


def _flattened(blocks: Iterable[Sequence[Shown]]) -> list[Shown]:
    return [shown for block in blocks for shown in block]


def _places(trials: int, catches: int, rng: np.random.Generator) -> list[int]:
    """Positions of the catch trials: one in each of equal parts, none before the first trial."""
    edges = np.linspace(0, trials, catches + 1).astype(int)
    return [int(rng.integers(low, high)) + 1 for low, high in pairwise(edges)]


def _swapped(shown: Shown) -> Shown:
    return Shown(shown.item, _OTHER[shown.condition])
