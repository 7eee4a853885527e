"""The connections of a small network: lines in the colours of relevance, and numbers on them."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from lrp_audio.drawing.bundles import Bundle
from lrp_audio.drawing.canvas import WHITE, Canvas, Rectangle
from lrp_audio.drawing.columns import ColumnLayout, Points
from lrp_audio.drawing.numbers import is_zero

if TYPE_CHECKING:
    from matplotlib.cm import ScalarMappable

_UNUSED = "#dddddd"  # of connections without relevance
_THIN, _THICK = 0.5, 5.0  # points
_POINTS = 6.5
_MOST = 24  # connections with relevance in a bundle, for them to get numbers
_USUAL = 0.25  # inches: lines are thinner between smaller neurons
_ALONG = (0.5, 0.42, 0.58, 0.34, 0.66, 0.26, 0.74)  # where a number may stand on its line


def draw_connections(
    canvas: Canvas, layout: ColumnLayout, bundles: Sequence[Bundle], colours: "ScalarMappable"
) -> None:
    """A line for each connection, as wide and as dark as its relevance; the largest on top."""
    paths, relevance = list[Points](), list[float]()
    for bundle in bundles:
        drawn = layout.paths(bundle)
        for k, j in np.argwhere(bundle.connected):
            paths.append(drawn[k][j])
            relevance.append(float(bundle.relevance[k, j]))
    amounts = np.array(relevance)
    order = np.argsort(np.abs(amounts), kind="stable")
    limit = float(colours.get_clim()[1] or 1)
    share = np.minimum(np.abs(amounts) / limit, 1)
    widths = (_THIN + (_THICK - _THIN) * share) * max(layout.radius / _USUAL, 0.3)
    tints = np.where((amounts == 0)[:, None], _rgba(_UNUSED), colours.to_rgba(amounts))
    canvas.lines([paths[i] for i in order], tints[order], widths[order])


def label_connections(
    canvas: Canvas,
    layout: ColumnLayout,
    bundles: Sequence[Bundle],
    print_: Callable[[float], str],
) -> None:
    """The relevance of each connection that has some on its line, where there is room."""
    lines = [_last_parts(layout, bundle) for bundle in bundles]
    every = np.concatenate(lines)
    for bundle, parts in zip(bundles, lines, strict=True):
        texts = [print_(relevance) for relevance in bundle.relevance.flat]
        if sum(not is_zero(text) for text in texts) <= _MOST:
            for number in np.argsort(-np.abs(bundle.relevance), axis=None, kind="stable"):
                if not is_zero(texts[number]):
                    _label(canvas, parts[number], every, texts[number])


def _last_parts(layout: ColumnLayout, bundle: Bundle) -> Points:
    """The last straight part of each connection, ``(outputs * inputs, 2, 2)``."""
    return np.array([path[-2:] for row in layout.paths(bundle) for path in row])


def _label(canvas: Canvas, line: Points, every: Points, text: str) -> None:
    """Write `text` along `line`, where it covers the fewest of `every` line."""
    across, up = line[1] - line[0]
    angle = float(np.degrees(np.arctan2(up, across)))
    places = [line[0] + t * (line[1] - line[0]) for t in _ALONG]
    boxes = [canvas.turned(x, y, text, _POINTS, angle) for x, y in places]
    covered = [_crossing(box, every) for box in boxes]
    for index in np.argsort(covered, kind="stable"):
        x, y = places[index]
        if canvas.write_if_free(x, y, text, _POINTS, angle, bbox=WHITE, zorder=4):
            break


def _crossing(box: Rectangle, lines: Points) -> int:
    """How many of `lines` ``(n, 2, 2)`` run through a box, as seen at points along them."""
    t = np.linspace(0, 1, 60)[:, None, None]
    points = lines[:, 0] + t * (lines[:, 1] - lines[:, 0])
    x, y = points[..., 0], points[..., 1]
    inside = (x > box.left) & (x < box.right) & (y > box.bottom) & (y < box.top)
    return int(inside.any(axis=0).sum())


def _rgba(colour: str) -> tuple[float, float, float, float]:
    from matplotlib.colors import to_rgba

    return to_rgba(colour)
