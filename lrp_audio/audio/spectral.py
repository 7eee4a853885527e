"""DFT-LRP: relevance of samples propagated to frequencies and times (Vielhaben et al. 2023).

The inverse DFT, of the whole clip or frame by frame, is a linear layer in front of the network: it
computes the samples from the spectrum. LRP-0 through that layer distributes the relevance of the
samples over real and imaginary parts, which are summed, and is conservative. Relevance of a silent
sample cannot be distributed: rules that depend on the input give it none, and that of other rules
is dropped.
"""

import numpy as np
from numpy.typing import NDArray

from lrp_audio.audio.stft import Stft
from lrp_audio.types import Floats

# A sample below half a 16-bit step at full scale is silent: resampling leaves such traces around a
# word. Division by them would spread the relevance that some rules give to silence over all
# frequencies.
_SILENCE = 2.0**-16


def frequency_relevance(samples: Floats, relevance: Floats) -> NDArray[np.float64]:
    """Relevance of the frequencies k / time, ``(..., time // 2 + 1)``, from that of `samples`.

    `samples` and `relevance` are ``(..., time)``. With c = R / x the relevance of frequency k is
    ``m_k / time Re(X_k conj(C_k))``, where X and C are the DFTs of x and c, and m_k is 2 for bins
    that also stand for a negative frequency, else 1. The sum is that of `relevance` less
    `dropped_relevance`.
    """
    time = samples.shape[-1]
    x, c = _with_shares(samples, relevance)
    product = np.fft.rfft(x) * np.conj(np.fft.rfft(c))
    return np.asarray(_multiplicity(time) / time * product.real)


def time_frequency_relevance(samples: Floats, relevance: Floats, stft: Stft) -> NDArray[np.float64]:
    """Relevance of the bins of `stft`, ``(..., bins, frames)``, from that of `samples`.

    `samples` and `relevance` are ``(..., length)``. With c = R / x the relevance of a bin is
    ``Re(Z conj(C))``, where Z are the spectra of x and C is the transpose of `stft.signal` applied
    to c. The sum is that of `relevance` less `dropped_relevance`.
    """
    x, c = _with_shares(samples, relevance)
    # `signal` divides by the summed squared window, and multiplies by the window and its sum;
    # `spectra` multiplies by the window and divides by its sum. Zeros around the clip are the
    # transpose of cutting the extension off.
    scale = _multiplicity(stft.win_length) * stft.window.sum() ** 2 / stft.win_length
    transposed = scale[:, None] * stft.spectra(c / stft.window_sumsquare)
    return np.asarray((stft.spectra(x) * np.conj(transposed)).real)


def dropped_relevance(samples: Floats, relevance: Floats) -> NDArray[np.float64]:
    """Relevance ``(...)`` of silent samples (below peak / 65536), which is not in a spectrum."""
    silent = ~_sounding(samples.astype(np.float64))
    return np.asarray(np.where(silent, relevance, 0).sum(axis=-1, dtype=np.float64))


def _sounding(x: NDArray[np.float64]) -> NDArray[np.bool_]:
    magnitudes = np.abs(x)
    return np.asarray(magnitudes > _SILENCE * magnitudes.max(axis=-1, keepdims=True, initial=0))


def _with_shares(
    samples: Floats, relevance: Floats
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """x and c = R / x, with c = 0 in silence; float64, because float32 would not conserve."""
    x = samples.astype(np.float64)
    sounding = _sounding(x)
    return x, np.where(sounding, relevance / np.where(sounding, x, 1), 0)


def _multiplicity(time: int) -> NDArray[np.float64]:
    """How many frequencies each bin stands for, ``(time // 2 + 1,)``: itself and its mirror."""
    count = np.full(time // 2 + 1, 2.0)
    count[0] = 1
    if time % 2 == 0:
        count[-1] = 1
    return count
