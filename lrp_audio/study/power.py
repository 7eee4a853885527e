"""How many participants a study needs, by the share of synthetic studies that find a difference."""

import numpy as np
from numpy.typing import NDArray

from lrp_audio.errors import StudyError
from lrp_audio.study.analysis import ALPHA
from lrp_audio.study.exact import p_value
from lrp_audio.study.participants import Truth, named

STUDIES = 1000
FEWEST = 6
"""Fewer participants can never find a difference that is significant at 5 %."""

MOST = 1000
"""The most participants that are tried."""

_BATCH = 50  # studies in memory at once


def power(truth: Truth, clips: int, count: int, seed: int, studies: int = STUDIES) -> float:
    """The share of `studies` of `count` participants and `clips` trials with p at most 5 %."""
    rng = np.random.default_rng(seed)
    found = 0
    for first in range(0, studies, _BATCH):
        some = gains(truth, clips, count, rng, min(_BATCH, studies - first))
        found += sum(p_value(study.tolist()) <= ALPHA for study in some)
    return found / studies


def gains(
    truth: Truth, clips: int, count: int, rng: np.random.Generator, studies: int
) -> NDArray[np.int64]:
    """How many more answers each participant names heard than seen, ``(studies, count)``."""
    half = np.arange(clips) % 2 == 0
    heard = rng.permuted(np.broadcast_to(half, (studies, count, clips)), axis=2)
    right = named(heard, truth, rng)
    return np.asarray((right & heard).sum(axis=2) - (right & ~heard).sum(axis=2))


def sample_size(truth: Truth, clips: int, wanted: float, seed: int) -> int:
    """The fewest participants with a power of at least `wanted`, estimated from `STUDIES` studies.

    Raises `StudyError` where `MOST` are too few.
    """
    high = FEWEST
    while power(truth, clips, high, seed) < wanted:
        if high == MOST:
            raise StudyError(
                f"Not even {MOST} participants find this difference with a power of {wanted:g}: "
                "plan with a larger one, or with more clips."
            )
        high = min(2 * high, MOST)
    low = max(high // 2, FEWEST)
    while low < high:
        middle = (low + high) // 2
        if power(truth, clips, middle, seed) >= wanted:
            high = middle
        else:
            low = middle + 1
    return high
