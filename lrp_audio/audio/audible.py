"""Audible heatmaps: hearing only what spoke for a class, or against it.

Relevance becomes a mask (`speaking`), the mask is laid on the sound in the domain of the relevance
(`in_time`, `in_frequency`, `in_time_frequency`), and what is left is brought to a level for
listening (`weighted`, `masked`). Sounds are ``(time,)`` in int16 scale, as clips are.

Values that are not finite raise `LrpAudioError`, shapes that do not fit `ShapeError`.
"""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from lrp_audio.audio.clip import FULL_SCALE
from lrp_audio.audio.resample import resample
from lrp_audio.audio.stft import Stft
from lrp_audio.errors import LrpAudioError, ShapeError
from lrp_audio.types import Floats

Sign = Literal["for", "against"]
Sound = Literal["weighted", "masked"]

PEAK = 0.99
"""Largest magnitude of a sound for listening, just below the full scale of 1.0."""

MAX_GAIN = 10 ** (30 / 20)
"""Most that `masked` raises any part against the loudest: 30 dB, over which speech moves (SII).

What is relevant at all comes up to its old loudness; what the mask silenced is not blown up out of
nothing.
"""

# 30 ms hold two periods of a deep voice, so that the loudness does not beat with its pitch, and
# are shorter than most sounds of speech.
_LOUDNESS_SECONDS = 0.03


def speaking(relevance: Floats, sign: Sign = "for") -> NDArray[np.float64]:
    """The mask of `relevance` of any shape: ``relu(R)`` or, against, ``relu(-R)``, of peak 1.

    0 everywhere where nothing speaks. Raises `LrpAudioError` for another `sign`.
    """
    if sign not in ("for", "against"):
        raise LrpAudioError(f"Relevance does not speak {sign!r} a class: choose for or against.")
    _check(relevance, relevance.shape)
    return _at_peak_one(np.maximum(relevance if sign == "for" else -relevance, 0))[0]


def in_time(mask: Floats, signal: Floats) -> NDArray[np.float64]:
    """``mask * signal``, both ``(time,)``."""
    _check(signal, (signal.size,))
    _check(mask, signal.shape)
    return np.asarray(mask * signal.astype(np.float64))


def in_frequency(mask: Floats, signal: Floats) -> NDArray[np.float64]:
    """The DFT of `signal` ``(time,)`` times `mask` ``(time // 2 + 1,)``, with its own phases."""
    _check(signal, (signal.size,))
    _check(mask, (signal.size // 2 + 1,))
    x, peak = _at_peak_one(signal)
    return peak * np.fft.irfft(mask * np.fft.rfft(x), signal.size)


def in_time_frequency(mask: Floats, signal: Floats, stft: Stft) -> NDArray[np.float64]:
    """The spectra of `signal` ``(length,)`` times `mask` ``(bins, frames)``, with their own phases.

    Frames overlap, so that this is the sound whose own spectra come closest to the masked ones.
    """
    _check(signal, (stft.length,))
    _check(mask, (stft.bins, stft.frames))
    x, peak = _at_peak_one(signal)
    return np.asarray(peak * stft.signal(mask * stft.spectra(x)))


def weighted(sound: Floats) -> NDArray[np.float32]:
    """`sound` ``(time,)`` at a peak of 0.99, for listening: its loudness follows the relevance."""
    _check(sound, (sound.size,))
    return (PEAK * _at_peak_one(sound)[0]).astype(np.float32)


def masked(sound: Floats, original: Floats, rate: int) -> NDArray[np.float32]:
    """`sound` with the loudness of `original`, both ``(time,)`` at `rate`, to compare by ear.

    The RMS of `sound` over 30 ms is brought to that of `original`, the loudest one first; no part
    is raised by more than `MAX_GAIN` beyond that. Full scale becomes 1.0, and where the sound would
    go beyond 0.99 all of it is lowered alike.
    """
    _check(original, (original.size,))
    _check(sound, original.shape)
    x, _ = _at_peak_one(sound)
    target, scale = _at_peak_one(original)
    if not (x.any() and target.any()):
        return np.zeros(x.shape, np.float32)
    given, wanted = _loudness(x, rate), _loudness(target, rate)
    level = wanted.max() / given.max()
    gain = np.full(x.shape, MAX_GAIN)
    np.divide(wanted, level * given, out=gain, where=wanted < MAX_GAIN * level * given)
    followed, peak = _at_peak_one(level * gain * x)
    return (min(peak * (scale / FULL_SCALE), PEAK) * followed).astype(np.float32)


def at_rate(sound: Floats, rate: int, new_rate: int) -> NDArray[np.float32]:
    """`sound` ``(time,)`` resampled from `rate` to `new_rate` Hz, lowered if beyond 0.99."""
    resampled = resample(sound, rate, new_rate)
    peak = float(np.abs(resampled).max(initial=0.0))
    return (resampled * min(1.0, PEAK / peak) if peak > 0 else resampled).astype(np.float32)


def _loudness(sound: NDArray[np.float64], rate: int) -> NDArray[np.float64]:
    """RMS ``(time,)`` over the window around each sample, zeros lying around the sound."""
    half = round(_LOUDNESS_SECONDS / 2 * rate)
    window = np.hanning(2 * half + 3)[1:-1]
    power = np.convolve(sound**2, window / window.sum())
    return np.asarray(np.sqrt(power[half : half + sound.size]))


def _at_peak_one(values: Floats) -> tuple[NDArray[np.float64], float]:
    """`values` over their largest magnitude, so that no product overflows, and that magnitude."""
    wide = values.astype(np.float64)
    peak = float(np.abs(wide).max(initial=0.0))
    return (wide / peak if peak > 0 else wide), peak


def _check(values: Floats, shape: tuple[int, ...]) -> None:
    if values.shape != shape:
        raise ShapeError(
            f"Relevance or signal of shape {values.shape} does not fit the other, expected is "
            f"{shape}: give the relevance of this very signal."
        )
    if not np.isfinite(values).all():
        raise LrpAudioError(
            "Relevance or signal is not finite: explain in float64 or with a stabilised rule."
        )
