"""FFT resampling as published, in overlapping blocks where a recording is long."""

import numpy as np
from numpy.typing import NDArray

# One transform needs memory and time for the whole of it: beyond this many seconds the recording
# is taken in blocks, each with a second of its neighbours, which holds the ringing of the cuts.
_WHOLE = 30
_BLOCK = 20
_CONTEXT = 1


def resample(samples: NDArray[np.floating], rate: int, new_rate: int) -> NDArray[np.float64]:
    """Resample ``(time,)`` from ``rate`` to ``new_rate`` Hz: ``ceil(time * new_rate / rate)``."""
    if rate == new_rate or samples.size == 0:
        return samples.astype(np.float64)
    if len(samples) <= _WHOLE * rate:
        return _transform(samples, rate, new_rate)
    parts = []
    seconds = -(-len(samples) // rate)
    for begin in range(0, seconds, _BLOCK):
        # Whole seconds on both sides, so that every block starts on a sample of either rate.
        first = max(begin - _CONTEXT, 0)
        block = samples[first * rate : (begin + _BLOCK + _CONTEXT) * rate]
        new = _transform(block, rate, new_rate)
        skip = (begin - first) * new_rate
        parts.append(new[skip : skip + _BLOCK * new_rate])
    return np.concatenate(parts)


def _transform(samples: NDArray[np.floating], rate: int, new_rate: int) -> NDArray[np.float64]:
    """What `scipy.signal.resample` does; importing that module alone takes most of a second."""
    old, new = len(samples), -(-len(samples) * new_rate // rate)
    spectrum = np.fft.rfft(samples.astype(np.float64))
    kept = np.zeros(new // 2 + 1, np.complex128)
    shared = min(old, new)
    kept[: shared // 2 + 1] = spectrum[: shared // 2 + 1]
    if shared % 2 == 0 and old != new:
        # The bin at half the lower rate holds two frequencies that fold, or parts into them.
        kept[shared // 2] *= 2.0 if new < old else 0.5
    return np.fft.irfft(kept, new) * (new / old)
