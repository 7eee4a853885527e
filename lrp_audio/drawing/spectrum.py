"""The heatmap of a spectrum: at which frequencies the relevance lies."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from lrp_audio.drawing.style import (
    DECIBELS,
    coloured_together,
    draw_bars,
    draw_coloured_line,
    moving_sum,
    new_figure,
    plain,
    pooled,
    relevance_bar,
    relevance_colours,
)
from lrp_audio.errors import ShapeError
from lrp_audio.types import Floats

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.cm import ScalarMappable
    from matplotlib.figure import Figure


def spectrum_figure(
    levels: Floats,
    relevance: Floats,
    frequencies: Floats,
    title: str,
) -> "Figure":
    """Draw a spectrum and the relevance of its bins, all ``(bins,)``, in two panels.

    ``frequencies`` in Hz, evenly spaced and ascending, are the middles of the bins. Above, the
    decibels in ``levels`` take the colour of the relevance summed over the 20 Hz around each bin;
    below, bars show the relevance of each 20 Hz. Raises `ShapeError` for arrays that do not fit
    together.
    """
    if levels.ndim != 1 or not levels.shape == relevance.shape == frequencies.shape:
        raise ShapeError(
            "A heatmap of a spectrum needs levels, relevance and frequencies of one shape "
            f"(bins,), not {levels.shape}, {relevance.shape} and {frequencies.shape}."
        )
    if len(levels) < 2:
        raise ShapeError(f"A heatmap of a spectrum needs 2 bins or more, not {len(levels)}.")
    values = relevance.astype(np.float64)
    step = float(frequencies[-1] - frequencies[0]) / (len(frequencies) - 1)
    width = coloured_together("frequencies", step, len(values))
    edges = frequencies[0] + step * (np.arange(len(values) + 1) - 0.5)
    bins = pooled(values, width)
    colours = relevance_colours(bins)

    figure = new_figure(title)
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    _draw_spectrum(upper, levels, edges, moving_sum(values, width), colours)
    draw_bars(lower, np.append(edges[:-1:width], edges[-1]), bins, colours)
    lower.set_xlabel("frequency in hertz")
    relevance_bar(figure, colours, (upper, lower), f"{width * step:.3g} Hz")
    return figure


def _draw_spectrum(
    axes: "Axes",
    levels: Floats,
    edges: NDArray[np.float64],
    around: NDArray[np.float64],
    colours: "ScalarMappable",
) -> None:
    points = np.column_stack(((edges[:-1] + edges[1:]) / 2, levels))
    draw_coloured_line(axes, points, around, colours)
    axes.set_ylim(-DECIBELS - 2, 3)
    axes.set_ylabel("decibels (loudest = 0)")
    plain(axes)
