"""The visual heatmap: a waveform coloured by its relevance."""

import os
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from lrp_audio.errors import ShapeError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.cm import ScalarMappable

# Blue against vermilion stays apart for every common colour blindness; both ends are equally dark,
# and the middle is a grey that still shows as a line on white.
_COLOURS = ("#08306b", "#2f7fc1", "#c4c4c4", "#e8703a", "#8f1d04")
_BIN_SECONDS = 0.005
# Single spikes beyond this share of the bins take the end's colour instead of paling the rest.
_LIMIT_PERCENTILE = 98
_TITLE_LENGTH = 90


def save_heatmap(
    path: str | os.PathLike[str],
    signal: NDArray[np.floating],
    relevance: NDArray[np.floating],
    rate: int,
    title: str,
) -> None:
    """Draw ``signal`` and ``relevance``, both ``(time,)`` at ``rate`` Hz, as a PNG of 1500 x 825.

    Above, the waveform takes the colour of the relevance summed over the 5 ms around each sample;
    below, bars show the relevance of each 5 ms. Both share one colour map, symmetric about zero.
    Raises `ShapeError` for arrays that do not fit one another, `OSError` where nothing can be
    written.
    """
    if signal.ndim != 1 or signal.shape != relevance.shape or signal.size == 0:
        raise ShapeError(
            f"A heatmap needs signal and relevance of one shape (time,), not {signal.shape} and "
            f"{relevance.shape}."
        )
    # The object interface with its own canvas leaves pyplot's global state alone: thread-safe.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import LinearSegmentedColormap, Normalize
    from matplotlib.figure import Figure

    values = relevance.astype(np.float64)
    width = min(max(round(_BIN_SECONDS * rate), 1), len(values))
    bins = np.add.reduceat(values, np.arange(0, len(values), width))
    limit = _limit(bins)
    colours = ScalarMappable(
        Normalize(-limit, limit), LinearSegmentedColormap.from_list("relevance", _COLOURS)
    )

    figure = Figure(figsize=(10, 5.5), dpi=150, layout="constrained")
    FigureCanvasAgg(figure)
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    figure.suptitle(_printable(title), fontsize=13, parse_math=False)
    _draw_waveform(upper, signal, _moving_sum(values, width), rate, colours)
    _draw_bars(lower, bins, width / rate, len(signal) / rate, colours)
    bar = figure.colorbar(
        colours, ax=(upper, lower), extend="both", aspect=32, pad=0.015, format="{x:.2g}"
    )
    bar.set_label(f"relevance per {1000 * width / rate:.3g} ms   (colours end at ±{limit:.2g})")
    bar.outline.set_visible(False)
    figure.savefig(os.fspath(path), format="png")


def _draw_waveform(
    axes: "Axes",
    signal: NDArray[np.floating],
    pooled: NDArray[np.float64],
    rate: int,
    colours: "ScalarMappable",
) -> None:
    from matplotlib.collections import LineCollection

    peak = float(np.abs(signal).max())
    heights = signal.astype(np.float64) / peak if peak > 0 else np.zeros(len(signal))
    points = np.column_stack((np.arange(len(signal)) / rate, heights))
    # The most relevant segments are drawn last, so that in a dense wave they lie on top.
    order = np.argsort(np.abs(pooled[:-1]), kind="stable")
    segments = np.stack((points[:-1], points[1:]), axis=1)[order]
    axes.axhline(0, color="#dddddd", linewidth=0.6, zorder=0)
    axes.add_collection(
        LineCollection(
            list(segments),
            colors=colours.to_rgba(pooled[:-1][order]),
            linewidths=0.9,
            capstyle="round",
        )
    )
    axes.set_ylim(-1.08, 1.08)
    axes.set_ylabel("amplitude (peak = 1)")
    _plain(axes)


def _draw_bars(
    axes: "Axes",
    bins: NDArray[np.float64],
    seconds: float,
    duration: float,
    colours: "ScalarMappable",
) -> None:
    starts = np.arange(len(bins)) * seconds
    axes.bar(starts, bins, width=seconds, align="edge", color=colours.to_rgba(bins), linewidth=0)
    axes.axhline(0, color="#555555", linewidth=0.6)
    axes.set_xlim(0, duration)
    axes.set_xlabel("time in seconds")
    axes.set_ylabel("relevance")
    axes.yaxis.set_major_formatter("{x:.2g}")
    _plain(axes)


def _plain(axes: "Axes") -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(length=3, color="#888888")


def _limit(bins: NDArray[np.float64]) -> float:
    """Where the colours end: a high percentile of the bins that carry anything, never zero."""
    magnitudes = np.abs(bins[bins != 0])
    limit = float(np.percentile(magnitudes, _LIMIT_PERCENTILE)) if magnitudes.size else 0.0
    return limit if limit > np.finfo(np.float32).tiny else 1.0


def _moving_sum(values: NDArray[np.float64], width: int) -> NDArray[np.float64]:
    """Sum of the ``width`` values around each, ``(time,)``; beyond the ends there is nothing."""
    return np.convolve(values, np.ones(width), mode="same")


def _printable(title: str) -> str:
    """One line of what the font can show, as long as fits."""
    from matplotlib.font_manager import FontProperties, findfont, get_font

    font = get_font(findfont(FontProperties()))
    shown = (c if c.isprintable() and font.get_char_index(ord(c)) else "?" for c in title)
    line = "".join(shown)
    return line if len(line) <= _TITLE_LENGTH else line[: _TITLE_LENGTH - 1] + "…"
