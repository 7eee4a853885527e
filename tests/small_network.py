"""A small network of somebody else in a folder: its graph, its description, recordings for it."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

onnx = pytest.importorskip("onnx", reason="needs the extra `onnx`")
from onnx import TensorProto, helper, numpy_helper  # noqa: E402

RATE, LENGTH = 4000, 800
NAMES = ("siren", "drill", "engine")
FRONT = f'kind = "waveform"\nrate = {RATE}\nlength = {LENGTH}'
DESCRIPTION = f"""\
[network]
file = "model.onnx"

[front]
{FRONT}

[output]
names = ["siren", "drill", "engine"]
"""
OF_FRAMES = f"""\
[network]
file = "model.onnx"

[front]
kind = "waveform"
rate = {RATE}

[output]
names = ["siren", "drill", "engine"]
frames = {{ step = 0.002, start = 0.004, axis = 1 }}
"""


def graph(ending: str | None = "Softmax", frames: bool = False) -> Any:
    """A convolution, a ReLU and three outputs: of the whole clip, or for each position."""
    rng = np.random.default_rng(3)
    constants = {
        "w": rng.standard_normal((4, 1, 16)).astype(np.float32),
        "b": rng.standard_normal(4).astype(np.float32),
        "v": rng.standard_normal((3, 4, 1)).astype(np.float32),
    }
    nodes = [
        helper.make_node("Conv", ["x", "w", "b"], ["c"], "conv", strides=[8]),
        helper.make_node("Relu", ["c"], ["r"], "relu"),
    ]
    last = "r"
    if not frames:
        nodes.append(helper.make_node("GlobalAveragePool", ["r"], ["g"], "pool"))
        last = "g"
    nodes.append(helper.make_node("Conv", [last, "v"], ["s"], "scores"))
    output = "s"
    if not frames:
        nodes.append(helper.make_node("Flatten", ["s"], ["f"], "flat"))
        output = "f"
    if ending is not None:
        axis = {"axis": 1} if ending.endswith("oftmax") else {}
        nodes.append(helper.make_node(ending, [output], ["p"], "ending", **axis))
        output = "p"
    length: int | str = "T" if frames else LENGTH
    made = helper.make_graph(
        nodes,
        "small",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 1, length])],
        [helper.make_tensor_value_info(output, TensorProto.FLOAT, None)],
        [numpy_helper.from_array(array, name) for name, array in constants.items()],
    )
    return helper.make_model(made, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def computed(made: Any, x: np.ndarray) -> np.ndarray:
    """Output of the graph for `x` by the package onnx."""
    from onnx.reference import ReferenceEvaluator

    return np.asarray(ReferenceEvaluator(made).run(None, {"x": x.astype(np.float32)})[0])


def folder_with(folder: Path, made: Any, description: str = DESCRIPTION) -> Path:
    """A folder of that graph and description."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.onnx").write_bytes(made.SerializeToString())
    (folder / "model.toml").write_text(description, encoding="utf-8")
    return folder


def recording(path: Path, seconds: float = 0.2, seed: int = 0) -> Path:
    """A noise that swells, at the network's rate."""
    count = round(seconds * RATE)
    noise = np.random.default_rng(seed).standard_normal(count) * np.linspace(0.01, 0.1, count)
    soundfile.write(path, noise, RATE)
    return path
