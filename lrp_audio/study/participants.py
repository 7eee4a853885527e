"""Synthetic participants with a known effect, to test the analysis and to plan a study.

A participant names the network's answer with a probability that depends on the condition, on the
participant and on the clip (a probit model with crossed random effects). Probabilities are given as
averages over participants and clips.
"""

from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from lrp_audio.study.design import CONDITIONS
from lrp_audio.study.key import Key
from lrp_audio.study.records import Record, Trial

_MEDIAN_MS = 5000


@dataclass(frozen=True)
class Truth:
    """How often the network's answer is named, on average, and how much that varies.

    The spreads are standard deviations on the probit scale: of people and of clips, and of how much
    each of them gains from hearing.
    """

    seen: float
    heard: float
    people: float = 0.5
    clips: float = 0.5
    people_gain: float = 0.3
    clips_gain: float = 0.0


def named(heard: NDArray[np.bool_], truth: Truth, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Whether each answer is named, ``(..., participants, clips)``; `heard`, whether it is heard.

    The clips are the same for all participants; leading axes are separate studies.
    """
    from scipy.special import ndtr, ndtri

    *studies, people, clips = heard.shape
    x = np.where(heard, 0.5, -0.5)
    own = (*studies, people, 1), (*studies, 1, clips)
    latent = truth.people * rng.standard_normal(own[0])
    latent = latent + truth.clips * rng.standard_normal(own[1])
    gain = truth.people_gain * rng.standard_normal(own[0])
    gain = gain + truth.clips_gain * rng.standard_normal(own[1])
    spread = sqrt(
        1 + truth.people**2 + truth.clips**2 + (truth.people_gain**2 + truth.clips_gain**2) / 4
    )
    wanted = np.where(heard, truth.heard, truth.seen)
    chance = ndtr(spread * ndtri(wanted) + latent + gain * x)
    return np.asarray(rng.random(heard.shape) < chance)


def participants(key: Key, count: int, truth: Truth, rng: np.random.Generator) -> list[Record]:
    """`count` records of `key`'s study, as the site would write them, marked as synthetic."""
    trials = key.trials()
    place = {item.id: i for i, item in enumerate(trials)}
    orders = rng.integers(len(key.orders), size=count)
    heard = np.zeros((count, len(trials)), np.bool_)
    for person, order in enumerate(orders):
        for shown in key.orders[order]:
            if shown.item in place:
                heard[person, place[shown.item]] = shown.condition == CONDITIONS[1]
    right = named(heard, truth, rng)
    items = key.by_id
    made = []
    for person, order in enumerate(orders):
        answers = []
        for shown in key.orders[order]:
            item = items[shown.item]
            knows = item.kind != "trial" or right[person, place[shown.item]]
            others = [answer for answer in key.answers if answer != item.network]
            answers.append(
                Trial(
                    item=shown.item,
                    condition=shown.condition,
                    answer=item.network if knows else str(rng.choice(others)),
                    rt=int(_MEDIAN_MS * np.exp(0.4 * rng.standard_normal())),
                    plays=int(shown.condition == "heard"),
                    confidence=int(rng.integers(1, 6)),
                    usefulness=int(rng.integers(1, 6)),
                )
            )
        made.append(
            Record(
                participant=rng.bytes(16).hex(),
                order=int(order),
                reloads=0,
                checks=(),
                trials=tuple(answers),
                synthetic=True,
            )
        )
    return made
