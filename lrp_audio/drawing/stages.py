"""Stages: the layers of a network that are drawn as one, and the order in which they are drawn."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from lrp_audio.drawing.style import printable
from lrp_audio.layers import Flatten, Reshape
from lrp_audio.layers.base import SameShape
from lrp_audio.models.graph import INPUT, readers_of
from lrp_audio.models.lrp import Step
from lrp_audio.rules.ledger import Entry
from lrp_audio.rules.passing import Pass
from lrp_audio.types import Array


@dataclass(frozen=True)
class Stage:
    """A layer, and those after it that are drawn with it; or the input, with such layers.

    `steps` are those of the layers, from the first to the last; the input has no first step.
    `values` ``(1, ...)`` and `relevance` are those of the output of the last.
    """

    name: str
    steps: tuple[Step, ...]
    sources: tuple[str, ...]
    values: Array
    relevance: Array

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the output, without the batch axis."""
        return self.values.shape[1:]

    @property
    def layers(self) -> tuple[str, ...]:
        """The names of the layers."""
        names = tuple(step.node.name for step in self.steps)
        return names if self.sources else (INPUT, *names)

    def label(self, most: int) -> str:
        """The names of the layers in up to `most` characters, without the middle if need be."""
        names = printable(" · ".join(self.layers))
        end = most * 2 // 3
        return names if len(names) <= most else f"{names[: most - 1 - end]}…{names[-end:]}"

    @property
    def entry(self) -> Entry:
        """The line of the ledger for all layers of a stage, of which only the first absorbs."""
        first, last = self.steps[0].entry, self.steps[-1].entry
        return replace(first, relevance_out=last.relevance_out)


def one_by_one(step: Step) -> bool:
    """Whether each value of a layer's output is that of one input, in the same order."""
    passes = isinstance(step.assignment.rule, Pass)
    return passes and isinstance(step.node.layer, SameShape | Flatten | Reshape)


def without_loss(step: Step) -> bool:
    """Whether a layer hands all relevance on."""
    return not step.assignment.rule.absorbs


def stages_of(x: Array, backward: Sequence[Step], joins: Callable[[Step], bool]) -> list[Stage]:
    """The stages of a network from its input `x` on, for its steps from the last to the first.

    A layer that `joins` accepts is drawn with the layer that it alone reads.
    """
    steps = backward[::-1]
    readers = readers_of([step.node for step in steps])
    found = {INPUT: Stage(INPUT, (), (), x, _at_input(backward))}
    stage_of = {INPUT: INPUT}
    for step in steps:
        sources = tuple(stage_of[source] for source in step.node.sources)
        if len(sources) == 1 and len(readers[step.node.sources[0]]) == 1 and joins(step):
            before = found[sources[0]]
            own = replace(
                before, steps=(*before.steps, step), values=step.y, relevance=step.relevance
            )
            stage_of[step.node.name] = before.name
        else:
            own = Stage(step.node.name, (step,), sources, step.y, step.relevance)
            stage_of[step.node.name] = own.name
        found[own.name] = own
    return list(found.values())


def _at_input(backward: Sequence[Step]) -> Array:
    """The relevance of the network's input."""
    shares = [
        share
        for step in backward
        for source, share in step.node.shares(step.flow.relevance)
        if source == INPUT
    ]
    return sum(shares[1:], start=shares[0])
