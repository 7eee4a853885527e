"""Spectra changed along their frequencies: scaled, or with parts of a voice taken away."""

import numpy as np

from lrp_audio.audio.pitch import fundamental
from lrp_audio.audio.stft import Stft
from lrp_audio.types import Array

LOW = 300.0
"""Hz below which the fundamental of a voice lies."""

_HALF_WIDTH = 35.0  # Hz: what the window's main lobe spreads a partial over, to either side
_LEAST_GAP = 0.3  # of a fundamental: what is taken of each partial leaves room for the gaps


def scaled(picture: Array, factor: float, silence: float) -> Array:
    """`picture` ``(frequencies, times)``, row 0 being 0 Hz, with what lay at f moved to f x factor.

    Rows between rows are interpolated; rows that come from beyond the picture hold `silence`.
    """
    rows = np.arange(len(picture)) / factor
    below = np.minimum(rows.astype(np.intp), len(picture) - 1)
    above = np.minimum(below + 1, len(picture) - 1)
    share = (rows - below)[:, None].astype(picture.dtype)
    moved = (1 - share) * picture[below] + share * picture[above]
    moved[rows > len(picture) - 1] = silence
    return np.asarray(moved)


def masks(samples: Array, stft: Stft, rate: int) -> dict[str, Array]:
    """Which bins of `stft`, ``(bins, frames)``, to take from a clip at `rate`, by a name.

    The fundamental and its harmonics are followed frame by frame; the gaps between them are the
    control, of the same width. The band up to 300 Hz has the next 300 Hz for a control.
    """
    hertz = stft.frequencies(rate)[:, None]
    pitch = fundamental(samples, stft, rate)[None]
    width = np.minimum(_HALF_WIDTH, _LEAST_GAP * pitch)
    nearest = np.maximum(np.round(hertz / pitch), 1)  # NaN in silent frames: nothing is taken there
    partial = np.abs(hertz - nearest * pitch) <= width
    gap = np.abs(np.abs(hertz / pitch - np.floor(hertz / pitch)) - 0.5) * pitch <= width
    everywhere = np.ones((1, stft.frames), bool)
    return {
        "fundamental": partial & (nearest == 1),
        "harmonics": partial & (nearest > 1),
        "gaps between": gap & (hertz > 0.5 * pitch),
        "0 to 300 Hz": (hertz < LOW) & everywhere,
        "300 to 600 Hz": (hertz >= LOW) & (hertz < 2 * LOW) & everywhere,
    }
