"""Fusion: a convolution, its ReLU and its max-pool are computed as one layer.

This file alone decides which layers are fused. A forward pass or a gradient may always fuse. LRP
may fuse where the relevance is the same with the layers fused as without:

- the rule of the convolution must not depend on outputs other than the winners of the pool
  (`LinearRule.outputs_independent`), since only these are computed again;
- relevance must pass through the ReLU, and go to the winners in the pool;
- no relevance may arrive where the output is 0, since a window without an output above 0 has no
  winner. So each layer that reads the output must have a rule that gives an input of 0 no relevance
  (`LinearRule.zero_input_gets_zero`), or only pass on the relevance from its own readers.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from lrp_audio.kernels.winners import MOST_PLACES
from lrp_audio.layers import Layer, ReLU
from lrp_audio.layers.convolution import Convolution
from lrp_audio.layers.fused_convolution import FusedConvolution
from lrp_audio.layers.max_pool import MaxPool
from lrp_audio.models.graph import Node, readers_of
from lrp_audio.rules.base import LinearRule, Rule
from lrp_audio.rules.passing import Pass
from lrp_audio.rules.pooling import WinnerTakesAll

Group = tuple[Node, ...]
Readers = Mapping[str, Sequence[Node]]

_VALUE_PRESERVING = ("shape", "dropout")  # kinds of layers


@dataclass(frozen=True)
class Fusion:
    """The `nodes` that are computed in place of a network's own, over the same parameters.

    By name of a node: `members` are the network's nodes that it stands for, the first of which, the
    convolution, gives it its name; `last_read` are the outputs that no later node reads.
    """

    nodes: tuple[Node, ...]
    members: Mapping[str, Group]
    last_read: Mapping[str, tuple[str, ...]]


def unfused(nodes: Sequence[Node]) -> Fusion:
    """Every node on its own."""
    return _fusion_of([(node,) for node in nodes])


def fused(nodes: Sequence[Node], rules: Mapping[str, Rule] | None = None) -> Fusion:
    """As few nodes as possible, for LRP under the `rules` of the network's nodes by name.

    Without `rules`, for forward passes and gradients.
    """
    readers = readers_of(nodes)

    def may_fuse(group: Group) -> bool:
        return rules is None or _same_relevance(group, readers, rules)

    return _fusion_of(_groups(nodes, readers, may_fuse))


def _fusion_of(groups: Sequence[Group]) -> Fusion:
    names = {group[-1].name: group[0].name for group in groups}
    nodes = tuple(
        Node(
            group[0].name,
            _as_one(group),
            tuple(names.get(source, source) for source in group[0].sources),
        )
        for group in groups
    )
    last_reader = {source: node.name for node in nodes for source in node.sources}
    last_read: dict[str, tuple[str, ...]] = {node.name: () for node in nodes}
    for source, reader in last_reader.items():
        last_read[reader] += (source,)
    return Fusion(nodes, {group[0].name: group for group in groups}, last_read)


def _groups(
    nodes: Sequence[Node], readers: Readers, may_fuse: Callable[[Group], bool]
) -> list[Group]:
    """The nodes in their order, in groups that become one node each."""
    groups, taken = [], set[str]()
    for node in nodes:
        if node.name not in taken:
            group = _candidate(node, readers)
            if len(group) > 1 and not may_fuse(group):
                group = (node,)
            taken |= {member.name for member in group}
            groups.append(group)
    return groups


def _candidate(node: Node, readers: Readers) -> Group:
    """`node`; if it is a convolution, with the ReLU and then the max-pool that alone read it."""
    group: Group = (node,)
    if isinstance(node.layer, Convolution):
        for kind in (ReLU, MaxPool):
            following = readers[group[-1].name]
            if len(following) != 1 or not isinstance(following[0].layer, kind):
                break
            layer = following[0].layer
            if isinstance(layer, MaxPool) and not _may_select(layer):
                break
            group += (following[0],)
    return group


def _may_select(pool: MaxPool) -> bool:
    """Whether the kernels that store winners support the window of `pool`."""
    window = pool.window
    return math.prod(window.kernel) <= MOST_PLACES and set(window.dilation) == {1}


def _as_one(group: Group) -> Layer:
    first, last = group[0].layer, group[-1].layer
    if len(group) == 1 or not isinstance(first, Convolution):
        return first
    return FusedConvolution(first, last if isinstance(last, MaxPool) else None)


def _same_relevance(group: Group, readers: Readers, rules: Mapping[str, Rule]) -> bool:
    """Whether LRP gives the same relevance with the layers of `group` fused as without."""
    rule, *others = (rules[node.name] for node in group)
    independent = isinstance(rule, LinearRule) and rule.outputs_independent
    passes = all(isinstance(other, Pass | WinnerTakesAll) for other in others)
    return independent and passes and _zero_gets_zero(group[-1], readers, rules)


def _zero_gets_zero(node: Node, readers: Readers, rules: Mapping[str, Rule]) -> bool:
    """Whether the layers that read `node` give it no relevance where its output is 0."""
    following = readers[node.name]
    for reader in following:
        rule = rules[reader.name]
        if reader.layer.kind in _VALUE_PRESERVING:
            if not _zero_gets_zero(reader, readers, rules):
                return False
        elif not (isinstance(rule, LinearRule) and rule.zero_input_gets_zero):
            return False
    return bool(following)
