"""The pitch of the voice: sex networks on voices with frequencies scaled or removed."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from lrp_audio.audio.audible import in_time_frequency
from lrp_audio.audio.domain import Spectral
from lrp_audio.data.speakers import SEXES
from lrp_audio.errors import ClipError
from lrp_audio.experiments import selection
from lrp_audio.experiments.bootstrap import bootstrap_interval
from lrp_audio.experiments.experiment import Experiment
from lrp_audio.experiments.frequencies import masks, scaled
from lrp_audio.experiments.plan import ExperimentPlan
from lrp_audio.experiments.results import ExperimentResults, ResultRow, ResultTable
from lrp_audio.experiments.subjects import Portion
from lrp_audio.experiments.units import UnitResult
from lrp_audio.model import Model
from lrp_audio.types import Array

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NETWORKS = ("alexnet-sex", "audionet-sex")
FACTORS = (0.5, 0.58, 0.66, 0.75, 0.87, 1.0, 1.15, 1.3, 1.5, 1.75, 2.0)
"""How much the frequency axis of a spectrogram is stretched; 1.5 and 0.66 are the paper's."""

PUBLISHED_FACTORS = {"male": 1.5, "female": 0.66}
REVERSED_FACTORS = {"male": 0.66, "female": 1.5}


@dataclass(frozen=True)
class ChangedVoices:
    """Some clips to classify unchanged, with frequencies scaled, and with parts removed."""

    portion: Portion
    seed: int

    def work(self) -> UnitResult:
        """The predicted sex of each clip by what was changed, and where the relevance lies."""
        model, recordings = self.portion.subject.load(), self.portion.recordings
        clips = self.portion.clips()
        domain = model.front.time_frequency
        parts = [masks(clip.samples, domain.stft, model.front.rate) for clip in clips]
        explained = [
            model.explain(clip, SEXES[label], domain=domain).relevance
            for clip, label in zip(clips, self.portion.labels(), strict=True)
        ]
        return {
            "speaker": [recording.who for recording in recordings],
            "corpus": [recording.corpus for recording in recordings],
            "sex": [recording.sex for recording in recordings],
            "heard": [
                _predictions(model, clip.samples, of) for clip, of in zip(clips, parts, strict=True)
            ],
            "shares": [
                _shares(clip.samples, relevance, of, domain)
                for clip, relevance, of in zip(clips, explained, parts, strict=True)
            ],
        }


def _predictions(model: Model, samples: Array, parts: Mapping[str, Array]) -> dict[str, str]:
    """The sex that `model` predicts, by what was changed in the clip."""
    inputs, stft = {"nothing": model.front(samples)}, model.front.time_frequency.stft
    for name, mask in parts.items():
        inputs[f"without {name}"] = model.front(in_time_frequency(~mask, samples, stft))
    if "frequencies" in model.front.domain.along:
        picture = inputs["nothing"][0]
        for factor in FACTORS:
            inputs[f"x {factor}"] = scaled(picture, factor, model.front.silence)[None]
    logits = model.network.forward(np.stack(list(inputs.values())).astype(model.dtype))
    return {n: SEXES[best] for n, best in zip(inputs, logits.argmax(axis=1).tolist(), strict=True)}


def _shares(
    samples: Array, relevance: Array, parts: Mapping[str, Array], domain: Spectral
) -> dict[str, float]:
    """Share of the positive relevance, and of the power, on each of the masked parts."""
    positive = np.maximum(relevance, 0).astype(np.float64)
    power = domain.cropped(np.abs(domain.stft.spectra(samples)) ** 2)
    found = {}
    for name, mask in parts.items():
        found[f"relevance, {name}"] = _share(positive, domain.cropped(mask))
        found[f"power, {name}"] = _share(power, domain.cropped(mask))
        found[f"area, {name}"] = float(domain.cropped(mask).mean())
    return found


def _share(values: Array, mask: Array) -> float:
    total = float(values.sum())
    return float(values[mask].sum()) / total if total > 0 else 0.0


def units(plan: ExperimentPlan) -> tuple[list[ChangedVoices], list[ClipError]]:
    """A few clips each, for both sex networks; only spectrograms can be scaled."""
    clips = plan.clip_count(usual=600, quick=32)
    return selection.units(plan, NETWORKS, clips, partial(ChangedVoices, seed=plan.seed))


def results(found: Iterator[tuple[ChangedVoices, UnitResult]]) -> ExperimentResults:
    """Accuracy by what was changed, and where the relevance lies."""
    rows: list[ResultRow] = []
    for unit, result in found:
        kinds = ("speaker", "corpus", "sex", "heard", "shares")
        for who, corpus, sex, heard, shares in zip(*(result[k] for k in kinds), strict=True):
            row = {
                "network": unit.portion.subject.name,
                "speaker": who,
                "corpus": corpus,
                "sex": sex,
            }
            rows.append(row | {f"heard, {name}": answer for name, answer in heard.items()} | shares)
    groups = _by_network(rows)
    tables = [
        ResultTable(
            "Sex accuracy when the frequency axis is scaled",
            "Percentage of the voices that are classified correctly, balanced over the sexes, with "
            "a 95 % bootstrap interval over the clips. As published: male x 1.5, female x 0.66. "
            "The reverse moves each voice further from the other sex. Only networks on "
            "spectrograms are examined.",
            [_scaling(name, of) for name, of in groups.items() if _is_scaled(of)],
        ),
        ResultTable(
            "Sex accuracy when parts of the voice are taken away",
            "Percentage of the voices of each sex that are classified correctly without these bins "
            "of the short-time Fourier transform. The gaps between the partials are the control of "
            "the harmonics, 300 to 600 Hz that of 0 to 300 Hz.",
            [row for name, of in groups.items() for row in _masking(name, of)],
        ),
        ResultTable(
            "Where the relevance sits",
            "Mean share in percent of the positive relevance of the true sex, of the power, and of "
            "the bins.",
            [row for name, of in groups.items() for row in _locations(name, of)],
        ),
    ]
    tables = [table for table in tables if table.rows]
    return ExperimentResults(tables, rows, partial(_draw, groups=groups))


