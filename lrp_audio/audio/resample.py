"""FFT resampling as published, in overlapping blocks where a recording is long."""

import numpy as np
from numpy.typing import NDArray

from lrp_audio.types import Floats

# A single transform needs memory and time for the whole recording. Beyond this many seconds it is
# divided into blocks, each extended by a second on both sides to contain the ringing of the cuts.
_WHOLE = 30
_BLOCK = 20
_CONTEXT = 1


def resample(samples: Floats, rate: int, new_rate: int) -> NDArray[np.float64]:
    """Resample ``(time,)`` from `rate` to `new_rate` Hz, to ``ceil(time * new_rate / rate)``."""
    if rate == new_rate or samples.size == 0:
        return samples.astype(np.float64)
    if len(samples) <= _WHOLE * rate:
        return _transform(samples, rate, new_rate)
    parts = []
    seconds = -(-len(samples) // rate)
    for begin in range(0, seconds, _BLOCK):
        # Whole seconds, so that every block starts on a sample at either rate.
        first = max(begin - _CONTEXT, 0)
        block = samples[first * rate : (begin + _BLOCK + _CONTEXT) * rate]
        new = _transform(block, rate, new_rate)
        skip = (begin - first) * new_rate
        parts.append(new[skip : skip + _BLOCK * new_rate])
    return np.concatenate(parts)


def _transform(samples: Floats, rate: int, new_rate: int) -> NDArray[np.float64]:
    """Like `scipy.signal.resample`, whose module takes most of a second to import."""
    old, new = len(samples), -(-len(samples) * new_rate // rate)
    spectrum = np.fft.rfft(samples.astype(np.float64))
    kept = np.zeros(new // 2 + 1, np.complex128)
    shared = min(old, new)
    kept[: shared // 2 + 1] = spectrum[: shared // 2 + 1]
    if shared % 2 == 0 and old != new:
        # At half the lower rate two frequencies fold into one bin, or are separated again.
        kept[shared // 2] *= 2.0 if new < old else 0.5
    return np.fft.irfft(kept, new) * (new / old)
