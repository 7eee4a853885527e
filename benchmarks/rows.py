"""The rows of a benchmark: explanations, training steps, and starts of processes."""

import statistics
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.agreement import check_float32, check_float64
from benchmarks.case import inputs_of, network_of, write_case
from benchmarks.comparison import Comparison, Effort, compare, compared, first_answer
from benchmarks.rates import Rates
from benchmarks.roofline import explanation, least_ms
from benchmarks.table import Record
from benchmarks.training_step import BATCH, step_of_training
from lrp_audio.models.zoo import ARCHITECTURES
from lrp_audio.rules.presets import composite

_CHECKED = 2  # samples of the comparison in float64
_STARTS = 9


@dataclass(frozen=True)
class Sweep:
    """What is measured: every combination of these, with shipped or random weights."""

    nets: Sequence[str]
    rules: Sequence[str]
    batches: Sequence[int]
    rates: Sequence[Rates]
    weights: str
    seed: int
    effort: Effort


def explanations(sweep: Sweep, note: Callable[[str], None]) -> Iterator[Record]:
    """A record for each net, rules, number of threads and batch, compared in float64 first."""
    for net in sweep.nets:
        for rules in sweep.rules:
            note(f"{net}, {rules}: comparing results in float64")
            with TemporaryDirectory() as aside:
                folder = _explaining(Path(aside), sweep, net, rules, _CHECKED, "float64")
                compare(folder, sweep.rates[0].threads, check_float64)
            for rates in sweep.rates:
                for batch in sweep.batches:
                    note(f"{net}, {rules}, batch {batch}, {_threads(rates)}")
                    yield _explanation(sweep, net, rules, batch, rates)


def _explanation(sweep: Sweep, net: str, rules: str, batch: int, rates: Rates) -> Record:
    with TemporaryDirectory() as aside:
        folder = _explaining(Path(aside), sweep, net, rules, batch, "float32")
        check = partial(check_float32, rules)
        found = compared(folder, rates.threads, sweep.effort, check)
    network = network_of(net, sweep.weights, sweep.seed)
    preset = composite(rules, ARCHITECTURES[net].front.bounds)
    limit = least_ms(explanation(network, preset, batch), rates)
    row = {"net": net, "rules": rules, "weights": sweep.weights, "batch": batch}
    return record(row, "zennit", rates, found, limit)


def training_steps(sweep: Sweep, note: Callable[[str], None]) -> Iterator[Record]:
    """A record for each net and number of threads; the peer is torch, and weights are random."""
    for net in sweep.nets:
        for rates in sweep.rates:
            note(f"{net}, training step, batch {BATCH}, {_threads(rates)}")
            with TemporaryDirectory() as aside:
                found, limit = step_of_training(Path(aside), net, sweep.seed, rates, sweep.effort)
            row = {"net": net, "rules": "training step", "weights": "random", "batch": BATCH}
            yield record(row, "torch", rates, found, limit)


def cold_starts(sweep: Sweep, note: Callable[[str], None]) -> Iterator[Record]:
    """Seconds from the start of a process to its first explanation, of one clip."""
    threads, rules = sweep.rates[-1].threads, sweep.rules[0]
    for net in sweep.nets:
        note(f"{net}, cold start")
        with TemporaryDirectory() as aside:
            folder = _explaining(Path(aside), sweep, net, rules, 1, "float32")
            cache = {"NUMBA_CACHE_DIR": str(Path(aside) / "cache")}
            empty = [first_answer("ours", folder, threads, cache)]
            first_answer("peer", folder, threads, {})  # both have their files in memory now
            warm, peer = [], []
            for _ in range(sweep.effort.repeats or _STARTS):
                warm.append(first_answer("ours", folder, threads, cache))
                peer.append(first_answer("peer", folder, threads, {}))
        of = {"net": net, "rules": rules, "threads": threads}
        for engine, state, found in (
            ("ours", "empty", empty),
            ("ours", "warm", warm),
            ("zennit", "-", peer),
        ):
            seconds = {"seconds": statistics.median(found), "runs": len(found)}
            yield of | {"engine": engine, "cache": state} | seconds


def _explaining(folder: Path, sweep: Sweep, net: str, rules: str, batch: int, dtype: str) -> Path:
    network = network_of(net, sweep.weights, sweep.seed)
    x = inputs_of(net, sweep.weights, batch, sweep.seed)
    case = folder / "case"
    write_case(case, network, x, net=net, task="explain", rules=rules, dtype=dtype)
    return case


def _threads(rates: Rates) -> str:
    return f"{rates.threads} thread{'s' * (rates.threads > 1)}"


def record(about: Record, peer: str, rates: Rates, found: Comparison, limit_ms: float) -> Record:
    """A row as it is written: `about` names it, `limit_ms` is the least time that it needs."""
    ours, other = found.timings
    return about | {
        "threads": rates.threads,
        "peer": peer,
        "ours_ms": ours.median,
        "peer_ms": other.median,
        "ratio": other.median / ours.median,
        "ours_quartiles_ms": [ours.low, ours.high],
        "peer_quartiles_ms": [other.low, other.high],
        "repeats": found.repeats,
        "ours_rss_mb": found.memory[0],
        "peer_rss_mb": found.memory[1],
        "difference": found.difference,
        "limit_ms": limit_ms,
        "share_of_limit": limit_ms / ours.median,
    }
