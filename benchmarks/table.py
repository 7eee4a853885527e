"""A finished benchmark as Markdown, and both of its files, written together or not at all."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from lrp_audio.files import staged

Report = dict[str, Any]
Record = dict[str, Any]

_HEADER = (
    *("net", "rules", "batch", "threads", "ours, ms", "peer, ms", "ratio"),
    *("ours, MB", "peer, MB", "of the limit"),
)

_COMPARED = {"zennit": "the relevance", "torch": "the gradient (compared in float64)"}


def write(report: Report, folder: Path, name: str) -> list[Path]:
    """Write `report` to ``NAME.json`` and ``NAME.md`` in `folder`; returns their paths."""
    texts = {f"{name}.json": json.dumps(report, indent=1) + "\n", f"{name}.md": markdown(report)}
    with staged(folder) as aside:
        for file, text in texts.items():
            (aside / file).write_text(text)
    return [folder / file for file in texts]


def markdown(report: Report) -> str:
    """The tables, with what is needed to read them."""
    peers = list(dict.fromkeys(record["peer"] for record in report["records"]))
    sections = [_machine(report["machine"])]
    for peer in peers:
        mine = [record for record in report["records"] if record["peer"] == peer]
        sections.append(f"{_title(peer, mine)}\n\n{_records(mine)}")
    if report["forward_passes"]:
        sections.append(forward_passes_table(report["forward_passes"]))
    sections.append("What the machine reaches\n\n" + _rates(report["rates"]))
    if report["cold_start"]:
        sections.append("From the start of a process\n\n" + _cold_start(report["cold_start"]))
    return "\n\n".join(sections) + "\n"


def _machine(machine: dict[str, Any]) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in machine["versions"].items())
    return (
        f"{machine['date']}, {machine['processor']}, {machine['cores']} cores, "
        f"{machine['system']}; {versions}. Load when it began: {machine['load']:.1f}. "
        "Medians (quartiles) of alternating calls; ratio = peer / ours; MB: peak memory."
    )


def _title(peer: str, records: Sequence[Record]) -> str:
    weights = " and ".join(dict.fromkeys(record["weights"] for record in records))
    worst = max(record["difference"] for record in records)
    compared = f"{_COMPARED[peer]} differs by at most {worst:.0e}"
    return f"Against {peer}, {weights} weights, float32; {compared}"


def _records(records: Iterable[Record]) -> str:
    rows = [
        (
            record["net"],
            record["rules"],
            str(record["batch"]),
            str(record["threads"]),
            _timing(record["ours_ms"], record["ours_quartiles_ms"]),
            _timing(record["peer_ms"], record["peer_quartiles_ms"]),
            f"{record['ratio']:.2f}",
            f"{record['ours_rss_mb']:.0f}",
            f"{record['peer_rss_mb']:.0f}",
            f"{record['share_of_limit']:.0%}",
        )
        for record in records
    ]
    return _table(_HEADER, rows, left=2)


def forward_passes_table(records: Sequence[Record]) -> str:
    """Explanations of networks from ONNX files, in forward passes of onnxruntime."""
    worst = max(record["difference"] for record in records)
    header = ("net", "rules", "batch", "threads", "explanation, ms", "onnxruntime, ms")
    rows = [
        (
            record["net"],
            record["rules"],
            str(record["batch"]),
            str(record["threads"]),
            _timing(record["ours_ms"], record["ours_quartiles_ms"]),
            _timing(record["forward_ms"], record["forward_quartiles_ms"]),
            f"{record['forward_passes']:.1f}",
            f"{record['ours_rss_mb']:.0f}",
            f"{record['forward_rss_mb']:.0f}",
        )
        for record in records
    ]
    ending = ("forward passes", "ours, MB", "onnxruntime, MB")
    return (
        "Networks from ONNX files: an explanation in forward passes of onnxruntime, float32; "
        f"the outputs differ by at most {worst:.0e}\n\n" + _table((*header, *ending), rows, left=2)
    )


def _timing(median: float, quartiles: Sequence[float]) -> str:
    return f"{_short(median)} ({', '.join(map(_short, quartiles))})"


def _short(ms: float) -> str:
    return f"{ms:.0f}" if ms >= 100 else f"{ms:.1f}"


def _rates(rates: Iterable[dict[str, float]]) -> str:
    rows = [
        (str(r["threads"]), f"{r['sgemm_gflops']:.0f}", f"{r['memory_gb_s']:.1f}") for r in rates
    ]
    return _table(("threads", "sgemm, GFLOP/s", "memory, GB/s"), rows, left=0)


def _cold_start(records: Iterable[Record]) -> str:
    rows = [
        (
            record["net"],
            record["engine"],
            record["cache"],
            f"{record['seconds']:.2f}",
            str(record["runs"]),
        )
        for record in records
    ]
    return _table(("net", "engine", "numba cache", "first explanation, s", "runs"), rows, left=3)


def _table(header: Sequence[str], rows: Iterable[Sequence[str]], left: int) -> str:
    rule = ["---" if index < left else "---:" for index in range(len(header))]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (header, rule, *rows))
