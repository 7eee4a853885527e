"""Audible heatmaps: the part of a sound that is relevant for a class, or against it.

Relevance becomes a mask (`speaking`), which is applied to the sound in the domain of the relevance
(`in_time`, `in_frequency`, `in_time_frequency`); the result is scaled for listening (`weighted`,
`masked`). Sounds are ``(time,)`` in int16 scale, like clips.

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
"""Largest gain of `masked` for any part, relative to the loudest: 30 dB, the range of speech (SII).

With it, relevant parts reach their original loudness, and what the mask has silenced is not
amplified from almost nothing.
"""

# 30 ms contain two periods of a deep voice, so that the loudness does not vary with each period,
# and are shorter than most speech sounds.
_LOUDNESS_SECONDS = 0.03


def speaking(relevance: Floats, sign: Sign = "for") -> NDArray[np.float64]:
    """The mask for `relevance` of any shape: ``relu(R)`` or, against, ``relu(-R)``, with peak 1.

    All zeros where no relevance has that sign. Raises `LrpAudioError` for another `sign`.
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
    """`signal` ``(time,)`` with its DFT times `mask` ``(time // 2 + 1,)``; phases are kept."""
    _check(signal, (signal.size,))
    _check(mask, (signal.size // 2 + 1,))
    x, peak = _at_peak_one(signal)
    return peak * np.fft.irfft(mask * np.fft.rfft(x), signal.size)


def in_time_frequency(mask: Floats, signal: Floats, stft: Stft) -> NDArray[np.float64]:
    """`signal` ``(length,)`` with its spectra times `mask` ``(bins, frames)``; phases are kept.

    Frames overlap, so that this is the signal whose spectra are closest to the masked ones.
    """
    _check(signal, (stft.length,))
    _check(mask, (stft.bins, stft.frames))
    x, peak = _at_peak_one(signal)
    return np.asarray(peak * stft.signal(mask * stft.spectra(x)))


def weighted(sound: Floats) -> NDArray[np.float32]:
    """`sound` ``(time,)`` scaled to a peak of 0.99: its loudness follows the relevance."""
    _check(sound, (sound.size,))
    return (PEAK * _at_peak_one(sound)[0]).astype(np.float32)


def masked(sound: Floats, original: Floats, rate: int) -> NDArray[np.float32]:
    """`sound` with the loudness of `original`, both ``(time,)`` at `rate` Hz, to compare by ear.

    First one gain makes the largest RMS over 30 ms equal to that of `original`, then each part is
    brought to its original RMS, by a gain of at most `MAX_GAIN`. Full scale becomes 1.0; a sound
    that would exceed 0.99 is scaled down as a whole.
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
    """`sound` ``(time,)`` resampled from `rate` to `new_rate` Hz, scaled down to 0.99 if beyond."""
    resampled = resample(sound, rate, new_rate)
    peak = float(np.abs(resampled).max(initial=0.0))
    return (resampled * min(1.0, PEAK / peak) if peak > 0 else resampled).astype(np.float32)


def _loudness(sound: NDArray[np.float64], rate: int) -> NDArray[np.float64]:
    """RMS ``(time,)`` over the window around each sample, with zeros around the sound."""
    half = round(_LOUDNESS_SECONDS / 2 * rate)
    window = np.hanning(2 * half + 3)[1:-1]
    power = np.convolve(sound**2, window / window.sum())
    return np.asarray(np.sqrt(power[half : half + sound.size]))


def _at_peak_one(values: Floats) -> tuple[NDArray[np.float64], float]:
    """`values` divided by their largest magnitude, so that products do not overflow, and it."""
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
