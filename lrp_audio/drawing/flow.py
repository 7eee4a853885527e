"""The flow of relevance: where in time it lies at each layer, and what each layer absorbed."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from lrp_audio.drawing.ledger import draw_ledger
from lrp_audio.drawing.style import new_figure, plain, relevance_bar, relevance_colours
from lrp_audio.rules.ledger import Ledger
from lrp_audio.types import Floats

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_SECONDS = 0.01  # of a cell


def flow_figure(
    ledger: Ledger, layers: Mapping[str, Floats], duration: float, title: str
) -> "Figure":
    """Layers from the output down to the input: their relevance over time, and its ledger.

    Left, `layers`, each ``(channels, [frequencies,] time)``, summed over all axes but time. The
    columns of a layer are spread evenly over the `duration` in seconds, which neglects a small
    shift by the layers' windows. A layer without a time axis, ``(neurons,)``, is left empty. Right,
    the relevance that each layer passed to its input and what its biases, its stabiliser and
    dropped neurons absorbed; the sum is the relevance of its output. Layers that only pass
    relevance on are not shown. `ledger` holds a batch of one.
    """
    entries = [e for e in ledger if e.layer in layers and e.rule != "pass"]
    names = [*(entry.layer for entry in entries), "input"]
    cells = np.stack([_over_time(layers[name], duration) for name in names])
    colours = relevance_colours(np.nan_to_num(cells))

    figure = new_figure(title)
    left, right = figure.subplots(1, 2, sharey=True, width_ratios=(3, 2))
    left.imshow(
        cells,
        cmap=colours.cmap,
        norm=colours.norm,
        extent=(0, duration, len(names) - 0.5, -0.5),
        aspect="auto",
        interpolation="nearest",
    )
    for row in np.flatnonzero(np.isnan(cells[:, 0])):
        left.text(duration / 2, row, "no time", ha="center", va="center", color="#777777")
    left.set_yticks(range(len(names)), names)
    left.set_xlabel("time in seconds")
    plain(left)
    draw_ledger(right, entries)
    right.set_xlabel("relevance")
    right.tick_params(axis="y", labelleft=False)
    right.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, frameon=False)
    plain(right)
    relevance_bar(figure, colours, left, f"{1000 * _SECONDS:.0f} ms")
    return figure


def _over_time(relevance: Floats, duration: float) -> NDArray[np.float64]:
    """Relevance in each cell of time, ``(cells,)``; NaN for a layer without a time axis."""
    count = round(duration / _SECONDS)
    if relevance.ndim < 2:
        return np.full(count, np.nan)
    columns = relevance.sum(axis=tuple(range(relevance.ndim - 1)), dtype=np.float64)
    # By way of the cumulative sum, so that cells that divide a column lose nothing.
    until = np.concatenate(([0.0], np.cumsum(columns)))
    edges = np.linspace(0, len(columns), count + 1)
    return np.diff(np.interp(edges, np.arange(len(columns) + 1), until))
