"""Spectrograms scaled along the frequency axis, and masks of the parts of a voice."""

import numpy as np

from lrp_audio.audio.pitch import fundamental
from lrp_audio.audio.stft import Stft
from lrp_audio.types import Array

LOW = 300.0
"""The fundamental of a voice lies below this frequency, in Hz."""

_HALF_WIDTH = 35.0  # Hz to either side of a partial, over which the window's main lobe spreads it
_MOST_HALF_WIDTH = 0.3  # of a fundamental, so that the gaps between the partials stay


def scaled(picture: Array, factor: float, silence: float) -> Array:
    """`picture` ``(frequencies, times)``, row 0 being 0 Hz, with each f moved to f x factor.

    Values between rows are interpolated; rows from beyond the picture are filled with `silence`.
    """
    rows = np.arange(len(picture)) / factor
    below = np.minimum(rows.astype(np.intp), len(picture) - 1)
    above = np.minimum(below + 1, len(picture) - 1)
    share = (rows - below)[:, None].astype(picture.dtype)
    moved = (1 - share) * picture[below] + share * picture[above]
    moved[rows > len(picture) - 1] = silence
    return np.asarray(moved)


def masks(samples: Array, stft: Stft, rate: int) -> dict[str, Array]:
    """Masks of the bins of `stft`, ``(bins, frames)``, that hold a part of a voice, by its name.

    `samples` are at `rate`. The fundamental and its harmonics are tracked frame by frame; their
    control are the gaps between them, of the same width. The control of the band up to 300 Hz is
    the next 300 Hz.
    """
    hertz = stft.frequencies(rate)[:, None]
    pitch = fundamental(samples, stft, rate)[None]
    width = np.minimum(_HALF_WIDTH, _MOST_HALF_WIDTH * pitch)
    nearest = np.maximum(np.round(hertz / pitch), 1)  # NaN in silent frames: no bin is masked
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
