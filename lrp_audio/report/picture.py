"""The heatmap of an explanation, in whichever domain its relevance lies."""

import os
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from lrp_audio.audio.domain import Domain, Frequency, Time, TimeFrequency
from lrp_audio.audio.spectrogram import decibels, spectrogram
from lrp_audio.report.drawing import save_figure
from lrp_audio.report.heatmap import heatmap_figure
from lrp_audio.report.spectrogram_heatmap import spectrogram_figure
from lrp_audio.report.spectrum_heatmap import spectrum_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure


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
    save_figure(picture_figure(samples, rate, relevance, domain, title), path)


def picture_figure(
    samples: NDArray[np.floating],
    rate: int,
    relevance: NDArray[np.floating],
    domain: Domain,
    title: str,
) -> "Figure":
    """The figure that `save_picture` saves."""
    axes = domain.axes(len(samples))
    if isinstance(domain, Time):
        return heatmap_figure(samples, relevance, rate, title)
    if isinstance(domain, Frequency):
        magnitudes = np.abs(np.fft.rfft(samples))
        return spectrum_figure(magnitudes, relevance, axes["frequencies"], title)
    shown = shown_levels(samples, domain)
    return spectrogram_figure(shown, relevance, axes["frequencies"], axes["times"], title)


def shown_levels(samples: NDArray[np.floating], domain: Domain) -> NDArray[np.float64]:
    """Decibels below the loudest, of the shape of relevance in a `domain` with frequencies."""
    if isinstance(domain, Frequency):
        return decibels(np.abs(np.fft.rfft(samples)))
    if isinstance(domain, TimeFrequency):
        return decibels(np.abs(domain.stft.spectra(samples)))
    return spectrogram(samples)
