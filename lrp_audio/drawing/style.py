"""What the pictures share: their size, the colours of relevance, a printable title, plain axes."""

import os
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.cm import ScalarMappable
    from matplotlib.colorbar import Colorbar
    from matplotlib.figure import Figure

# Blue against vermilion stays apart for every common colour blindness; both ends are equally dark,
# and the middle is a grey that still shows as a line on white.
_COLOURS = ("#08306b", "#2f7fc1", "#c4c4c4", "#e8703a", "#8f1d04")
# The same hues for an image that lies over another one: the weaker, the more transparent.
_OVERLAY = (
    (0.0, "#08306b"),
    (0.25, "#2f7fc1"),
    (0.5, "#2f7fc100"),
    (0.5, "#e8703a00"),
    (0.75, "#e8703a"),
    (1.0, "#8f1d04"),
)
# Single spikes beyond this share of the bins take the end's colour instead of paling the rest.
_LIMIT_PERCENTILE = 98
_TITLE_LENGTH = 90

COLOURED_OVER = {"times": 0.005, "frequencies": 20.0}
"""Relevance along one axis is coloured by its sum over so many seconds or hertz."""

DECIBELS = 80.0
"""Pictures show what is at most this far below the loudest."""


def new_figure(title: str) -> "Figure":
    """An empty figure of 1500 x 825 pixels under ``title``, if that says anything."""
    # The object interface with its own canvas leaves pyplot's global state alone: thread-safe.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 5.5), dpi=150, layout="constrained")
    FigureCanvasAgg(figure)
    if title:
        figure.suptitle(_printable(title), fontsize=13, parse_math=False)
    return figure


def save_figure(figure: "Figure", path: str | os.PathLike[str]) -> None:
    """Write a PNG; raises `OSError` where nothing can be written."""
    figure.savefig(os.fspath(path), format="png")


def relevance_colours(values: NDArray[np.floating], overlay: bool = False) -> "ScalarMappable":
    """The colours of relevance, symmetric about zero; `values` of any shape say where they end."""
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import LinearSegmentedColormap, Normalize

    limit = colour_limit(values)
    return ScalarMappable(
        Normalize(-limit, limit),
        LinearSegmentedColormap.from_list("relevance", _OVERLAY if overlay else _COLOURS),
    )


def relevance_bar(
    figure: "Figure", colours: "ScalarMappable", axes: "Axes | tuple[Axes, ...]", unit: str
) -> None:
    """A colour bar to the right of `axes` that says what a colour means and where colours end."""
    bar = figure.colorbar(colours, ax=axes, extend="both", aspect=32, pad=0.015, format="{x:.2g}")
    label_bar(bar, relevance_label(colours, unit))


def relevance_label(colours: "ScalarMappable", unit: str) -> str:
    """What the numbers beside the colours of relevance mean."""
    return f"relevance per {unit}\n(colours end at ±{colours.norm.vmax:.2g})"


def label_bar(bar: "Colorbar", label: str) -> None:
    """Label a colour bar and take away its frame."""
    bar.set_label(label)
    bar.outline.set_visible(False)


def draw_bars(
    axes: "Axes",
    edges: NDArray[np.float64],
    heights: NDArray[np.float64],
    colours: "ScalarMappable",
) -> None:
    """Bars of `heights` ``(n,)`` between `edges` ``(n + 1,)``, up or down from a line at zero."""
    # One collection: a patch for each, as Axes.bar makes, takes a quarter of the picture's time.
    from matplotlib.collections import PolyCollection

    zero = np.zeros_like(heights)
    x = np.stack((edges[:-1], edges[:-1], edges[1:], edges[1:]), axis=-1)
    corners = np.stack((x, np.stack((zero, heights, heights, zero), axis=-1)), axis=-1)
    colour = colours.to_rgba(heights)
    axes.add_collection(PolyCollection(list(corners), facecolors=colour, linewidths=0))
    axes.axhline(0, color="#555555", linewidth=0.6)
    axes.autoscale_view()
    axes.set_xlim(edges[0], edges[-1])
    axes.set_ylabel("relevance")
    axes.yaxis.set_major_formatter("{x:.2g}")
    plain(axes)


def plain(axes: "Axes") -> None:
    """Axes without a box."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(length=3, color="#888888")


def coloured_together(name: str, step: float, count: int) -> int:
    """How many of `count` neighbours along axis `name`, `step` apart, are coloured by their sum.

    Times are in seconds, frequencies in hertz.
    """
    return min(max(round(COLOURED_OVER[name] / step), 1), count)


def pooled(values: NDArray[np.float64], width: int) -> NDArray[np.float64]:
    """Sums of each `width` values of ``(n,)``; the last one may be of fewer."""
    return np.asarray(np.add.reduceat(values, np.arange(0, len(values), width)))


def moving_sum(values: NDArray[np.float64], width: int) -> NDArray[np.float64]:
    """Sum of the ``width`` values around each, ``(n,)``; beyond the ends there is nothing."""
    return np.convolve(values, np.ones(width), mode="same")


def colour_limit(bins: NDArray[np.floating]) -> float:
    """Where the colours end: a high percentile of the bins that carry anything, never zero."""
    magnitudes = np.abs(bins[bins != 0])
    limit = float(np.percentile(magnitudes, _LIMIT_PERCENTILE)) if magnitudes.size else 0.0
    return limit if limit > float(np.finfo(np.float32).tiny) else 1.0


def _printable(title: str) -> str:
    """One line of what the font can show, as long as fits."""
    from matplotlib.font_manager import FontProperties, findfont, get_font

    font = get_font(findfont(FontProperties()))
    shown = (c if c.isprintable() and font.get_char_index(ord(c)) else "?" for c in title)
    line = "".join(shown)
    return line if len(line) <= _TITLE_LENGTH else line[: _TITLE_LENGTH - 1] + "…"
