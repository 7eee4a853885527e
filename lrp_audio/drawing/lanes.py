"""Lanes: how the layers of a network stand one below the other, with branches side by side."""

from collections.abc import Sequence
from dataclasses import dataclass

from lrp_audio.drawing.stages import Stage
from lrp_audio.types import Array


@dataclass(frozen=True)
class Link:
    """The way from a stage down to one that it reads; the `relevance` that goes along it.

    It leaves row `start`, goes down in `lane`, and ends at row `end`.
    """

    start: int
    end: int
    lane: int
    relevance: float


@dataclass(frozen=True)
class Lanes:
    """The stages from the output (row 0) to the input, the lane of each, and the links."""

    stages: tuple[Stage, ...]
    lane: tuple[int, ...]
    links: tuple[Link, ...]

    @property
    def count(self) -> int:
        """The number of lanes."""
        return 1 + max((*self.lane, *(link.lane for link in self.links)))


def lanes_of(stages: Sequence[Stage]) -> Lanes:
    """Lanes for `stages`, which are given from the input to the output.

    A stage stands in the leftmost lane of those that lead to it. It hands its lane on to the first
    that it reads; every other one gets a free lane, which no stage and no other link uses
    until the link ends.
    """
    rows = tuple(reversed(stages))
    row_of = {stage.name: row for row, stage in enumerate(rows)}
    waiting: list[str | None] = [rows[0].name]  # the stage that each lane leads to
    lane: list[int] = []
    links: list[Link] = []
    for row, stage in enumerate(rows):
        leading = [i for i, name in enumerate(waiting) if name == stage.name]
        own = leading[0]
        lane.append(own)
        for i in leading:
            waiting[i] = None
        for number, (source, share) in enumerate(_shares(stage)):
            taken = own if number == 0 else _free(waiting, own)
            waiting[taken] = source
            links.append(Link(row, row_of[source], taken, float(share.sum(dtype=float))))
    return Lanes(rows, tuple(lane), tuple(links))


def _free(waiting: list[str | None], own: int) -> int:
    """The first free lane to the right of lane `own`, a new one if all are taken."""
    for i in range(own + 1, len(waiting)):
        if waiting[i] is None:
            return i
    waiting.append(None)
    return len(waiting) - 1


def _shares(stage: Stage) -> list[tuple[str, Array]]:
    """The stages that `stage` reads, with the relevance that it gives to each."""
    if not stage.sources:
        return []
    step = stage.steps[0]
    shares = [share for _, share in step.node.shares(step.flow.relevance)]
    return list(zip(stage.sources, shares, strict=True))
