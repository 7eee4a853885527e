"""KernelSHAP on segments."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from math import comb
from typing import ClassVar

import numpy as np

from lrp_audio.arguments import whole
from lrp_audio.attributions.base import generator
from lrp_audio.attributions.perturbation import Doubles, MaskedSample, SegmentAttribution
from lrp_audio.errors import AttributionError
from lrp_audio.kernels.blas import single_threaded_blas


@dataclass(frozen=True)
class KernelShap(SegmentAttribution):
    """Shapley values: what a segment adds to the logit, averaged over all orders of arrival.

    They solve a weighted least-squares problem over all coalitions of segments, with the constraint
    that they add up to what all segments add together. At most `samples` coalitions of M segments
    are evaluated, besides the empty one and the full one; from ``2^M - 2`` on the values are exact.
    Below, sizes of which every coalition would be expected among the draws are enumerated; of the
    other sizes coalitions are drawn, each together with its complement.
    """

    samples: int = 256
    seed: int = 0
    name: ClassVar[str] = "kernel-shap"
    formula: ClassVar[str] = (
        "R = argmin_b sum_z k(z) (f(x_z) - f(x') - b z)^2, sum_s b_s = f(x) - f(x'), "
        "k(z) = (M - 1) / (C(M, n) n (M - n)), n = sum_s z_s"
    )
    source: ClassVar[str] = "Lundberg & Lee 2017, theorem 2"

    def __post_init__(self) -> None:
        super().__post_init__()
        whole(self, samples=2, seed=0)

    def scores(self, masked: MaskedSample) -> Doubles:
        """At most `samples` forward passes, and two for the empty and the full coalition."""
        if self.samples < masked.count:
            raise AttributionError(
                f"{self.samples} samples cannot tell {masked.count} segments apart; take at least "
                "as many samples as segments, better ten times as many."
            )
        rng = generator(self.seed, masked.sample)
        present, weights = coalitions(masked.count, self.samples, rng)
        ends = np.outer([0, 1], np.ones(masked.count))
        empty, full, *logits = masked.logits(np.vstack([ends, present]))
        return efficient_regression(present, np.array(logits) - empty, weights, full - empty)


@single_threaded_blas()
def efficient_regression(z: Doubles, y: Doubles, weights: Doubles, total: float) -> Doubles:
    """Coefficients ``(columns,)`` of `y` ``(n,)`` on `z` ``(n, columns)`` that add up to `total`.

    Weighted least squares with `weights` ``(n,)``. Equal shares of the total meet the constraint.
    What remains to be added to them sums to 0, so each row is centred.
    """
    share = total / z.shape[1]
    rest = y - share * z.sum(axis=1)
    z = z - z.mean(axis=1, keepdims=True)
    root = np.sqrt(weights)
    return np.asarray(share + np.linalg.lstsq(root[:, None] * z, root * rest, rcond=None)[0])


def coalitions(count: int, samples: int, rng: np.random.Generator) -> tuple[Doubles, Doubles]:
    """At most `samples` coalitions ``(n, count)`` of 0 and 1, and their weights ``(n,)``.

    Neither the empty nor the full coalition is among them. The weights of each size add up, exactly
    or in expectation, to those of the Shapley kernel.
    """
    # Weight of all coalitions of a size together.
    mass = {size: (count - 1) / (size * (count - size)) for size in range(1, count)}
    pairs = [{size, count - size} for size in range(1, count // 2 + 1)]
    rows, weights = [np.zeros((0, count))], [np.zeros(0)]
    left = samples
    while pairs:
        number = sum(comb(count, size) for size in pairs[0])
        waiting = sum(mass[size] for pair in pairs for size in pair)
        if left * sum(mass[size] for size in pairs[0]) < number * waiting:
            break  # fewer draws than coalitions are expected
        for size in pairs.pop(0):
            rows.append(np.array(list(_of_size(count, size))))
            weights.append(np.full(len(rows[-1]), mass[size] / comb(count, size)))
        left -= number
    if pairs and left > 1:
        sizes = np.array(sorted(size for pair in pairs for size in pair))
        masses = np.array([mass[size] for size in sizes])
        drawn = rng.choice(sizes, left // 2, p=masses / masses.sum())
        ranks = rng.permuted(np.tile(np.arange(count), (len(drawn), 1)), axis=1)
        chosen = (ranks < drawn[:, None]).astype(float)
        rows += [chosen, 1 - chosen]
        weights.append(np.full(2 * len(drawn), masses.sum() / (2 * len(drawn))))
    return np.vstack(rows), np.concatenate(weights)


def _of_size(count: int, size: int) -> Iterator[Doubles]:
    for members in combinations(range(count), size):
        row = np.zeros(count)
        row[list(members)] = 1
        yield row
