"""A network on people of whom it was not trained: figures by corpus, and the table of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import mean
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lrp_audio.commands.text import aligned
from lrp_audio.data.recording import Recording
from lrp_audio.data.speakers import SEXES
from lrp_audio.evaluate.calibration import expected_calibration_error
from lrp_audio.evaluate.speaker_bootstrap import speaker_interval

Figures = dict[str, Any]

_ALL = "all clips alike"
_MEAN = "all corpora alike"
_FEWEST = 5  # clips of a speaker who may be named as the worst


@dataclass(frozen=True)
class Heard:
    """Recordings as a network classifies them; each array is ``(recordings,)``.

    `sure` says whether the network is sure of its answer, None if it is not calibrated.
    """

    recordings: Sequence[Recording]
    right: NDArray[np.bool_]
    confidence: NDArray[np.float64]
    sure: NDArray[np.bool_] | None

    def of(self, corpus: str) -> "Heard":
        """Those of one corpus."""
        own = np.array([recording.corpus == corpus for recording in self.recordings])
        return Heard(
            [r for r in self.recordings if r.corpus == corpus],
            self.right[own],
            self.confidence[own],
            None if self.sure is None else self.sure[own],
        )


def stranger_figures(model: str, task: str, part: str, heard: Heard) -> Figures:
    """The figures of `model` on each corpus, on all of its clips, and the mean over the corpora."""
    corpora = sorted({recording.corpus for recording in heard.recordings})
    figures = {corpus: _figures(task, heard.of(corpus)) for corpus in corpora}
    shares = [of["accuracy"] for of in figures.values() if of["accuracy"] is not None]
    return {
        "model": model,
        "task": task,
        "part": part,
        "by corpus": figures,
        _ALL: _figures(task, heard),
        _MEAN: mean(shares) if shares else None,
    }


def _figures(task: str, heard: Heard) -> Figures:
    """Accuracy with its interval, calibration, and the worst speaker.

    For the sex the accuracy is balanced, the mean of women's and men's, and None where a sex is
    missing.
    """
    speakers = [r.who for r in heard.recordings]
    groups = [r.sex if task == "sex" else None for r in heard.recordings]
    shares = {
        group: float(heard.right[[each == group for each in groups]].mean())
        for group in sorted(set(groups), key=str)
    }
    complete = task != "sex" or all(sex in shares for sex in SEXES)
    figures: Figures = {
        "speakers": len(set(speakers)),
        "clips": len(speakers),
        "accuracy": mean(shares.values()) if complete else None,
        "interval": speaker_interval(heard.right, speakers, groups) if complete else None,
        "calibration error": expected_calibration_error(heard.confidence, heard.right),
        "worst speaker": _worst(speakers, heard.right),
    }
    if task == "sex":
        figures |= {sex: shares.get(sex) for sex in SEXES}
    if heard.sure is not None:
        unsure = ~heard.sure
        wrong = float((~heard.right[unsure]).mean()) if unsure.any() else None
        figures |= {"not sure": float(unsure.mean()), "of these wrong": wrong}
    return figures


def _worst(speakers: Sequence[str], right: NDArray[np.bool_]) -> tuple[str, float] | None:
    """The speaker with the smallest share of right clips, among those with five or more."""
    who, number = np.unique(speakers, return_inverse=True)
    clips, hits = np.bincount(number), np.bincount(number, right)
    shares = np.where(clips >= _FEWEST, hits / clips, np.inf)
    index = int(shares.argmin())
    return (str(who[index]), float(shares[index])) if np.isfinite(shares[index]) else None


def stranger_table(figures: Figures) -> str:
    """The figures of one model as an aligned table, a line for each corpus."""
    sexes = SEXES if figures["task"] == "sex" else ()
    accuracy = "balanced" if sexes else "right"
    doubt = ("not sure", "of these wrong") if "not sure" in figures[_ALL] else ()
    columns = (*sexes, "accuracy", "interval", "calibration error", *doubt, "worst speaker")
    names = [accuracy if name == "accuracy" else name for name in columns]
    title = f"{figures['model']}, {figures['part']} speakers"
    rows = [(title, "speakers", "clips", *names)]
    for corpus, of in [*figures["by corpus"].items(), (_ALL, figures[_ALL])]:
        cells = (_cell(of[column]) for column in columns)
        rows.append((corpus, str(of["speakers"]), str(of["clips"]), *cells))
    means = ("", "", *("" for _ in sexes), _cell(figures[_MEAN]))
    rows.append((_MEAN, *means, *("" for _ in range(len(rows[0]) - len(means) - 1))))
    return aligned(rows, left=1)


def _cell(value: float | tuple[float, float] | tuple[str, float] | None) -> str:
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:.1%}"
    first, second = value
    if isinstance(first, str):
        return f"{first} {second:.0%}"
    return f"{first:.1%} to {second:.1%}"
