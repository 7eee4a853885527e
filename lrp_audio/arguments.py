"""Checks of arguments that the whole package shares.

A value is converted where its meaning is plain. Otherwise one sentence says what was given and
what was expected.
"""

import math
import os
from collections.abc import Sequence
from pathlib import Path
from reprlib import Repr
from typing import Any

from lrp_audio.errors import AttributionError, LrpAudioError
from lrp_audio.regular import possible_path
from lrp_audio.types import Array


class _Short(Repr):
    """Shortens long values; `Repr` finds the method for a type by the type's name."""

    def repr_ndarray(self, array: Array, level: int) -> str:
        return f"an array of {array.dtype} of shape {array.shape}" if array.ndim else repr(array)

    def repr_int(self, number: int, level: int) -> str:
        # Python refuses to write out a number of thousands of digits.
        bits = number.bit_length()
        return super().repr_int(number, level) if bits < 10_000 else f"a number of {bits} bits"


_SHORT = _Short()
_SHORT.maxstring = _SHORT.maxother = 60
_SHORT.maxlevel = _SHORT.maxdict = 2


def described(value: object) -> str:
    """`value` on one short line, for a message; of an array only its type and shape."""
    return " ".join(_SHORT.repr(value).split())


class OnOneLine:
    """A base for dataclasses made with ``repr=False``: shows only type and shape of arrays."""

    def __repr__(self) -> str:
        shown = (f"{name}={described(value)}" for name, value in vars(self).items())
        return f"{type(self).__name__}({', '.join(shown)})"


def scalar(value: Any) -> object:
    """The plain Python value of an array or tensor without axes; anything else unchanged."""
    return value.item() if getattr(value, "shape", None) == () else value


def as_number(value: object) -> int | float | None:
    """`value` if it is a number, else None. Here neither a bool nor text is a number."""
    value = scalar(value)
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def as_whole(value: object) -> int | None:
    """`value` as an int if it is whole, such as ``8000.0`` or ``np.int64(7)``, else None."""
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
    """`value` as an int from `least` to `most`; otherwise raises `error`, which names `what`."""
    number = as_whole(value)
    if number is None or number < least or (most is not None and number > most):
        range_ = f"of at least {least}" if most is None else f"from {least} to {most}"
        raise error(f"{what} is {described(value)}; expected a whole number {range_}.")
    return number


def one_of(value: object, choices: Sequence[str], what: str) -> None:
    """Raise `LrpAudioError` if `value`, a `what`, is not one of the `choices`."""
    if not (isinstance(value, str) and value in choices):
        listed = ", ".join(choices[:-1]) + f" or {choices[-1]}"
        raise LrpAudioError(f"There is no {what} {described(value)}: choose {listed}.")


def as_path(value: object, what: str) -> Path:
    """`value` as a path of `what`; raises `LrpAudioError` if it is neither a str nor a Path."""
    path = os.fspath(value) if isinstance(value, str | os.PathLike) else None
    if not isinstance(path, str) or not possible_path(path):
        raise LrpAudioError(
            f"The path of {what} is {described(value)}; give a path that a file can have, as a str "
            "or a Path."
        )
    return Path(path)


def whole(method: object, **least: int) -> None:
    """Make each named field of `method` an int; raise `AttributionError` for one below `least`.

    A whole float, such as 40.0, is converted.
    """
    for name, lowest in least.items():
        number = whole_number(getattr(method, name), name, lowest, error=AttributionError)
        object.__setattr__(method, name, number)  # the dataclass is frozen


def finite(**values: float) -> None:
    """Raise `AttributionError` for a value that is not a finite number."""
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
