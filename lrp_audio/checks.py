"""Checks of numbers that a user gives as parameters of a method."""

import numpy as np

from lrp_audio.errors import AttributionError


def at_least(least: int, **values: int) -> None:
    """Raise `AttributionError` for a value below `least`, or one that is no whole number."""
    for name, value in values.items():
        if not (isinstance(value, int | np.integer) and value >= least):
            raise AttributionError(
                f"{name} is {value!r}; expected a whole number of at least {least}."
            )


def finite(**values: float) -> None:
    """Raise `AttributionError` for a value that is infinite or no number."""
    for name, value in values.items():
        if not np.isfinite(value):
            raise AttributionError(f"{name} is {value!r}; expected a finite number.")


def above_zero(**values: float) -> None:
    """Raise `AttributionError` for a value that is not a finite number above 0."""
    for name, value in values.items():
        if not (np.isfinite(value) and value > 0):
            raise AttributionError(f"{name} is {value!r}; expected a number above 0.")
