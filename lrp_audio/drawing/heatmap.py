"""The heatmap of an explanation, in the domain of its relevance."""

import os
from typing import TYPE_CHECKING

from lrp_audio.audio.domain import Domain
from lrp_audio.drawing.spectrogram import spectrogram_figure
from lrp_audio.drawing.spectrum import spectrum_figure
from lrp_audio.drawing.style import save_figure
from lrp_audio.drawing.waveform import waveform_figure
from lrp_audio.types import Floats

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def save_heatmap(
    path: str | os.PathLike[str],
    samples: Floats,
    relevance: Floats,
    domain: Domain,
    title: str,
) -> None:
    """Draw fitted `samples` ``(length,)`` and their `relevance` in `domain` as PNG.

    Raises `ShapeError` for arrays that do not fit together, `OSError` if the file cannot be
    written.
    """
    save_figure(heatmap_figure(samples, relevance, domain, title), path)


def heatmap_figure(samples: Floats, relevance: Floats, domain: Domain, title: str) -> "Figure":
    """The figure that `save_heatmap` writes."""
    shown, axes = domain.shown(samples), domain.axes(len(samples))
    if domain.along == ("times",):
        return waveform_figure(shown, relevance, domain.rate, title)
    if domain.along == ("frequencies",):
        return spectrum_figure(shown, relevance, axes["frequencies"], title)
    return spectrogram_figure(shown, relevance, axes["frequencies"], axes["times"], title)
