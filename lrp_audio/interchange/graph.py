"""The graph of an ONNX file without protobuf: operations in order, and tensors by name."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

from lrp_audio.arguments import described
from lrp_audio.errors import ModelError
from lrp_audio.interchange.digest import FilesDigest
from lrp_audio.interchange.file import opset_of
from lrp_audio.interchange.limits import MAX_NODES
from lrp_audio.interchange.tensors import Tensors
from lrp_audio.interchange.text import as_text
from lrp_audio.types import Array

_LONGEST = 60  # characters of the name of an operator


@dataclass(frozen=True)
class Operation:
    """One node of the graph; an input that is left out has the empty name."""

    name: str
    op: str
    domain: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: Mapping[str, Any]

    @property
    def first(self) -> str:
        """The first input, or the empty name."""
        return self.inputs[0] if self.inputs else ""

    def __str__(self) -> str:
        plain = self.op.isidentifier() and len(self.op) <= _LONGEST
        return f"{described(self.name)} ({self.op if plain else '?'})"


@dataclass(frozen=True)
class Port:
    """An input or output: its name, and its shape with None for an axis of any length."""

    name: str
    shape: tuple[int | None, ...] | None


@dataclass(frozen=True)
class Graph:
    """Operations, each after those that it reads; `inputs` are those without an initialiser."""

    operations: tuple[Operation, ...]
    tensors: Mapping[str, Array]
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    opset: int

    def leading_to(self, output: str) -> tuple[Operation, ...]:
        """The operations that `output` depends on, in order."""
        wanted, found = {output}, []
        for operation in reversed(self.operations):
            if wanted.intersection(operation.outputs):
                wanted.update(operation.inputs)
                found.append(operation)
        return tuple(reversed(found))


def graph_of(model: Any, folder: Path, digest: FilesDigest) -> Graph:
    """The graph of a ``ModelProto`` whose external data lies in `folder`; added to `digest`.

    Raises `ModelError` for names that are missing or used twice, for cycles, and for what only a
    runtime could read.
    """
    proto = model.graph
    if len(proto.node) > MAX_NODES:
        raise ModelError(
            f"The graph has {len(proto.node):,} nodes; at most {MAX_NODES:,} are read."
        )
    if proto.sparse_initializer:
        raise ModelError("The graph has sparse tensors, which are not read; export dense ones.")
    stored = {as_text(tensor.name): tensor for tensor in proto.initializer}
    _different([as_text(tensor.name) for tensor in proto.initializer], "tensors")
    tensors = Tensors(stored, folder, digest)
    inputs = tuple(_entry(value) for value in proto.input if as_text(value.name) not in stored)
    operations = [_operation(node, tensors) for node in proto.node]
    made = [name for operation in operations for name in operation.outputs if name]
    _different([entry.name for entry in inputs] + list(stored) + made, "values")
    return Graph(
        _ordered(operations, {entry.name for entry in inputs} | stored.keys()),
        tensors,
        inputs,
        tuple(_entry(value) for value in proto.output),
        opset_of(model),
    )


def _different(names: Sequence[str], what: str) -> None:
    seen = set[str]()
    for name in names:
        if name in seen or not name:
            raise ModelError(
                f"Two {what} of the graph have the name {described(name)}; export it again."
                if name
                else f"One of the {what} of the graph has no name; export it again."
            )
        seen.add(name)


def _entry(value: Any) -> Port:
    name, kind = as_text(value.name), value.type.WhichOneof("value")
    if kind not in (None, "tensor_type"):
        raise ModelError(
            f"{described(name)} is a {kind.removesuffix('_type')}, where a tensor was expected; "
            "export a network that takes and gives arrays."
        )
    tensor = value.type.tensor_type
    if not tensor.HasField("shape"):
        return Port(name, None)
    dims = tensor.shape.dim
    return Port(name, tuple(d.dim_value if d.HasField("dim_value") else None for d in dims))


def _operation(node: Any, tensors: Tensors) -> Operation:
    inputs, outputs = (tuple(map(as_text, names)) for names in (node.input, node.output))
    name = as_text(node.name) or next(iter(outputs), "")
    bare = Operation(name, as_text(node.op_type), as_text(node.domain), inputs, outputs, {})
    if not any(outputs):
        raise ModelError(f"The node {bare} has no output; export the network again.")
    attributes = {as_text(a.name): _attribute(a, bare, tensors) for a in node.attribute}
    return replace(bare, attributes=attributes)


def _attribute(attribute: Any, operation: Operation, tensors: Tensors) -> Any:
    """The value of an attribute; of a tensor the function that reads it, of a graph None."""
    kinds = attribute.AttributeType
    if attribute.type == kinds.TENSOR:
        return partial(tensors.decoded, attribute.t, f"The tensor in the node {operation}")
    if attribute.type in (kinds.INT, kinds.FLOAT, kinds.STRING):
        field = {kinds.INT: "i", kinds.FLOAT: "f", kinds.STRING: "s"}[attribute.type]
        value = getattr(attribute, field)
        return as_text(value) if field == "s" else value
    if attribute.type == kinds.INTS:
        return tuple(attribute.ints)
    return tuple(attribute.floats) if attribute.type == kinds.FLOATS else None


def _ordered(operations: Sequence[Operation], given: set[str]) -> tuple[Operation, ...]:
    """The operations, each after those that it reads."""
    maker = {name: operation for operation in operations for name in operation.outputs if name}
    before: dict[int, list[int]] = {}
    place = {id(operation): index for index, operation in enumerate(operations)}
    for index, operation in enumerate(operations):
        read = [name for name in operation.inputs if name and name not in given]
        missing = next((name for name in read if name not in maker), None)
        if missing is not None:
            raise ModelError(
                f"The node {operation} reads {described(missing)}, which nothing in the graph "
                "makes; export it again."
            )
        before[index] = [place[id(maker[name])] for name in read]
    try:
        return tuple(operations[index] for index in TopologicalSorter(before).static_order())
    except CycleError as error:
        through = operations[error.args[1][0]]
        raise ModelError(
            f"The graph runs in a circle through the node {through}; export it again."
        ) from error
