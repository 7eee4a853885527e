"""Layer-wise relevance propagation through a graph of layers.

Every layer in turn, from the last to the first: the relevance that has arrived at its output goes
to its input by its rule, and from there to the outputs of the nodes that it reads (`steps`).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from lrp_audio.errors import ShapeError
from lrp_audio.kernels.elementwise import sample_sums
from lrp_audio.layers.base import RelevanceBackward
from lrp_audio.models.fusion import Fusion
from lrp_audio.models.graph import INPUT, Arrivals, Node
from lrp_audio.models.relevance import LayerRelevance, RelevanceByName
from lrp_audio.rules.base import Propagation
from lrp_audio.rules.composite import Assignment
from lrp_audio.rules.ledger import Entry, Ledger
from lrp_audio.types import Array


@dataclass(frozen=True)
class Step:
    """LRP at one layer: its input `x`, output `y`, the `relevance` of `y`, and what it became.

    `node` is the layer in the graph. `flow.relevance` is that of `x`; `flow.traces` holds z, s and
    c.
    """

    assignment: Assignment
    node: Node
    x: Array
    y: Array
    relevance: Array
    flow: Propagation

    @property
    def entry(self) -> Entry:
        """This step's line in the ledger."""
        amounts = sample_sums(self.relevance), sample_sums(self.flow.relevance)
        return Entry.of(self.assignment, *amounts, self.flow.accounts)

    @property
    def connections(self) -> Propagation:
        """The relevance of each connection, for a step of a single sample.

        Row k of ``relevance`` ``(outputs, *shape of x)`` is what value k of `y` gave to each value
        of `x`, and row k of ``accounts`` what was absorbed of its relevance. Raises `ShapeError`
        for a batch of more than one.
        """
        if len(self.x) != 1:
            raise ShapeError(
                f"The connections of a batch of {len(self.x)} samples were asked for; take the "
                "steps of one sample."
            )
        # A rule divides the relevance of each output by itself, so outputs are taken as samples,
        # each of which has relevance at this output alone.
        size = self.y.size
        alone = np.diag(self.relevance.reshape(-1))
        x, y = np.repeat(self.x, size, axis=0), np.repeat(self.y, size, axis=0)
        return self.node.layer.relevance(x, y, alone.reshape(y.shape), self.assignment.rule)


@dataclass(frozen=True)
class ForwardPass:
    """By name of the node: its output (`INPUT` is the network's input), and its way back."""

    outputs: dict[str, Array]
    backward: dict[str, RelevanceBackward]

    def copy(self) -> "ForwardPass":
        """The same outputs and ways back, for `steps` to consume."""
        return ForwardPass(dict(self.outputs), dict(self.backward))


def forward_pass(fusion: Fusion, x: Array) -> ForwardPass:
    """Compute the nodes of `fusion` for `x`, and keep what LRP needs."""
    passed = ForwardPass({INPUT: x}, {})
    for node in fusion.nodes:
        y, backward = node.layer.forward_with_relevance(node.input(passed.outputs))
        passed.outputs[node.name], passed.backward[node.name] = y, backward
    return passed


def steps(
    fusion: Fusion, passed: ForwardPass, arrivals: Arrivals, assigned: Mapping[str, Assignment]
) -> Iterator[Step]:
    """LRP itself, a step for each layer, from the last to the first.

    Consumes `passed` and `arrivals`: what a layer needed is released after its step.
    """
    for node in reversed(fusion.nodes):
        x, y = node.input(passed.outputs), passed.outputs.pop(node.name)
        backward, assignment = passed.backward.pop(node.name), assigned[node.name]
        relevance = arrivals.take(node.name)
        flow = backward(relevance, assignment.rule)
        arrivals.pass_on(node, flow.relevance)
        yield Step(assignment, node, x, y, relevance, flow)


@dataclass(frozen=True)
class Propagated:
    """Output of a network for a batch, the relevance of every layer, and the ledger."""

    output: Array
    relevance: LayerRelevance
    ledger: Ledger


def collected(
    fusion: Fusion,
    taken: Iterator[Step],
    arrivals: Arrivals,
    output: Array,
    assigned: Mapping[str, Assignment],
) -> Propagated:
    """What the steps `taken` found, for every layer of the network, fused ones included."""
    by_step: list[RelevanceByName] = []
    entries: list[Entry] = []
    given, sum_given = None, None  # to the input of the layer of the step before
    for step in taken:
        members = fusion.members[step.node.name]
        # In a chain, what one layer gives is what arrives at the next: it is summed only once.
        known: Array | None = sum_given if step.relevance is given else None
        sum_arrived = sample_sums(step.relevance) if known is None else known
        given, sum_given = step.flow.relevance, sample_sums(step.flow.relevance)
        for member in reversed(members[1:]):
            entries.append(Entry.passing(assigned[member.name], sum_arrived))
        first = assigned[members[0].name]
        entries.append(Entry.of(first, sum_arrived, sum_given, step.flow.accounts))
        within = step.relevance if step.flow.within is None else step.flow.within
        relevance: RelevanceByName = {member.name: within for member in members[:-1]}
        by_step.append(relevance | {members[-1].name: step.relevance})
    by_step.append({INPUT: arrivals.take(INPUT)})
    return Propagated(output, LayerRelevance(by_step), Ledger(tuple(entries)))
