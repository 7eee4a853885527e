"""Which class is explained: by name, by number, or the predicted one; for all clips or each."""

from collections.abc import Sequence
from typing import cast

from lrp_audio.arguments import as_whole, described, scalar
from lrp_audio.errors import TargetError
from lrp_audio.types import Array, Floats

PREDICTED = "predicted"
_DIGITS = 10  # a number of so many digits or more is no class of any model
Target = str | int | None
Targets = Target | Sequence[Target] | Array
"""One class for all clips, or a sequence with one for each; None is `PREDICTED`."""


def class_indices(
    targets: Targets, count: int, classes: Sequence[str], model: str
) -> list[int | None]:
    """The index in `classes` of each of `count` clips' targets; None for the predicted class.

    Raises `TargetError` for a class that `model` does not have, or another number of targets.
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


def chosen(targets: Sequence[int | None], logits: Floats) -> list[int]:
    """The index of each target; of the largest of the sample's `logits` where the target is None.

    `logits` has shape ``(samples, classes)``.
    """
    best = logits.argmax(axis=1)
    return [int(b) if target is None else target for target, b in zip(targets, best, strict=True)]
