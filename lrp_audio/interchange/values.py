"""What a name in the graph stands for: known numbers, or an output of the network's layers."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import Enum
from typing import TypeAlias

from lrp_audio.errors import ModelError
from lrp_audio.interchange.limits import Budget, numbers
from lrp_audio.types import Array

BATCHES = (2, 3)
"""Two sizes of the batch that shapes are worked out for: what differs depends on the batch."""


class MixedSamplesError(ModelError):
    """An operation that is not the same for each sample of a batch."""


@dataclass(frozen=True)
class Known:
    """Numbers that do not depend on the input, for each of the `BATCHES`."""

    arrays: tuple[Array, Array]

    @classmethod
    def constant(cls, array: Array) -> "Known":
        """Numbers that are the same for every batch."""
        return cls((array, array))

    @property
    def depends_on_batch(self) -> bool:
        """Whether the numbers may differ from batch to batch."""
        first, second = self.arrays
        return first is not second and (
            first.shape != second.shape or bool((first != second).any())
        )


class AbsentAxis(Enum):
    """Axes of a value that no axis of the layer's output stands for."""

    BATCH = "batch"
    ONE = "one"
    """An axis of length 1; the first one may stand for a batch of one sample."""


@dataclass(frozen=True)
class View:
    """A value of the graph, as the output of `node` with its axes in another order.

    `shape` is that of the node's output, batch axis left out. `axes` has an entry for each axis of
    the graph's value: which axis of `shape` it is, or an `AbsentAxis`. Axes of `shape` that stand
    for no axis of the value have length 1. So a transposition costs nothing, and two cancel out.
    """

    node: str
    shape: tuple[int, ...]
    axes: tuple[int | AbsentAxis, ...]

    def sizes(self, batch: int = 1) -> tuple[int, ...]:
        """Shape of the value for a batch of that size."""
        return tuple(
            batch if axis is AbsentAxis.BATCH else 1 if axis is AbsentAxis.ONE else self.shape[axis]
            for axis in self.axes
        )

    @property
    def batch(self) -> int | None:
        """Which axis is the batch, if any."""
        return self.axes.index(AbsentAxis.BATCH) if AbsentAxis.BATCH in self.axes else None

    def transposed(self, order: Iterable[int]) -> "View":
        """The axes in another order."""
        return replace(self, axes=tuple(self.axes[axis] for axis in order))

    def without(self, dropped: Iterable[int]) -> "View":
        """Without axes of length 1."""
        gone = set(dropped)
        if any(self.axes[axis] is AbsentAxis.BATCH for axis in gone):
            raise MixedSamplesError("it drops the batch axis")
        if any(self.sizes()[axis] != 1 for axis in gone):
            raise ModelError("it drops an axis that is longer than 1")
        return replace(self, axes=tuple(a for i, a in enumerate(self.axes) if i not in gone))

    def with_ones(self, places: Iterable[int]) -> "View":
        """With axes of length 1 at `places` of the result."""
        axes = list(self.axes)
        for place in sorted(places):
            axes.insert(place, AbsentAxis.ONE)
        return replace(self, axes=tuple(axes))

    def with_rank(self, rank: int) -> "View":
        """With axes of length 1 in front, as broadcasting adds them."""
        return self.with_ones(range(rank - len(self.axes)))


Value: TypeAlias = Known | View


def axis_of(axis: int, rank: int) -> int:
    """`axis`, counted from the front; raises `ModelError` where there is none."""
    if not -rank <= axis < rank:
        raise ModelError(f"it names axis {axis} of a value with {rank} axes")
    return axis % rank


def spend(budget: Budget, shape: Iterable[int], what: str) -> tuple[int, ...]:
    """`shape`, whose numbers the `budget` covers."""
    lengths = tuple(int(length) for length in shape)
    budget.spend(numbers(lengths, what))
    return lengths
