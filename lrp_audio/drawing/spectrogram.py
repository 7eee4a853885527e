"""The heatmap of a spectrogram: where in frequency and time the relevance lies."""

from typing import TYPE_CHECKING

from lrp_audio.drawing.style import (
    DECIBELS,
    label_bar,
    new_figure,
    plain,
    relevance_colours,
    relevance_label,
)
from lrp_audio.errors import ShapeError
from lrp_audio.types import Floats

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.cm import ScalarMappable
    from matplotlib.figure import Figure

# Loud is dark, as usual in phonetics; below the relevance only faintly, to show the formants.
_GREYS = ("#ffffff", "#000000")
_FAINT_GREYS = ("#ffffff", "#9a9a9a")
# A panel has about this many pixels on its shorter side. With more bins, the one nearest to a pixel
# would hide its neighbours, so their mean is shown.
_PANEL_PIXELS = 500


def spectrogram_figure(
    decibels: Floats,
    relevance: Floats,
    frequencies: Floats,
    times: Floats,
    title: str,
) -> "Figure":
    """Draw a spectrogram and the relevance of its bins side by side, in two panels.

    ``decibels`` and ``relevance`` are ``(rows, columns)``; ``frequencies`` ``(rows,)`` in Hz and
    ``times`` ``(columns,)`` in seconds, both evenly spaced and ascending, are the middles of the
    bins. Left, the spectrogram in greys, at most 80 dB deep; right, the relevance over a faint
    copy of it, in colours symmetric about zero. Raises `ShapeError` for arrays that do not fit
    together.
    """
    shape = (len(frequencies), len(times))
    if decibels.shape != shape or relevance.shape != shape or min(shape) < 2:
        raise ShapeError(
            "A heatmap of a spectrogram needs decibels and relevance of one shape (frequencies, "
            f"times), at least 2 x 2, not {decibels.shape} and {relevance.shape} for "
            f"{len(frequencies)} frequencies and {len(times)} times."
        )
    extent = (*_edges(times), *_edges(frequencies))
    greys = _grey_scale(decibels, _GREYS)
    colours = relevance_colours(relevance, overlay=True)

    figure = new_figure(title)
    left, right = figure.subplots(1, 2, sharex=True, sharey=True)
    _draw_image(left, decibels, extent, greys)
    _draw_image(right, decibels, extent, _grey_scale(decibels, _FAINT_GREYS))
    _draw_image(right, relevance, extent, colours)
    left.set_ylabel("frequency in hertz")
    _draw_bar(figure, left, greys, "level in decibels", "neither")
    _draw_bar(figure, right, colours, relevance_label(colours, "bin"), "both")
    return figure


def _edges(middles: Floats) -> tuple[float, float]:
    """Outer edges of evenly spaced cells with these `middles`."""
    first, last = float(middles[0]), float(middles[-1])
    half = (last - first) / (len(middles) - 1) / 2
    return first - half, last + half


def _grey_scale(decibels: Floats, greys: tuple[str, str]) -> "ScalarMappable":
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import LinearSegmentedColormap, Normalize

    highest = float(decibels.max())
    lowest = max(float(decibels.min()), highest - DECIBELS)
    # Without any contrast everything has the quietest colour.
    norm = Normalize(lowest, highest if highest > lowest else lowest + 1)
    return ScalarMappable(norm, LinearSegmentedColormap.from_list("greys", greys))


def _draw_image(
    axes: "Axes",
    values: Floats,
    extent: tuple[float, float, float, float],
    colours: "ScalarMappable",
) -> None:
    few = max(values.shape) <= _PANEL_PIXELS
    axes.imshow(
        values if few else _repeated(values),
        cmap=colours.cmap,
        norm=colours.norm,  # type: ignore[arg-type]
        extent=extent,
        origin="lower",
        aspect="auto",
        interpolation="nearest" if few else "hanning",
        interpolation_stage="data",
    )
    axes.set_xlabel("time in seconds")
    plain(axes)


def _repeated(values: Floats) -> Floats:
    """`values` with the bins of a short axis repeated, so that interpolation does not blur them."""
    rows, columns = (-(-_PANEL_PIXELS // size) for size in values.shape)
    return values.repeat(rows, axis=0).repeat(columns, axis=1)


def _draw_bar(
    figure: "Figure", axes: "Axes", colours: "ScalarMappable", label: str, extend: str
) -> None:
    from matplotlib.ticker import MaxNLocator

    bar = figure.colorbar(
        colours,
        ax=axes,
        location="bottom",
        extend=extend,
        aspect=32,
        pad=0.015,
        ticks=MaxNLocator(4),
        format="{x:.2g}",
    )
    label_bar(bar, label)
