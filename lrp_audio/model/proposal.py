"""A description that is proposed for an ONNX file, from what its graph shows."""

import json
import math
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from lrp_audio.commands.text import printable
from lrp_audio.errors import ModelError
from lrp_audio.files import remove_leftovers, write_bytes_aside
from lrp_audio.interchange.folder import DESCRIPTION
from lrp_audio.interchange.foreign import refuse_other_formats
from lrp_audio.interchange.read import ReadNetwork, declared_outputs, read_onnx_network
from lrp_audio.model.check import require_folder
from lrp_audio.models.network import Network

_MOST_OUTPUTS = 8  # of a graph, to be tried
_RATE = 16_000  # Hz
_HOP = 160  # samples, from one frame of a spectrogram to the next


def propose(folder: Path) -> int:
    """Write a ``model.toml`` for the ONNX file in `folder`; returns the exit code.

    Raises `ModelError` where there is one already, or not exactly one ONNX file.
    """
    require_folder(folder)
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
    output = ""
    if len(outputs) > 1:
        others = ", ".join(json.dumps(name) for name in outputs if name != read.output)
        output = f"output = {json.dumps(read.output)}    # or {others:.200}\n"
    samples = len([n for n in network.input_shape if n > 1]) <= 1
    if not samples:
        kind, size = "log-mel", f"# the network takes inputs of shape ({network.lengths})"
    elif network.free_axes:
        kind, size = "waveform", "# no length: the network takes any"
    else:
        kind, size = "waveform", f"length = {max(network.input_shape)}"
    shape = network.shapes[network.output]
    count, frames = math.prod(shape), ""
    if (found := _frames(network)) is not None:
        axis, positions = found
        count //= shape[axis]
        step = positions * (1 if samples else _HOP) / _RATE
        frames = f"\nframes = {{ step = {step:.6g}, axis = {axis} }}    # step in seconds"
    names = ", ".join(f'"{i}"' for i in range(count))
    return f"""\
[network]
file = {json.dumps(file, ensure_ascii=False)}
{output}ending = "{"logits" if read.ending == "none" else read.ending}"

[front]
kind = "{kind}"
rate = {_RATE}       # Hz: what the network was trained on
{size}

[output]
kind = "class"     # or "value", for regression
names = [{names}]{frames}
"""


def _frames(network: Network) -> tuple[int, float] | None:
    """The axis of the output that is longer for longer inputs.

    With it comes the number of positions along the input's axis from one frame to the next.
    """
    free = network.free_axes
    longer = tuple(2 * n if axis in free else n for axis, n in enumerate(network.input_shape))
    usual, found = network.shapes[network.output], network.output_shape(longer)
    added = {axis: m - n for axis, (n, m) in enumerate(zip(usual, found, strict=True)) if m != n}
    return next(((axis, network.input_shape[free[0]] / more) for axis, more in added.items()), None)
