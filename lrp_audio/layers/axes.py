"""Axes of a layer's arrays: numbered as NumPy does, with the batch as axis 0."""

from collections.abc import Sequence
from operator import index

from lrp_audio.errors import ShapeError


def whole_numbers(values: Sequence[int] | int, what: str) -> tuple[int, ...]:
    """`values` as a tuple of integers; `what` names them in a `ShapeError`."""
    try:
        return tuple(index(v) for v in (values if not hasattr(values, "__index__") else [values]))
    except TypeError as error:
        raise ShapeError(f"{what} are {values!r}; expected whole numbers.") from error


def sample_axes(axes: Sequence[int], rank: int, what: str) -> tuple[int, ...]:
    """`axes` of an array of `rank` axes, counted from the front, in their given order.

    Raises `ShapeError`, with `what` as its subject, where one is the batch, missing or twice there.
    """
    found = tuple(axis + rank if axis < 0 else axis for axis in axes)
    if any(not 0 < axis < rank for axis in found) or len(set(found)) < len(found):
        raise ShapeError(
            f"{what} over the axes {tuple(axes)} was given arrays with {rank} axes, the batch "
            f"included; expected different axes from 1 to {rank - 1}, or from {1 - rank} to -1."
        )
    return found
