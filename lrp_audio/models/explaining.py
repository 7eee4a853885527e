"""LRP in one go: the relevance of the input, and of every layer for whoever asks for it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from lrp_audio.kernels.blas import single_threaded_blas
from lrp_audio.kernels.elementwise import sample_sums
from lrp_audio.models.fusing import Group, Readers, fused, groups, readers_of
from lrp_audio.models.network import INPUT, Network, Node
from lrp_audio.rules.base import LinearRule
from lrp_audio.rules.composite import Assignment, Composite
from lrp_audio.rules.ledger import Entry, Ledger
from lrp_audio.rules.passing import Pass
from lrp_audio.rules.pooling import WinnerTakesAll

Array = NDArray[Any]
Part = Callable[[slice], Array]
"""Relevance of some samples of a batch."""

_HANDING_ON = ("shape", "dropout")  # kinds of layers in which a value stays what it is


class LayerRelevance(Mapping[str, Array]):
    """Relevance by name of the layer at whose output it is; `INPUT` is the network's input.

    That of layers that were taken in one go with others is worked out when it is asked for.
    """

    def __init__(self, parts: Mapping[str, Part]) -> None:
        self._parts = parts

    def __getitem__(self, name: str) -> Array:
        return self._parts[name](slice(None))

    def __iter__(self) -> Iterator[str]:
        return iter(self._parts)

    def __len__(self) -> int:
        return len(self._parts)

    def sample(self, index: int) -> "LayerRelevance":
        """That of one sample, without the batch axis."""

        def only(part: Part) -> Part:
            return lambda _: part(slice(index, index + 1))[0]

        return LayerRelevance({name: only(part) for name, part in self._parts.items()})


@dataclass(frozen=True)
class Explained:
    """Output of a network for a batch, the relevance of every layer, and the ledger."""

    output: Array
    relevance: LayerRelevance
    ledger: Ledger


def explain(
    network: Network, x: Array, start: Callable[[Array], Array], rules: Composite
) -> Explained:
    """Explain `x` ``(batch, *input_shape)``; `start` makes the relevance of the network's output.

    It finds what `Network.steps` finds, but takes a convolution with its ReLU and max-pool in one
    go where the rules allow that, and keeps nothing that is not needed later.
    """
    with single_threaded_blas():  # once, and not anew for every kernel
        return _explain(network, x, start, rules)


def _explain(
    network: Network, x: Array, start: Callable[[Array], Array], rules: Composite
) -> Explained:
    assigned = {a.layer: a for a in network.assign(rules)}
    readers = readers_of(network)

    def joins(group: Group) -> bool:
        """Whether relevance passes within the group, and none arrives where its output is 0."""
        rule, *others = (assigned[node.name].rule for node in group)
        alone = isinstance(rule, LinearRule) and rule.each_neuron_alone
        passes = all(isinstance(other, Pass | WinnerTakesAll) for other in others)
        return alone and passes and _nothing_at_zero(group[-1], readers, assigned)

    members = {group[0].name: group for group in groups(network, joins)}
    output, hand_back = fused(network, joins).explainable(x)
    rule_of = {name: assigned[name].rule for name in members}
    parts: dict[str, Part] = {}
    entries: list[Entry] = []
    handed, amount = None, None  # what the layer above handed on: summed but once
    for waiting, (node, relevance, flow) in hand_back(start(output), rule_of):
        _, *passing = members[node.name]
        total = amount if relevance is handed and amount is not None else sample_sums(relevance)
        handed, amount = flow.relevance, sample_sums(flow.relevance)
        entries += [Entry.passing(assigned[each.name], total) for each in reversed(passing)]
        entries.append(Entry.of(assigned[node.name], total, amount, flow.accounts))
        for each in members[node.name][:-1]:
            parts[each.name] = flow.within or relevance.__getitem__
        parts[members[node.name][-1].name] = relevance.__getitem__
        if INPUT in waiting:
            parts[INPUT] = waiting[INPUT].__getitem__
    return Explained(output, LayerRelevance(parts), Ledger(tuple(entries)))


def _nothing_at_zero(node: Node, readers: Readers, assigned: dict[str, Assignment]) -> bool:
    """Whether the layers that read `node` hand it no relevance where its output is 0."""
    following = readers[node.name]
    for reader in following:
        rule = assigned[reader.name].rule
        if reader.layer.kind in _HANDING_ON:
            if not _nothing_at_zero(reader, readers, assigned):
                return False
        elif not (isinstance(rule, LinearRule) and rule.nothing_at_zero):
            return False
    return bool(following)
