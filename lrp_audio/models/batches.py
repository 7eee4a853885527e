"""Batches: many inputs are computed in the memory that a few of them take."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

import numpy as np

from lrp_audio.models.network import Network
from lrp_audio.types import Array

Item = TypeVar("Item")

BATCH_SIZE = 32
"""Inputs of a batch. Larger batches save no time and take more memory."""


def slices(count: int, size: int | None = None) -> Iterator[slice]:
    """``range(count)`` in slices of at most `size`, by default `BATCH_SIZE`."""
    size = size or BATCH_SIZE
    for first in range(0, count, size):
        yield slice(first, min(first + size, count))


def batches(items: Iterable[Item], size: int | None = None) -> Iterator[list[Item]]:
    """Lists of at most `size` of the `items`, by default `BATCH_SIZE`, taken as needed."""
    remaining = iter(items)
    while batch := list(islice(remaining, size or BATCH_SIZE)):
        yield batch


def forward(network: Network, x: Array) -> Array:
    """``network.forward(x)``, batch by batch; `x` is ``(n, *input_shape)`` with n of at least 1."""
    return np.concatenate([network.forward(x[batch]) for batch in slices(len(x))])
