"""Layer-wise relevance propagation through a graph of layers."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from lrp_audio.kernels.elementwise import sample_sums
from lrp_audio.layers.base import RelevanceBackward
from lrp_audio.models.fusion import Plan
from lrp_audio.models.graph import INPUT, Arrivals, Node
from lrp_audio.rules.base import Propagation, Selected
from lrp_audio.rules.composite import Assignment
from lrp_audio.rules.ledger import Entry, Ledger
from lrp_audio.types import Array


@dataclass(frozen=True)
class Step:
    """One layer's turn in LRP: its input `x`, output `y`, the relevance that arrived, and the flow.

    `flow.relevance` is what its input receives; `flow.traces` holds z, s and c. `node` is the
    layer in the graph.
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


@dataclass(frozen=True)
class ForwardPass:
    """The output of every node by name, with the network's input, and the way back from each."""

    outputs: dict[str, Array]
    backward: dict[str, RelevanceBackward]


def forward_pass(plan: Plan, x: Array) -> ForwardPass:
    """Compute the nodes of `plan` for `x`, remembering what LRP needs."""
    found = ForwardPass({INPUT: x}, {})
    for node in plan.nodes:
        y, found.backward[node.name] = node.layer.forward_with_relevance(node.input(found.outputs))
        found.outputs[node.name] = y
    return found


def steps(
    plan: Plan, passed: ForwardPass, arrivals: Arrivals, assigned: Mapping[str, Assignment]
) -> Iterator[Step]:
    """LRP itself: from the last layer to the first, give the relevance of a layer to its input.

    What a layer took to its turn is released after it: `passed` and `arrivals` are used up.
    """
    for node in reversed(plan.nodes):
        x, y = node.input(passed.outputs), passed.outputs.pop(node.name)
        relevance = arrivals.take(node.name)
        flow = passed.backward.pop(node.name)(relevance, assigned[node.name].rule)
        arrivals.add(node, flow.relevance)
        yield Step(assigned[node.name], node, x, y, relevance, flow)


Stored = dict[str, Array | Selected]


class LayerRelevance(Mapping[str, Array]):
    """Relevance ``(batch, ...)`` by name of the layer at whose output it is; `INPUT` is the input.

    Of a convolution that is fused with its max-pool only the relevance of the winners is stored;
    that of all outputs is made when it is asked for.
    """

    def __init__(self, by_step: Sequence[Stored]) -> None:
        self._by_step = list(by_step)  # layers that share arrays are in one step

    def __getitem__(self, name: str) -> Array:
        for stored in self._by_step:
            if name in stored:
                found = stored[name]
                return found if isinstance(found, np.ndarray) else found.whole()
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return (name for stored in self._by_step for name in stored)

    def __len__(self) -> int:
        return sum(map(len, self._by_step))

    def __repr__(self) -> str:
        return f"<relevance of {', '.join(self)}>"

    def split(self, batch: int) -> list["SampleRelevance"]:
        """The relevance of each of `batch` samples, in arrays of its own.

        This one is emptied meanwhile, so that memory does not hold everything twice.
        """
        of_samples: list[list[Stored]] = [[] for _ in range(batch)]
        while self._by_step:
            stored = self._by_step.pop(0)
            for index, own in enumerate(of_samples):
                own.append(_of_sample(stored, index))
        return [SampleRelevance(LayerRelevance(own)) for own in of_samples]


class SampleRelevance(Mapping[str, Array]):
    """Relevance of one sample by name of the layer, as in `LayerRelevance`, without a batch axis.

    Plain arrays that belong to nothing else: it can be pickled.
    """

    def __init__(self, batch_of_one: LayerRelevance) -> None:
        self._batch = batch_of_one

    def __getitem__(self, name: str) -> Array:
        return np.asarray(self._batch[name][0])

    def __iter__(self) -> Iterator[str]:
        return iter(self._batch)

    def __len__(self) -> int:
        return len(self._batch)

    def __repr__(self) -> str:
        return repr(self._batch)


def _of_sample(stored: Stored, index: int) -> Stored:
    """Copies of what a sample has in the arrays of a step, each made only once."""
    copies: dict[int, Array] = {}

    def copy(array: Array) -> Array:
        if id(array) not in copies:
            # In the order that the axes have in memory, by which the kernels go.
            copies[id(array)] = np.array(array[index : index + 1], order="K")
        return copies[id(array)]

    return {
        name: copy(found) if isinstance(found, np.ndarray) else found.of(copy)
        for name, found in stored.items()
    }


@dataclass(frozen=True)
class Propagated:
    """Output of a network for a batch, the relevance of every layer, and the ledger."""

    output: Array
    relevance: LayerRelevance
    ledger: Ledger


def collected(
    plan: Plan,
    turns: Iterator[Step],
    arrivals: Arrivals,
    output: Array,
    assigned: Mapping[str, Assignment],
) -> Propagated:
    """What the steps of `plan` found, for every layer of the network that it stands for."""
    by_step: list[Stored] = []
    entries: list[Entry] = []
    given, amount = None, None  # what the step before gave its input: summed only once
    for step in turns:
        first, *others = plan.members[step.node.name]
        arrived, within = step.relevance, step.flow.within
        total = amount if arrived is given and amount is not None else sample_sums(arrived)
        given, amount = step.flow.relevance, sample_sums(step.flow.relevance)
        entries += [Entry.passing(assigned[other.name], total) for other in reversed(others)]
        entries.append(Entry.of(assigned[first.name], total, amount, step.flow.accounts))
        inner = [member.name for member in (first, *others)][:-1]
        stored: Stored = dict.fromkeys(inner, arrived if within is None else within)
        by_step.append(stored | {(first, *others)[-1].name: arrived})
    by_step.append({INPUT: arrivals.take(INPUT)})
    return Propagated(output, LayerRelevance(by_step), Ledger(tuple(entries)))
