"""The design: which participant meets which clip in which condition, and in which order.

Every participant gets one of `ORDERS` orders. They come in pairs: the second of a pair has
the clips of the first in the same order and each in the other condition. Within an order half of
the clips are seen and half are heard, as nearly as possible also of those that the network got
wrong and of those with the same answer.
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
"""An even number, and more than a study needs to vary orders; participants draw one of them."""

CATCHES: dict[Condition, int] = {"seen": 2, "heard": 2}
"""Catch trials by condition, which no order changes: written words, and unaltered recordings."""

PRACTICE = 2
"""Practice items: one seen, one heard."""

_BLOCK = 4  # trials, half of them seen: no condition comes more than four times in a row
_OTHER: dict[Condition, Condition] = {"seen": "heard", "heard": "seen"}


@dataclass(frozen=True)
class Item:
    """A thing to see or hear, and what a participant must not know of it.

    ``id`` is opaque, for it names the files of the site. ``network`` is the class the network
    named, which is the right answer; ``spoken`` the class that was said. ``clip`` is the name of
    the recording, empty for a catch trial that is a picture of a word.
    """

    id: str
    kind: Kind
    network: str
    spoken: str
    clip: str = ""
    probability: float = 1.0

    @property
    def wrong(self) -> bool:
        """Whether the network named another class than was said."""
        return self.network != self.spoken


@dataclass(frozen=True)
class Shown:
    """One place in an order: an item and how it is presented."""

    item: str
    condition: Condition


Order = tuple[Shown, ...]


def orders(items: Iterable[Item], rng: np.random.Generator) -> tuple[Order, ...]:
    """`ORDERS` orders over `items`: practice, then trials with the catch trials among them.

    There is an even number of trials. Catch trials with a clip are heard, the others seen.
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
        main = _spread(_blocks(_alternating(_alike_side_by_side(trials, rng), rng), rng))
        order = rng.permutation(len(catches))
        places = _places(len(main), len(catches), rng)
        for turned in (False, True):
            shown = [_turned(one) if turned else one for one in (*warming, *main)]
            # From the last to the first, so that the places before stay as they are.
            for which, place in reversed(list(zip(order, places, strict=True))):
                shown.insert(len(warming) + place, catches[which])
            made.append(tuple(shown))
    return tuple(made)


def _alike_side_by_side(trials: Sequence[Item], rng: np.random.Generator) -> list[str]:
    """Ids with the wrong ones first and equal answers together, otherwise at random."""
    shuffled = [trials[i] for i in rng.permutation(len(trials))]
    return [item.id for item in sorted(shuffled, key=lambda item: (not item.wrong, item.network))]


def _alternating(ids: Sequence[str], rng: np.random.Generator) -> list[Shown]:
    """Every other one seen; neighbours are in different conditions, so that those alike differ."""
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


def _spread(blocks: Iterable[Sequence[Shown]]) -> list[Shown]:
    return [shown for block in blocks for shown in block]


def _places(trials: int, catches: int, rng: np.random.Generator) -> list[int]:
    """Where catch trials go: one in each of equal parts, never before the first trial."""
    edges = np.linspace(0, trials, catches + 1).astype(int)
    return [int(rng.integers(low, high)) + 1 for low, high in pairwise(edges)]


def _turned(shown: Shown) -> Shown:
    return Shown(shown.item, _OTHER[shown.condition])
