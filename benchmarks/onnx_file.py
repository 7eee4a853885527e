"""A chain of layers as an ONNX file, for a runtime that knows nothing of this project."""

from pathlib import Path
from typing import Any

import onnx
from onnx import helper, numpy_helper

from benchmarks.case import described_layers
from lrp_audio.models.network import Network

_OPSET = 17


def write_onnx(network: Network, path: Path) -> None:
    """Write `network` to `path`, without its dropout, for batches of any size."""
    parameters = network.parameters()
    nodes, last = [], "input"
    for name, kind, options in described_layers(network):
        if kind == "Dropout":
            continue
        operator, attributes = _operator(kind, options)
        of_layer = [n for n in (f"{name}.weight", f"{name}.bias") if n in parameters]
        nodes.append(helper.make_node(operator, [last, *of_layer], [name], name, **attributes))
        last = name
    floats, output = onnx.TensorProto.FLOAT, network.shapes[network.output]
    graph = helper.make_graph(
        nodes,
        "network",
        [helper.make_tensor_value_info("input", floats, ["batch", *network.input_shape])],
        [helper.make_tensor_value_info(last, floats, ["batch", *output])],
        [numpy_helper.from_array(array, name) for name, array in parameters.items()],
    )
    opset = helper.make_opsetid("", _OPSET)
    onnx.save(helper.make_model(graph, opset_imports=[opset], ir_version=8), path)


def _operator(kind: str, options: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """The operator for a class of ``torch.nn``, and its attributes."""
    match kind:
        case "Conv1d" | "Conv2d":
            return "Conv", {
                "kernel_shape": options["kernel_size"],
                "strides": options["stride"],
                "pads": 2 * options["padding"],
                "group": options["groups"],
            }
        case "MaxPool1d" | "MaxPool2d":
            return "MaxPool", {
                "kernel_shape": options["kernel_size"],
                "strides": options["stride"],
                "ceil_mode": int(options["ceil_mode"]),
            }
        case "Linear":
            return "Gemm", {"transB": 1}
        case "ReLU":
            return "Relu", {}
        case "Flatten":
            return "Flatten", {}
        case _:
            raise NotImplementedError(f"No ONNX operator is known for {kind}.")
