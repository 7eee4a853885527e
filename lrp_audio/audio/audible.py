"""The audible heatmap: hearing only what spoke for the class."""

import numpy as np
from numpy.typing import NDArray

from lrp_audio.errors import LrpAudioError, ShapeError

PEAK = 0.99
"""Largest magnitude of an audible heatmap, just below the full scale of 1.0."""


def audible(relevance: NDArray[np.floating], signal: NDArray[np.floating]) -> NDArray[np.float32]:
    """``relu(R) * x`` of two arrays ``(time,)``, peak-normalised to 0.99.

    Where nothing is relevant or nothing sounds, the result is silence. Raises `ShapeError` for
    arrays of different shapes and `LrpAudioError` for values that are not finite.
    """
    if relevance.shape != signal.shape:
        raise ShapeError(
            f"Relevance of shape {relevance.shape} does not fit a signal of shape {signal.shape}: "
            "give the relevance of this very signal."
        )
    if not (np.isfinite(relevance).all() and np.isfinite(signal).all()):
        raise LrpAudioError(
            "Relevance or signal is not finite: explain in float64 or with a stabilised rule."
        )
    # A weight is at most one, so that the product cannot overflow.
    sound = _peak_one(_peak_one(np.maximum(relevance, 0)) * signal)
    return (PEAK * sound).astype(np.float32)


def _peak_one(values: NDArray[np.floating]) -> NDArray[np.float64]:
    wide = values.astype(np.float64)
    peak = np.abs(wide).max(initial=0.0)
    return wide / peak if peak > 0 else wide
