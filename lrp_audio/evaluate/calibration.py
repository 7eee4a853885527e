"""How far the probabilities of a network are from the shares that are classified correctly."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

_BINS = 15


def expected_calibration_error(confidence: NDArray[np.float64], right: NDArray[Any]) -> float:
    """The mean distance of confidence and accuracy over bins of equal width, by their clips.

    `confidence` ``(clips,)`` is the probability of the class that is predicted, `right` whether it
    is correct (Naeini et al. 2015; 15 bins as in Guo et al. 2017).
    """
    bins = np.minimum((confidence * _BINS).astype(np.intp), _BINS - 1)
    surplus = np.bincount(bins, confidence - right, minlength=_BINS)
    return float(np.abs(surplus).sum() / len(confidence))
