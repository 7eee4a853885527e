"""How far float32 is from float64 in the relevance of the input, clip by clip, and why.

    python -m benchmarks.precision --data DIR

For each shipped network and composite: quantiles over clips of ``max|R32 - R64| / max|R64|``, the
share of clips above 1e-5, and how many of these, and of the others, have a max-pool in which
another value wins. Only winners above 0 count: no relevance comes from windows without one.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np

import lrp_audio
from lrp_audio.data.corpus import find_recordings
from lrp_audio.layers import MaxPool1D, MaxPool2D
from lrp_audio.model import Model
from lrp_audio.models.zoo import shipped

COMPOSITES = ("epsilon", "epsilon-plus", "epsilon-alpha2-beta1")
BOUND = 1e-5


def main() -> None:
    """Print a line for each network and composite."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="a folder of recordings")
    parser.add_argument("--clips", type=int, default=100, help="evenly drawn (default 100)")
    options = parser.parse_args()
    recordings = sorted(recording.path for recording in find_recordings([options.data]))
    places = np.linspace(0, len(recordings) - 1, min(options.clips, len(recordings)))
    clips = [recordings[place] for place in places.astype(int)]
    print(
        "| network | rules | median | 90 % | worst | above 1e-5 "
        "| other winners: above 1e-5 | at or below |"
    )
    print("| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    for name in sorted(shipped()):
        fast, exact = (lrp_audio.load(name, dtype=dtype) for dtype in ("float32", "float64"))
        parted = np.array([_other_winners(fast, exact, clip) for clip in clips])
        for rules in COMPOSITES:
            found = np.array([_distance(fast, exact, clip, rules) for clip in clips])
            above = found > BOUND
            median, high, worst = np.quantile(found, [0.5, 0.9, 1])
            print(
                f"| {name} | `{rules}` | {median:.1e} | {high:.1e} | {worst:.1e} "
                f"| {above.mean():.0%} | {(parted & above).sum()} of {above.sum()} "
                f"| {(parted & ~above).sum()} of {(~above).sum()} |",
                flush=True,
            )


def _distance(fast: Model, exact: Model, clip: Path, rules: str) -> float:
    target = exact.classify(clip)
    near, truth = (model.explain(clip, target, rules).relevance for model in (fast, exact))
    return float(np.abs(near - truth).max() / np.abs(truth).max())


def _other_winners(fast: Model, exact: Model, clip: Path) -> bool:
    """Whether any max-pool has another winner above 0 in float32 than in float64."""
    pairs = zip(_winners(fast, clip), _winners(exact, clip), strict=True)
    return any(not np.array_equal(near, truth) for near, truth in pairs)


def _winners(model: Model, clip: Path) -> Iterator[np.ndarray]:
    network = model.network
    kept = network.activations(model.inputs([clip]))
    for node in network.nodes:
        if isinstance(node.layer, MaxPool1D | MaxPool2D):
            x, y = kept[node.sources[0]], kept[node.name]
            yield node.layer.gradient(x, y, (y > 0).astype(x.dtype)) != 0


if __name__ == "__main__":
    main()
