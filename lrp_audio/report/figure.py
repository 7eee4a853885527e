"""Figures for papers: sized for a column, as vectors, with text that can be searched and edited.

from lrp_audio.report import figure
figure.save("seven.pdf", explanation, "waveform")
"""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

from lrp_audio.arguments import as_number, as_path, described, one_of
from lrp_audio.audio.domain import Domain
from lrp_audio.drawing.flow import flow_figure
from lrp_audio.drawing.heatmap import heatmap_figure
from lrp_audio.drawing.style import encoded
from lrp_audio.errors import LrpAudioError
from lrp_audio.explanation import Explanation
from lrp_audio.files import write_bytes_aside

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FigureKind = Literal["waveform", "spectrum", "spectrogram", "flow"]
_FORMATS = (".pdf", ".svg", ".png")

_WIDEST = 50  # inches, as of a poster: 30,000 pixels

COLUMN, PAGE = 3.4, 7.0
"""Widths in inches: of one of two columns, and of the page."""

_HEIGHTS = {"waveform": 0.62, "spectrum": 0.62, "spectrogram": 0.5, "flow": 0.6}  # of the width
_LINE = 0.35  # points: in a column the periods of a wave lie close together
_DOMAINS = {"waveform": "time", "spectrum": "frequency", "spectrogram": "time-frequency"}
# Type 42 embeds TrueType, which publishers ask for; SVG keeps its text as text.
_STYLE: dict[Any, Any] = {
    "font.size": 7,
    "axes.linewidth": 0.5,
    "axes.titlesize": 7,
    "legend.fontsize": 6,
    "xtick.major.width": 0.5,
    "ytick.major.width": 0.5,
    "pdf.fonttype": 42,
    "svg.fonttype": "none",
    "svg.hashsalt": "lrp_audio",
    "savefig.dpi": 600,
}


def save(
    path: str | os.PathLike[str],
    explanation: Explanation,
    kind: FigureKind,
    width: float | None = None,
) -> Path:
    """Write a figure of `kind` as PDF, SVG or PNG, by the suffix of `path`; returns the path.

    `width` is in inches, by default `COLUMN` for waveform and spectrum, `PAGE` for the others.
    Only the maps of a spectrogram and of the flow are pixels. matplotlib's settings are changed
    during the call, so no other thread should draw. Raises `LrpAudioError` for another suffix, kind
    or width (1 to 50 inches) or if the file cannot be written, `SpectrumError` for a waveform or
    spectrum of a spectrogram network.
    """
    from matplotlib import rc_context

    path = as_path(path, "a figure")
    suffix = path.suffix.lower()
    if suffix not in _FORMATS:
        raise LrpAudioError(f"{path} is no figure: let its name end in .pdf, .svg or .png.")
    # Without a date, equal figures give equal files.
    undated: dict[str, Any] = {".pdf": {"CreationDate": None}, ".svg": {"Date": None}}
    with rc_context(_STYLE):
        figure = draw(explanation, kind, width)
        content = encoded(figure, suffix[1:], metadata=undated.get(suffix))
    try:
        write_bytes_aside(path, content)
    except OSError as error:
        raise LrpAudioError(
            f"The figure {path} cannot be written ({error.strerror}): choose another folder, "
            "or free it."
        ) from error
    return path


def draw(explanation: Explanation, kind: FigureKind, width: float | None = None) -> "Figure":
    """The figure that `save` writes, to be changed first; in matplotlib's present settings."""
    from matplotlib.collections import LineCollection

    one_of(kind, get_args(FigureKind), "figure")
    if not isinstance(explanation, Explanation):
        raise LrpAudioError(
            f"{described(explanation)} is no explanation: give one, such as `model.explain` makes."
        )
    inches = _inches(width, PAGE if kind in ("spectrogram", "flow") else COLUMN)
    clip = explanation.clip
    if kind == "flow":
        figure = flow_figure(explanation.ledger, explanation.layers, clip.seconds, "")
    else:
        shown = explanation.in_domain(_domain(explanation, kind))
        figure = heatmap_figure(clip.samples, shown.relevance, shown.domain, "")
    figure.set_size_inches(inches, inches * _HEIGHTS[kind])
    for lines in figure.findobj(LineCollection):
        lines.set_linewidth(_LINE)
    return figure


def _inches(width: float | None, usual: float) -> float:
    number = usual if width is None else as_number(width)
    if number is None or not 1 <= number <= _WIDEST:
        raise LrpAudioError(
            f"The width is {described(width)}; expected inches from 1 to {_WIDEST}, or None."
        )
    return number


def _domain(explanation: Explanation, kind: FigureKind) -> Domain:
    """The domain of a figure; a spectrogram keeps the windows of its explanation."""
    name = _DOMAINS[kind]
    return explanation.domain if explanation.domain.name == name else explanation.front.choose(name)
