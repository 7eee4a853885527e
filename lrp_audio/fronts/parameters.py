"""Checks of the parameters of front ends, which come from a file or from a user's code.

Each check replaces a field by its plain value or raises `FrontError` with one sentence.
"""

import math
from collections.abc import Sequence
from typing import Any

from lrp_audio.arguments import as_number, described, scalar, whole_number
from lrp_audio.audio.files import MAX_CHANNELS, MAX_RATE, MIN_RATE
from lrp_audio.errors import FrontError
from lrp_audio.fronts.fitting import MOST_VALUES

# A file that declares a front end must not be able to fill the memory.
_MOST = {"n_mels": 1024, "n_mfcc": 1024, "frames": 1_000_000, "channels": MAX_CHANNELS}
_MOST_POINTS = 65536
_LONGEST = 3600  # seconds

Scale = float | str
Statistic = float | tuple[float, ...]


def whole(front: object, *, optional: bool = False, **least: int) -> None:
    """Make each named field an int from `least` to a most that keeps memory within bounds.

    None is taken where it is `optional`.
    """
    for name, lowest in least.items():
        value = getattr(front, name)
        if not (optional and value is None):
            most = _MOST.get(name, _MOST_POINTS)
            _set(front, name, whole_number(value, name, lowest, most, error=FrontError))


def rate_and_length(front: object, shortest: int = 1) -> None:
    """Check the fields ``rate`` in Hz and ``length`` in samples; the latter may be None."""
    _set(front, "rate", whole_number(_of(front, "rate"), "rate", MIN_RATE, MAX_RATE, FrontError))
    length = _of(front, "length")
    if length is not None:
        most = _LONGEST * _of(front, "rate")
        _set(front, "length", whole_number(length, "length", shortest, most, FrontError))


def number(front: object, name: str, low: float, high: float = math.inf) -> float:
    """Make the named field a float from `low` to `high`, and return it."""
    value = as_number(getattr(front, name))
    if value is None or not low <= value <= high:
        between = f"of at least {low:g}" if high == math.inf else f"from {low:g} to {high:g}"
        raise FrontError(
            f"{name} is {described(getattr(front, name))}; expected a number {between}."
        )
    _set(front, name, float(value))
    return float(value)


def finite(front: object, name: str) -> None:
    """Make the named field a finite float."""
    value = as_number(getattr(front, name))
    if value is None or not math.isfinite(value):
        raise FrontError(f"{name} is {described(getattr(front, name))}; expected a finite number.")
    _set(front, name, float(value))


def choice(front: object, **choices: Sequence[str]) -> None:
    """Check that each named field is one of its `choices`."""
    for name, words in choices.items():
        value = getattr(front, name)
        if not (isinstance(value, str) and value in words):
            listed = ", ".join(words[:-1]) + f" or {words[-1]}"
            raise FrontError(f"{name} is {described(value)}; expected {listed}.")


def flag(front: object, name: str) -> None:
    """Check that the named field is true or false."""
    if not isinstance(getattr(front, name), bool):
        raise FrontError(f"{name} is {described(getattr(front, name))}; expected true or false.")


def channels(front: object) -> None:
    """Check the field ``channels``; several need a ``channel_axis``."""
    whole(front, channels=1)
    if _of(front, "channels") > 1 and _of(front, "channel_axis") == "none":
        raise FrontError(
            f"channels is {_of(front, 'channels')} and channel_axis none; expected first or last "
            "where a network takes several channels."
        )


def scale(front: object) -> None:
    """Check the field ``scale``: what full scale becomes, or ``peak`` for the clip's own peak."""
    value = _of(front, "scale")
    if value == "peak":
        return
    given = as_number(value)
    if given is None or not 0 < given < math.inf:
        raise FrontError(
            f"scale is {described(value)}; expected what a full-scale sample becomes, such as 1 or "
            "32768, or peak."
        )
    _set(front, "scale", float(given))


def statistic(front: object, name: str, count: int | None, above_zero: bool = False) -> None:
    """Make the named field a float, or a tuple of one float for each of `count` rows."""
    value = scalar(getattr(front, name))
    many = not isinstance(value, str) and hasattr(value, "__len__")
    given = [as_number(each) for each in value] if many else [as_number(value)]  # type: ignore[attr-defined]
    numbers = [each for each in given if each is not None and math.isfinite(each)]
    if len(numbers) < len(given) or (above_zero and min(numbers, default=0) <= 0):
        kind = "numbers above 0" if above_zero else "finite numbers"
        raise FrontError(f"{name} is {described(value)}; expected {kind}.")
    if many and len(numbers) != count:
        wanted = "one number" if count is None else f"one number or one for each of {count} rows"
        raise FrontError(f"{name} holds {len(numbers)} numbers; expected {wanted}.")
    _set(front, name, tuple(map(float, numbers)) if many else float(numbers[0]))


def normalisation(front: object, rows: int | None) -> None:
    """Check mean, deviation, epsilon and ddof; the first two are for ``fixed`` alone.

    There may be one for each of `rows`, if given.
    """
    statistic(front, "mean", rows)
    statistic(front, "deviation", rows, above_zero=True)
    number(front, "epsilon", 0.0)
    whole(front, ddof=0)
    kind, mean, deviation = (getattr(front, n) for n in ("normalisation", "mean", "deviation"))
    if kind != "fixed" and (mean, deviation) != (0.0, 1.0):
        raise FrontError(
            f"mean and deviation are declared, but normalisation is {kind}: take fixed, or leave "
            "them out."
        )


def within_memory(values: int) -> None:
    """Check that an input, or the transform behind it, has no more `values` than memory holds."""
    if values > MOST_VALUES:
        raise FrontError(
            f"This front end makes {values:,} values of a clip; expected at most {MOST_VALUES:,}: "
            "give a shorter length, or a longer hop_length."
        )


def _of(front: object, name: str) -> Any:
    return getattr(front, name)


def _set(front: object, name: str, value: object) -> None:
    object.__setattr__(front, name, value)  # fields are frozen for others
