"""The exact test of paired differences, and the interval that goes with it.

Each participant does half of the clips seen and half heard, and which half is which is drawn by
lot. Were seeing and hearing the same, the other draw would have turned the sign of the
participant's difference: so all 2^n signs of n differences were equally likely (Fisher's
randomisation test, with flipped signs). The test counts how many of them make a sum as large as
the one that was observed.

The interval holds all shifts that this test does not reject. Their limits are quantiles of the
means of all subsets of the differences (Hartigan 1969, Journal of the American Statistical
Association 64:1303). Both are counted out, not drawn: differences of counts are whole numbers, and
sums of whole numbers fall on a grid.
"""

from collections import Counter
from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache
from math import lcm

import numpy as np
from numpy.typing import NDArray


def p_value(differences: Sequence[Fraction | int]) -> float:
    """Two-sided: how likely signs at random make a sum at least as far from zero."""
    steps, _ = _on_grid(differences)
    chances = np.ones(1)  # of the sums from -reach to reach
    for step, count in Counter(map(abs, steps)).items():
        if step > 0:
            chances = np.convolve(chances, _of_equal(step, count))
    far, middle = abs(sum(steps)), len(chances) // 2
    if far == 0:
        return 1.0
    return float(min(2 * chances[middle + far :].sum(), 1.0))


def interval(
    differences: Sequence[Fraction | int], level: float = 0.95
) -> tuple[float, float] | None:
    """Which mean differences the test does not reject at 1 - `level`; None if it rejects none.

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


@lru_cache(maxsize=4096)  # planning a study asks for the same ones over and over
def _of_equal(step: int, count: int) -> NDArray[np.float64]:
    """Chances of the sums of `count` times plus or minus `step`, from the lowest to the highest."""
    from scipy.stats import binom

    chances = np.zeros(2 * step * count + 1)
    chances[:: 2 * step] = binom.pmf(np.arange(count + 1), count, 0.5)
    return chances


def _lower_limit(steps: Sequence[int], tail: float) -> float:
    """The smallest mean of a subset up to which there are more than a share `tail` of them.

    The empty subset stands for the signs that were observed: it counts below every other one.
    """
    chances, lowest = _subset_sums(steps)
    sizes, places = np.nonzero(chances)
    means = (places + lowest) / np.where(sizes == 0, 1, sizes)
    means[sizes == 0] = -np.inf
    order = np.argsort(means, kind="stable")
    below = np.cumsum(chances[sizes, places][order])
    return float(means[order][np.argmax(below > tail)])


def _subset_sums(steps: Sequence[int]) -> tuple[NDArray[np.float64], int]:
    """Chance of each size and sum of a random subset, ``(size, sum - lowest)``, and lowest."""
    lowest = sum(step for step in steps if step < 0)
    width = sum(map(abs, steps)) + 1
    chances = np.zeros((len(steps) + 1, width))
    chances[0, -lowest] = 1
    for count, step in enumerate(steps):
        # Only sizes up to count hold anything yet; no sum leaves the range, so roll never wraps.
        held = chances[: count + 1]
        taken = np.roll(held, step, axis=1)
        chances[: count + 1] = held / 2
        chances[1 : count + 2] += taken / 2
    return chances, lowest
