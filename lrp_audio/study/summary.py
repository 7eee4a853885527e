"""The result of a study as Markdown to read and as plain values for JSON."""

import html
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict

from lrp_audio.commands.text import printable
from lrp_audio.study.analysis import ALPHA, ClipResult, Comparison, Estimate, StudyAnalysis
from lrp_audio.study.design import CONDITIONS
from lrp_audio.study.exclusion import REASONS, Excluded
from lrp_audio.study.key import Key
from lrp_audio.study.records import Record

_NO_RESULT = "No participant is left, so there is no result."


def markdown(
    key: Key,
    included: Sequence[Record],
    excluded: Sequence[Excluded],
    analysis: StudyAnalysis | None,
) -> str:
    """The summary, with every number that docs/study-design.md promises."""
    wrong = sum(item.wrong for item in key.trials())
    parts = [
        f"# Seen or heard: study {key.study}",
        f"Model {_escaped(key.model)}, rules {key.rules}; {len(key.trials())} clips, {wrong} of "
        f"which the network got wrong; {len(key.answers)} answers to choose from, so that guessing "
        f"names {1 / len(key.answers):.0%}.",
        _synthetic([*included, *(e.record for e in excluded)]),
        "## Participants",
        _participants(included, excluded),
    ]
    if analysis is None:
        parts.append(_NO_RESULT)
    else:
        parts += [
            "## Test of record",
            _verdict(analysis.of_record),
            _table([analysis.of_record]),
            "![Each participant and each clip, seen and heard](result.png)",
            "## Secondary, described without a verdict",
            _table(analysis.secondary),
            _generalised(analysis),
            f"Median time to an answer: {analysis.median_ms['seen'] / 1000:.1f} s seen, "
            f"{analysis.median_ms['heard'] / 1000:.1f} s heard, of which a sound takes one.",
            "## Clips",
            _clips(analysis.clips),
        ]
    return "\n\n".join(part for part in parts if part) + "\n"


def plain(
    key: Key,
    included: Sequence[Record],
    excluded: Sequence[Excluded],
    analysis: StudyAnalysis | None,
) -> dict[str, object]:
    """The same as plain values; `analysis` is null where no participant is included."""
    return {
        "study": key.study,
        "synthetic": sum(record.synthetic for record in included),
        "participants": [record.participant for record in included],
        "excluded": [{"participant": e.record.participant, "reason": e.reason} for e in excluded],
        "analysis": None if analysis is None else asdict(analysis),
    }


def _synthetic(records: Sequence[Record]) -> str:
    count = sum(record.synthetic for record in records)
    return f"**{count} of {len(records)} participants are synthetic: simulated.**" if count else ""


def _participants(included: Sequence[Record], excluded: Sequence[Excluded]) -> str:
    counts = Counter(e.reason for e in excluded)
    lines = [f"{len(included)} count, {len(excluded)} were excluded by the rules fixed beforehand."]
    lines += [f"- {counts[reason]}: {reason}" for reason in REASONS if counts[reason]]
    return "\n".join(lines[:1] + [""] * bool(lines[1:]) + lines[1:])


def _verdict(c: Comparison) -> str:
    points = 100 * c.difference.mean
    if c.difference.interval is None:
        return (
            f"Heard minus seen: {points:+.1f} points. With {c.participants} participants no "
            "difference, however large, can be told from chance; at least six are needed."
        )
    low, high = (100 * limit for limit in c.difference.interval)
    found = "there is a difference" if c.p <= ALPHA else "no difference was found"
    return (
        f"Heard minus seen: **{points:+.1f} points** (95 % interval {low:+.1f} to {high:+.1f}), "
        f"exact paired test p = {_p(c.p)}, d = {_number(c.effect)}: at 5 %, {found}. "
        f"{c.better:.0%} of the participants named more when they heard (ties counted half)."
    )


def _table(comparisons: Sequence[Comparison]) -> str:
    rows = [
        "| | participants | seen | heard | heard - seen | p | d |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for c in comparisons:
        cells = (_estimate(c.seen), _estimate(c.heard), _estimate(c.difference, "+"))
        rows.append(
            f"| {c.name} | {c.participants} | {' | '.join(cells)} | {_p(c.p)} | "
            f"{_number(c.effect)} |"
        )
    return "\n".join(rows)


def _generalised(analysis: StudyAnalysis) -> str:
    if analysis.both_random is None:
        return ""
    return (
        f"With other clips? If the clips, too, are taken as a random sample: min F' p = "
        f"{_p(analysis.both_random)} (for the test of record's measure)."
    )


def _clips(clips: Sequence[ClipResult]) -> str:
    rows = ["| clip | spoken | network | seen | heard |", "| --- | --- | --- | ---: | ---: |"]
    for clip in clips:
        item = clip.item
        shares = (f"{clip.right[c]} of {clip.answers[c]}" for c in CONDITIONS)
        names = map(_escaped, (item.clip, item.spoken, item.network))
        rows.append(f"| {' | '.join((*names, *shares))} |")
    return "\n".join(rows)


def _escaped(name: str) -> str:
    """`name` for a cell of a table, without markup of Markdown or HTML and without line breaks."""
    line = html.escape(printable(name), quote=False)
    return "".join(f"\\{c}" if c in "\\`*_[]|~#!" else c for c in line)


def _estimate(estimate: Estimate, sign: str = "") -> str:
    if estimate.interval is None:
        return f"{estimate.mean:{sign}.2f}"
    low, high = estimate.interval
    return f"{estimate.mean:{sign}.2f} ({low:{sign}.2f} to {high:{sign}.2f})"


def _p(p: float) -> str:
    return f"{p:.3f}" if p >= 0.001 else f"{p:.1e}"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"
