"""LRP in one go: the relevance of the input, and of every layer for whoever asks for it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from lrp_audio.kernels.elementwise import sample_sums
from lrp_audio.kernels.threads import single_threaded_blas
from lrp_audio.layers import ReLU
from lrp_audio.layers.convolution import Convolution
from lrp_audio.layers.max_pool import MaxPool
from lrp_audio.layers.rectified import Rectified
from lrp_audio.models.network import INPUT, Network, Node
from lrp_audio.rules.composite import Assignment, Composite
from lrp_audio.rules.ledger import Entry, Ledger
from lrp_audio.rules.pooling import WinnerTakesAll

Array = NDArray[Any]
Readers = dict[str, list[Node]]
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
    groups = {group[-1].name: group for group in _groups(network, assigned)}
    fused = Network([_as_one(group) for group in groups.values()], network.input_shape)
    output, hand_back = fused.explainable(x)
    rule_of = {name: assigned[group[0].name].rule for name, group in groups.items()}
    parts: dict[str, Part] = {}
    entries: list[Entry] = []
    for waiting, (node, relevance, flow) in hand_back(start(output), rule_of):
        first, *passing = groups[node.name]
        total = sample_sums(relevance)
        entries += [Entry.passing(assigned[each.name], total) for each in reversed(passing)]
        entries.append(Entry.of(assigned[first.name], total, flow))
        parts |= {each.name: flow.within or relevance.__getitem__ for each in (first, *passing)}
        parts[node.name] = relevance.__getitem__
        if INPUT in waiting:
            parts[INPUT] = waiting[INPUT].__getitem__
    return Explained(output, LayerRelevance(parts), Ledger(tuple(entries)))


def _groups(network: Network, assigned: dict[str, Assignment]) -> Iterator[tuple[Node, ...]]:
    """The nodes in their order, those together that can be taken in one go."""
    readers = {
        node.name: [n for n in network.nodes if node.name in n.sources] for node in network.nodes
    }
    taken: set[str] = set()
    for node in network.nodes:
        if node.name in taken:
            continue
        group = _group(node, readers, assigned)
        taken |= {member.name for member in group}
        yield group


def _group(node: Node, readers: Readers, assigned: dict[str, Assignment]) -> tuple[Node, ...]:
    """`node`, with the ReLU and the max-pool that follow it if it is a convolution."""
    if not isinstance(node.layer, Convolution):
        return (node,)
    group = [node]
    for kind in (ReLU, MaxPool):
        following = readers[group[-1].name]
        if len(following) == 1 and isinstance(following[0].layer, kind):
            rule = assigned[following[0].name].rule
            if kind is ReLU or isinstance(rule, WinnerTakesAll):
                group.append(following[0])
                continue
        break
    alone = len(group) == 1 or not _nothing_at_zero(group[-1], readers, assigned)
    return (node,) if alone else tuple(group)


def _nothing_at_zero(node: Node, readers: Readers, assigned: dict[str, Assignment]) -> bool:
    """Whether the layers that read `node` hand it no relevance where its output is 0."""
    following = readers[node.name]
    for reader in following:
        if reader.layer.kind in _HANDING_ON:
            if not _nothing_at_zero(reader, readers, assigned):
                return False
        elif not getattr(assigned[reader.name].rule, "nothing_at_zero", False):
            return False
    return bool(following)


def _as_one(group: tuple[Node, ...]) -> Node:
    first, *others = group
    if not others:
        return first
    assert isinstance(first.layer, Convolution)
    pool = others[-1].layer
    layer = Rectified(first.layer, pool if isinstance(pool, MaxPool) else None)
    return Node(group[-1].name, layer, first.sources)
