"""A model in a folder: ``model.toml`` beside the network's file says what the file cannot.

    [network]
    file = "siren.onnx"            # or .safetensors, with a function that builds the network
    ending = "logits"              # logits, softmax, log-softmax or sigmoid: what the output is

    [front]
    kind = "log-mel"               # how recordings become inputs: see lrp_audio.fronts
    rate = 16000

    [output]
    names = ["siren", "drill"]     # classes; with kind = "value" the names of values

``reference.npz`` beside it holds an ``input`` and the ``output`` that the network gives for it.
"""

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from lrp_audio.arguments import described
from lrp_audio.errors import FrontError, ModelError
from lrp_audio.fronts.base import FrontEnd
from lrp_audio.fronts.kinds import front_from
from lrp_audio.interchange.digest import FilesDigest
from lrp_audio.interchange.opening import is_plain_name
from lrp_audio.interchange.read import read_onnx_network
from lrp_audio.interchange.weights import read_safetensors
from lrp_audio.models.network import Network
from lrp_audio.models.npz import open_npz, read_array
from lrp_audio.models.shapes import with_ones
from lrp_audio.outputs import Ending, FrameTimes, Output
from lrp_audio.regular import read_regular
from lrp_audio.types import Array, Parameters

NetworkFactory = Callable[[Parameters], Network]
"""A function that builds a network over parameters by name."""

DESCRIPTION = "model.toml"
REFERENCE = "reference.npz"
_MOST_BYTES = 1_000_000  # of a description
_ARRAYS = ("input", "output")
_NUMBERS = (np.dtype(np.float32), np.dtype(np.float64))  # of a reference
_MOST_NUMBERS = 5_000_000
_LARGEST = 2 * 8 * _MOST_NUMBERS  # bytes
_ENDINGS: dict[str, Ending] = {
    "logits": "none",
    "softmax": "softmax",
    "log-softmax": "log-softmax",
    "sigmoid": "sigmoid",
}
_KEYS = {
    "network": {"file", "input", "output", "ending", "shape"},
    "output": {"names", "kind", "frames"},
}


@dataclass(frozen=True)
class FolderModel:
    """What a folder holds: a network, its front end, the meaning of its output, and notes.

    `ending` is the activation after the network's output that was left out. `sha256` is the digest
    of the bytes that all of it was read from.
    """

    name: str
    network: Network
    ending: Ending
    front: FrontEnd
    output: Output
    notes: tuple[str, ...]
    sha256: str


@dataclass(frozen=True)
class Reference:
    """Inputs ``(batch, *input_shape)``, and the outputs that the network had for them elsewhere."""

    input: Array
    output: Array


def read_folder(folder: Path, dtype: str, factory: NetworkFactory | None = None) -> FolderModel:
    """The model in `folder`, computing in `dtype`; `factory` is for weights in safetensors.

    Raises `ModelError` with one sentence for what is missing, unknown or does not fit together.
    """
    digest = FilesDigest()
    content = description_of(folder, digest)
    front = _front(folder, content.get("front"))
    network, ending, notes = _network(folder, content["network"], front, dtype, factory, digest)
    output = _output(folder, content.get("output"), ending, network.shapes[network.output])
    wanted = network.input_shape
    if front.length is not None and with_ones(front.shape, wanted) != wanted:
        raise _wrong(
            folder,
            f"its front end makes inputs of shape {front.shape}, and the network takes "
            f"{wanted}: correct [front], or give the shape of a sample in [network]",
        )
    if front.length is None and not network.free_axes:
        raise _wrong(
            folder,
            f"its front end makes inputs of any length, and the network takes {wanted} only: give "
            "the length in [front]",
        )
    return FolderModel(folder.resolve().name, network, ending, front, output, notes, digest.hex)


def description_of(folder: Path, digest: FilesDigest) -> dict[str, Any]:
    """The content of the folder's ``model.toml``, its tables checked for unknown keys.

    Its bytes are added to the `digest`.
    """
    path = folder / DESCRIPTION
    try:
        data = read_regular(path, _MOST_BYTES)
        digest.add(DESCRIPTION, data)
        content = tomllib.loads(data.decode("utf-8"))
    except FileNotFoundError as error:
        raise ModelError(
            f"{folder} has no {DESCRIPTION}: it says which file holds the network, how "
            "recordings become its inputs and what its outputs are called. Let one be proposed "
            f"with: python -m lrp_audio.model check {folder} --write"
        ) from error
    except OSError as error:
        raise ModelError(
            f"{path} cannot be read ({error.strerror}): give a text file of that name."
        ) from error
    except (ValueError, RecursionError) as error:  # not TOML, not UTF-8, or an endless number
        raise _wrong(folder, f"it is not TOML ({error})") from error
    for name in content:
        if name not in (*_KEYS, "front"):
            raise _wrong(
                folder, f"there is no table [{name}]; expected [network], [front], [output]"
            )
        if not isinstance(content[name], dict):
            raise _wrong(folder, f"{name} is not a table: write [{name}] above its keys")
    if "network" not in content:
        raise _wrong(folder, "the table [network] with the file of the network is missing")
    for table, keys in _KEYS.items():
        for key in content.get(table, {}):
            if key not in keys:
                raise _wrong(
                    folder, f"[{table}] has no key {key!r}; it has {', '.join(sorted(keys))}"
                )
    return content


