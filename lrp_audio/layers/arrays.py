"""The check of every array that is given to a layer or a network."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike

from lrp_audio.errors import RuleError, ShapeError
from lrp_audio.rules.base import Rule
from lrp_audio.types import Array

Method = TypeVar("Method", bound=Callable[..., Any])

_TAKEN = (np.dtype(np.float32), np.dtype(np.float64))
_EXACT = 2**53  # whole numbers up to here are exact in float64


def as_floats(x: ArrayLike, what: str = "An input") -> Array:
    """`x` as an array of float32 or float64; `x` itself where it is one already.

    Other numbers are converted where nothing is lost: float16, bool and integers of up to 16 bits
    to float32, other integers up to 2^53 to float64, in any byte order, and lists. Raises
    `ShapeError`, with `what` as its subject, for everything else.
    """
    if type(x) is np.ndarray and x.dtype in _TAKEN and x.dtype.isnative:
        return x
    if isinstance(x, np.ma.MaskedArray) and np.ma.is_masked(x):
        raise ShapeError(f"{what} has masked values; fill them first, as with x.filled(0).")
    try:
        given = np.asarray(x)
    except (ValueError, TypeError) as error:
        raise ShapeError(
            f"{what} is not an array of numbers: {error}; give rows of equal length."
        ) from error
    kind, size = given.dtype.kind, given.dtype.itemsize
    if kind not in "biuf":
        raise ShapeError(
            f"{what} has the type {given.dtype}; expected real numbers, such as float32 or float64."
        )
    small = size <= (4 if kind == "f" else 2)
    floats = given.astype(np.float32 if small else np.float64)
    if size >= 8 and given.dtype not in _TAKEN and not _kept(given, floats):
        raise ShapeError(
            f"{what} of the type {given.dtype} holds numbers that float64 cannot hold exactly; "
            "convert it with astype(numpy.float64) if rounding is meant."
        )
    return floats


def _kept(given: Array, floats: Array) -> bool:
    """Whether wide numbers are equal to their float64 values."""
    if given.dtype.kind == "f":
        return bool(((floats == given) | np.isnan(given)).all())
    return given.size == 0 or (int(given.max()) <= _EXACT and int(given.min()) >= -_EXACT)


def checked(method: Method) -> Method:
    """Wrap ``forward(x)``, ``gradient(x, y, g)`` or ``relevance(x, y, relevance, rule)``.

    All arrays are converted by `as_floats`. The last two must have the shape of the output for
    `x`.
    """

    @wraps(method)
    def call(layer: Any, *given: Any) -> Any:
        arrays = [as_floats(array, f"The input of a {layer.kind} layer") for array in given[:3]]
        x, *others = arrays
        if x.ndim < 2:
            raise ShapeError(
                f"A {layer.kind} layer was given an array of shape {x.shape}; expected a batch, "
                "with the samples along the first axis."
            )
        if others:
            expected = (len(x), *layer.output_shape(x.shape[1:]))
            if any(other.shape != expected for other in others):
                raise ShapeError(
                    f"A {layer.kind} layer was given an input of shape {x.shape}, an output of "
                    f"shape {others[0].shape}, and a gradient or relevance of shape "
                    f"{others[1].shape} there; expected {expected} for both."
                )
        for rule in given[3:]:
            if not isinstance(rule, Rule):
                raise RuleError(
                    f"A {layer.kind} layer was given {rule!r} as its rule; expected a rule, such "
                    "as Epsilon(1e-6)."
                )
        return method(layer, *arrays, *given[3:])

    checks: Any = call
    return checks  # type: ignore[no-any-return]
