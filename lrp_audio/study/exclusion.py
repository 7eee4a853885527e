"""Which participants are excluded, by rules that were fixed when the study was built.

Participants are excluded as a whole, never single trials, so that each of the others has as many
seen as heard trials.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from lrp_audio.study.key import Key
from lrp_audio.study.records import Record, Trial

REASONS = (
    "the same participant handed in different answers",
    "the same answers were handed in before",
    "trials are missing",
    "too many catch trials failed",
    "answered too fast",
)
_DIFFERENT, _AGAIN, _MISSING, _CATCHES, _FAST = REASONS


@dataclass(frozen=True)
class Excluded:
    """A record that is excluded, and why."""

    record: Record
    reason: str


def exclude(records: Sequence[Record], key: Key) -> tuple[list[Record], list[Excluded]]:
    """The records to include, and the others, each with the first rule that it breaks."""
    versions = Counter(record.participant for record in set(records))
    included: list[Record] = []
    excluded: list[Excluded] = []
    seen: set[Record] = set()
    for record in records:
        reason = _reason(record, key)
        if versions[record.participant] > 1:
            reason = _DIFFERENT
        elif record in seen:
            reason = _AGAIN
        if reason:
            excluded.append(Excluded(record, reason))
        else:
            included.append(record)
            seen.add(record)
    return included, excluded


def counted(record: Record, key: Key) -> list[Trial]:
    """The trials of `record` that are neither practice nor catch trials."""
    items = key.by_id
    return [trial for trial in record.trials if items[trial.item].kind == "trial"]


def _reason(record: Record, key: Key) -> str:
    if len(record.trials) < len(key.orders[record.order]):
        return _MISSING
    items = key.by_id
    failed = sum(
        trial.answer != items[trial.item].network
        for trial in record.trials
        if items[trial.item].kind == "catch"
    )
    if failed > key.exclusion.most_catch_errors:
        return _CATCHES
    times = [trial.rt for trial in counted(record, key)]
    return _FAST if median(times) < key.exclusion.fastest_median_ms else ""