def reference_of(folder: Path) -> Reference | None:
    """The folder's ``reference.npz``; None where there is none. Raises `ModelError` if damaged."""
    path = folder / REFERENCE
    try:
        with open_npz(path, _LARGEST) as archive:
            given = [read_array(archive, name, _MOST_NUMBERS, _NUMBERS) for name in _ARRAYS]
    except FileNotFoundError:
        return None
    except KeyError as error:
        raise ModelError(
            f"{path} has not both arrays {' and '.join(_ARRAYS)}: write it with "
            "numpy.savez(path, input=..., output=...)."
        ) from error
    except Exception as error:  # zipfile and NumPy raise many kinds of errors for damage
        raise ModelError(f"{path} cannot be read ({error!s:.200}): write it again.") from error
    return Reference(*given)


def _network(
    folder: Path,
    table: Mapping[str, Any],
    front: FrontEnd,
    dtype: str,
    factory: NetworkFactory | None,
    digest: FilesDigest,
) -> tuple[Network, Ending, tuple[str, ...]]:
    file = table.get("file")
    if not isinstance(file, str) or not is_plain_name(file):
        raise _wrong(
            folder,
            f"file in [network] is {described(file)}: give the name of a file in the same folder",
        )
    declared = _text(folder, table, "ending")
    if declared is not None and declared not in _ENDINGS:
        raise _wrong(folder, f"ending is {described(declared)}: choose {', '.join(_ENDINGS)}")
    path = folder / file
    if path.suffix == ".safetensors":
        if factory is None:
            raise ModelError(
                f"{path} holds weights alone. Load it from Python, where a function builds its "
                f"network: lrp_audio.load({str(folder)!r}, network=function)."
            )
        parameters = {n: a.astype(dtype) for n, a in read_safetensors(path, digest).items()}
        network = factory(parameters)
        network.freeze()
        return network, _ENDINGS.get(declared or "logits", "none"), ()
    read = read_onnx_network(
        path,
        dtype,
        _text(folder, table, "input"),
        _text(folder, table, "output"),
        _shape(folder, table, front),
    )
    digest.add(file, read.sha256.encode())
    if declared is not None and read.ending not in ("none", _ENDINGS[declared]):
        raise _wrong(
            folder, f"ending is {declared}, and the graph ends with {read.ending}: correct it"
        )
    found = read.ending if declared is None else _ENDINGS[declared]
    if declared not in (None, "logits") and read.ending == "none":
        raise _wrong(
            folder,
            f"ending is {declared}, which the graph does not end with: relevance has to start at "
            "what comes before it; name that value with output, and leave ending out",
        )
    return read.network, found, read.notes


def _text(folder: Path, table: Mapping[str, Any], key: str) -> str | None:
    value = table.get(key)
    if value is not None and not isinstance(value, str):
        raise _wrong(folder, f"{key} in [network] is {described(value)}: give a text")
    return value


def _shape(folder: Path, table: Mapping[str, Any], front: FrontEnd) -> tuple[int, ...] | None:
    """Shape of a sample: as declared, else what the front end makes, of a second of any length."""
    if "shape" not in table:
        return front.input_shape(front.rate if front.length is None else front.length)
    given = table["shape"]
    if not (isinstance(given, list) and given and all(type(n) is int and n > 0 for n in given)):
        raise _wrong(
            folder,
            f"shape in [network] is {described(given)}: give the lengths of a sample's axes, "
            "without the batch, such as [1, 64, 101]",
        )
    return tuple(given)


def _front(folder: Path, table: Mapping[str, Any] | None) -> FrontEnd:
    if table is None:
        raise _wrong(
            folder,
            "the table [front] is missing: it says how a recording becomes an input, such as "
            'kind = "waveform", rate = 16000, length = 16000',
        )
    parameters = {key: tuple(v) if isinstance(v, list) else v for key, v in table.items()}
    try:
        return front_from(parameters.pop("kind", None), parameters)
    except FrontError as error:
        raise _wrong(folder, f"[front]: {error}".rstrip(".")) from error


def _output(
    folder: Path, table: Mapping[str, Any] | None, ending: Ending, shape: tuple[int, ...]
) -> Output:
    table = table or {}
    kind = table.get("kind", "class")
    if kind not in ("class", "value"):
        raise _wrong(folder, f"kind in [output] is {described(kind)}: choose class or value")
    frames = None
    if "frames" in table:
        given = table["frames"]
        try:
            frames = FrameTimes(**given)
        except TypeError as error:
            raise _wrong(
                folder, "frames in [output] has step, start (both in seconds) and axis"
            ) from error
        except ModelError as error:
            raise _wrong(folder, f"[output]: {error}".rstrip(".")) from error
    names = table.get("names")
    if not (
        isinstance(names, list)
        and names
        and all(isinstance(name, str) and name and name.isprintable() for name in names)
        and len(set(names)) == len(names)
    ):
        count = int(np.prod(shape))
        raise _wrong(
            folder,
            f"names in [output] has to list {count} different names, for an output of {shape}",
        )
    usual: Ending = "softmax" if ending == "none" else ending
    output = Output(tuple(names), kind, "none" if kind == "value" else usual, frames)
    try:
        output.check(shape)
    except ModelError as error:
        raise _wrong(folder, f"[output]: {error}".rstrip(".")) from error
    return output


def _wrong(folder: Path, what: str) -> ModelError:
    return ModelError(f"{folder / DESCRIPTION}: {what}.")
