"""The heatmap of an explanation, in whichever domain its relevance lies."""

import os

import numpy as np
from numpy.typing import NDArray

from lrp_audio.audio.domain import Domain, Frequency, Time, TimeFrequency
from lrp_audio.audio.spectrogram import decibels, spectrogram
from lrp_audio.report.heatmap import save_heatmap
from lrp_audio.report.spectrogram_heatmap import save_spectrogram_heatmap
from lrp_audio.report.spectrum_heatmap import save_spectrum_heatmap


def save_picture(
    path: str | os.PathLike[str],
    samples: NDArray[np.floating],
    rate: int,
    relevance: NDArray[np.floating],
    domain: Domain,
    title: str,
) -> None:
    """Draw fitted `samples` ``(length,)`` at `rate` Hz and their `relevance` in `domain` as PNG.

    Raises `ShapeError` for arrays that do not fit one another, `OSError` where nothing can be
    written.
    """
    axes = domain.axes(len(samples))
    if isinstance(domain, Time):
        save_heatmap(path, samples, relevance, rate, title)
    elif isinstance(domain, Frequency):
        magnitudes = np.abs(np.fft.rfft(samples))
        save_spectrum_heatmap(path, magnitudes, relevance, axes["frequencies"], title)
    else:
        shown = shown_levels(samples, domain)
        save_spectrogram_heatmap(path, shown, relevance, axes["frequencies"], axes["times"], title)


def shown_levels(samples: NDArray[np.floating], domain: Domain) -> NDArray[np.float64]:
    """Decibels below the loudest, of the shape of relevance in a `domain` with frequencies."""
    if isinstance(domain, Frequency):
        return decibels(np.abs(np.fft.rfft(samples)))
    if isinstance(domain, TimeFrequency):
        return decibels(np.abs(domain.stft.spectra(samples)))
    return spectrogram(samples)
