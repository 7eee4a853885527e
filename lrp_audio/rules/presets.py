"""The composites of the literature under their usual names."""

from collections.abc import Callable

from lrp_audio.errors import RuleError
from lrp_audio.rules.alpha_beta import AlphaBeta, ZPlus
from lrp_audio.rules.base import LinearRule
from lrp_audio.rules.box import Box
from lrp_audio.rules.composite import Composite, as_composite
from lrp_audio.rules.epsilon import LRP0, Epsilon
from lrp_audio.rules.gamma import GeneralisedGamma
from lrp_audio.rules.input_independent import Flat, WSquare

Bounds = tuple[float, float]
"""Least and largest value that a model's input can take."""


def _preset(
    name: str,
    convolution: LinearRule,
    dense: LinearRule,
    first: Callable[[Bounds], LinearRule] | None = None,
) -> Callable[[Bounds], Composite]:
    kinds = {"convolution": convolution, "dense": dense}
    return lambda bounds: Composite(name, kinds, first=None if first is None else first(bounds))


_LINEAR = ("convolution", "dense", "batch-norm", "affine", "sum", "average-pool")
_EPSILON, _ALPHA2_BETA1 = Epsilon(1e-6), AlphaBeta(2, 1)

PRESETS: dict[str, Callable[[Bounds], Composite]] = {
    "lrp-0": lambda _: Composite("lrp-0", dict.fromkeys(_LINEAR, LRP0())),
    "epsilon": _preset("epsilon", _EPSILON, _EPSILON),
    "epsilon-plus": _preset("epsilon-plus", ZPlus(), _EPSILON),
    "epsilon-plus-flat": _preset("epsilon-plus-flat", ZPlus(), _EPSILON, lambda _: Flat()),
    "epsilon-plus-box": _preset("epsilon-plus-box", ZPlus(), _EPSILON, lambda bounds: Box(*bounds)),
    "epsilon-alpha2-beta1": _preset("epsilon-alpha2-beta1", _ALPHA2_BETA1, _EPSILON),
    "epsilon-alpha2-beta1-flat": _preset(
        "epsilon-alpha2-beta1-flat", _ALPHA2_BETA1, _EPSILON, lambda _: Flat()
    ),
    "epsilon-alpha2-beta1-box": _preset(
        "epsilon-alpha2-beta1-box", _ALPHA2_BETA1, _EPSILON, lambda bounds: Box(*bounds)
    ),
    "epsilon-gamma-box": _preset(
        "epsilon-gamma-box", GeneralisedGamma(0.25), _EPSILON, lambda bounds: Box(*bounds)
    ),
    "excitation-backprop": _preset("excitation-backprop", ZPlus(), ZPlus()),
    "deep-taylor-box": _preset("deep-taylor-box", ZPlus(), ZPlus(), lambda bounds: Box(*bounds)),
    "deep-taylor-w2": _preset("deep-taylor-w2", ZPlus(), ZPlus(), lambda _: WSquare()),
}
"""Composites by name, each as a function of the bounds of the model's input (for the zB rule)."""


def composite(rules: str | Composite, bounds: Bounds) -> Composite:
    """The composite of that name for inputs within `bounds`, or `rules` itself if it is one.

    Raises `RuleError` for another name or kind.
    """
    if not isinstance(rules, str):
        return as_composite(rules)
    if rules not in PRESETS:
        raise RuleError(f"There are no rules {rules!r}; choose one of {', '.join(PRESETS)}.")
    return PRESETS[rules](bounds)
