"""Graphs that leave lengths open: networks that take recordings of any length."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("onnx", reason="needs the extra `onnx`")

from graphs import model, node, stored
from onnx.reference import ReferenceEvaluator

from lrp_audio.errors import ModelError, ShapeError
from lrp_audio.interchange import read_onnx_network
from lrp_audio.layers import Reshape
from lrp_audio.layers.product import Product
from lrp_audio.rules.presets import composite

RNG = np.random.default_rng(0)
END = 2**62


def r(*shape: int) -> np.ndarray:
    return RNG.standard_normal(shape).astype(np.float32)


def i(*numbers: int) -> np.ndarray:
    return np.array(numbers, np.int64)


CONV = node("Conv", "u w", "c", strides=[8])
POOLED = [node("Relu", "c", "q"), node("ReduceMean", "q", "y", axes=[2], keepdims=0)]
GATE = [
    node("ReduceMean", "c", "p", axes=[2], keepdims=1),
    node("Conv", "p g", "h"),
    node("Sigmoid", "h", "s"),
    node("Mul", "c s", "z"),
    node("ReduceMax", "z", "y", axes=[2], keepdims=0),
]
TARGET = [
    node("Shape", "x", "s"),
    node("Gather", "s zero", "n"),
    node("Gather", "s minus", "t"),
    node("Concat", "n one t", "to", axis=0),
    node("Reshape", "x to", "u"),
]
FRAMES = [
    node("Reshape", "x a", "u"),
    node("Conv", "u w", "c"),
    node("Transpose", "c", "t", perm=[0, 2, 1, 3]),
    node("Reshape", "t b", "v"),
    node("MatMul", "v d", "y"),
]
CHOMP = [
    node("Conv", "x w", "c", pads=[4, 4]),
    node("Slice", "c b e axis", "s"),
    node("Add", "s x", "z"),
    node("ReduceMean", "z", "y", axes=[2], keepdims=0),
]
INNER = [
    node("Conv", "x w", "c"),
    node("Slice", "x b e axis", "s"),
    node("Add", "s c", "z"),
    node("ReduceMean", "z", "y", axes=[2], keepdims=0),
]
ATTENTIVE = [
    node("Conv", "x w", "c"),
    node("Softmax", "c", "s", axis=2),
    node("Mul", "c s", "z"),
    node("ReduceSum", "z axis", "y", keepdims=0),
]
LAST = [
    node("Conv", "x w", "c"),
    node("Slice", "c b e axis", "s"),
    node("Flatten", "s", "y"),
]
W, THREE = {"w": r(4, 1, 16)}, {"w": r(3, 3, 5), "axis": i(2)}
SAMPLES, BANDS, CHANNELS = ("N", "T"), ("N", "T", 40), ("N", 3, "T")
OPEN: dict[str, tuple[list[Any], dict[str, np.ndarray], tuple[Any, ...]]] = {
    "samples that are unsqueezed": (
        [node("Unsqueeze", "x a", "u"), CONV, *POOLED],
        W | {"a": i(1)},
        SAMPLES,
    ),
    "samples that are reshaped": (
        [node("Reshape", "x a", "u"), CONV, *POOLED],
        W | {"a": i(0, 1, -1)},
        SAMPLES,
    ),
    "a shape that is computed": (
        [*TARGET, CONV, *POOLED],
        W | {"zero": i(0), "minus": i(1), "one": i(1)},
        SAMPLES,
    ),
    "a gate over all times": (
        [node("Unsqueeze", "x a", "u"), CONV, *GATE],
        W | {"a": i(1), "g": r(4, 4, 1)},
        SAMPLES,
    ),
    "frames made flat": (
        FRAMES,
        {"a": i(0, 1, -1, 40), "w": r(4, 1, 3, 3), "b": i(0, 0, -1), "d": r(152, 5)},
        BANDS,
    ),
    "an end cut off": (CHOMP, THREE | {"b": i(0), "e": i(-4)}, CHANNELS),
    "both ends cut off": (INNER, THREE | {"b": i(2), "e": i(-2)}, CHANNELS),
    "the last position": (LAST, THREE | {"b": i(-1), "e": i(END)}, CHANNELS),
    "attentive pooling": (ATTENTIVE, THREE, CHANNELS),
    "the first positions": (LAST, THREE | {"b": i(3), "e": i(5)}, CHANNELS),
}


@pytest.mark.parametrize("name", OPEN)
def test_a_network_computes_the_same_for_every_length(name: str, tmp_path: Path) -> None:
    nodes, constants, shape = OPEN[name]
    made = model(nodes, shape, constants)
    network = read_onnx_network(stored(made, tmp_path)).network
    assert network.free_axes
    for length in (network.input_shape[network.free_axes[0]], 57, 200, 801):
        x = r(2, *(length if n == "T" else n for n in shape[1:]))
        expected = ReferenceEvaluator(made).run(None, {"x": x})[0]
        found = network.forward(x)
        np.testing.assert_allclose(found.ravel(), expected.ravel(), rtol=1e-3, atol=2e-4)


@pytest.mark.parametrize("name", OPEN)
@pytest.mark.parametrize("rules", ["epsilon", "epsilon-plus"])
def test_its_relevance_is_that_of_a_network_read_for_the_length(
    name: str, rules: str, tmp_path: Path
) -> None:
    nodes, constants, shape = OPEN[name]
    path = stored(model(nodes, shape, constants), tmp_path)
    x = r(2, *(333 if n == "T" else n for n in shape[1:])).astype(np.float64)
    networks = [
        read_onnx_network(path, "float64", shape=given).network for given in (None, x.shape[1:])
    ]
    chosen = composite(rules, (-9.0, 9.0))
    any_length, exact = (of.propagate(x, lambda y: y, chosen) for of in networks)
    for layer in exact.relevance:
        np.testing.assert_allclose(
            any_length.relevance[layer], exact.relevance[layer], rtol=1e-9, atol=1e-12
        )
    gradients = [of.input_gradient(x, np.ones_like) for of in networks]
    np.testing.assert_allclose(*gradients, rtol=1e-9, atol=1e-12)


def test_a_network_that_fits_one_length_only_says_so(tmp_path: Path) -> None:
    nodes = [node("Flatten", "x", "f"), node("Gemm", "f d", "y")]
    path = stored(model(nodes, CHANNELS, {"d": r(300, 4)}), tmp_path)
    read = read_onnx_network(path)
    assert read.network.input_shape == (3, 100)
    assert not read.network.free_axes
    assert any("(3, 100) only" in note for note in read.notes)
    with pytest.raises(ShapeError, match="takes"):
        read.network.forward(r(1, 3, 57))


def test_a_constant_as_long_as_the_input_fits_one_length_only(tmp_path: Path) -> None:
    made = model([node("Mul", "x m", "y")], CHANNELS, {"m": r(3, 100)})
    read = read_onnx_network(stored(made, tmp_path))
    assert not read.network.free_axes
    with pytest.raises(ModelError):
        read_onnx_network(stored(made, tmp_path), shape=(3, 57))


@pytest.mark.parametrize("order", ["times first", "bands first"])
def test_of_several_open_axes_the_one_that_may_vary_does(order: str, tmp_path: Path) -> None:
    """A dense layer over the bands fixes these, and not the times."""
    nodes = [node("MatMul", "t d", "q"), node("ReduceMean", "q", "y", axes=[1], keepdims=0)]
    turned = node("Transpose", "x", "t", perm=[0, 2, 1])
    first = node("Identity", "x", "t") if order == "times first" else turned
    shape = ("N", "T", "F") if order == "times first" else ("N", "F", "T")
    made = model([first, *nodes], shape, {"d": r(100, 5)})
    read = read_onnx_network(stored(made, tmp_path))
    times = 0 if order == "times first" else 1
    assert read.network.free_axes == (times,)
    assert f"({'any, 100' if times == 0 else '100, any'}) only" in read.notes[-1]
    x = r(2, 57, 100) if times == 0 else r(2, 100, 57)
    expected = ReferenceEvaluator(made).run(None, {"x": x})[0]
    np.testing.assert_allclose(read.network.forward(x), expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(("begin", "end"), [("zero", "half"), ("half", "end")])
def test_a_cut_in_the_middle_fits_one_length_only(begin: str, end: str, tmp_path: Path) -> None:
    nodes = [
        node("Shape", "x", "s"),
        node("Gather", "s minus", "t"),
        node("Div", "t two", "half"),
        node("Slice", f"x {begin} {end} axis", "c"),
        node("ReduceMean", "c", "y", axes=[2], keepdims=0),
    ]
    constants = {"minus": i(-1), "two": i(2), "zero": i(0), "end": i(END), "axis": i(2)}
    read = read_onnx_network(stored(model(nodes, CHANNELS, constants), tmp_path))
    assert not read.network.free_axes
    assert "depends on the length" in read.notes[-1]


@pytest.mark.parametrize("name", ["SAME_UPPER", "SAME_LOWER"])
@pytest.mark.parametrize("stride", [2, 3])
def test_padding_that_depends_on_the_length_is_that_of_each_length(
    name: str, stride: int, tmp_path: Path
) -> None:
    nodes = [
        node("Conv", "x w", "c", auto_pad=name, strides=[stride]),
        # The package onnx takes SAME_LOWER for SAME_UPPER in pools, unlike onnxruntime.
        node("MaxPool", "c", "p", auto_pad="SAME_UPPER", kernel_shape=[3], strides=[stride]),
        node("ReduceMean", "p", "y", axes=[2], keepdims=0),
    ]
    made = model(nodes, CHANNELS, {"w": r(3, 3, 4)})
    network = read_onnx_network(stored(made, tmp_path)).network
    assert network.free_axes == (1,)
    for length in range(60, 72):
        x = r(1, 3, length)
        expected = ReferenceEvaluator(made).run(None, {"x": x})[0]
        np.testing.assert_allclose(network.forward(x), expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("multiple", [2, 5, 16, 160])
def test_a_cut_to_a_multiple_fits_one_length_only(multiple: int, tmp_path: Path) -> None:
    """At 100 samples nothing, or something else than at other lengths, is cut."""
    nodes = [
        node("Shape", "x", "s"),
        node("Gather", "s minus", "t"),
        node("Div", "t by", "n"),
        node("Mul", "n by", "end"),
        node("Slice", "x zero end axis", "c"),
        node("ReduceMean", "c", "y", axes=[2], keepdims=0),
    ]
    constants = {"minus": i(-1), "by": i(multiple), "zero": i(0), "axis": i(2)}
    read = read_onnx_network(stored(model(nodes, CHANNELS, constants), tmp_path))
    assert not read.network.free_axes


@pytest.mark.parametrize("pools", [3, 4])
def test_a_longer_example_is_taken_where_the_usual_one_is_too_short(
    pools: int, tmp_path: Path
) -> None:
    """Of 100 samples, three pools leave one, of which no mean is taken, and four leave none."""
    nodes = [
        node("Relu", "x", "p0"),
        *(
            node("MaxPool", f"p{k}", f"p{k + 1}", kernel_shape=[4], strides=[4])
            for k in range(pools)
        ),
        node("ReduceMean", f"p{pools}", "y", axes=[2], keepdims=0),
    ]
    network = read_onnx_network(stored(model(nodes, CHANNELS), tmp_path)).network
    assert network.input_shape == (3, 1000)
    assert network.forward(r(1, 3, 300)).shape == (1, 3)


def test_a_reshape_leaves_one_length_open() -> None:
    layer = Reshape((2, -1, 3))
    assert layer.output_shape((12, 2)) == (2, 4, 3)
    assert layer.forward(r(5, 24)).shape == (5, 2, 4, 3)
    with pytest.raises(ShapeError, match="a multiple of 6"):
        layer.output_shape((7,))
    with pytest.raises(ShapeError, match="more than one"):
        Reshape((-1, -1))


def test_sources_of_any_length_are_broadcast_where_they_are_declared_to_be() -> None:
    layer = Product(shapes=((4, -1), (4, 1)))
    assert layer.joined_shape([(4, 7), (4, 1)]) == (2, 4, 7)
    signal, gate = layer.split(np.ones((3, 2, 4, 7)))
    assert signal.shape == (3, 4, 7)
    assert gate.shape == (3, 4, 1)
    assert (gate == 7).all()
    with pytest.raises(ShapeError, match="was given"):
        layer.joined_shape([(4, 7), (4, 7)])
