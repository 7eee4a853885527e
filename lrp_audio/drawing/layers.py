"""A large network: its layers as boxes, the relevance between them, and what each absorbed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lrp_audio.drawing.canvas import WHITE, Canvas, text_size
from lrp_audio.drawing.columns import Points
from lrp_audio.drawing.lanes import Lanes, Link, lanes_of
from lrp_audio.drawing.ledger import draw_ledger
from lrp_audio.drawing.numbers import alike, percent
from lrp_audio.drawing.stages import Stage
from lrp_audio.drawing.style import plain, relevance_colours

if TYPE_CHECKING:
    from matplotlib.cm import ScalarMappable
    from matplotlib.figure import Figure

_QUIET = "#555555"
_NAME, _SMALL = 8.0, 6.5  # points
_ROW, _BOX = 0.5, 0.32  # inches: of a row, and the height of a box in it
_NARROW = 0.4  # inches of a lane without boxes
_MARGIN = 0.2
_TOP = 0.55  # inches above the first row, for the legend
_BOTTOM = 0.55  # below the last, for the axis
_BARS, _KEPT = 2.6, 0.95  # inches of the bars, and of the numbers beside them
_THIN, _THICK = 0.8, 6.0  # points
_LONGEST = 34  # characters of the names in a box


def layers_figure(stages: Sequence[Stage]) -> "Figure":
    """Draw `stages` from the output down to the input, each in a row, with branches side by side.

    The lines between boxes are as wide as the relevance that goes along them, and where branches
    fork or meet it is printed. Bars show what each layer handed on and what its bias, its
    stabiliser and dropped neurons absorbed; beside them, the share that it handed on.
    """
    lanes = lanes_of(stages)
    middles, width = _across(lanes)
    height = _TOP + _ROW * len(stages) + _BOTTOM
    canvas = Canvas(width + _BARS + _KEPT + _MARGIN, height, bar=False)
    place = _Place(middles, height)
    colours = relevance_colours(np.array([link.relevance for link in lanes.links]))

    _draw_links(canvas, lanes, place, colours)
    for row, (stage, lane) in enumerate(zip(lanes.stages, lanes.lane, strict=True)):
        _draw_box(canvas, stage, middles[lane], place.y(row))
    _draw_bars(canvas, lanes, place, width)
    return canvas.figure


@dataclass(frozen=True)
class _Place:
    """Where lanes and rows are on a canvas, in inches."""

    lanes: Sequence[float]
    height: float

    def y(self, row: float) -> float:
        return self.height - _TOP - _ROW * (row + 0.5)


def _details(stage: Stage) -> str:
    shape = " \N{MULTIPLICATION SIGN} ".join(map(str, stage.shape))
    return f"{stage.steps[0].assignment.rule}, {shape}" if stage.sources else shape


def _across(lanes: Lanes) -> tuple[list[float], float]:
    """The middle of each lane, and the width of all."""
    widths = [_NARROW] * lanes.count
    for stage, lane in zip(lanes.stages, lanes.lane, strict=True):
        widths[lane] = max(widths[lane], _box_width(stage) + 0.25)
    edges = _MARGIN + np.cumsum([0, *widths])
    return [float(middle) for middle in (edges[:-1] + edges[1:]) / 2], float(edges[-1])


def _box_width(stage: Stage) -> float:
    names = text_size(stage.label(_LONGEST), _NAME)[0]
    return max(names, text_size(_details(stage), _SMALL)[0]) + 0.2


def _draw_box(canvas: Canvas, stage: Stage, x: float, y: float) -> None:
    from matplotlib.patches import FancyBboxPatch

    width = _box_width(stage)
    canvas.axes.add_patch(
        FancyBboxPatch(
            (x - width / 2, y - _BOX / 2), width, _BOX,
            boxstyle="round,pad=0,rounding_size=0.05",
            facecolor="#f4f4f4", edgecolor="#777777", linewidth=0.7, zorder=3,
        )
    )  # fmt: skip
    canvas.write(x, y + 0.065, stage.label(_LONGEST), _NAME)
    canvas.write(x, y - 0.075, _details(stage), _SMALL, color=_QUIET)


def _draw_links(canvas: Canvas, lanes: Lanes, place: _Place, colours: "ScalarMappable") -> None:
    amounts = np.array([link.relevance for link in lanes.links])
    largest = float(np.abs(amounts).max(initial=0)) or 1.0
    widths = _THIN + (_THICK - _THIN) * np.abs(amounts) / largest
    paths = [_path(link, lanes, place) for link in lanes.links]
    canvas.lines(paths, colours.to_rgba(amounts), widths)
    print_ = alike(amounts)
    for link in lanes.links:
        if _branches(link, lanes):
            text = print_(link.relevance)
            x, y = place.lanes[link.lane], place.y(link.start + 1)
            if link.end == link.start + 1:  # between boxes: beside the line
                x -= text_size(text, _SMALL)[0] / 2 + 0.08
                y += _ROW / 2
            canvas.write(x, y, text, _SMALL, bbox=WHITE, zorder=4)


def _branches(link: Link, lanes: Lanes) -> bool:
    """Whether the stage above `link` reads several, or the one below it is read by several."""
    starts = sum(other.start == link.start for other in lanes.links)
    ends = sum(other.end == link.end for other in lanes.links)
    return starts > 1 or ends > 1


def _path(link: Link, lanes: Lanes, place: _Place) -> Points:
    """A link's points: a bend into its lane below the upper box, one out of it above the lower."""
    upper, lane, lower = (
        place.lanes[i] for i in (lanes.lane[link.start], link.lane, lanes.lane[link.end])
    )
    top, bottom = place.y(link.start), place.y(link.end)
    between = link.end > link.start + 1 or lane == lower  # else there is half a row for each bend
    gap = _ROW - _BOX / 2 if between else _ROW / 2
    into = _bend(upper, top - _BOX / 2, lane, top - gap)
    if lane == lower:
        return np.append(into, [[lower, bottom + _BOX / 2]], axis=0)
    out = _bend(lane, bottom + gap, lower, bottom + _BOX / 2)
    return np.concatenate([into, out])


