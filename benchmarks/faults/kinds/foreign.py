"""Networks of other frameworks, damaged: ONNX files, safetensors, and ``model.toml``."""

import json
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.faults.kinds.kind import Kind, file_kind
from benchmarks.faults.messages import change_message
from benchmarks.faults.mutation import mutated
from benchmarks.faults.trees import changed, json_text
from lrp_audio.interchange import read_onnx_network, read_safetensors
from lrp_audio.model import load

_LENGTH = 64  # samples of the small networks
_DATA = "weights.data"


def _node(op: str, inputs: str, output: str, **attributes: Any) -> Any:
    from onnx import helper

    return helper.make_node(op, inputs.split(), [output], name=output, **attributes)


def _graph(nodes: list[Any], shape: tuple[int | str, ...], **arrays: Any) -> Any:
    from onnx import TensorProto, helper, numpy_helper

    made = helper.make_graph(
        nodes,
        "small",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, list(shape))],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(np.asarray(array), name) for name, array in arrays.items()],
    )
    opsets = [helper.make_opsetid("", 17)]
    return helper.make_model(made, opset_imports=opsets, ir_version=8)


def _weights(*shape: int) -> np.ndarray:
    return np.random.default_rng(shape).standard_normal(shape).astype(np.float32)


@cache
def classifier() -> Any:
    """A network over 64 samples with three classes."""
    nodes = [
        _node("Conv", "x w b", "c", strides=[8]),
        _node("Relu", "c", "r"),
        _node("MaxPool", "r", "m", kernel_shape=[2]),
        _node("GlobalAveragePool", "m", "g"),
        _node("Flatten", "g", "f"),
        _node("Gemm", "f v", "s", transB=1),
        _node("Softmax", "s", "y", axis=1),
    ]
    arrays = {"w": _weights(4, 1, 16), "b": _weights(4), "v": _weights(3, 4)}
    return _graph(nodes, ("N", 1, _LENGTH), **arrays)


@cache
def _of_pictures() -> Any:
    """Spectrograms of any size, three classes."""
    nodes = [
        _node("Conv", "x w", "c", kernel_shape=[2, 2]),
        _node("GlobalMaxPool", "c", "g"),
        _node("Flatten", "g", "y"),
    ]
    return _graph(nodes, ("N", 1, "F", "T"), w=_weights(3, 1, 2, 2))


@cache
def _of_moments() -> Any:
    """Three values for each position of a clip of any length."""
    return _graph([_node("Conv", "x w", "y", strides=[4])], ("N", 1, "T"), w=_weights(3, 1, 8))


@cache
def _graphs() -> tuple[Any, ...]:
    """A small network of each family of operators, and one whose weights lie in another file."""
    from onnx import TensorProto

    shapes = _graph(
        [
            _node("Shape", "x", "a"),
            _node("Gather", "a i", "n"),
            _node("Unsqueeze", "n i0", "u"),
            _node("Concat", "u k", "d", axis=0),
            _node("Reshape", "x d", "e"),
            _node("Transpose", "e", "t", perm=[0, 2, 1]),
            _node("Pad", "t p", "q"),
            _node("Slice", "q b e0 ax", "z"),
            _node("MatMul", "z w", "o"),
            _node("ReduceMean", "o", "y", axes=[1], keepdims=0),
        ],
        ("N", _LENGTH),
        **{"i": 0, "i0": [0], "k": [4, 16], "p": [0, 1, 0, 0, 1, 0], "b": [1], "ax": [1]},
        **{"e0": [2**31 - 1], "w": _weights(4, 3)},
    )
    branches = _graph(
        [
            _node("Conv", "x w", "c", pads=[1, 1]),
            _node("BatchNormalization", "c s b m v", "n"),
            _node("Sigmoid", "n", "g"),
            _node("Mul", "n g", "h"),
            _node("Add", "h n", "a"),
            _node("Concat", "a n", "d", axis=1),
            _node("Clip", "d lo hi", "l"),
            _node("ReduceMean", "l", "y", axes=[2], keepdims=0),
        ],
        (1, 2, _LENGTH),
        **{"w": _weights(2, 2, 3), "s": _weights(2), "b": _weights(2), "m": _weights(2)},
        **{"v": np.ones(2, np.float32), "lo": np.float32(-1), "hi": np.float32(1)},
    )
    nodes = [_node("Conv", "x w", "c"), _node("Relu", "c", "y")]
    outside = _graph(nodes, ("N", 1, _LENGTH), w=_weights(4, 1, 16))
    tensor = outside.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    for key, value in (("location", _DATA), ("offset", "0"), ("length", "256")):
        tensor.external_data.add(key=key, value=value)
    return classifier(), shapes, branches, outside


