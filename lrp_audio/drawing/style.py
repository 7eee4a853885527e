"""What all figures share: their size, the colours of relevance, the title, plain axes."""

import io
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lrp_audio.types import Floats

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.cm import ScalarMappable
    from matplotlib.colorbar import Colorbar
    from matplotlib.figure import Figure

# Blue and vermilion differ for every common colour blindness; both ends are equally dark, and the
# middle is a grey that is still visible as a line on white.
_COLOURS = ("#08306b", "#2f7fc1", "#c4c4c4", "#e8703a", "#8f1d04")
# The same hues for an image over another one: the weaker the relevance, the more transparent.
_OVERLAY = (
    (0.0, "#08306b"),
    (0.25, "#2f7fc1"),
    (0.5, "#2f7fc100"),
    (0.5, "#e8703a00"),
    (0.75, "#e8703a"),
    (1.0, "#8f1d04"),
)
# Single bins above this percentile take the colour of the end, so that the others are not pale.
_LIMIT_PERCENTILE = 98
_TITLE_LENGTH = 90

COLOURED_OVER = {"times": 0.005, "frequencies": 20.0}
"""The seconds or hertz over which relevance along one axis is summed to choose its colour."""

DECIBELS = 80.0
"""The range of levels in figures, from the loudest down."""

HANDED_ON = "#9a9a9a"
ABSORBED = {"bias": "#7a5ea8", "stabiliser": "#2f8f83", "dropped": "#b0892a"}
"""The colours of what a layer did with relevance, by column of the ledger."""


def new_figure(title: str) -> "Figure":
    """An empty figure of 1500 x 825 pixels, under ``title`` unless that is empty."""
    figure = empty_figure((10, 5.5))
    figure.set_layout_engine("constrained")
    if title:
        line = printable(title)
        if len(line) > _TITLE_LENGTH:
            line = line[: _TITLE_LENGTH - 1] + "…"
        figure.suptitle(line, fontsize=13, parse_math=False)
    return figure


def empty_figure(inches: tuple[float, float]) -> "Figure":
    """A figure of that width and height, with a canvas of its own."""
    # The object interface with its own canvas does not use pyplot's global state: thread-safe.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=inches, dpi=150)
    FigureCanvasAgg(figure)
    return figure


def encoded(figure: "Figure", format: str, **settings: Any) -> bytes:
    """The file of a figure in the `format` ``png``, ``pdf`` or ``svg``; `settings` of matplotlib.

    In memory: of an error of the disk, what writes a PNG for matplotlib gives no reason.
    """
    file = io.BytesIO()
    figure.savefig(file, format=format, **settings)
    return file.getvalue()


def save_figure(figure: "Figure", path: str | os.PathLike[str]) -> None:
    """Write a PNG; raises `OSError` if the file cannot be written."""
    Path(path).write_bytes(encoded(figure, "png"))


def relevance_colours(values: Floats, overlay: bool = False) -> "ScalarMappable":
    """The colours of relevance, symmetric about zero; their limit is that of `values`."""
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
    """A colour bar to the right of `axes`, with the meaning of the colours and their limit."""
    bar = figure.colorbar(colours, ax=axes, extend="both", aspect=32, pad=0.015, format="{x:.2g}")
    label_bar(bar, relevance_label(colours, unit))


def relevance_label(colours: "ScalarMappable", unit: str) -> str:
    """The label of a colour bar: the unit of relevance, and the limit of the colours."""
    return f"relevance per {unit}\n(colours end at ±{colours.norm.vmax:.2g})"


def label_bar(bar: "Colorbar", label: str) -> None:
    """Label a colour bar and remove its frame."""
    bar.set_label(label)
    bar.outline.set_visible(False)


def draw_bars(
    axes: "Axes",
    edges: NDArray[np.float64],
    heights: NDArray[np.float64],
    colours: "ScalarMappable",
) -> None:
    """Bars of `heights` ``(n,)`` between `edges` ``(n + 1,)``, up or down from a line at zero."""
    # One collection: the patches of Axes.bar take a quarter of the time of the whole figure.
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


def draw_coloured_line(
    axes: "Axes",
    points: Floats,
    relevance: NDArray[np.float64],
    colours: "ScalarMappable",
) -> None:
    """A line through `points` ``(n, 2)``, coloured by the `relevance` ``(n,)`` at each of them."""
    from matplotlib.collections import LineCollection

    # The most relevant segments are drawn last, on top of the others.
    order = np.argsort(np.abs(relevance[:-1]), kind="stable")
    segments = np.stack((points[:-1], points[1:]), axis=1)[order]
    axes.add_collection(
        LineCollection(
            list(segments),
            colors=colours.to_rgba(relevance[:-1][order]),
            linewidths=0.9,
            capstyle="round",
        )
    )


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
    """Sums of every `width` values of ``(n,)``; the last sum may be of fewer."""
    return np.asarray(np.add.reduceat(values, np.arange(0, len(values), width)))


def moving_sum(values: NDArray[np.float64], width: int) -> NDArray[np.float64]:
    """Sum of the ``width`` values around each, ``(n,)``; values beyond the ends are zero."""
    return np.convolve(values, np.ones(width), mode="same")


def colour_limit(bins: Floats) -> float:
    """The limit of the colours: a high percentile of the magnitudes above zero; never zero."""
    magnitudes = np.abs(bins[bins != 0])
    limit = float(np.percentile(magnitudes, _LIMIT_PERCENTILE)) if magnitudes.size else 0.0
    return limit if limit > float(np.finfo(np.float32).tiny) else 1.0


def printable(text: str) -> str:
    """`text` on one line, with ``?`` for characters that the font lacks."""
    from matplotlib.font_manager import FontProperties, findfont, get_font

    font = get_font(findfont(FontProperties()))
    shown = (c if c.isprintable() and font.get_char_index(ord(c)) else "?" for c in text)
    return "".join(shown)
