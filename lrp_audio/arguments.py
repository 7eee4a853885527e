"""Checks of arguments that several rooms share: taken where the meaning is plain, else refused.

What is refused is told in one sentence: what was given, and what was expected.
"""

import math
import os
from collections.abc import Sequence
from pathlib import Path
from reprlib import Repr
from typing import Any

from numpy.typing import NDArray

from lrp_audio.errors import AttributionError, LrpAudioError


class _Short(Repr):
    """Cuts what is long; `Repr` finds the method for a type by the type's name."""

    def repr_ndarray(self, array: NDArray[Any], level: int) -> str:
        return f"an array of {array.dtype} of shape {array.shape}" if array.ndim else repr(array)


_SHORT = _Short()
_SHORT.maxstring = _SHORT.maxother = 60
_SHORT.maxlevel = 2


def described(value: object) -> str:
    """`value` on one short line, as a message shows it; of an array only type and shape."""
    return " ".join(_SHORT.repr(value).split())


class OnOneLine:
    """A dataclass, made with ``repr=False``, that shows of its arrays only type and shape."""

    def __repr__(self) -> str:
        shown = (f"{name}={described(value)}" for name, value in vars(self).items())
        return f"{type(self).__name__}({', '.join(shown)})"


def scalar(value: Any) -> object:
    """The plain Python value of an array or tensor without axes; anything else as it is."""
    return value.item() if getattr(value, "shape", None) == () else value


def as_number(value: object) -> int | float | None:
    """The number that `value` is; None for others. A bool is no number here, nor is text."""
    value = scalar(value)
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def as_whole(value: object) -> int | None:
    """The whole number that `value` is, such as ``8000.0`` or ``np.int64(7)``; None for others."""
    number = as_number(value)
    if isinstance(number, float) and not number.is_integer():
        return None
    return None if number is None else int(number)


def whole_number(
    value: object,
    what: str,
    least: int,
    most: int | None = None,
    error: type[LrpAudioError] = LrpAudioError,
) -> int:
    """`value` as an int from `least` to `most`; raises `error`, which names `what` it is, else."""
    number = as_whole(value)
    if number is None or number < least or (most is not None and number > most):
        range_ = f"of at least {least}" if most is None else f"from {least} to {most}"
        raise error(f"{what} is {described(value)}; expected a whole number {range_}.")
    return number


def one_of(value: object, choices: Sequence[str], what: str) -> None:
    """Raise `LrpAudioError` where `value` is none of the `choices`, words for `what`."""
    if not (isinstance(value, str) and value in choices):
        listed = ", ".join(choices[:-1]) + f" or {choices[-1]}"
        raise LrpAudioError(f"There is no {what} {described(value)}: choose {listed}.")


def as_path(value: object, what: str) -> Path:
    """`value` as a path; raises `LrpAudioError`, which says `what` it is for, for another kind."""
    path = os.fspath(value) if isinstance(value, str | os.PathLike) else None
    if not isinstance(path, str) or "\0" in path:
        raise LrpAudioError(f"The path of {what} is {described(value)}; give a str or a Path.")
    return Path(path)


def whole(method: object, **least: int) -> None:
    """Make each named field of `method` an int, or raise `AttributionError` for one below `least`.

    A whole float, such as 40.0, is meant as the number that it is.
    """
    for name, lowest in least.items():
        number = whole_number(getattr(method, name), name, lowest, error=AttributionError)
        object.__setattr__(method, name, number)  # fields are frozen for others


def finite(**values: float) -> None:
    """Raise `AttributionError` for a value that is infinite or no number."""
    for name, value in values.items():
        if not -math.inf < _number(value) < math.inf:
            raise AttributionError(f"{name} is {described(value)}; expected a finite number.")


def above_zero(**values: float) -> None:
    """Raise `AttributionError` for a value that is not a finite number above 0."""
    for name, value in values.items():
        if not 0 < _number(value) < math.inf:
            raise AttributionError(f"{name} is {described(value)}; expected a number above 0.")


def _number(value: object) -> float:
    number = as_number(value)
    return math.nan if number is None else number
