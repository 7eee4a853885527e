"""The figures of a run as tables, and their place in the documentation."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.faults.reading import Readings
from benchmarks.faults.trial import Trials
from benchmarks.machine import machine

DOCUMENT = Path(__file__).parents[2] / "docs" / "reliability.md"
_BEGIN, _END = "<!-- figures: begin -->", "<!-- figures: end -->"


def tables(
    readings: Sequence[Readings],
    kills: Sequence[Trials],
    writes: Sequence[Trials],
    minutes: float,
) -> str:
    """What was tried and what failed, as Markdown."""
    inputs = sum(r.inputs for r in readings)
    counts = (
        f"{inputs:,} inputs of {len(readings)} kinds",
        f"{sum(k.faults for k in kills):,} kills and {sum(w.faults for w in writes):,} failing "
        f"writes of {len(kills)} commands",
        f"{sum(len(part.failures) for part in (*readings, *kills, *writes))} failures",
    )
    about = f"{datetime.now(UTC):%d %B %Y}, {machine()['processor']}, {minutes:.0f} minutes"
    parts = [f"{', '.join(counts)} ({about})."]
    if readings:
        parts.append(_inputs(readings))
    if kills or writes:
        parts.append(_commands(kills, writes))
    return "\n\n".join(parts)


def _inputs(readings: Sequence[Readings]) -> str:
    rows = [
        (
            r.kind,
            f"{r.inputs:,}",
            f"{r.read:,}",
            f"{r.refused:,}",
            str(len(r.failures)),
            f"{r.slowest:.2f}",
            f"{r.seconds:.0f}",
        )
        for r in readings
    ]
    header = ("hostile inputs", "tried", "read", "refused", "failures", "slowest, s", "time, s")
    return _table(header, rows)


def _commands(kills: Sequence[Trials], writes: Sequence[Trials]) -> str:
    by_name = {trials.command: trials for trials in writes}
    rows = []
    for killed in kills:
        failed = by_name.get(killed.command, Trials(killed.command, kills=False))
        failures = len(killed.failures) + len(failed.failures)
        seconds = killed.seconds + failed.seconds
        counts = (f"{killed.faults:,}", f"{failed.faults:,}", str(failures), f"{seconds:.0f}")
        rows.append((killed.command, *counts))
    return _table(("command", "kills", "failing writes", "failures", "time, s"), rows)


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    rule = ["---", *("---:" for _ in header[1:])]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (header, rule, *rows))


def write(text: str) -> None:
    """Put `text` between the marks of the document."""
    content = DOCUMENT.read_text(encoding="utf-8")
    before, rest = content.split(_BEGIN)
    _, after = rest.split(_END)
    DOCUMENT.write_text(f"{before}{_BEGIN}\n{text}\n{_END}{after}", encoding="utf-8")
