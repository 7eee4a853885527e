"""The exact test of paired differences, and the interval that goes with it.

Each participant sees half of the clips and hears the other half, and which half is which is drawn
at random. If seeing and hearing made no difference, the other draw would have flipped the sign of
the participant's difference: all 2^n signs of n differences are then equally likely (Fisher's
randomisation test, with flipped signs). The test counts how many of them make a sum at least as
large as the observed one.

The interval holds all shifts that this test does not reject. Its limits are quantiles of the means
of all subsets of the differences (Hartigan 1969, Journal of the American Statistical Association
64:1303). Both are counted in full, not sampled: differences of counts are whole numbers, and sums
of whole numbers fall on a grid.
"""

from collections import Counter
from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache
from math import lcm

import numpy as np
from numpy.typing import NDArray


def p_value(differences: Sequence[Fraction | int]) -> float:
    """Two-sided: the probability that random signs make a sum at least as far from zero."""
    steps, _ = _on_grid(differences)
    probabilities = np.ones(1)  # of the sums from -reach to reach
    for step, count in Counter(map(abs, steps)).items():
        if step > 0:
            probabilities = np.convolve(probabilities, _of_equal(step, count))
    far, middle = abs(sum(steps)), len(probabilities) // 2
    if far == 0:
        return 1.0
    return float(min(2 * probabilities[middle + far :].sum(), 1.0))


def interval(
    differences: Sequence[Fraction | int], level: float = 0.95
) -> tuple[float, float] | None:
    """The mean differences that the test does not reject at 1 - `level`; None if it rejects none.

    With five participants or fewer, no difference however large is rejected at 5 %.
    """
    steps, grid = _on_grid(differences)
    tail = (1 - level) / 2
    if 0.5 ** len(steps) > tail:
        return None
    low = _lower_limit(steps, tail)
    high = -_lower_limit([-step for step in steps], tail)
    return low / grid, high / grid


def _on_grid(differences: Sequence[Fraction | int]) -> tuple[list[int], int]:
    """`differences` as multiples of ``1 / grid``, and the grid."""
    grid = lcm(*(d.denominator for d in differences))
    return [d.numerator * (grid // d.denominator) for d in differences], grid


@lru_cache(maxsize=4096)  # the same ones recur when a study is planned
def _of_equal(step: int, count: int) -> NDArray[np.float64]:
    """Probabilities of the sums of `count` terms of plus or minus `step`, the lowest sum first."""
    from scipy.stats import binom

    probabilities = np.zeros(2 * step * count + 1)
    probabilities[:: 2 * step] = binom.pmf(np.arange(count + 1), count, 0.5)
    return probabilities


def _lower_limit(steps: Sequence[int], tail: float) -> float:
    """The smallest mean that more than a share `tail` of the subsets do not exceed.

    The empty subset stands for the observed signs: it counts below every other one.
    """
    probabilities, lowest = _subset_sums(steps)
    sizes, places = np.nonzero(probabilities)
    means = (places + lowest) / np.where(sizes == 0, 1, sizes)
    means[sizes == 0] = -np.inf
    order = np.argsort(means, kind="stable")
    below = np.cumsum(probabilities[sizes, places][order])
    return float(means[order][np.argmax(below > tail)])


def _subset_sums(steps: Sequence[int]) -> tuple[NDArray[np.float64], int]:
    """Probability of each size and sum of a random subset, ``(size, sum - lowest)``; and lowest."""
    lowest = sum(step for step in steps if step < 0)
    width = sum(map(abs, steps)) + 1
    probabilities = np.zeros((len(steps) + 1, width))
    probabilities[0, -lowest] = 1
    for count, step in enumerate(steps):
        # Only sizes up to count hold anything yet; no sum leaves the range, so roll never wraps.
        held = probabilities[: count + 1]
        taken = np.roll(held, step, axis=1)
        probabilities[: count + 1] = held / 2
        probabilities[1 : count + 2] += taken / 2
    return probabilities, lowest
