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


def slices(count: int) -> Iterator[slice]:
    """``range(count)`` in slices of at most `BATCH_SIZE`."""
    for first in range(0, count, BATCH_SIZE):
        yield slice(first, min(first + BATCH_SIZE, count))


def batches(items: Iterable[Item]) -> Iterator[list[Item]]:
    """Lists of at most `BATCH_SIZE` of the `items`, which are taken from the iterable as needed."""
    remaining = iter(items)
    while batch := list(islice(remaining, BATCH_SIZE)):
        yield batch


def forward(network: Network, x: Array) -> Array:
    """``network.forward(x)``, batch by batch; `x` is ``(n, *input_shape)`` with n of at least 1."""
    return np.concatenate([network.forward(x[batch]) for batch in slices(len(x))])
