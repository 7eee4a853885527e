"""From the graph to the network: every operation as constants or as layers, in their order."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from lrp_audio.arguments import described
from lrp_audio.errors import LrpAudioError, ModelError
from lrp_audio.interchange.call import Call
from lrp_audio.interchange.constants import folded, shape_of
from lrp_audio.interchange.construction import Construction, layer_name
from lrp_audio.interchange.file import is_standard
from lrp_audio.interchange.graph import Graph, Operation
from lrp_audio.interchange.limits import MAX_DERIVED, Budget
from lrp_audio.interchange.merging import merged
from lrp_audio.interchange.operators import OPERATORS
from lrp_audio.interchange.operators.refused import reason
from lrp_audio.interchange.values import AbsentAxis, Known, MixedSamplesError, Value, View
from lrp_audio.layers import Identity
from lrp_audio.models.folding import fold_where_exact
from lrp_audio.models.network import INPUT, Network, Node


def network_of(
    graph: Graph,
    operations: Sequence[Operation],
    given: tuple[str, tuple[int, ...]],
    output: str,
    batch: AbsentAxis | None,
    dtype: type[np.floating[Any]],
) -> tuple[Network, list[str]]:
    """The network that computes `output` by `operations`, and notes on what was done.

    `given` is the name of the input and its shape without the axis that `batch` says comes first:
    the batch, one of length 1 that stands for it, or none. Raises `MixedSamplesError` where an
    operation treats a batch as a whole.
    """
    name, shape = given
    net = Construction(shape, dtype)
    axes = (*(() if batch is None else (batch,)), *range(len(shape)))
    values: dict[str, Value] = {name: View(INPUT, shape, axes)}
    budget = Budget(MAX_DERIVED, "The constants that the graph computes")
    for operation in operations:
        inputs = tuple(_value(values, graph, name) for name in operation.inputs)
        net.name = layer_name(operation.name, operation.op, (*operation.inputs, "", "")[1])
        found = _computed(Call(operation, inputs, graph.opset, budget), net)
        values |= zip(operation.outputs, found, strict=False)  # further outputs are unused
    view = _value(values, graph, output)
    if not isinstance(view, View):
        raise ModelError(f"The output {described(output)} does not depend on the input.")
    view = net.plain(view)
    if view.node == INPUT:
        net.name = "identity"
        net.add(Identity(), INPUT)
        view = View(next(reversed(net.by_name)), view.shape, view.axes)
    network = Network(merged(_leading_to(net.by_name, view.node), net.shapes), shape)
    network, kept = fold_where_exact(network)
    return network, net.notes + kept


def _value(values: Mapping[str, Value], graph: Graph, name: str) -> Value | None:
    if not name:
        return None
    if name in values:
        return values[name]
    return Known.constant(graph.tensors[name])


def _computed(call: Call, net: Construction) -> tuple[Value, ...]:
    operation = call.operation
    if not is_standard(operation.domain):
        raise ModelError(
            f"The node {operation} belongs to {described(operation.domain)}, not to ONNX's own "
            "operators; export without a runtime's optimisations, or choose an output before it "
            "with output=."
        )
    try:
        if not call.live:
            return folded(call)
        if operation.op in ("Shape", "Size"):
            return shape_of(call)
        if operation.op not in OPERATORS:
            raise ModelError(reason(operation.op))
        made = OPERATORS[operation.op](call, net)
        return made if isinstance(made, tuple) else (made,)
    except MixedSamplesError as error:
        raise MixedSamplesError(
            f"The node {operation} treats a batch as a whole: {error}."
        ) from error
    except Exception as error:  # attributes of a damaged file may be of any type and length
        text = str(error) if isinstance(error, LrpAudioError) else f"it is damaged ({error!s:.200})"
        raise ModelError(f"The node {operation} cannot be read: {text.rstrip('.')}.") from error


def _leading_to(nodes: Mapping[str, Node], last: str) -> list[Node]:
    """The nodes that the node `last` depends on, with itself as the last."""
    wanted, found = {last}, list[Node]()
    for name in reversed(list(nodes)):
        if name in wanted:
            wanted.update(nodes[name].sources)
            found.append(nodes[name])
    return found[::-1]
