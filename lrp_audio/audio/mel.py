"""Mel filters as librosa, torchaudio, Kaldi and TensorFlow make them."""

import numpy as np
from numpy.typing import NDArray

MEL_SCALES = ("slaney", "htk", "kaldi")
"""Mel scales: Slaney's (linear up to 1 kHz), HTK's, and HTK's with triangles drawn in mel.

The last one is that of Kaldi and of TensorFlow; the others draw their triangles in Hz.
"""

_LINEAR_HERTZ = 200.0 / 3  # Hz a mel below 1 kHz on Slaney's scale
_BREAK = 1000.0
_STEP = np.log(6.4) / 27.0  # logarithmic step above


def hertz_to_mel(hertz: NDArray[np.float64], scale: str) -> NDArray[np.float64]:
    """Mels of frequencies in Hz, of any shape."""
    if scale != "slaney":
        return np.asarray(2595.0 * np.log10(1.0 + hertz / 700.0))
    above = _BREAK / _LINEAR_HERTZ + np.log(np.maximum(hertz, _BREAK) / _BREAK) / _STEP
    return np.where(hertz < _BREAK, hertz / _LINEAR_HERTZ, above)


def mel_to_hertz(mels: NDArray[np.float64], scale: str) -> NDArray[np.float64]:
    """The inverse of `hertz_to_mel`."""
    if scale != "slaney":
        return np.asarray(700.0 * (10.0 ** (mels / 2595.0) - 1.0))
    start = _BREAK / _LINEAR_HERTZ
    above = _BREAK * np.exp(_STEP * (np.maximum(mels, start) - start))
    return np.where(mels < start, mels * _LINEAR_HERTZ, above)


def mel_filters(
    frequencies: NDArray[np.float64],
    n_mels: int,
    fmin: float,
    fmax: float,
    scale: str = "slaney",
    norm: str = "slaney",
) -> NDArray[np.float64]:
    """Triangular filters ``(n_mels, bins)`` over bins at these `frequencies` in Hz.

    `n_mels + 2` points lie evenly in mel from `fmin` to `fmax`; each filter rises from one to the
    next and falls to the one after it. `norm` ``slaney`` gives each the area 1 in Hz; with ``none``
    its peak is 1. A narrow filter between two bins is zero everywhere.
    """
    ends = hertz_to_mel(np.array([fmin, fmax]), scale)
    mels = np.linspace(ends[0], ends[1], n_mels + 2)
    hertz = mel_to_hertz(mels, scale)
    in_mel = scale == "kaldi"
    points, bins = (mels, hertz_to_mel(frequencies, scale)) if in_mel else (hertz, frequencies)
    steps, ramps = np.diff(points), bins[None, :] - points[:, None]
    rising, falling = ramps[:-2] / steps[:-1, None], -ramps[2:] / steps[1:, None]
    filters = np.maximum(np.minimum(rising, falling), 0.0)
    if norm == "slaney":
        filters *= (2.0 / (hertz[2:] - hertz[:-2]))[:, None]
    return filters
