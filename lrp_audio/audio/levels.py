"""Levels in decibels, for pictures and for the input of spectrogram networks."""

import numpy as np
from numpy.typing import NDArray

from lrp_audio.types import Floats

FLOOR = -80.0
"""The lowest level, in decibels relative to the loudest; that of silence."""


def decibels(magnitudes: Floats) -> NDArray[np.float64]:
    """``20 log10(|Z| / max |Z|)`` of `magnitudes` of any shape, at least -80; silence is -80."""
    loudest = float(magnitudes.max())
    floor = 10 ** (FLOOR / 20)
    shares = magnitudes / loudest if loudest > 0 else magnitudes
    return np.asarray(20 * np.log10(np.maximum(shares, floor)))
