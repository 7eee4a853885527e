"""How far float32 is from float64 in the relevance of the input, clip by clip, and why.

    python -m benchmarks.precision --data DIR

For each shipped network and composite: quantiles over clips of ``max|R32 - R64| / max|R64|`` and
the share of clips above 1e-5. The last column repeats these clips in float64, but with the winners
that float32 finds in the max-pools, and counts how many are above 1e-5 by that alone.
"""

import argparse
from pathlib import Path

import numpy as np

import lrp_audio
from lrp_audio.data.corpus import find_recordings
from lrp_audio.layers.max_pool import MaxPool
from lrp_audio.model import Model
from lrp_audio.models.zoo import shipped
from lrp_audio.rules.presets import composite

COMPOSITES = ("epsilon", "epsilon-plus", "epsilon-alpha2-beta1")
BOUND = 1e-5


def main() -> None:
    """Print a line for each network and composite."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="a folder of recordings")
    parser.add_argument("--clips", type=int, default=100, help="evenly drawn (default 100)")
    options = parser.parse_args()
    recordings = sorted(recording.path for recording in find_recordings([options.data]))
    places = np.linspace(0, len(recordings) - 1, min(options.clips, len(recordings)))
    clips = [recordings[place] for place in places.astype(int)]
    print("| network | rules | median | 90 % | worst | above 1e-5 | by other winners |")
    print("| --- | --- | ---: | ---: | ---: | ---: | ---: |")
    for name in sorted(shipped()):
        fast, exact = (lrp_audio.load(name, dtype=dtype) for dtype in ("float32", "float64"))
        for rules in COMPOSITES:
            found = np.array([_distances(fast, exact, clip, rules) for clip in clips])
            above = found[:, 0] > BOUND
            median, high, worst = np.quantile(found[:, 0], [0.5, 0.9, 1])
            print(
                f"| {name} | `{rules}` | {median:.1e} | {high:.1e} | {worst:.1e} "
                f"| {above.mean():.0%} | {(found[above, 1] > BOUND).sum()} of {above.sum()} |",
                flush=True,
            )


def _distances(fast: Model, exact: Model, clip: Path, rules: str) -> tuple[float, float]:
    """That of float32 and, where it is above the bound, of float64 with float32's winners."""
    target = exact.classify(clip)
    near, truth = (model.explain(clip, target, rules).relevance for model in (fast, exact))
    distance = _distance(near, truth)
    if distance <= BOUND:
        return distance, 0.0
    return distance, _distance(_with_winners_of(fast, exact, clip, rules, target), truth)


def _distance(near: np.ndarray, truth: np.ndarray) -> float:
    return float(np.abs(near - truth).max() / np.abs(truth).max())


def _with_winners_of(fast: Model, exact: Model, clip: Path, rules: str, target: int) -> np.ndarray:
    """Relevance in float64 where max-pools see what float32 computed; for chains of layers."""
    network = exact.network
    computed = fast.network.activations(fast.inputs([clip]))
    true = network.activations(exact.inputs([clip]))
    relevance = np.zeros_like(true[network.output])
    relevance[0, target] = true[network.output][0, target]
    assigned = network.assign(composite(rules, exact.front.bounds))
    for node, assignment in zip(reversed(network.nodes), reversed(assigned), strict=True):
        seen = computed if isinstance(node.layer, MaxPool) else true
        x, y = seen[node.sources[0]], seen[node.name]
        relevance = node.layer.relevance(x, y, relevance, assignment.rule).relevance
    return relevance[0, 0]


if __name__ == "__main__":
    main()
