"""Shapes of samples that differ in axes of length 1 alone."""

from collections.abc import Sequence


def with_ones(shape: Sequence[int], declared: Sequence[int | None]) -> tuple[int, ...]:
    """`shape` with axes of length 1 where `declared` has them; None there is any length.

    Other shapes than those that differ in such axes alone are returned as they are.
    """
    if len(shape) == len(declared):
        return tuple(shape)
    lengths = [length for length in shape if length != 1]
    if len(lengths) != sum(length != 1 for length in declared):
        return tuple(shape)
    remaining = iter(lengths)
    return tuple(1 if length == 1 else next(remaining) for length in declared)
