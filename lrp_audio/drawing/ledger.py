"""Bars of the ledger: what each layer handed on, and what absorbed the rest."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from lrp_audio.drawing.style import ABSORBED, HANDED_ON
from lrp_audio.rules.ledger import Entry

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def draw_ledger(axes: "Axes", entries: Sequence[Entry]) -> None:
    """A bar for each of `entries`, which hold a batch of one, in rows from 0 on.

    A bar ends at the relevance of the layer's output, the sum of its parts.
    """
    rows = np.arange(len(entries))
    reached = np.array([entry.relevance_in[0] for entry in entries])
    axes.barh(rows, reached, height=0.5, color=HANDED_ON, label="handed on")
    for name, colour in ABSORBED.items():
        absorbed = np.array([getattr(entry, name)[0] for entry in entries])
        axes.barh(rows, absorbed, left=reached, height=0.8, color=colour, label=name)
        reached = reached + absorbed
    axes.axvline(0, color="#555555", linewidth=0.6)
