"""Every operator and its variants by opset, against the reference evaluator of the package onnx."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from graphs import agree, model, node, read

RNG = np.random.default_rng(15)


def r(*shape: int) -> np.ndarray:
    return RNG.normal(size=shape)


def i(*numbers: int) -> np.ndarray:
    return np.array(numbers, np.int64)


SIGNAL = ("N", 3, 8)
IMAGE = ("N", 3, 6, 8)


def unary(op: str, opset: int = 17, **attributes: Any) -> Any:
    return model([node(op, "x", "y", **attributes)], opset=opset)


def with_constants(op: str, *values: Any, shape: Any = SIGNAL, opset: int = 17, **att: Any) -> Any:
    names = [f"c{k}" for k in range(len(values))]
    constants = {n: v for n, v in zip(names, values, strict=True) if v is not None}
    inputs = " ".join(["x", *(n if n in constants else "_" for n in names)])
    return model([node(op, inputs, "y", **att)], shape, constants, opset)


def reversed_with(op: str, value: Any, shape: Any = SIGNAL) -> Any:
    return model([node(op, "c x", "y")], shape, {"c": value})


CASES: dict[str, Any] = {
    **{op: unary(op) for op in ("Abs", "Exp", "Identity", "Neg", "Relu", "Softplus", "Tanh")},
    "Sigmoid": model([node("Sigmoid", "x", "a"), node("Tanh", "a", "y")]),
    "Elu": unary("Elu", alpha=0.7),
    "Selu": unary("Selu"),
    "LeakyRelu": unary("LeakyRelu", alpha=0.2),
    "HardSigmoid": unary("HardSigmoid"),
    "HardSigmoid alpha": unary("HardSigmoid", alpha=0.3, beta=0.4),
    "HardSwish": unary("HardSwish"),
    "Gelu": unary("Gelu", opset=20),
    "Dropout attribute": unary("Dropout", opset=7, ratio=0.4),
    "Dropout input": with_constants("Dropout", np.array(0.4)),
    "Cast double": model([node("Cast", "x", "a", to=11), node("Cast", "a", "y", to=1)]),
    "PRelu channel": with_constants("PRelu", r(3, 1)),
    "PRelu one": with_constants("PRelu", r(1)),
    "Clip attribute": unary("Clip", opset=10, min=-0.5, max=0.7),
    "Clip input": with_constants("Clip", np.array(-0.5), np.array(0.7)),
    "Clip low": with_constants("Clip", np.array(-0.5)),
    "Clip high": with_constants("Clip", None, np.array(0.5)),
    "Max constant": with_constants("Max", np.array([0.1])),
    "Max per channel": with_constants("Max", r(3, 1)),
    "Max three": with_constants("Max", np.array(0.1), np.array(-0.3)),
    "Min constant": with_constants("Min", np.array(0.1)),
    "Pow": model([node("Abs", "x", "a"), node("Pow", "a c", "y")], constants={"c": 1.7}),
    "Pow int": with_constants("Pow", i(2).reshape(())),
    "Sqrt": model([node("Abs", "x", "a"), node("Sqrt", "a", "y")]),
    "Log": model([node("Exp", "x", "a"), node("Log", "a", "y")]),
    "Reciprocal": model([node("Exp", "x", "a"), node("Reciprocal", "a", "y")]),
    "Add scalar": with_constants("Add", np.array(0.5)),
    "Add channels": with_constants("Add", r(3, 1)),
    "Add time": with_constants("Add", r(8)),
    "Add all": with_constants("Add", r(1, 3, 8)),
    "Add longer": with_constants("Add", r(1, 1, 8), shape=("N", 3, 1)),
    "Add rank": with_constants("Add", r(1, 1, 3, 8), shape=(1, 3, 8)),
    "Add before": reversed_with("Add", r(3, 8)),
    "Sub": with_constants("Sub", r(3, 1)),
    "Sub from": reversed_with("Sub", r(8)),
    "Mul": with_constants("Mul", r(3, 1)),
    "Div": with_constants("Div", r(8) + 3),
    "Div of constant": model(
        [node("Exp", "x", "a"), node("Div", "c a", "y")], constants={"c": r(8)}
    ),
    "Square": model([node("Mul", "x x", "y")]),
    "Add live": model([node("Tanh", "x", "a"), node("Add", "a x", "y")]),
    "Add itself": model([node("Add", "x x", "y")]),
    "Sum of three": model(
        [node("Tanh", "x", "a"), node("Sum", "x a c", "y")], constants={"c": r(3, 1)}
    ),
    "Sub live": model([node("Tanh", "x", "a"), node("Sub", "a x", "y")]),
    "Add broadcast": model(
        [node("ReduceMean", "x", "a", axes=[2]), node("Add", "x a", "y")], opset=13
    ),
    "Add transposed": model(
        [
            node("Transpose", "x", "a", perm=[0, 2, 1]),
            node("Tanh", "a", "b"),
            node("Transpose", "b", "c", perm=[0, 2, 1]),
            node("Add", "x c", "y"),
        ]
    ),
    "Max live": model([node("Tanh", "x", "a"), node("Max", "a x", "y")]),
    "Min live": model([node("Tanh", "x", "a"), node("Min", "x a", "y")]),
    "Gate": model([node("Sigmoid", "x", "a"), node("Tanh", "x", "b"), node("Mul", "a b", "y")]),
    "SiLU": model([node("Sigmoid", "x", "a"), node("Mul", "x a", "y")]),
    "HardSwish old": model(
        [
            node("Add", "x three", "a"),
            node("Clip", "a zero six", "b"),
            node("Mul", "x b", "c"),
            node("Div", "c six", "y"),
        ],
        constants={"three": 3.0, "zero": 0.0, "six": 6.0},
    ),
    "HardSwish pair": model(
        [node("HardSigmoid", "x", "a", alpha=1 / 6, beta=0.5), node("Mul", "a x", "y")]
    ),
    "Squeeze-and-excite": model(
        [
            node("GlobalAveragePool", "x", "a"),
            node("Conv", "a w", "b"),
            node("HardSigmoid", "b", "c"),
            node("Mul", "c x", "y"),
        ],
        IMAGE,
        {"w": r(3, 3, 1, 1)},
    ),
    "Conv": with_constants("Conv", r(4, 3, 3)),
    "Conv bias": with_constants("Conv", r(4, 3, 3), r(4), pads=[1, 1], strides=[2]),
    "Conv asymmetric": with_constants("Conv", r(4, 3, 4), pads=[2, 1]),
    "Conv dilated": with_constants("Conv", r(4, 3, 3), dilations=[2], pads=[2, 1]),
    "Conv same upper": with_constants("Conv", r(4, 3, 4), auto_pad="SAME_UPPER", strides=[3]),
    "Conv same lower": with_constants("Conv", r(4, 3, 4), auto_pad="SAME_LOWER"),
    "Conv valid": with_constants("Conv", r(4, 3, 3), auto_pad="VALID"),
    "Conv depthwise": with_constants("Conv", r(6, 1, 3), group=3),
    "Conv 2-D": with_constants(
        "Conv", r(4, 3, 3, 2), r(4), shape=IMAGE, pads=[1, 0, 2, 1], strides=[2, 1]
    ),
    "Conv 2-D same": with_constants(
        "Conv", r(4, 3, 3, 2), shape=IMAGE, auto_pad="SAME_UPPER", strides=[2, 3]
    ),
    "Conv 2-D groups": with_constants("Conv", r(6, 1, 3, 3), shape=IMAGE, group=3, pads=[1] * 4),
    "BatchNormalization": with_constants(
        "BatchNormalization", r(3), r(3), r(3), r(3) ** 2 + 0.1, epsilon=1e-3
    ),
    "BatchNormalization 2-D": with_constants(
        "BatchNormalization", r(3), r(3), r(3), r(3) ** 2 + 0.1, shape=IMAGE
    ),
    "BatchNormalization last": model(
        [
            node("Transpose", "x", "a", perm=[0, 2, 1]),
            node("BatchNormalization", "a s b m v", "y"),
        ],
        constants={"s": r(8), "b": r(8), "m": r(8), "v": r(8) ** 2},
    ),
    "BatchNormalization folded": model(
        [node("Conv", "x w", "a"), node("BatchNormalization", "a s b m v", "y")],
        constants={"w": r(4, 3, 3), "s": r(4), "b": r(4), "m": r(4), "v": r(4) ** 2},
    ),
    "MaxPool": unary("MaxPool", kernel_shape=[3]),
    "MaxPool strides": unary("MaxPool", kernel_shape=[3], strides=[2], pads=[1, 0]),
    "MaxPool ceil": unary("MaxPool", kernel_shape=[3], strides=[2], ceil_mode=1, opset=12),
    "MaxPool same": unary("MaxPool", kernel_shape=[3], strides=[2], auto_pad="SAME_UPPER"),
    "MaxPool dilated": unary("MaxPool", kernel_shape=[2], dilations=[3], opset=12),
    "MaxPool 2-D": model([node("MaxPool", "x", "y", kernel_shape=[2, 3], strides=[2, 1])], IMAGE),
    "AveragePool": unary("AveragePool", kernel_shape=[2], strides=[2]),
    "AveragePool pads": unary("AveragePool", kernel_shape=[3], pads=[1, 1]),
    "AveragePool counted": unary("AveragePool", kernel_shape=[3], pads=[1, 1], count_include_pad=1),
    "AveragePool 2-D": model(
        [node("AveragePool", "x", "y", kernel_shape=[2, 3], strides=[2, 2])], IMAGE
    ),
    "GlobalAveragePool": unary("GlobalAveragePool"),
    "GlobalMaxPool": model([node("GlobalMaxPool", "x", "y")], IMAGE),
    "ReduceMean attribute": unary("ReduceMean", axes=[2], keepdims=0, opset=13),
    "ReduceMean input": with_constants("ReduceMean", i(-1), opset=18, keepdims=0),
    "ReduceMean channels": unary("ReduceMean", axes=[1], opset=13),
    "ReduceMean 2-D": model(
        [node("ReduceMean", "x", "y", axes=[2, 3], keepdims=0)], IMAGE, opset=13
    ),
    "ReduceMax attribute": unary("ReduceMax", axes=[1], keepdims=0, opset=13),
    "ReduceMax input": with_constants("ReduceMax", i(1, 2), opset=18, keepdims=0),
    "ReduceMax last first": model(
        [
            node("Transpose", "x", "a", perm=[0, 2, 3, 1]),
            node("ReduceMax", "a", "y", axes=[1, 2], keepdims=0),
        ],
        IMAGE,
        opset=13,
    ),
    "ReduceMin": unary("ReduceMin", axes=[2], opset=13),
    "ReduceSum attribute": unary("ReduceSum", axes=[2], opset=11),
    "ReduceSum input": with_constants("ReduceSum", i(1), keepdims=0),
    "ReduceSumSquare": unary("ReduceSumSquare", axes=[1], opset=13),
    "ReduceL1": unary("ReduceL1", axes=[2], opset=13),
    "ReduceL2": unary("ReduceL2", axes=[1], keepdims=0, opset=13),
    "ReduceLogSumExp": unary("ReduceLogSumExp", axes=[2], opset=13),
    "MatMul": with_constants("MatMul", r(8, 5)),
    "MatMul left": reversed_with("MatMul", r(5, 3)),
    "MatMul vector": with_constants("MatMul", r(8)),
    "MatMul left vector": reversed_with("MatMul", r(3)),
    "MatMul 4-D": with_constants("MatMul", r(8, 5), shape=IMAGE),
    "MatMul of one matrix": with_constants("MatMul", r(1, 8, 5)),
    "MatMul Add": model(
        [node("MatMul", "x w", "a"), node("Add", "a b", "y")], constants={"w": r(8, 5), "b": r(5)}
    ),
    "MatMul flat": with_constants("MatMul", r(8, 5), shape=("N", 8)),
    "Gemm": with_constants("Gemm", r(8, 5), r(5), shape=("N", 8)),
    "Gemm transB": with_constants("Gemm", r(5, 8), shape=("N", 8), transB=1, alpha=0.5),
    "Gemm beta": with_constants("Gemm", r(8, 5), r(1, 5), shape=("N", 8), alpha=2.0, beta=0.3),
    "Gemm scalar": with_constants("Gemm", r(8, 5), np.array(0.7), shape=("N", 8)),
    "Gemm transA": model(
        [node("Transpose", "x", "a", perm=[1, 0]), node("Gemm", "a w", "y", transA=1)],
        ("N", 8),
        {"w": r(8, 5)},
    ),
    "Gemm left": model(
        [
            node("Transpose", "x", "a", perm=[1, 0]),
            node("Gemm", "w a", "b", transA=1),
            node("Transpose", "b", "y", perm=[1, 0]),
        ],
        ("N", 8),
        {"w": r(8, 5)},
    ),
    "Flatten": unary("Flatten"),
    "Flatten axis": model(
        [node("Reshape", "x s", "a"), node("Flatten", "a", "y", axis=2)],
        (1, 3, 8),
        {"s": i(1, 1, 24)},
    ),
    "Flatten negative": unary("Flatten", axis=-2),
    "Reshape zero": with_constants("Reshape", i(0, -1)),
    "Reshape split": with_constants("Reshape", i(0, 3, 2, 4)),
    "Reshape allowzero": with_constants("Reshape", i(-1, 24), allowzero=1),
    "Reshape attribute-free": with_constants("Reshape", i(-1, 4, 6), opset=7),
    "Reshape after transpose": model(
        [node("Transpose", "x", "a", perm=[0, 2, 1]), node("Reshape", "a s", "y")],
        constants={"s": i(0, -1)},
    ),
    "Transpose": unary("Transpose", perm=[0, 2, 1]),
    "Transpose time first": model(
        [
            node("Transpose", "x", "a", perm=[2, 0, 1]),
            node("MatMul", "a w", "b"),
            node("Transpose", "b", "y", perm=[1, 0, 2]),
        ],
        constants={"w": r(3, 4)},
    ),
    "Squeeze attribute": model([node("Squeeze", "x", "y", axes=[1])], ("N", 1, 8), opset=11),
    "Squeeze input": with_constants("Squeeze", i(-2), shape=("N", 1, 8)),
    "Squeeze all": model([node("Squeeze", "x", "y")], ("N", 1, 8)),
    "Unsqueeze attribute": unary("Unsqueeze", axes=[1, 4], opset=11),
    "Unsqueeze input": with_constants("Unsqueeze", i(-1)),
    "Concat": model([node("Tanh", "x", "a"), node("Concat", "x a x", "y", axis=1)]),
    "Concat last": model([node("Tanh", "x", "a"), node("Concat", "a x", "y", axis=-1)]),
    "Concat new axis": model(
        [
            node("Unsqueeze", "x o", "a"),
            node("Tanh", "a", "b"),
            node("Concat", "a b", "y", axis=1),
        ],
        constants={"o": i(1)},
    ),
    "Concat zeros": model(
        [node("Concat", "z x z", "y", axis=2)], (1, 3, 8), {"z": np.zeros((1, 3, 2))}
    ),
    "Slice attribute": unary("Slice", starts=[1], ends=[7], axes=[2], opset=9),
    "Slice input": with_constants("Slice", i(1, 0), i(100, -2), i(1, 2), i(1, 2)),
    "Slice reversed": with_constants("Slice", i(-1), i(-(2**31)), i(2), i(-1)),
    "Slice backwards": with_constants("Slice", i(6), i(1), i(2), i(-2)),
    "Slice first axis": with_constants("Slice", i(0), i(2**31 - 1), i(0)),
    "Split": model(
        [node("Split", "x s", "a b", axis=2), node("Tanh", "b", "y")], constants={"s": i(3, 5)}
    ),
    "Split attribute": model(
        [node("Split", "x", "a b", axis=2, split=[3, 5]), node("Tanh", "b", "y")], opset=11
    ),
    "Split equal": model([node("Split", "x", "a b", axis=2), node("Sub", "a b", "y")], opset=13),
    "Gated linear unit": model(
        [node("Split", "x", "a b", axis=2), node("Sigmoid", "b", "g"), node("Mul", "a g", "y")],
        opset=13,
    ),
    "Gather one": with_constants("Gather", i(2).reshape(()), axis=1),
    "Gather last": with_constants("Gather", i(-1), axis=2),
    "Gather steps": with_constants("Gather", i(6, 4, 2, 0), axis=2),
    "Pad attribute": unary("Pad", pads=[0, 0, 2, 0, 0, 1], value=0.5, opset=7),
    "Pad input": with_constants("Pad", i(0, 1, 2, 0, 0, 1)),
    "Pad value": with_constants("Pad", i(0, 0, 2, 0, 0, 1), np.array(0.5)),
    "Pad axes": with_constants("Pad", i(2, 1), None, i(2), opset=18),
    "Pad reflect": with_constants("Pad", i(0, 0, 2, 0, 0, 1), mode="reflect"),
    "Pad edge": with_constants("Pad", i(0, 0, 2, 0, 0, 1), mode="edge"),
    "Pad Conv": model(
        [node("Pad", "x p", "a"), node("Conv", "a w", "y", pads=[1, 0])],
        constants={"p": i(0, 0, 2, 0, 0, 1), "w": r(4, 3, 3)},
    ),
    "Expand": with_constants("Expand", i(1, 3, 8), shape=("N", 3, 1)),
    "Expand same": with_constants("Expand", i(1)),
    "Tile": with_constants("Tile", i(1, 2, 3)),
    "Softmax inside": model(
        [
            node("Softmax", "x", "a", axis=-1),
            node("Mul", "a x", "b"),
            node("ReduceSum", "b o", "y", keepdims=0),
        ],
        constants={"o": i(2)},
    ),
    "GELU": model(
        [
            node("Div", "x root", "a"),
            node("Erf", "a", "b"),
            node("Add", "b one", "c"),
            node("Mul", "x c", "d"),
            node("Mul", "d half", "y"),
        ],
        constants={"root": 2**0.5, "one": 1.0, "half": 0.5},
    ),
    "GELU half first": model(
        [
            node("Mul", "x half", "h"),
            node("Mul", "x root", "a"),
            node("Erf", "a", "b"),
            node("Add", "one b", "c"),
            node("Mul", "h c", "y"),
        ],
        constants={"root": 0.5**0.5, "one": 1.0, "half": 0.5},
    ),
    "Clip above live": model(
        [
            node("ReduceMax", "x", "a", axes=[1, 2], keepdims=1),
            node("Sub", "a one", "b"),
            node("Max", "x b", "y"),
        ],
        constants={"one": 1.0},
        opset=13,
    ),
    "Dequantised weights": model(
        [node("DequantizeLinear", "q s z", "w", axis=0), node("Conv", "x w", "y")],
        constants={
            "q": RNG.integers(-127, 127, (4, 3, 3)).astype(np.int8),
            "s": RNG.random(4) / 100,
            "z": np.zeros(4, np.int8),
        },
        opset=19,
    ),
    "Keras": model(
        [
            node("Transpose", "x", "a", perm=[0, 3, 1, 2]),
            node("Conv", "a w", "b", pads=[1] * 4),
            node("Transpose", "b", "c", perm=[0, 2, 3, 1]),
            node("Mul", "c s", "d"),
            node("Add", "d t", "e"),
            node("Relu", "e", "f"),
            node("Transpose", "f", "g", perm=[0, 3, 1, 2]),
            node("MaxPool", "g", "h", kernel_shape=[2, 2], strides=[2, 2]),
            node("Transpose", "h", "k", perm=[0, 2, 3, 1]),
            node("Reshape", "k shape", "l"),
            node("MatMul", "l v", "m"),
            node("Add", "m u", "y"),
        ],
        ("N", 6, 8, 1),
        {
            "w": r(4, 1, 3, 3),
            "s": r(4),
            "t": r(4),
            "shape": i(-1, 48),
            "v": r(48, 5),
            "u": r(5),
        },
    ),
    "Dynamic flatten": model(
        [
            node("Conv", "x w", "c"),
            node("Shape", "c", "s"),
            node("Gather", "s zero", "n"),
            node("Unsqueeze", "n front", "u"),
            node("Concat", "u minus", "t", axis=0),
            node("Reshape", "c t", "y"),
        ],
        constants={"w": r(4, 3, 3), "zero": i(0).reshape(()), "front": i(0), "minus": i(-1)},
    ),
}


def test_a_pad_below_zero_crops(tmp_path: Path) -> None:
    made = with_constants("Pad", i(0, 0, -2, 0, 1, -1))  # the reference evaluator only pads
    x = np.random.default_rng(3).normal(size=(2, 3, 8))
    wanted = np.pad(x[..., 2:-1], ((0, 0), (0, 1), (0, 0)))
    assert np.array_equal(read(made, tmp_path).network.forward(x), wanted)


@pytest.mark.parametrize("name", CASES)
def test_a_graph_and_the_network_read_from_it_compute_the_same(name: str, tmp_path: Path) -> None:
    made = CASES[name]
    shape = [d.dim_value or 2 for d in made.graph.input[0].type.tensor_type.shape.dim]
    agree(made, tmp_path, np.random.default_rng(3).normal(size=shape))
