"""Bootstrap intervals of a mean over clips."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

_RESAMPLES = 5000


class Interval(NamedTuple):
    """A mean with its 95 % interval."""

    mean: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.mean:.3f} [{self.low:.3f}, {self.high:.3f}]"


def bootstrap_interval(values: NDArray[Any], seed: int = 0) -> Interval:
    """Mean of `values` ``(clips,)`` and its bootstrap interval over the clips.

    Bias-corrected and accelerated (Efron 1987); of width 0 where all values are equal.
    """
    from scipy.stats import bootstrap

    wide = np.asarray(values, np.float64)
    mean = float(wide.mean())
    if np.ptp(wide) == 0:
        return Interval(mean, mean, mean)
    drawn = bootstrap(
        (wide,), np.mean, n_resamples=_RESAMPLES, rng=np.random.default_rng(seed), batch=500
    )
    low, high = drawn.confidence_interval
    return Interval(mean, float(low), float(high))
