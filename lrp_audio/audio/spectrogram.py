"""The published spectrogram: one second at 8 kHz as a picture of 227 x 227 decibels."""

import numpy as np
from numpy.typing import NDArray

from lrp_audio.audio.clip import RATE
from lrp_audio.audio.stft import Stft

SIZE = 227
"""Rows (frequencies) and columns (times) of the picture."""

FLOOR = -80.0
SPECTROGRAM_BOUNDS = (FLOOR, 0.0)
"""No value of a spectrogram lies outside: decibels below its loudest bin, at least -80."""

PUBLISHED = Stft(window=455, hop=35, length=RATE)
"""The transform behind the picture; its 228 x 230 bins lose one row and three columns."""


ROWS, COLUMNS = slice(0, SIZE), slice(2, 2 + SIZE)
"""Which bins and frames of `PUBLISHED` the picture shows."""


def row_frequencies() -> NDArray[np.float64]:
    """Frequency of each row in Hz, ``(227,)``: 0 Hz first, 17.58 Hz apart."""
    return PUBLISHED.frequencies(RATE)[ROWS]


def column_times() -> NDArray[np.float64]:
    """Time of the middle of each column in seconds, ``(227,)``: 8.75 ms first, 4.375 ms apart."""
    return PUBLISHED.times(RATE)[COLUMNS]


def spectrogram(samples: NDArray[np.floating]) -> NDArray[np.float64]:
    """Decibels ``(227, 227)`` (frequency, time) of fitted samples ``(8000,)``, between -80 and 0.

    `decibels` of the cropped spectra, as published (Becker et al.).
    """
    return decibels(np.abs(PUBLISHED.spectra(samples)[ROWS, COLUMNS]))


def decibels(magnitudes: NDArray[np.floating]) -> NDArray[np.float64]:
    """``20 log10(|Z| / max |Z|)`` of `magnitudes` of any shape, at least -80; silence is -80."""
    loudest = float(magnitudes.max())
    floor = 10 ** (FLOOR / 20)
    shares = magnitudes / loudest if loudest > 0 else magnitudes
    return np.asarray(20 * np.log10(np.maximum(shares, floor)))


def uncropped(values: NDArray[np.floating]) -> NDArray[np.floating]:
    """Values ``(..., 228, 230)`` of all bins of `PUBLISHED` from those of the picture.

    The top bin, the first two frames and the last one are outside the network's view. The sound
    there overlaps with its neighbours, so they take their nearest neighbour's value: under a mask
    nothing of the sound then disappears unnoticed.
    """
    widths = [(ROWS.start, PUBLISHED.bins - ROWS.stop)]
    widths += [(COLUMNS.start, PUBLISHED.frames - COLUMNS.stop)]
    return np.pad(values, [(0, 0)] * (values.ndim - 2) + widths, mode="edge")
