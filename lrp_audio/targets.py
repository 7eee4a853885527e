"""Which class is explained: a name, a number, or the predicted one; one for all clips or each."""

from collections.abc import Sequence
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from lrp_audio.arguments import as_whole, described, scalar
from lrp_audio.errors import TargetError

PREDICTED = "predicted"
_DIGITS = 10  # of a longer number no class has that many before it
Target = str | int | None
Targets = Target | Sequence[Target] | NDArray[Any]
"""One class for all clips, or a sequence with one for each; None is `PREDICTED`."""


def class_indices(
    targets: Targets, count: int, classes: Sequence[str], model: str
) -> list[int | None]:
    """Index among `classes` of the target of each of `count` clips, None for the predicted class.

    Raises `TargetError` for a class that `model` does not know, or another number of targets.
    """
    if not (isinstance(targets, list | tuple | range) or getattr(targets, "shape", None)):
        return [_index(targets, classes, model)] * count
    each = list(cast(Sequence[Target], targets))
    if len(each) != count:
        raise TargetError(
            f"{len(each)} targets were given for {count} clip{'s' * (count != 1)}: give one for "
            "each clip, or a single class for all."
        )
    return [_index(target, classes, model) for target in each]


def _index(target: object, classes: Sequence[str], model: str) -> int | None:
    target = scalar(target)
    if target is None or target == PREDICTED:
        return None
    if isinstance(target, str) and target in classes:
        return classes.index(target)
    digits = isinstance(target, str) and target.isdecimal() and len(target) < _DIGITS
    number = int(str(target)) if digits else as_whole(target)
    if number is not None and 0 <= number < len(classes):
        return number
    raise TargetError(
        f"The model {model} has no class {described(target)}; choose {PREDICTED}, one of "
        f"{', '.join(classes)}, or a number from 0 to {len(classes) - 1}."
    )


def chosen(targets: Sequence[int | None], logits: NDArray[np.floating]) -> list[int]:
    """The index of each target, with the class of the largest of its `logits` where it is None."""
    best = logits.argmax(axis=1)
    return [int(b) if target is None else target for target, b in zip(targets, best, strict=True)]


def softmax(logits: NDArray[Any]) -> NDArray[np.float64]:
    """Probabilities ``(..., classes)`` of `logits`, in float64."""
    powers = np.exp(logits.astype(np.float64) - logits.max(axis=-1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True))
