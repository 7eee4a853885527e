"""``python -m benchmarks.summary``: what the documents quote of the latest results.

The table of ``docs/speed.md``, and the phrase that it shares with ``README.md``.
"""

import json
from pathlib import Path
from typing import Any

_LATEST = Path(__file__).parent / "results" / "latest.json"
_COLUMNS = ((1, 1), (1, 2), (32, 1), (32, 2))  # clips, threads


def main() -> None:
    """Print the table and the phrase."""
    report = json.loads(_LATEST.read_text())
    print(summary(report), phrase(report), sep="\n\n")


def summary(report: dict[str, Any]) -> str:
    """A row for each network and composite: times and ratios, and peak memory."""
    rows: dict[tuple[str, str], dict[tuple[int, int], Any]] = {}
    for record in _against_zennit(report):
        row = rows.setdefault((record["net"], record["rules"]), {})
        row[record["batch"], record["threads"]] = record
    titles = [f"{_many(batch, 'clip')}, {_many(threads, 'thread')}" for batch, threads in _COLUMNS]
    lines = [
        _line("network", "rules", *titles, "MB, 32 clips"),
        _line("---", "---", *["---:"] * (len(titles) + 1)),
    ]
    for (net, rules), found in rows.items():
        times = [_time(found[column]) for column in _COLUMNS]
        memory = found[32, 1]
        megabytes = f"{memory['ours_rss_mb']:.0f} / {memory['peer_rss_mb']:.0f}"
        lines.append(_line(net, f"`{rules}`", *times, megabytes))
    return "\n".join(lines)


def phrase(report: dict[str, Any]) -> str:
    """The least and the largest ratio of times, and of peak memory at 32 clips."""
    records = _against_zennit(report)
    ratios = [record["ratio"] for record in records]
    memory = [100 * r["ours_rss_mb"] / r["peer_rss_mb"] for r in records if r["batch"] == 32]
    return (
        f"{min(ratios):.1f} to {max(ratios):.1f} times as fast as zennit with random weights, "
        f"and at 32 clips takes {min(memory):.0f} to {max(memory):.0f} % of its memory"
    )


def _against_zennit(report: dict[str, Any]) -> list[dict[str, Any]]:
    return [record for record in report["records"] if record["peer"] == "zennit"]


def _time(record: dict[str, Any]) -> str:
    return f"{record['ours_ms']:.0f} / {record['peer_ms']:.0f}: **{record['ratio']:.1f}**"


def _many(count: int, what: str) -> str:
    return f"{count} {what}{'s' * (count > 1)}"


def _line(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    main()
