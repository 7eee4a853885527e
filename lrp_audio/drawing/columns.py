"""Where the neurons of a small network stand: in columns, from the input at the left."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from lrp_audio.drawing.bundles import Bundle
from lrp_audio.drawing.stages import Stage

Points = NDArray[np.float64]
"""Places ``(n, 2)`` in inches."""

_TALLEST = 7.0  # inches of a column, if its neurons are not too many
_PITCH = (0.09, 1.0)  # inches from neuron to neuron, at least and at most
_RADIUS = 0.25
_PASSING = 0.3  # of the pitch: between connections that pass a column
_HEAD = 0.55  # inches for the name and the rule of a layer, above its neurons
_APART = 0.35  # inches between the stacks of a column
_MARGIN = 0.2
_LOWEST = 2.2  # inches of a figure: the bar of colours and its label need them
_BELOW = 0.3  # inches for what stands below a neuron
_STEP = 1.7  # inches from column to column


@dataclass(frozen=True)
class ColumnLayout:
    """Size in inches, and the places of neurons and connections.

    `places` are those of a stage's neurons by name; `passing`, by the name of the stage that they
    come from and the number of a column, those where connections pass a column without ending.
    """

    width: float
    height: float
    radius: float
    depth: Mapping[str, int]
    places: Mapping[str, Points]
    passing: Mapping[tuple[str, int], Points]

    def paths(self, bundle: Bundle) -> list[list[Points]]:
        """The points of each connection of a bundle, by output and input."""
        start, end = self.places[bundle.source], self.places[bundle.target]
        between = range(self.depth[bundle.source] + 1, self.depth[bundle.target])
        via = [self.passing[bundle.source, column] for column in between]
        return [
            [
                np.array([start[j], *(points[j] for points in via), end[k]])
                for j in range(len(start))
            ]
            for k in range(len(end))
        ]


@dataclass(frozen=True)
class _Stack:
    """What stands on top of each other in one column: neurons, or connections that pass."""

    name: str
    count: int
    passes: bool

    def height(self, pitch: float) -> float:
        each = pitch * (_PASSING if self.passes else 1)
        return each * (self.count - 1) + (0 if self.passes else pitch + _HEAD)


def columns_of(
    stages: Sequence[Stage], bundles: Sequence[Bundle], widths: Mapping[str, float]
) -> ColumnLayout:
    """The layout of `stages`, the names of which are `widths` inches wide."""
    depth = _depths(stages)
    stacks = _stacks(stages, bundles, depth)
    most = max(sum(1 if s.passes else s.count for s in column) for column in stacks)
    pitch = float(np.clip(_TALLEST / most, *_PITCH))
    radius = min(_RADIUS, 0.3 * pitch)
    places: dict[str, Points] = {}
    passing: dict[tuple[str, int], Points] = {}
    across = _across(stacks, widths)
    for column, x in enumerate(across):
        _order(stacks[column], stages, places, passing, column)
        top = _height(stacks[column], pitch) / 2
        for stack in stacks[column]:
            each = pitch * (_PASSING if stack.passes else 1)
            first = top if stack.passes else top - _HEAD - pitch / 2
            points = np.column_stack(
                (np.full(stack.count, x), first - each * np.arange(stack.count))
            )
            if stack.passes:
                passing[stack.name, column] = points
            else:
                places[stack.name] = points
            top -= stack.height(pitch) + _APART
    last = max((widths[s.name] for s in stacks[-1]), default=0)
    width = across[-1] + max(last / 2, _RADIUS) + _MARGIN
    highest = max(points[0, 1] for points in places.values()) + radius + _HEAD + _MARGIN
    lowest = min(points[-1, 1] for points in (*places.values(), *passing.values()))
    lowest -= radius + _BELOW
    height = max(highest - lowest, _LOWEST)
    lowest -= (height - (highest - lowest)) / 2
    for points in (*places.values(), *passing.values()):
        points[:, 1] -= lowest
    return ColumnLayout(width, height, radius, depth, places, passing)


def _depths(stages: Sequence[Stage]) -> dict[str, int]:
    """The column of each stage: one more than those of all stages that it reads."""
    depth: dict[str, int] = {}
    for stage in stages:
        depth[stage.name] = 1 + max((depth[source] for source in stage.sources), default=-1)
    return depth


def _stacks(
    stages: Sequence[Stage], bundles: Sequence[Bundle], depth: Mapping[str, int]
) -> list[list[_Stack]]:
    """The stacks of each column."""
    sizes = {stage.name: stage.values.size for stage in stages}
    columns: list[list[_Stack]] = [[] for _ in range(1 + max(depth.values()))]
    for stage in stages:
        columns[depth[stage.name]].append(_Stack(stage.name, sizes[stage.name], passes=False))
    passes = {
        (bundle.source, column)
        for bundle in bundles
        for column in range(depth[bundle.source] + 1, depth[bundle.target])
    }
    for source, column in sorted(passes):
        columns[column].append(_Stack(source, sizes[source], passes=True))
    return columns


def _height(column: Sequence[_Stack], pitch: float) -> float:
    return sum(stack.height(pitch) for stack in column) + _APART * (len(column) - 1)


def _across(stacks: Sequence[Sequence[_Stack]], widths: Mapping[str, float]) -> list[float]:
    """The middle of each column, so that neither names nor neurons meet."""
    half = [
        max((widths[s.name] for s in column if not s.passes), default=0) / 2 for column in stacks
    ]
    middles = [_MARGIN + max(half[0], _RADIUS)]
    for before, after in pairwise(half):
        middles.append(middles[-1] + max(_STEP, before + after + _MARGIN))
    return middles


def _order(
    column: list[_Stack],
    stages: Sequence[Stage],
    places: Mapping[str, Points],
    passing: Mapping[tuple[str, int], Points],
    number: int,
) -> None:
    """Sort a column by the mean height of what its stacks read, so that few connections cross."""
    sources = {stage.name: stage.sources for stage in stages}

    def height(name: str) -> float:
        at = passing.get((name, number - 1), places.get(name))
        return 0.0 if at is None else float(at[:, 1].mean())

    def mean(stack: _Stack) -> float:
        read = (stack.name,) if stack.passes else sources[stack.name]
        return float(np.mean([height(name) for name in read])) if read else 0.0

    column.sort(key=mean, reverse=True)