def _of_onnx(rng: np.random.Generator) -> bytes:
    graphs = _graphs()
    if rng.random() < 0.3:
        return mutated([graph.SerializeToString() for graph in graphs], rng)
    message = type(graphs[0])()
    message.CopyFrom(graphs[rng.integers(len(graphs))])
    change_message(message, rng)
    return bytes(message.SerializeToString())


def _write_data(folder: Path) -> None:
    (folder / _DATA).write_bytes(bytes(256))


# --- safetensors: the length of a header in JSON, the header, the numbers -------------------------


@cache
def _safetensors() -> bytes:
    from safetensors.numpy import save

    arrays = {"conv.weight": np.ones((4, 1, 3), np.float32), "bias": np.ones(4, np.float16)}
    return bytes(save(arrays, {"format": "np"}))


def _of_safetensors(rng: np.random.Generator) -> bytes:
    data = _safetensors()
    if rng.random() < 0.5:
        return mutated([data], rng)
    size = int.from_bytes(data[:8], "little")
    header = json_text(changed(json.loads(data[8 : 8 + size]), rng), rng)
    return len(header).to_bytes(8, "little") + header + data[8 + size :]


# --- model.toml -----------------------------------------------------------------------------------

_MEL = {"n_fft": 256, "hop_length": 160, "n_mels": 8, "fmin": 20.0, "fmax": 7000.0}
_DESCRIPTIONS: tuple[dict[str, dict[str, Any]], ...] = (
    {
        "network": {"file": "classifier.onnx", "ending": "softmax"},
        "front": {"kind": "waveform", "rate": 8000, "length": _LENGTH, "offset": "removed"},
        "output": {"names": ["siren", "drill", "engine"], "kind": "class"},
    },
    {
        "network": {"file": "pictures.onnx", "input": "x", "shape": [1, 8, 11]},
        "front": {"kind": "log-mel", "rate": 16000, "length": 1600, "window": "hann", **_MEL},
        "output": {"names": ["siren", "drill", "engine"]},
    },
    {
        "network": {"file": "pictures.onnx", "output": "y"},
        "front": {"kind": "mfcc", "rate": 8000, "length": 800, "n_fft": 128, "n_mfcc": 5},
        "output": {"names": ["valence", "arousal", "dominance"], "kind": "value"},
    },
    {
        "network": {"file": "moments.onnx"},
        "front": {"kind": "waveform", "rate": 8000},
        "output": {"names": ["a", "b", "c"], "frames": {"step": 5e-4, "axis": 1}},
    },
)


def _of_toml(rng: np.random.Generator) -> bytes:
    tree = _DESCRIPTIONS[rng.integers(len(_DESCRIPTIONS))]
    drawn = rng.random()
    if drawn < 0.2:
        return mutated([_toml(tree) for tree in _DESCRIPTIONS], rng)
    if drawn < 0.4:
        return _with_other_words(_toml(tree), rng)
    return _toml(changed(tree, rng, none=False))


_WORD = re.compile(rb"[\w.-]+")
_WORDS = (
    b"nan",
    b"-inf",
    b"1e400",
    b"0x7f",
    b"1979-05-27",
    b"07:32:00",
    b"'''",
    b"[",
    b"[[a]]",
    b"a.b",
)


def _with_other_words(text: bytes, rng: np.random.Generator) -> bytes:
    words = list(_WORD.finditer(text))
    chosen = words[rng.integers(len(words))]
    new = _WORDS[rng.integers(len(_WORDS))]
    return text[: chosen.start()] + new + text[chosen.end() :]


def _toml(tree: Any) -> bytes:
    """A tree of tables as TOML, whose texts, numbers and lists are written as those of JSON."""
    lines = []
    for name, table in tree.items():
        if isinstance(table, dict):
            lines += [f"[{_text(name)}]", *(f"{_text(k)} = {_value(v)}" for k, v in table.items())]
        else:
            lines.insert(0, f"{_text(name)} = {_value(table)}")
    return "\n".join(lines).encode("utf-8", "replace")


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_text(k)} = {_value(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_value, value)) + "]"
    return _text(value) if isinstance(value, str) else json.dumps(value)


def _text(text: str) -> str:
    return json.dumps(text)


def _write_networks(folder: Path) -> None:
    for name, graph in (
        ("classifier", classifier()),
        ("pictures", _of_pictures()),
        ("moments", _of_moments()),
    ):
        (folder / f"{name}.onnx").write_bytes(graph.SerializeToString())


def _folder_of(read: Callable[[Path], object]) -> Callable[[Path], object]:
    return lambda path: read(path.parent)


FOREIGN: tuple[Kind, ...] = (
    file_kind("ONNX", "model.onnx", _of_onnx, read_onnx_network, _write_data),
    file_kind("safetensors", "model.safetensors", _of_safetensors, read_safetensors),
    file_kind("model.toml", "model.toml", _of_toml, _folder_of(load), _write_networks),
)
