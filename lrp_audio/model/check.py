"""The check of a model in a folder: its layers, and its outputs beside those of a reference."""

import json
import math
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np

from lrp_audio.commands.text import aligned, printable
from lrp_audio.errors import ModelError, ShapeError
from lrp_audio.files import remove_leftovers, write_bytes_aside
from lrp_audio.interchange.folder import DESCRIPTION, Reference, read_folder, reference_of
from lrp_audio.interchange.foreign import refuse_bare_file, refuse_other_formats
from lrp_audio.interchange.read import ReadNetwork, declared_outputs, read_onnx_network
from lrp_audio.models.batches import forward
from lrp_audio.models.network import Network
from lrp_audio.outputs import ENDINGS, Ending, Output

TOLERANCE = 1e-4
"""Largest difference of an output from its reference, relative to the largest of the outputs."""
_MOST_OUTPUTS = 8  # of a graph, to be tried
_USUAL_RATE = 16000
_RATE = f"rate = {_USUAL_RATE}       # Hz: what the network was trained on"


def check(folder: Path) -> int:
    """Print what the model in `folder` is, layer by layer; returns the exit code.

    Raises `ModelError` where it cannot be read, or where its outputs differ from the reference.
    """
    _require_folder(folder)
    found = read_folder(folder, "float64")
    network, output, front = found.network, found.output, found.front
    print(f"{printable(found.name)}: {len(network.nodes)} layers, {_parameters(network):,} numbers")
    for note in found.notes:
        print(f"  {printable(note)}")
    print(f"\n{layers_table(network)}")
    length = "any length" if front.length is None else f"{front.length} samples"
    channels = f", {front.channels} channels" if front.channels > 1 else ""
    print(f"\ninput: {type(front).__name__}, {length} at {front.rate} Hz{channels}")
    print(f"output: {output.kind} ({', '.join(map(printable, output.names[:12]))})", end="")
    print(", ..." if len(output.names) > 12 else "")
    reference = reference_of(folder)
    if reference is None:
        print(
            "\nunverified: there is no reference.npz with inputs and the outputs that the network "
            "gives for them in its own framework"
        )
        return 0
    worst = difference(network, output, found.ending, reference)
    if worst > TOLERANCE:
        raise ModelError(
            f"The outputs differ from those of reference.npz by {worst:.1e} of the largest: the "
            "network was not read as it is meant, or the reference is of another one."
        )
    print(f"\nverified: outputs agree with reference.npz to {worst:.1e} of the largest")
    return 0


def propose(folder: Path) -> int:
    """Write a ``model.toml`` for the ONNX file in `folder`; returns the exit code.

    Raises `ModelError` where there is one already, or not exactly one ONNX file.
    """
    _require_folder(folder)
    remove_leftovers(folder)  # also where nothing more has to be written
    path = folder / DESCRIPTION
    if path.exists():
        raise ModelError(f"{path} is there already: change it by hand, or remove it first.")
    files = sorted(folder.glob("*.onnx"))
    if not files:
        for found in sorted(folder.glob("*")):
            refuse_other_formats(found)
    if len(files) != 1:
        raise ModelError(f"{folder} holds {len(files)} files ending in .onnx; expected one.")
    outputs = declared_outputs(files[0])
    read = _first_readable(files[0], outputs)
    try:
        content = proposal(files[0].name, read, outputs).encode()
    except UnicodeEncodeError as error:
        raise ModelError(f"{files[0]} has a name that is no text: rename it.") from error
    write_bytes_aside(path, content)
    print(f"wrote {printable(path)}: complete [front] and the names, then check it again")
    return 0


def _require_folder(folder: Path) -> None:
    """Raise `ModelError` where there is no such folder."""
    refuse_bare_file(folder)
    if not folder.is_dir():
        raise ModelError(f"There is no folder {folder}: give one with an ONNX file in it.")


