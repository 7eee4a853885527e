"""``python -m benchmarks.growth``: time and memory against the size of a batch and of a clip.

Batches of 1 to 256 clips go through both networks, 32 at a time. Clips of 1 to 16 seconds go
through AudioNet's convolutions with an average over time before a last dense layer, because the
published dense stack only takes one second; of these, the memory is measured as well. Writes a
table and a plot.
"""

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from pathlib import Path

import numpy as np

import lrp_audio
from benchmarks.case import inputs_of, network_of
from benchmarks.long_clip import LongClip, memory
from benchmarks.machine import machine
from benchmarks.ours import predicted
from lrp_audio.models.batches import slices
from lrp_audio.models.network import INPUT
from lrp_audio.models.zoo import ARCHITECTURES
from lrp_audio.rules.presets import composite

_RULES = "epsilon-plus"
_MEASURED = ("epsilon", "epsilon-plus", "epsilon-alpha2-beta1")  # rules whose memory is measured
_BATCHES = (1, 2, 4, 8, 16, 32, 64, 128, 256)
_SECONDS = (1, 2, 4, 8, 16)
Points = list[tuple[int, float]]
"""Sizes, and milliseconds."""


def main() -> None:
    """Measure, fit, print, write."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.growth",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results")
    args = parser.parse_args()
    lrp_audio.threads(args.threads)
    measured = {
        f"{net}, clips in a batch": _growth(_BATCHES, partial(_batch, net), args.repeats)
        for net in ARCHITECTURES
    }
    measured["audionet's convolutions, seconds of a clip"] = _growth(
        _SECONDS, _long_clip, args.repeats
    )
    for name, points in measured.items():
        exponent, worst = linearity(points)
        print(f"{name}: time grows as size^{exponent:.2f}; ", end="")
        print(f"at most {worst:.2f} times the largest size's time per unit")
    kept = {rules: [memory(seconds, rules) for seconds in _SECONDS] for rules in _MEASURED}
    for rules, found in kept.items():
        last = found[-1]
        print(
            f"{_SECONDS[-1]} s under {rules}: at most {last.peak:.0f} MB, "
            f"{last.peak / last.outputs:.2f} of the outputs of all layers ({last.outputs:.0f} MB)"
        )
    args.out.mkdir(parents=True, exist_ok=True)
    about = {"machine": machine(), "threads": args.threads, "rules": _RULES, "ms": measured}
    about["memory_mb"] = {rules: [asdict(each) for each in found] for rules, found in kept.items()}
    (args.out / "growth.json").write_text(json.dumps(about, indent=2) + "\n")
    _plot(measured, args.out / "growth.png")


def linearity(points: Points) -> tuple[float, float]:
    """Exponent of growth over the larger half, and the largest time per unit over the last one."""
    sizes, ms = (np.array(column, float) for column in zip(*points, strict=True))
    half = len(sizes) // 2
    exponent = np.polyfit(np.log(sizes[half:]), np.log(ms[half:]), 1)[0]
    each = ms / sizes
    return float(exponent), float(each.max() / each[-1])


def _growth(
    sizes: tuple[int, ...], task: Callable[[int], Callable[[], None]], repeats: int
) -> Points:
    points = []
    for size in sizes:
        run = task(size)
        run()
        times = []
        for _ in range(repeats):
            begun = time.perf_counter()
            run()
            times.append(1000 * (time.perf_counter() - begun))
        points.append((size, statistics.median(times)))
        print(f"{size}: {points[-1][1]:.0f} ms", file=sys.stderr, flush=True)
    return points


def _batch(net: str, size: int) -> Callable[[], None]:
    network, x = network_of(net, "shipped", 0), inputs_of(net, "shipped", size, 0)
    rules = composite(_RULES, ARCHITECTURES[net].front.bounds)

    def run() -> None:
        for batch in slices(size):
            network.propagate(x[batch], predicted, rules).relevance[INPUT]

    return run


def _long_clip(seconds: int) -> Callable[[], None]:
    clip = LongClip(seconds)

    def run() -> None:
        clip.explain(_RULES)

    return run


def _plot(measured: dict[str, Points], path: Path) -> None:
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, len(measured), figsize=(12, 3.6), layout="constrained")
    for axis, (name, points) in zip(axes, measured.items(), strict=True):
        sizes, ms = zip(*points, strict=True)
        axis.plot(sizes, ms, "o-", color="#1f5fa8", label="measured")
        axis.plot(sizes, [ms[-1] / sizes[-1] * s for s in sizes], ":", color="0.4", label="linear")
        axis.set_xscale("log", base=2)
        axis.set_yscale("log", base=2)
        axis.set_xlabel(name)
        axis.set_ylabel("ms")
        axis.grid(alpha=0.3)
    axes[0].legend()
    figure.savefig(path, dpi=110)


if __name__ == "__main__":
    main()
