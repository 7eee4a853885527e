"""A waveform coloured by its relevance."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from lrp_audio.drawing.style import (
    coloured_together,
    draw_bars,
    moving_sum,
    new_figure,
    plain,
    pooled,
    relevance_bar,
    relevance_colours,
)
from lrp_audio.errors import ShapeError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.cm import ScalarMappable
    from matplotlib.figure import Figure


def waveform_figure(
    signal: NDArray[np.floating], relevance: NDArray[np.floating], rate: int, title: str
) -> "Figure":
    """Draw ``signal`` and ``relevance``, both ``(time,)`` at ``rate`` Hz, in two panels.

    Above, the waveform takes the colour of the relevance summed over the 5 ms around each sample;
    below, bars show the relevance of each 5 ms. Both share one colour map, symmetric about zero.
    Raises `ShapeError` for arrays that do not fit one another.
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
    signal: NDArray[np.floating],
    around: NDArray[np.float64],
    rate: int,
    colours: "ScalarMappable",
) -> None:
    from matplotlib.collections import LineCollection

    peak = float(np.abs(signal).max())
    heights = signal.astype(np.float64) / peak if peak > 0 else np.zeros(len(signal))
    points = np.column_stack((np.arange(len(signal)) / rate, heights))
    # The most relevant segments are drawn last, so that in a dense wave they lie on top.
    order = np.argsort(np.abs(around[:-1]), kind="stable")
    segments = np.stack((points[:-1], points[1:]), axis=1)[order]
    axes.axhline(0, color="#dddddd", linewidth=0.6, zorder=0)
    axes.add_collection(
        LineCollection(
            list(segments),
            colors=colours.to_rgba(around[:-1][order]),
            linewidths=0.9,
            capstyle="round",
        )
    )
    axes.set_ylim(-1.08, 1.08)
    axes.set_ylabel("amplitude (peak = 1)")
    plain(axes)
