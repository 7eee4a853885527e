"""The analysis of record: fixed before any answer arrives, and the same for every study.

One question is confirmatory: do people name the network's answer more often when they hear its
explanation than when they see it? All others are secondary and described without a verdict.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from statistics import mean, median, stdev

from lrp_audio.study.design import CONDITIONS, Condition, Item
from lrp_audio.study.exact import interval, p_value
from lrp_audio.study.exclusion import counted
from lrp_audio.study.key import Key
from lrp_audio.study.records import Record, Trial

ALPHA = 0.05


@dataclass(frozen=True)
class Measure:
    """What is averaged over a participant's trials: `value`, over the items that it `includes`."""

    name: str
    value: Callable[[Trial, Item], int]
    includes: Callable[[Item], bool] = lambda item: True


def _right(trial: Trial, item: Item) -> int:
    return int(trial.answer == item.network)


def _named_truth(trial: Trial, item: Item) -> int:
    return int(trial.answer == item.spoken)


OF_RECORD = Measure("share of the network's answers named", _right)
SECONDARY = (
    Measure("named, where the network was right", _right, lambda item: not item.wrong),
    Measure("named, where the network was wrong", _right, lambda item: item.wrong),
    Measure("truth named instead, where the network was wrong", _named_truth, lambda i: i.wrong),
    Measure("confidence (1 to 5)", lambda trial, item: trial.confidence),
    Measure("usefulness (1 to 5)", lambda trial, item: trial.usefulness),
)


@dataclass(frozen=True)
class Estimate:
    """A mean over participants and its 95 % interval, None where there are too few of them."""

    mean: float
    interval: tuple[float, float] | None


@dataclass(frozen=True)
class Comparison:
    """One measure, seen and heard: means, paired difference (heard - seen), test, effect size.

    ``effect`` is Cohen's d of the paired differences, None where they do not vary; ``better`` is
    the share of participants with a larger value when they hear, ties counted half.
    """

    name: str
    participants: int
    seen: Estimate
    heard: Estimate
    difference: Estimate
    p: float
    effect: float | None
    better: float


@dataclass(frozen=True)
class ClipResult:
    """How often a clip's answer was named: correct answers and all answers in each condition."""

    item: Item
    right: dict[Condition, int]
    answers: dict[Condition, int]

    @property
    def difference(self) -> float | None:
        """Share named when heard minus when seen; None where one of them is unknown."""
        if not all(self.answers.values()):
            return None
        shares = [self.right[c] / self.answers[c] for c in CONDITIONS]
        return shares[1] - shares[0]


@dataclass(frozen=True)
class StudyAnalysis:
    """Everything that is reported. ``both_random`` is the p-value of `min_f`, None if undefined."""

    of_record: Comparison
    secondary: tuple[Comparison, ...]
    both_random: float | None
    clips: tuple[ClipResult, ...]
    median_ms: dict[Condition, float]


def analyse(records: Sequence[Record], key: Key) -> StudyAnalysis | None:
    """The analysis of `records` that were not excluded; None where there is none."""
    of_record = compare(OF_RECORD, records, key)
    if of_record is None:
        return None
    secondary = (compare(measure, records, key) for measure in SECONDARY)
    clips = _by_clip(records, key)
    return StudyAnalysis(
        of_record=of_record,
        secondary=tuple(c for c in secondary if c is not None),
        both_random=min_f(
            [float(heard - seen) for seen, heard in paired(OF_RECORD, records, key)],
            [clip.difference for clip in clips if clip.difference is not None],
        ),
        clips=clips,
        median_ms={
            condition: median(
                trial.rt
                for record in records
                for trial in counted(record, key)
                if trial.condition == condition
            )
            for condition in CONDITIONS
        },
    )


def compare(measure: Measure, records: Sequence[Record], key: Key) -> Comparison | None:
    """`measure` compared between seen and heard; None where no participant has both."""
    pairs = paired(measure, records, key)
    if not pairs:
        return None
    seen, heard = ([pair[side] for pair in pairs] for side in (0, 1))
    differences = [b - a for a, b in pairs]
    spread = stdev(map(float, differences)) if len(pairs) > 1 else 0.0
    return Comparison(
        name=measure.name,
        participants=len(pairs),
        seen=_estimate(seen),
        heard=_estimate(heard),
        difference=_estimate(differences),
        p=p_value(differences),
        effect=float(mean(differences)) / spread if spread > 0 else None,
        better=mean((d > 0) + (d == 0) / 2 for d in differences),
    )


def paired(
    measure: Measure, records: Sequence[Record], key: Key
) -> list[tuple[Fraction, Fraction]]:
    """Each participant's mean seen and heard, of those who have both."""
    items = key.by_id
    pairs = []
    for record in records:
        values: dict[Condition, list[int]] = {condition: [] for condition in CONDITIONS}
        for trial in counted(record, key):
            item = items[trial.item]
            if measure.includes(item):
                values[trial.condition].append(measure.value(trial, item))
        if all(values.values()):
            seen, heard = (Fraction(sum(v), len(v)) for v in values.values())
            pairs.append((seen, heard))
    return pairs


def min_f(by_participant: Sequence[float], by_clip: Sequence[float]) -> float | None:
    """The p-value of min F' (Clark 1973): a bound for participants and clips both drawn at random.

    The test of record is about the clips that were used. This one is about whether the difference
    would also be found with other clips; it is conservative.
    """
    from scipy.stats import f

    sides = (by_participant, by_clip)
    if any(len(side) < 2 for side in sides):
        return None
    first, second = (len(side) * mean(side) ** 2 / max(stdev(side) ** 2, 1e-300) for side in sides)
    if first + second == 0:
        return 1.0
    ratio = first / (first + second)
    freedom = 1 / (ratio**2 / (len(by_clip) - 1) + (1 - ratio) ** 2 / (len(by_participant) - 1))
    return float(f.sf(ratio * second, 1, freedom))


def _estimate(values: Sequence[Fraction]) -> Estimate:
    return Estimate(float(mean(values)), interval(values, 1 - ALPHA))


def _by_clip(records: Sequence[Record], key: Key) -> tuple[ClipResult, ...]:
    results = {
        item.id: ClipResult(item, dict.fromkeys(CONDITIONS, 0), dict.fromkeys(CONDITIONS, 0))
        for item in key.trials()
    }
    for record in records:
        for trial in counted(record, key):
            result = results[trial.item]
            result.answers[trial.condition] += 1
            result.right[trial.condition] += _right(trial, result.item)
    return tuple(results.values())
