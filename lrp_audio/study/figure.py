"""The figure of a result: every participant and every clip, seen and heard."""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from lrp_audio.drawing.style import encoded, new_figure, plain
from lrp_audio.study.analysis import ClipResult, Comparison
from lrp_audio.study.design import CONDITIONS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_ONE, _MEAN, _WRONG = "#9aa0a8", "#1f5f99", "#c2501f"
_JITTER = 0.012

FILES = ("result.png", "result.pdf")
"""Names of the files that `save_result` writes."""


def save_result(
    folder: Path,
    of_record: Comparison,
    pairs: Sequence[tuple[Fraction, Fraction]],
    clips: Sequence[ClipResult],
    chance: float,
    title: str,
) -> None:
    """Write ``result.png`` and ``result.pdf``; `pairs` are each participant's shares.

    Left, a line from seen to heard for each participant, the means and their 95 % intervals.
    Right, a dot for each clip: above the line, its answer was named more often when heard.
    """
    figure = new_figure(title)
    left, right = figure.subplots(1, 2)
    _draw_participants(left, of_record, pairs, chance)
    _draw_clips(right, clips)
    for name in FILES:
        (folder / name).write_bytes(encoded(figure, Path(name).suffix[1:]))


def _draw_participants(
    axes: "Axes", c: Comparison, pairs: Sequence[tuple[Fraction, Fraction]], chance: float
) -> None:
    jittered = np.array(pairs, np.float64)
    # Lines that coincide are drawn side by side, the same way each time.
    jittered += np.random.default_rng(0).uniform(-_JITTER, _JITTER, (len(pairs), 1))
    axes.plot((0, 1), jittered.T, color=_ONE, linewidth=0.8, alpha=0.5, zorder=1)
    means = np.array((c.seen.mean, c.heard.mean))
    limits = np.array([e.interval or (e.mean, e.mean) for e in (c.seen, c.heard)])
    axes.errorbar(
        (0, 1),
        means,
        yerr=np.abs(limits.T - means),
        color=_MEAN,
        marker="o",
        markersize=8,
        linewidth=2.2,
        capsize=6,
        zorder=3,
    )
    axes.axhline(chance, color="#555555", linewidth=0.8, linestyle=":")
    axes.annotate("guessing", (1.28, chance), ha="right", va="bottom", fontsize=8, color="#555555")
    axes.set_xlim(-0.3, 1.3)
    axes.set_ylim(-0.04, 1.04)
    axes.set_xticks((0, 1), CONDITIONS)
    axes.set_ylabel("network's answers named")
    axes.set_title(f"{c.participants} participants, mean and 95 % interval", fontsize=10)
    plain(axes)


def _draw_clips(axes: "Axes", clips: Sequence[ClipResult]) -> None:
    axes.plot((0, 1), (0, 1), color="#c8c8c8", linewidth=0.8, zorder=0)
    for wrong, colour, marker in ((False, _MEAN, "o"), (True, _WRONG, "D")):
        shares = [
            [clip.right[c] / clip.answers[c] for c in CONDITIONS]
            for clip in clips
            if clip.item.wrong == wrong and clip.difference is not None
        ]
        if shares:
            label = f"network {'wrong' if wrong else 'right'}"
            x, y = np.transpose(shares)
            axes.scatter(x, y, s=36, color=colour, marker=marker, label=label)
    axes.set_xlim(-0.04, 1.04)
    axes.set_ylim(-0.04, 1.04)
    axes.set_aspect("equal")
    axes.set_xlabel("named when seen")
    axes.set_ylabel("named when heard")
    axes.set_title("Clips", fontsize=10)
    if axes.collections:
        axes.legend(frameon=False, fontsize=8, loc="lower right")
    plain(axes)
