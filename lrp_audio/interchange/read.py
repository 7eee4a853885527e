"""Reading a network from an ONNX file."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from lrp_audio.arguments import as_path, described, one_of
from lrp_audio.errors import ModelError
from lrp_audio.interchange.any_length import longer, of_any_length
from lrp_audio.interchange.build import network_of
from lrp_audio.interchange.digest import FilesDigest
from lrp_audio.interchange.ending import Ending, without_ending
from lrp_audio.interchange.file import read_model
from lrp_audio.interchange.graph import Graph, Operation, Port, graph_of
from lrp_audio.interchange.limits import numbers
from lrp_audio.interchange.patterns import with_activations
from lrp_audio.interchange.sample_shape import in_words, sample_shape, usual_shapes
from lrp_audio.interchange.values import AbsentAxis, MixedSamplesError
from lrp_audio.models.network import Network
from lrp_audio.types import Array


@dataclass(frozen=True)
class ReadNetwork:
    """A network that was read, with read-only parameters, and what the file says of it.

    `input` and `output` are the names in the graph. `ending` is the activation that was cut off
    after the output. `notes` are sentences on what was decided while reading. `sha256` is the
    digest of the bytes that it was read from.
    """

    network: Network
    input: str
    output: str
    ending: Ending
    notes: tuple[str, ...]
    sha256: str


def read_onnx_network(
    path: str | Path,
    dtype: str = "float32",
    input: str | None = None,
    output: str | None = None,
    shape: Sequence[int] | None = None,
) -> ReadNetwork:
    """The network in the ONNX file at `path`, computing in `dtype`; nothing of it is executed.

    `input` and `output` name values of the graph; they may be left out where there is only one,
    and `output` may be any value inside of the graph. `shape` is that of a sample, where the graph
    leaves lengths open; axes of length 1 may be left out of it. By default it is a second of
    samples, or a hundred along each such axis. A batch that the graph fixes to 1 may have any size
    here. Raises `ModelError` for a file that is damaged, too large or not safe to read, and for a
    graph that cannot be explained, with the name of the node and what to do.
    """
    one_of(dtype, ("float32", "float64"), "number type")
    path = as_path(path, "an ONNX file")
    digest = FilesDigest()
    try:
        graph = graph_of(read_model(path, digest), path.parent, digest)
        return _network(graph, digest, np.dtype(dtype).type, input, output, shape)
    except ModelError as error:
        text = str(error)
        raise ModelError(text if str(path) in text else f"{path}: {text}") from error


def _network(
    graph: Graph,
    digest: FilesDigest,
    dtype: type[np.floating[Any]],
    input: str | None,
    output: str | None,
    shape: Sequence[int] | None,
) -> ReadNetwork:
    out = _output(graph, output)
    operations, ending, notes = without_ending(graph.leading_to(out), out)
    entry = _input(graph, input, {name for o in operations for name in o.inputs} | {out})
    operations = with_activations(operations, _scalars(graph, operations))
    wanted = replace(graph, operations=tuple(operations)).leading_to(out)

    def read(shape: Sequence[int] | None, notes: Sequence[str]) -> ReadNetwork:
        network, more = _read(graph, wanted, entry, out, shape, dtype)
        return ReadNetwork(network, entry.name, out, ending, (*notes, *more), digest.hex)

    if shape is not None or not (usual := usual_shapes(entry)):
        return read(shape, notes)
    readable: list[ReadNetwork] = []
    for each in usual:
        chosen = f"The graph leaves lengths open; it was read for samples of ({in_words(each)})."
        with suppress(ModelError):
            readable.append(read(each, [*notes, chosen]))
            if readable[-1].network.free_axes:
                return readable[-1]
    return readable[0] if readable else read(usual[0], notes)  # which raises its error again


def _read(
    graph: Graph,
    wanted: Sequence[Operation],
    entry: Port,
    out: str,
    shape: Sequence[int] | None,
    dtype: type[np.floating[Any]],
) -> tuple[Network, list[str]]:
    """The network for samples of `shape`, and notes on how it was read.

    Where the graph leaves lengths open, it takes others too, if its layers allow that.
    """
    sample, free, batch = sample_shape(entry, shape)

    def read(sample: tuple[int, ...]) -> tuple[Network, list[str]]:
        numbers(sample, f"The input {described(entry.name)}")
        at = (entry.name, sample)
        try:
            network, notes = network_of(graph, wanted, at, out, batch, dtype)
        except MixedSamplesError as error:
            if batch is not AbsentAxis.BATCH:
                raise
            network, notes = network_of(graph, wanted, at, out, AbsentAxis.ONE, dtype)
            notes = [f"The network was read for one sample at a time. {error}", *notes]
        return network, notes

    network, notes = read(sample)
    reasons: list[str] = []
    # All open axes at once, else one of them alone.
    for axes in dict.fromkeys([free, *((axis,) for axis in free)]) if free else ():
        lengths = [longer(n) if axis in axes else (n, n) for axis, n in enumerate(sample)]
        try:
            others = (read(given)[0] for given in zip(*lengths, strict=True))
            network = Network(of_any_length(network, others), sample, axes)
            break
        except ModelError as error:
            reasons.append(str(error))
    if reasons:
        notes.append(f"The network takes samples of ({network.lengths}) only. {reasons[0]}")
    network.freeze()
    return network, notes


def _output(graph: Graph, wanted: str | None) -> str:
    declared = [entry.name for entry in graph.outputs]
    if wanted is None:
        if len(declared) != 1:
            raise ModelError(
                f"The graph has {len(declared)} outputs ({_listed(declared)}); choose one with "
                "output=."
            )
        wanted = declared[0]
    made = {name for operation in graph.operations for name in operation.outputs}
    if not wanted or wanted not in made | {entry.name for entry in graph.inputs}:
        raise ModelError(
            f"There is no value {described(wanted)} in the graph; its outputs are "
            f"{_listed(declared)}."
        )
    return wanted


def _input(graph: Graph, wanted: str | None, read: set[str]) -> Port:
    entries = {entry.name: entry for entry in graph.inputs if entry.name in read}
    if wanted is not None and wanted not in entries:
        raise ModelError(
            f"There is no input {described(wanted)} that the output depends on; there are "
            f"{_listed(list(entries))}."
        )
    if len(entries) != 1:
        raise ModelError(
            f"The output depends on {len(entries)} inputs ({_listed(list(entries))}), and one is "
            "explained; make the others constants when exporting, or choose an output that "
            "depends on one of them."
        )
    return next(iter(entries.values()))


def _listed(names: list[str]) -> str:
    shown = ", ".join(described(name) for name in names[:8])
    return (shown or "none") + (", ..." if len(names) > 8 else "")


def declared_outputs(path: Path) -> list[str]:
    """Names of the outputs that the graph in the ONNX file at `path` declares."""
    digest = FilesDigest()
    return [entry.name for entry in graph_of(read_model(path, digest), path.parent, digest).outputs]


def _scalars(graph: Graph, operations: Sequence[Operation]) -> dict[str, Array]:
    """The single numbers among the constants that `operations` read."""
    found = {}
    for operation in operations:
        for name in operation.inputs:
            if name in graph.tensors and graph.tensors[name].size == 1:
                found[name] = graph.tensors[name]
        value = operation.attributes.get("value") if operation.op == "Constant" else None
        if callable(value) and value().size == 1:
            found[operation.outputs[0]] = value()
    return found
