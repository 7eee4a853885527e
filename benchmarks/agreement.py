"""Whether two peers compute the same result, checked before anything is timed.

In float64 both must agree closely: that shows the same weights, inputs and rules. In float32, the
arithmetic that is timed, rounding is multiplied by the condition of the rule: the epsilon rule
divides by z even where z is close to zero, and a max-pool may choose another of two almost equal
winners. So the median over the samples is compared there, with a wider limit for the epsilon rule.
"""

import numpy as np
from numpy.typing import NDArray

from lrp_audio.types import Array

Results = dict[str, Array]

FLOAT64_LIMIT = 1e-9
FLOAT32_LIMIT = 1e-3
FLOAT32_LIMIT_OF_EPSILON = 1e-2
OUTPUT_LIMIT = 1e-4


class DisagreementError(RuntimeError):
    """The peers do not compute the same, so that their times cannot be compared."""


def apart(ours: Array, theirs: Array) -> NDArray[np.float64]:
    """Relative L1 difference of each sample; infinite where a value is not finite."""
    a, b = (array.reshape(len(array), -1).astype(np.float64) for array in (ours, theirs))
    if not (np.isfinite(a).all() and np.isfinite(b).all()):
        return np.full(len(a), np.inf)
    difference, scale = np.abs(a - b).sum(axis=1), np.abs(b).sum(axis=1)
    where_zero = np.where(difference > 0, np.inf, 0.0)
    return np.asarray(np.divide(difference, scale, out=where_zero, where=scale > 0))


def check_float64(ours: Results, theirs: Results) -> float:
    """The worst difference of a sample's relevance, computed in float64."""
    return _within(float(apart(ours["relevance"], theirs["relevance"]).max()), FLOAT64_LIMIT)


def check_float32(rules: str, ours: Results, theirs: Results) -> float:
    """The median over samples of the difference of the relevance under `rules`."""
    limit = FLOAT32_LIMIT_OF_EPSILON if rules == "epsilon" else FLOAT32_LIMIT
    return _within(float(np.median(apart(ours["relevance"], theirs["relevance"]))), limit)


def check_step(ours: Results, theirs: Results) -> float:
    """The worst relative L1 difference, in float64, of the loss or a parameter's share of gradient.

    Clipping scales the whole gradient, and only one peer returns it clipped; shares are the same.
    """
    worst = [abs(float(ours["loss"]) / float(theirs["loss"]) - 1)]
    mine, other = _shares(ours), _shares(theirs)
    worst += [float(apart(mine[name][None], other[name][None])[0]) for name in mine]
    return _within(max(worst), FLOAT64_LIMIT)


def check_output(ours: Results, theirs: Results) -> float:
    """The worst difference of a sample's outputs, computed in float32."""
    return _within(float(apart(ours["output"], theirs["output"]).max()), OUTPUT_LIMIT)


def _shares(results: Results) -> Results:
    gradients = {name: g.astype(np.float64) for name, g in results.items() if name != "loss"}
    norm = np.sqrt(sum(float(np.vdot(g, g)) for g in gradients.values()))
    return {name: g / norm for name, g in gradients.items()}


def _within(difference: float, limit: float) -> float:
    if not difference <= limit:
        raise DisagreementError(
            f"The results differ by {difference:.1e} (relative, L1), more than {limit:g}: these "
            "are not the same computation, and are not timed."
        )
    return difference
