"""The check of a model in a folder: its layers, and its outputs beside those of a reference."""

import math
from pathlib import Path

import numpy as np

from lrp_audio.commands.text import aligned, printable
from lrp_audio.errors import ModelError, ShapeError
from lrp_audio.interchange.folder import Reference, read_folder, reference_of
from lrp_audio.interchange.foreign import refuse_bare_file
from lrp_audio.models.batches import forward
from lrp_audio.models.network import Network
from lrp_audio.outputs import ENDINGS, Ending, Output

TOLERANCE = 1e-4
"""Largest difference of an output from its reference, relative to the largest of the outputs."""


def check(folder: Path) -> int:
    """Print what the model in `folder` is, layer by layer; returns the exit code.

    Raises `ModelError` where it cannot be read, or where its outputs differ from the reference.
    """
    require_folder(folder)
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


def require_folder(folder: Path) -> None:
    """Raise `ModelError` where there is no such folder."""
    refuse_bare_file(folder)
    if not folder.is_dir():
        raise ModelError(f"There is no folder {folder}: give one with an ONNX file in it.")


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
