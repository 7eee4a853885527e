"""Samples from arrays of any type and shape whose meaning is unambiguous."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lrp_audio.audio.channels import Levels, Mono, cancelled_note, check_level, require_channels
from lrp_audio.audio.files import MAX_CHANNELS, check_size
from lrp_audio.errors import ClipError
from lrp_audio.types import Array


def from_array(samples: ArrayLike, rate: object, name: str, channels: int = 1) -> Mono:
    """Mono samples of full scale 1.0 from an array, or from anything that numpy converts to one.

    For shapes, types, rates and `channels` see `clip_from_samples`. Raises `ClipError`.
    """
    array = _array(samples, name)
    if array.ndim == 2 and array.shape[1] > 1:
        rows, columns = array.shape
        if rows == 1 or 1 <= rows <= MAX_CHANNELS < columns:
            array = array.T
    if array.ndim not in (1, 2) or (array.ndim == 2 and not 1 <= array.shape[1] <= MAX_CHANNELS):
        raise ClipError(
            f"{name} has shape {array.shape}: give (time,) or (time, channels) with at most "
            f"{MAX_CHANNELS} channels."
        )
    hertz = _whole(rate, name)
    if channels > 1:
        require_channels(name, 1 if array.ndim == 1 else array.shape[1], channels)
    check_size(name, len(array), hertz, channels)
    values = _full_scale_one(array, name)
    if values.ndim == 1:
        return Mono(values, hertz)
    with np.errstate(invalid="ignore"):  # infinities are refused later, with their position
        mean = values.mean(axis=1)
    levels = Levels(values.shape[1])
    levels.add(values)
    kept = np.array(values.T, order="C") if channels > 1 else None
    chosen = levels.loudest_of_cancelled()
    if chosen is None:
        return Mono(mean, hertz, (), kept)
    note = cancelled_note(values.shape[1], chosen, kept is not None)
    return Mono(values[:, chosen], hertz, (note,), kept)


def _array(samples: ArrayLike, name: str) -> Array:
    try:
        array = np.asarray(samples)
    except (ValueError, TypeError, RuntimeError) as error:
        raise ClipError(
            f"{name} is not one array of numbers: give shape (time,) or (time, channels)."
        ) from error
    if array.dtype == object:
        raise ClipError(
            f"{name} ({type(samples).__name__}) is not an array of numbers: make one of it first, "
            "for example with np.fromiter."
        )
    return array


def _whole(rate: object, name: str) -> int:
    """A rate as an int; `rate` may be a float or an array of one number."""
    array = np.asarray(rate)
    whole = array.size == 1 and array.dtype.kind in "iuf" and float(array.item()).is_integer()
    if not whole:
        raise ClipError(f"{name} comes with the rate {rate!r:.60}: give a whole number of Hz.")
    return int(array.item())


def _full_scale_one(array: NDArray[np.generic], name: str) -> NDArray[np.float64]:
    """A copy in float64, in which the full scale of its type becomes 1.0."""
    kind, bits = array.dtype.kind, 8 * array.dtype.itemsize
    if kind == "f":
        values = array.astype(np.float64)
        check_level(name, values)
        return values
    if kind in "iu" and bits <= 32:
        half = 2.0 ** (bits - 1)
        return (array.astype(np.float64) - (half if kind == "u" else 0.0)) / half
    raise ClipError(
        f"{name} is of type {array.dtype}, which has no agreed full scale: give floats in [-1, 1] "
        "or integers of 8, 16 or 32 bits."
    )
