"""The parts of a run: rows of explanations, rows of training steps, starts of processes."""

import statistics
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.agreement import check_float32, check_float64
from benchmarks.case import inputs_of, lay_down, network_of
from benchmarks.comparison import Effort, Outcome, compare, compared, first_answer
from benchmarks.rates import Rates
from benchmarks.roofline import explanation, least_ms
from benchmarks.training_step import BATCH, step_of_training
from lrp_audio.models.zoo import ARCHITECTURES
from lrp_audio.rules.presets import composite

Record = dict[str, Any]
_CHECKED = 2  # samples of the comparison in float64
_STARTS = 5


@dataclass(frozen=True)
class Plan:
    """What is measured: every combination of these, with weights from `seed` or shipped ones."""

    nets: Sequence[str]
    rules: Sequence[str]
    batches: Sequence[int]
    rates: Sequence[Rates]
    weights: str
    seed: int
    effort: Effort


def explanations(plan: Plan, tell: Callable[[str], None]) -> Iterator[Record]:
    """A record for each net, rules, number of threads and batch, compared in float64 first."""
    for net in plan.nets:
        for rules in plan.rules:
            tell(f"{net}, {rules}: comparing results in float64")
            with TemporaryDirectory() as aside:
                folder = _explaining(Path(aside), plan, net, rules, _CHECKED, "float64")
                compare(folder, plan.rates[0].threads, check_float64)
            for rates in plan.rates:
                for batch in plan.batches:
                    tell(f"{net}, {rules}, batch {batch}, {_threads(rates)}")
                    yield _explanation(plan, net, rules, batch, rates)


def _explanation(plan: Plan, net: str, rules: str, batch: int, rates: Rates) -> Record:
    with TemporaryDirectory() as aside:
        folder = _explaining(Path(aside), plan, net, rules, batch, "float32")
        check = partial(check_float32, rules)
        outcome = compared(folder, rates.threads, plan.effort, check)
    network = network_of(net, plan.weights, plan.seed)
    preset = composite(rules, ARCHITECTURES[net].front.bounds)
    limit = least_ms(explanation(network, preset, batch), rates)
    row = {"net": net, "rules": rules, "weights": plan.weights, "batch": batch}
    return record(row, "zennit", rates, outcome, limit)


def training_steps(plan: Plan, tell: Callable[[str], None]) -> Iterator[Record]:
    """A record for each net and number of threads; torch is the peer, and the weights random."""
    for net in plan.nets:
        for rates in plan.rates:
            tell(f"{net}, training step, batch {BATCH}, {_threads(rates)}")
            with TemporaryDirectory() as aside:
                outcome, limit = step_of_training(Path(aside), net, plan.seed, rates, plan.effort)
            row = {"net": net, "rules": "training step", "weights": "random", "batch": BATCH}
            yield record(row, "torch", rates, outcome, limit)


def cold_starts(plan: Plan, tell: Callable[[str], None]) -> Iterator[Record]:
    """Seconds from the start of a process to its first explanation, of one clip."""
    threads, rules = plan.rates[-1].threads, plan.rules[0]
    for net in plan.nets:
        tell(f"{net}, cold start")
        with TemporaryDirectory() as aside:
            folder = _explaining(Path(aside), plan, net, rules, 1, "float32")
            cache = {"NUMBA_CACHE_DIR": str(Path(aside) / "cache")}
            empty = [first_answer("ours", folder, threads, cache)]
            first_answer("peer", folder, threads, {})  # both have their files in memory now
            warm, peer = [], []
            for _ in range(plan.effort.repeats or _STARTS):
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


def _explaining(folder: Path, plan: Plan, net: str, rules: str, batch: int, dtype: str) -> Path:
    network = network_of(net, plan.weights, plan.seed)
    x = inputs_of(net, plan.weights, batch, plan.seed)
    case = folder / "case"
    lay_down(case, network, x, net=net, task="explain", rules=rules, dtype=dtype)
    return case


def _threads(rates: Rates) -> str:
    return f"{rates.threads} thread{'s' * (rates.threads > 1)}"


def record(about: Record, peer: str, rates: Rates, outcome: Outcome, limit_ms: float) -> Record:
    """What is written of a row: `about` names it, `limit_ms` is the least that it needs."""
    ours, other = outcome.timings
    return about | {
        "threads": rates.threads,
        "peer": peer,
        "ours_ms": ours.median,
        "peer_ms": other.median,
        "ratio": other.median / ours.median,
        "ours_quartiles_ms": [ours.low, ours.high],
        "peer_quartiles_ms": [other.low, other.high],
        "repeats": outcome.repeats,
        "ours_rss_mb": outcome.memory[0],
        "peer_rss_mb": outcome.memory[1],
        "difference": outcome.difference,
        "limit_ms": limit_ms,
        "share_of_limit": limit_ms / ours.median,
    }
