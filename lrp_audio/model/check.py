"""The check of a model in a folder: its layers, and its outputs beside those of a reference."""

import json
import math
from pathlib import Path

import numpy as np

from lrp_audio.commands.text import aligned, printable
from lrp_audio.errors import ModelError, ShapeError
from lrp_audio.files import remove_leftovers, write_bytes_aside
from lrp_audio.interchange.folder import DESCRIPTION, Reference, read_folder, reference_of
from lrp_audio.interchange.read import ReadNetwork, read_onnx_network
from lrp_audio.models.batches import forward
from lrp_audio.models.network import Network
from lrp_audio.outputs import ENDINGS, Ending, Output

TOLERANCE = 1e-4
"""Largest difference of an output from its reference, relative to the largest of the outputs."""


def check(folder: Path) -> int:
    """Print what the model in `folder` is, layer by layer; returns the exit code.

    Raises `ModelError` where it cannot be read, or where its outputs differ from the reference.
    """
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
    remove_leftovers(folder)  # also where nothing more has to be written
    path = folder / DESCRIPTION
    if path.exists():
        raise ModelError(f"{path} is there already: change it by hand, or remove it first.")
    files = sorted(folder.glob("*.onnx"))
    if len(files) != 1:
        raise ModelError(f"{folder} holds {len(files)} files ending in .onnx; expected one.")
    read = read_onnx_network(files[0])
    try:
        content = proposal(files[0].name, read).encode()
    except UnicodeEncodeError as error:
        raise ModelError(f"{files[0]} has a name that is no text: rename it.") from error
    write_bytes_aside(path, content)
    print(f"wrote {printable(path)}: complete [front] and the names, then check it again")
    return 0


def proposal(file: str, read: ReadNetwork) -> str:
    """A ``model.toml`` for a network that was read, with what the graph does not say to fill in."""
    shape = read.network.shapes[read.network.output]
    names = ", ".join(f'"{i}"' for i in range(int(np.prod(shape))))
    ending = "logits" if read.ending == "none" else read.ending
    samples = len([n for n in read.network.input_shape if n > 1]) <= 1
    length = max(read.network.input_shape, default=1)
    front = (
        f'kind = "waveform"\nrate = 16000       # Hz: what the network was trained on\n'
        f"length = {length}"
        if samples
        else 'kind = "log-mel"\nrate = 16000       # Hz: what the network was trained on\n'
        f"# the network takes inputs of shape {read.network.input_shape}"
    )
    return f"""\
[network]
file = {json.dumps(file, ensure_ascii=False)}
ending = "{ending}"

[front]
{front}

[output]
kind = "class"     # or "value", for regression
names = [{names}]
"""


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