def _bend(x: float, y: float, to_x: float, to_y: float) -> Points:
    """A smooth way from one point down to another, upright at both ends."""
    t = np.linspace(0, 1, 24)
    return np.column_stack((x + (to_x - x) * t * t * (3 - 2 * t), y + (to_y - y) * t))


def _draw_bars(canvas: Canvas, lanes: Lanes, place: _Place, left: float) -> None:
    """The ledger as bars to the right of `left`, and the share that each layer kept."""
    rows = len(lanes.stages)
    axes = canvas.panel(left, _BOTTOM, _BARS, _ROW * rows)
    entries = [stage.entry for stage in lanes.stages if stage.sources]
    draw_ledger(axes, entries)
    axes.set_ylim(rows - 0.5, -0.5)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.set_xlabel("relevance", fontsize=_NAME)
    axes.tick_params(labelsize=_SMALL)
    plain(axes)
    handles, labels = axes.get_legend_handles_labels()
    axes.legend(
        handles, labels, loc="lower left", bbox_to_anchor=(0, 1), ncols=4, frameon=False,
        fontsize=_SMALL, handlelength=1, columnspacing=0.8, borderaxespad=0.2,
    )  # fmt: skip
    for row, entry in enumerate(entries):
        text = _kept(float(entry.relevance_in[0]), float(entry.relevance_out[0]))
        canvas.write(left + _BARS + _KEPT / 2, place.y(row), text, _SMALL, color=_QUIET)
    first, last = (float(stage.relevance.sum(dtype=float)) for stage in lanes.stages[:: rows - 1])
    in_all = f"in all {_kept(last, first)}"
    canvas.write(left + _BARS + _KEPT / 2, place.y(rows - 1), in_all, _SMALL, color=_QUIET)


def _kept(relevance: float, arrived: float) -> str:
    return f"kept {percent(relevance / arrived)}" if arrived else "no relevance"
