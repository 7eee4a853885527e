"""The fundamental frequency of a voice, frame by frame, by its autocorrelation."""

import numpy as np
from numpy.typing import NDArray

from lrp_audio.audio.stft import Stft
from lrp_audio.types import Floats

LOWEST, HIGHEST = 60.0, 400.0
"""The range in Hz of the fundamental of a speaking voice."""

_VOICED = 0.45  # autocorrelation, of 1, from which a frame counts as voiced (Boersma 1993)
_SILENT_DB = 25.0  # frames further below the loudest count as unvoiced
_OCTAVE_COST = 0.005  # by how much the autocorrelation must be higher an octave lower
_FINER = 4  # lags for each sample: peaks of a high voice lie between samples


def fundamental(samples: Floats, stft: Stft, rate: int) -> NDArray[np.float64]:
    """Fundamental in Hz of each frame of `stft`, ``(frames,)``; NaN where there is no voice.

    It is found from the lag of the highest autocorrelation of a frame of `samples` ``(length,)`` at
    `rate` Hz. The autocorrelation of the windowed frame is divided by that of the window, which
    would otherwise reduce it at long lags (Boersma 1993).
    """
    finer = _FINER * rate
    lags = np.arange(
        round(finer / HIGHEST), min(round(finer / LOWEST), _FINER * stft.win_length - 1)
    )
    frames = stft.framed(samples.astype(np.float64))
    power, alike = _autocorrelation(frames * stft.window, lags)
    _, expected = _autocorrelation(stft.window[None], lags)
    alike = alike / expected
    score = alike - _OCTAVE_COST * np.log2(lags)
    peaks = (alike[:, 1:-1] > alike[:, :-2]) & (alike[:, 1:-1] >= alike[:, 2:])
    best = 1 + np.where(peaks, score[:, 1:-1], -np.inf).argmax(axis=1)
    loud = power > power.max() * 10 ** (-_SILENT_DB / 10)
    voiced = loud & peaks.any(axis=1) & (alike[np.arange(len(best)), best] > _VOICED)
    return np.where(voiced, finer / _refined(lags, alike, best), np.nan)


def _autocorrelation(
    frames: NDArray[np.float64], lags: NDArray[np.intp]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Power of each frame, and its autocorrelation at `lags` as a share of that.

    Lags are in fractions of a sample, by zero-padding the spectrum.
    """
    size = 2 * frames.shape[1]
    found = np.fft.irfft(np.abs(np.fft.rfft(frames, size)) ** 2, _FINER * size)
    power = found[:, 0]
    return power, found[:, lags] / np.maximum(power, np.finfo(np.float64).tiny)[:, None]


def _refined(
    lags: NDArray[np.intp], alike: NDArray[np.float64], best: NDArray[np.intp]
) -> NDArray[np.float64]:
    """The lags of the peaks at `best`, refined by the parabola through three values each."""
    rows = np.arange(len(best))
    before, at, after = (alike[rows, best + step] for step in (-1, 0, 1))
    bend = before - 2 * at + after
    shift = np.divide(0.5 * (before - after), bend, out=np.zeros(len(best)), where=bend < 0)
    return np.asarray(lags[best] + shift)