FREQUENCY_SCALING = Experiment(
    "frequency-scaling",
    "Does a sex network go by the pitch of the voice?",
    units,
    results,
)


def _by_network(rows: Sequence[ResultRow]) -> dict[str, list[ResultRow]]:
    groups: defaultdict[str, list[ResultRow]] = defaultdict(list)
    for row in rows:
        groups[row["network"]].append(row)
    return groups


def _is_scaled(rows: Sequence[ResultRow]) -> bool:
    return f"heard, x {FACTORS[0]}" in rows[0]


def _correct(rows: Sequence[ResultRow], done: Mapping[str, str]) -> Array:
    """100 for each clip classified correctly after what was `done` to its sex, else 0.

    Weighted so that both sexes count the same in the mean.
    """
    correct = np.array([100.0 * (row[f"heard, {done[row['sex']]}"] == row["sex"]) for row in rows])
    sexes = np.array([row["sex"] for row in rows])
    weights = {sex: len(rows) / (2 * max(1, (sexes == sex).sum())) for sex in SEXES}
    return np.asarray(correct * [weights[sex] for sex in sexes])


def _scaling(network: str, rows: Sequence[ResultRow]) -> ResultRow:
    def cell(factors: Mapping[str, float]) -> str:
        done = {sex: f"x {factor}" for sex, factor in factors.items()}
        return "{:.1f} [{:.1f}, {:.1f}]".format(*bootstrap_interval(_correct(rows, done)))

    return {
        "network": network,
        "clips": len(rows),
        "as they are": cell(dict.fromkeys(SEXES, 1.0)),
        "as published": cell(PUBLISHED_FACTORS),
        "the reverse": cell(REVERSED_FACTORS),
    }


def _masking(network: str, rows: Sequence[ResultRow]) -> Iterator[ResultRow]:
    for done in (n.removeprefix("heard, ") for n in rows[0] if n.startswith("heard, ")):
        if done == "nothing" or done.startswith("without"):
            row: dict[str, Any] = {"network": network, "taken away": done.removeprefix("without ")}
            for sex in SEXES:
                mine = [r[f"heard, {done}"] == sex for r in rows if r["sex"] == sex]
                row[sex] = 100 * float(np.mean(mine)) if mine else None
            yield row


def _locations(network: str, rows: Sequence[ResultRow]) -> Iterator[ResultRow]:
    parts = [key.partition(", ")[2] for key in rows[0] if key.startswith("area, ")]
    for sex in SEXES:
        mine = [row for row in rows if row["sex"] == sex]
        for part in parts if mine else ():
            means = {
                kind: 100 * float(np.mean([row[f"{kind}, {part}"] for row in mine]))
                for kind in ("relevance", "power", "area")
            }
            yield {"network": network, "sex": sex, "clips": len(mine), "where": part, **means}


def _draw(figure: "Figure", groups: Mapping[str, Sequence[ResultRow]]) -> None:
    left, right = figure.subplots(1, 2)
    scaled_ones = {name: of for name, of in groups.items() if _is_scaled(of)}
    for of in scaled_ones.values():
        for sex, colour in zip(SEXES, ("#c1440e", "#2f7fc1"), strict=True):
            mine = [row for row in of if row["sex"] == sex]
            as_woman = [
                100 * np.mean([row[f"heard, x {factor}"] == SEXES[0] for row in mine])
                for factor in FACTORS
            ]
            left.plot(FACTORS, as_woman, "o-", color=colour, label=f"{sex} voices")
    left.set_xscale("log")
    left.set_xticks(FACTORS[::2], [f"{factor:g}" for factor in FACTORS[::2]])
    left.minorticks_off()
    left.set_xlabel("frequency axis scaled by")
    left.set_ylim(-3, 103)
    left.set_ylabel("classified as female in %")
    left.set_title(", ".join(scaled_ones) or "no spectrogram network")
    if scaled_ones:
        left.legend(frameon=False)
    _draw_masking(right, groups)
    for axes in (left, right):
        axes.spines[["top", "right"]].set_visible(False)


def _draw_masking(axes: Any, groups: Mapping[str, Sequence[ResultRow]]) -> None:
    for place, (network, of) in enumerate(groups.items()):
        lines = list(_masking(network, of))
        balanced = [np.mean([line[s] for s in SEXES if line[s] is not None]) for line in lines]
        height = 0.8 / len(groups)
        at = np.arange(len(lines)) + place * height
        axes.barh(at, balanced, height, label=network, color=("#555555", "#aaaaaa")[place % 2])
        axes.set_yticks(np.arange(len(lines)) + 0.2, [line["taken away"] for line in lines])
    axes.invert_yaxis()
    axes.set_xlim(0, 100)
    axes.set_xlabel("classified correctly in %, balanced over the sexes")
    axes.set_title("taken away")
    axes.legend(frameon=False, loc="upper left", bbox_to_anchor=(0, -0.12), ncols=2)
