"""A canvas measured in inches, on which text is placed where it covers nothing else."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lrp_audio.drawing.style import empty_figure, label_bar, relevance_label

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.cm import ScalarMappable

_BAR = 1.15  # inches at the right for the bar of colours and its label
_MOST_BAR = 3.0  # inches: its length

_FINE = 300  # dots per inch at which text is measured

WHITE = {"boxstyle": "square,pad=0.08", "facecolor": "white", "edgecolor": "none"}
"""The background of text that stands on lines."""


class Rectangle(NamedTuple):
    """A rectangle, in inches."""

    left: float
    bottom: float
    right: float
    top: float

    @classmethod
    def around(cls, x: float, y: float, width: float, height: float) -> "Rectangle":
        """The rectangle of that size with its middle at `x`, `y`."""
        return cls(x - width / 2, y - height / 2, x + width / 2, y + height / 2)

    def meets(self, other: "Rectangle") -> bool:
        """Whether the two share any area."""
        across = self.left < other.right and other.left < self.right
        return across and self.bottom < other.top and other.bottom < self.top


class Canvas:
    """A figure of `width` x `height` inches and the bar of colours; ``(0, 0)`` is lower left."""

    def __init__(self, width: float, height: float, bar: bool = True) -> None:
        total = width + _BAR * bar
        self.width, self.height = width, height
        self.figure = empty_figure((total, height))
        self.axes = self.figure.add_axes((0, 0, width / total, 1))
        self.axes.set(xlim=(0, width), ylim=(0, height))
        self.axes.set_axis_off()
        self._taken: list[Rectangle] = []

    def write(self, x: float, y: float, text: str, points: float, **style: Any) -> None:
        """Write `text` with its middle at `x`, `y`, and keep other text away from it."""
        self._taken.append(Rectangle.around(x, y, *text_size(text, points)))
        self._put(x, y, text, points, **style)

    def write_if_free(
        self, x: float, y: float, text: str, points: float, angle: float = 0, **style: Any
    ) -> bool:
        """`write`, at an `angle` in degrees, unless something is there; whether it was written."""
        box = self.turned(x, y, text, points, angle)
        if any(box.meets(other) for other in self._taken):
            return False
        self._taken.append(box)
        self._put(x, y, text, points, rotation=angle, **style)
        return True

    def turned(self, x: float, y: float, text: str, points: float, angle: float) -> Rectangle:
        """The rectangle that holds `text`, turned by `angle` in degrees."""
        width, height = text_size(text, points)
        cos, sin = abs(math.cos(math.radians(angle))), abs(math.sin(math.radians(angle)))
        return Rectangle.around(x, y, width * cos + height * sin, width * sin + height * cos)

    def keep_free(self, box: Rectangle) -> None:
        """Let no text be written over `box`."""
        self._taken.append(box)

    def lines(
        self, paths: Sequence[NDArray[np.float64]], colours: Any, widths: Any, order: float = 1
    ) -> None:
        """Lines through points ``(n, 2)``, `widths` in points; `order` as matplotlib's zorder."""
        from matplotlib.collections import LineCollection

        self.axes.add_collection(
            LineCollection(
                list(paths), colors=colours, linewidths=widths, capstyle="round", zorder=order
            )
        )

    def circles(self, centres: NDArray[np.float64], radius: float, colours: Any) -> None:
        """Filled circles around `centres` ``(n, 2)``."""
        from matplotlib.collections import PatchCollection
        from matplotlib.patches import Circle

        patches = [Circle((x, y), radius) for x, y in centres]
        edge = 0.8 if radius > 0.1 else 0.3
        self.axes.add_collection(
            PatchCollection(
                patches, facecolors=colours, edgecolors="#333333", linewidths=edge, zorder=3
            )
        )
        for x, y in centres:
            self.keep_free(Rectangle.around(x, y, 2 * radius, 2 * radius))

    def panel(self, left: float, bottom: float, width: float, height: float) -> "Axes":
        """Axes of their own in a rectangle of the figure."""
        total, tall = (float(inches) for inches in self.figure.get_size_inches())
        return self.figure.add_axes((left / total, bottom / tall, width / total, height / tall))

    def colour_bar(self, colours: "ScalarMappable", unit: str) -> None:
        """The bar of colours at the right, with the `unit` of relevance."""
        length = min(_MOST_BAR, 0.8 * self.height)
        axes = self.panel(self.width + 0.05, (self.height - length) / 2, 0.12, length)
        bar = self.figure.colorbar(colours, cax=axes, extend="both", format="{x:.2g}")
        bar.ax.tick_params(labelsize=7, length=3, color="#888888")
        label_bar(bar, relevance_label(colours, unit))
        bar.ax.yaxis.label.set_fontsize(7)

    def _put(self, x: float, y: float, text: str, points: float, **style: Any) -> None:
        middle: dict[str, Any] = {"ha": "center", "va": "center", "rotation_mode": "anchor"}
        style = middle | {"zorder": 5} | style
        self.axes.text(x, y, text, fontsize=points, parse_math=False, **style)


def text_size(text: str, points: float) -> tuple[float, float]:
    """Width and height of `text` on one line, in inches."""
    from matplotlib.backends.backend_agg import RendererAgg
    from matplotlib.font_manager import FontProperties

    measure: Any = RendererAgg  # untyped
    font = FontProperties(size=points)
    size = measure(1, 1, _FINE).get_text_width_height_descent(text, font, ismath=False)
    return size[0] / _FINE, size[1] / _FINE
