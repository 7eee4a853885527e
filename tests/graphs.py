"""Small graphs, and the reference evaluator of the package onnx as their oracle."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

onnx = pytest.importorskip("onnx", reason="needs the extra `onnx`")
from onnx import TensorProto, helper, numpy_helper  # noqa: E402
from onnx.reference import ReferenceEvaluator  # noqa: E402

from lrp_audio.interchange import ReadNetwork, read_onnx_network  # noqa: E402

FLOAT = TensorProto.FLOAT
Shape = Sequence[int | str | None]


def node(op: str, inputs: str, output: str, **attributes: Any) -> Any:
    """A node named for its output; names are separated by blanks, ``_`` is an input left out."""
    names = ["" if name == "_" else name for name in inputs.split()]
    return helper.make_node(op, names, output.split(), name=output.split()[0], **attributes)


def model(
    nodes: Sequence[Any],
    shape: Shape = ("N", 3, 8),
    constants: Mapping[str, Any] | None = None,
    opset: int = 17,
    output: str = "y",
    ir_version: int = 8,
    kind: int = FLOAT,
) -> Any:
    """A graph from ``x`` of `shape` to `output`; float64 `constants` are stored as float32."""
    stored = []
    for name, value in (constants or {}).items():
        array = np.asarray(value)
        array = array.astype(np.float32) if array.dtype == np.float64 else array
        stored.append(numpy_helper.from_array(array, name))
    graph = helper.make_graph(
        list(nodes),
        "test",
        [helper.make_tensor_value_info("x", kind, list(shape))],
        [helper.make_tensor_value_info(output, FLOAT, None)],
        stored,
    )
    opsets = [helper.make_opsetid("", opset)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=ir_version)


def stored(made: Any, folder: Path) -> Path:
    """`made` as a file in `folder`."""
    path = folder / "model.onnx"
    path.write_bytes(made.SerializeToString())
    return path


def read(made: Any, folder: Path, **options: Any) -> ReadNetwork:
    """`made` through a file, computing in float64."""
    return read_onnx_network(stored(made, folder), "float64", **options)


def expected(made: Any, x: np.ndarray) -> np.ndarray:
    """Output of the graph for `x` by the package onnx."""
    return np.asarray(ReferenceEvaluator(made).run(None, {"x": x.astype(np.float32)})[0])


def agree(made: Any, folder: Path, x: np.ndarray, **options: Any) -> ReadNetwork:
    """Fail unless the network that is read computes what the graph does, for this batch."""
    found = read(made, folder, **options)
    wanted = expected(made, x)
    given = x.astype(np.float32).astype(np.float64)
    got = found.network.forward(given.reshape(-1, *found.network.input_shape))
    scale = 1 + np.abs(wanted).max()
    assert np.abs(got.reshape(wanted.shape) - wanted).max() < 2e-5 * scale
    return found
