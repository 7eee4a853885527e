"""A waveform coloured by its relevance."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from lrp_audio.drawing.style import (
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


def waveform_figure(signal: Floats, relevance: Floats, rate: int, title: str) -> "Figure":
    """Draw ``signal`` and ``relevance``, both ``(time,)`` at ``rate`` Hz, in two panels.

    Above, the waveform takes the colour of the relevance summed over the 5 ms around each sample;
    below, bars show the relevance of each 5 ms. Both share one colour map, symmetric about zero.
    Raises `ShapeError` for arrays that do not fit together.
    """
    if signal.ndim != 1 or signal.shape != relevance.shape or signal.size == 0:
        raise ShapeError(
            f"A heatmap needs signal and relevance of one shape (time,), not {signal.shape} and "
            f"{relevance.shape}."
        )
    values = relevance.astype(np.float64)
    width = coloured_together("times", 1 / rate, len(values))
    bins = pooled(values, width)
    colours = relevance_colours(bins)

    figure = new_figure(title)
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    _draw_waveform(upper, signal, moving_sum(values, width), rate, colours)
    starts = np.arange(len(bins)) * (width / rate)
    draw_bars(lower, np.append(starts, len(signal) / rate), bins, colours)
    lower.set_xlabel("time in seconds")
    relevance_bar(figure, colours, (upper, lower), f"{1000 * width / rate:.3g} ms")
    return figure


def _draw_waveform(
    axes: "Axes",
    signal: Floats,
    around: NDArray[np.float64],
    rate: int,
    colours: "ScalarMappable",
) -> None:
    peak = float(np.abs(signal).max())
    heights = signal.astype(np.float64) / peak if peak > 0 else np.zeros(len(signal))
    points = np.column_stack((np.arange(len(signal)) / rate, heights))
    axes.axhline(0, color="#dddddd", linewidth=0.6, zorder=0)
    draw_coloured_line(axes, points, around, colours)
    axes.set_ylim(-1.08, 1.08)
    axes.set_ylabel("amplitude (peak = 1)")
    plain(axes)
