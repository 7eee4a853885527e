"""Intervals of an accuracy over speakers: whole speakers are drawn, not their clips."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

_RESAMPLES = 5000


def speaker_interval(
    right: NDArray[Any], speakers: Sequence[str], groups: Sequence[str | None], seed: int = 0
) -> tuple[float, float] | None:
    """The 95 % interval of the mean over `groups` of the share of clips that are `right`.

    All are ``(clips,)``; each group's speakers are drawn with replacement, 5,000 times (percentile
    bootstrap). None where a group has only one speaker, whose share varies in an unknown way.
    """
    rng = np.random.default_rng(seed)
    means = np.zeros(_RESAMPLES)
    names = sorted(set(groups), key=str)
    for name in names:
        own = [index for index, group in enumerate(groups) if group == name]
        who, number = np.unique([speakers[index] for index in own], return_inverse=True)
        if len(who) < 2:
            return None
        hits, clips = np.bincount(number, right[own]), np.bincount(number)
        drawn = rng.integers(len(who), size=(_RESAMPLES, len(who)))
        means += hits[drawn].sum(axis=1) / clips[drawn].sum(axis=1) / len(names)
    low, high = np.percentile(means, (2.5, 97.5))
    return float(low), float(high)