def _first_readable(path: Path, outputs: Sequence[str]) -> ReadNetwork:
    """The network to the first of the graph's `outputs` that can be read; else the first error."""
    for output in outputs[:_MOST_OUTPUTS]:
        with suppress(ModelError):
            return read_onnx_network(path, output=output)
    return read_onnx_network(path, output=next(iter(outputs), None))


def proposal(file: str, read: ReadNetwork, outputs: Sequence[str]) -> str:
    """A ``model.toml`` for a network that was read, with what the graph does not say to fill in.

    `outputs` are the names of all outputs of the graph.
    """
    network = read.network
    ending = "logits" if read.ending == "none" else read.ending
    output = ""
    if len(outputs) > 1:
        others = ", ".join(json.dumps(name) for name in outputs if name != read.output)
        output = f"output = {json.dumps(read.output)}    # or {others:.200}\n"
    samples = len([n for n in network.input_shape if n > 1]) <= 1
    length = max(network.input_shape, default=1)
    if samples:
        any_length = "# no length: the network takes any"
        front = f'kind = "waveform"\n{_RATE}\n'
        front += any_length if network.free_axes else f"length = {length}"
    else:
        front = f'kind = "log-mel"\n{_RATE}\n'
        front += f"# the network takes inputs of shape ({network.lengths})"
    shape, frames = network.shapes[network.output], ""
    count = math.prod(shape)
    if samples and (found := _frames(network)) is not None:
        axis, each = found
        count //= shape[axis]
        frames = f"\nframes = {{ step = {each / _USUAL_RATE:.6g}, axis = {axis} }}    # in seconds"
    names = ", ".join(f'"{i}"' for i in range(count))
    return f"""\
[network]
file = {json.dumps(file, ensure_ascii=False)}
{output}ending = "{ending}"

[front]
{front}

[output]
kind = "class"     # or "value", for regression
names = [{names}]{frames}
"""


def _frames(network: Network) -> tuple[int, float] | None:
    """The axis of the output that is longer for longer inputs, and the samples of each frame."""
    free, length = network.free_axes, max(network.input_shape)
    longer = tuple(2 * n if axis in free else n for axis, n in enumerate(network.input_shape))
    usual, found = network.shapes[network.output], network.output_shape(longer)
    added = {axis: m - n for axis, (n, m) in enumerate(zip(usual, found, strict=True)) if m != n}
    return next(((axis, length / more) for axis, more in added.items()), None)


def layers_table(network: Network) -> str:
    """The layers of a network with the shapes of their outputs, one line each."""
    rows = [
        (
            printable(node.name),
            type(node.layer).__name__,
            " x ".join(map(str, network.shapes[node.name])),
            str(sum(array.size for array in node.layer.parameters().values()) or ""),
        )
        for node in network.nodes
    ]
    return aligned([("layer", "kind", "output", "numbers"), *rows], left=3)


def difference(network: Network, output: Output, ending: Ending, reference: Reference) -> float:
    """Largest difference of outputs, relative to the largest; after the `ending` that was cut."""
    shape = network.shapes[network.output]
    inputs = reference.input
    if inputs.shape[1:] == network.input_shape and inputs.ndim > 0:
        # Before the work, which takes long for thousands of inputs.
        _require_size(reference, (len(inputs), *shape))
    try:
        given = forward(network, np.asarray(inputs, np.float64))
    except ShapeError as error:
        raise ModelError(f"The input in reference.npz does not fit: {error}") from error
    _require_size(reference, given.shape)
    found = ENDINGS[ending](output.scores(given))
    expected = output.scores(reference.output.reshape(given.shape))
    distance = np.abs(found - expected).max(initial=0)
    return float(distance / max(np.abs(expected).max(initial=0), 1e-12))


def _require_size(reference: Reference, shape: tuple[int, ...]) -> None:
    if reference.output.size != math.prod(shape):
        raise ModelError(
            f"The output in reference.npz has shape {reference.output.shape}; that of the network "
            f"is {shape}."
        )


def _parameters(network: Network) -> int:
    return sum(array.size for array in network.parameters().values())
