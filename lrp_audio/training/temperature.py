"""The temperature that makes the probabilities of a trained network mean something."""

import numpy as np
from numpy.typing import NDArray

from lrp_audio.types import Array

_RANGE = (0.05, 20.0)


def fitted_temperature(
    logits: Array, labels: NDArray[np.intp], weights: NDArray[np.float64]
) -> float:
    """The number by which to divide `logits` ``(clips, classes)``: that of least cross-entropy.

    Each clip counts by its weight (Guo et al., ICML 2017). The number lies between 0.05 and 20; it
    is near these where every clip, or hardly any, is classified correctly.
    """
    from scipy.optimize import minimize_scalar
    from scipy.special import logsumexp

    wide = logits.astype(np.float64)
    own = wide[np.arange(len(wide)), labels]

    def loss(log_temperature: float) -> float:
        t = np.exp(log_temperature)
        return float(np.average(logsumexp(wide / t, axis=1) - own / t, weights=weights))

    found = minimize_scalar(loss, bounds=tuple(np.log(_RANGE)), method="bounded")
    return float(np.exp(found.x))
