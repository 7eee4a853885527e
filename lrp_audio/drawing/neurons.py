"""A small network: its neurons, coloured by relevance, and the connections that handed it on."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from lrp_audio.drawing.bundles import bundles_of
from lrp_audio.drawing.canvas import WHITE, Canvas, text_size
from lrp_audio.drawing.columns import ColumnLayout, columns_of
from lrp_audio.drawing.connections import draw_connections, label_connections
from lrp_audio.drawing.numbers import alike, is_zero
from lrp_audio.drawing.stages import Stage
from lrp_audio.drawing.style import ABSORBED, relevance_colours

if TYPE_CHECKING:
    from matplotlib.cm import ScalarMappable
    from matplotlib.figure import Figure

Printing = Callable[[float], str]

_QUIET = "#555555"
_NAME, _SMALL = 8.5, 6.5  # points
_LINE = 0.13  # inches from line to line of small text
_LABELLED = 0.2  # inches: neurons of at least this radius hold their relevance
_LONGEST = 30  # characters of the names of a stage


def neurons_figure(stages: Sequence[Stage]) -> "Figure":
    """Draw `stages` from left to right: in each neuron its relevance, above it its value.

    Below a neuron stands what was absorbed of its relevance. Lines are connections, as wide and as
    dark as their relevance; thin grey ones have none. Numbers are left out where there is no room.
    """
    bundles = bundles_of(stages)
    layout = columns_of(stages, bundles, _widths(stages))
    every = [stage.relevance.ravel() for stage in stages]
    every += [bundle.relevance[bundle.connected] for bundle in bundles]
    shown = np.concatenate(every).astype(np.float64)
    colours = relevance_colours(shown)

    canvas = Canvas(layout.width, layout.height)
    draw_connections(canvas, layout, bundles, colours)
    for stage in stages:
        places, fill = layout.places[stage.name], colours.to_rgba(stage.relevance.ravel())
        canvas.circles(places, layout.radius, fill)
        _write_names(canvas, layout, stage)
    if layout.radius >= _LABELLED:
        print_relevance = alike(shown)
        print_value = alike(np.concatenate([stage.values.ravel() for stage in stages]))
        for stage in stages:
            _write_inside(canvas, layout, stage, print_relevance, colours)
            _write_values(canvas, layout, stage, print_value)
            _write_absorbed(canvas, layout, stage, print_relevance)
        label_connections(canvas, layout, bundles, print_relevance)
    canvas.colour_bar(colours, "neuron or connection")
    return canvas.figure


def _rule(stage: Stage) -> str:
    return str(stage.steps[0].assignment.rule) if stage.sources else ""


def _widths(stages: Sequence[Stage]) -> dict[str, float]:
    """Inches that the names and the rule of each stage take."""
    return {
        stage.name: max(
            text_size(stage.label(_LONGEST), _NAME)[0], text_size(_rule(stage), _SMALL)[0]
        )
        for stage in stages
    }


def _write_names(canvas: Canvas, layout: ColumnLayout, stage: Stage) -> None:
    x, y = layout.places[stage.name][0]
    y += layout.radius + 2 * _LINE
    canvas.write(x, y + 0.04, _rule(stage), _SMALL, color=_QUIET)
    canvas.write(x, y + 0.04 + _LINE, stage.label(_LONGEST), _NAME)


def _write_inside(
    canvas: Canvas, layout: ColumnLayout, stage: Stage, print_: Printing, colours: "ScalarMappable"
) -> None:
    """The relevance of each neuron, as large as it fits, in black or white."""
    for (x, y), relevance in zip(layout.places[stage.name], stage.relevance.flat, strict=True):
        text = print_(relevance)
        points = 8 * min(1, 1.85 * layout.radius / text_size(text, 8)[0])
        red, green, blue, _ = colours.to_rgba(relevance)
        dark = 0.3 * red + 0.59 * green + 0.11 * blue < 0.55
        canvas.write(x, y, text, points, color="white" if dark else "black")


def _write_values(canvas: Canvas, layout: ColumnLayout, stage: Stage, print_: Printing) -> None:
    """The value of each neuron, above it."""
    for (x, y), value in zip(layout.places[stage.name], stage.values.flat, strict=True):
        y += layout.radius + _LINE / 2 + 0.01
        canvas.write(x, y, print_(value), _SMALL, color=_QUIET, bbox=WHITE, zorder=4)


def _write_absorbed(canvas: Canvas, layout: ColumnLayout, stage: Stage, print_: Printing) -> None:
    """What was absorbed of the relevance of each neuron, below it, the largest first."""
    if not stage.sources:
        return
    accounts = stage.steps[0].connections.accounts
    for (x, y), absorbed in zip(layout.places[stage.name], accounts, strict=True):
        line = y - layout.radius - _LINE / 2 - 0.02
        for column in np.argsort(-np.abs(absorbed), kind="stable"):
            name, colour = list(ABSORBED.items())[column]
            amount = print_(absorbed[column])
            style = {"color": colour, "bbox": WHITE, "zorder": 4}
            if not is_zero(amount) and canvas.write_if_free(
                x, line, f"{name} {amount}", _SMALL, **style
            ):
                line -= _LINE
