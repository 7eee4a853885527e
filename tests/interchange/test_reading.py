"""What is read of a file beside its operators: names, shapes, types, endings, notes, layout."""

import math
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from graphs import TensorProto, agree, helper, model, node, numpy_helper, read, stored
from hypothesis import given
from hypothesis import strategies as st

from lrp_audio.errors import ModelError
from lrp_audio.interchange import read_onnx_network
from lrp_audio.layers import BatchNorm, Conv2D, Dense, Permute, Product

RNG = np.random.default_rng(4)


def r(*shape: int) -> np.ndarray:
    return RNG.normal(size=shape)


def dense(ending: str = "Relu", shape: Any = ("N", 8), **attributes: Any) -> Any:
    nodes = [node("MatMul", "x w", "a"), node(ending, "a", "y", **attributes)]
    return model(nodes, shape, {"w": r(8, 5)})


@pytest.mark.parametrize(
    ("op", "ending"),
    [
        ("Softmax", "softmax"),
        ("LogSoftmax", "log-softmax"),
        ("Sigmoid", "sigmoid"),
        ("Tanh", "none"),
    ],
)
def test_the_last_activation_is_cut_off_and_named(op: str, ending: str, tmp_path: Path) -> None:
    made = dense(op)
    found = read(made, tmp_path)
    assert found.ending == ending
    x = r(3, 8).astype(np.float32)
    wanted = x @ numpy_helper.to_array(made.graph.initializer[0])
    wanted = np.tanh(wanted) if op == "Tanh" else wanted
    assert np.abs(found.network.forward(x.astype(np.float64)) - wanted).max() < 1e-5


def test_an_ending_is_cut_off_before_shapes_that_follow_it(tmp_path: Path) -> None:
    nodes = [node("MatMul", "x w", "a"), node("Softmax", "a", "b"), node("Log", "b", "c")]
    made = model(
        [*nodes, node("Unsqueeze", "c o", "y")], ("N", 8), {"w": r(8, 5), "o": np.array([1])}
    )
    found = read(made, tmp_path)
    assert found.ending == "log-softmax"
    assert found.network.forward(r(2, 8)).shape == (2, 1, 5)


def test_an_ending_is_cut_off_before_a_reshape_by_its_own_shape(tmp_path: Path) -> None:
    nodes = [
        node("Softmax", "x", "a"),
        node("Shape", "a", "s"),
        node("Gather", "s zero", "n"),
        node("Concat", "n rest", "t", axis=0),
        node("Reshape", "a t", "y"),
    ]
    found = read(model(nodes, constants={"zero": np.array([0]), "rest": np.array([-1])}), tmp_path)
    assert found.ending == "softmax"
    x = r(2, 3, 8)
    assert np.array_equal(found.network.forward(x), x.reshape(2, 24))


def test_a_reshape_that_mixes_samples_is_read_for_one_sample(tmp_path: Path) -> None:
    made = model(
        [node("Reshape", "x s", "a"), node("Tanh", "a", "y")], constants={"s": np.array([3, -1, 8])}
    )
    found = agree(made, tmp_path, r(1, 3, 8))
    assert any("one sample at a time" in note for note in found.notes)


def test_a_sigmoid_that_is_also_read_elsewhere_is_no_ending(tmp_path: Path) -> None:
    nodes = [node("Sigmoid", "x", "a"), node("Add", "a a", "b"), node("Add", "a b", "y")]
    assert read(model(nodes), tmp_path).ending == "none"
    agree(model(nodes), tmp_path, r(2, 3, 8))


def test_a_relu_before_the_softmax_is_noted(tmp_path: Path) -> None:
    made = model([node("Relu", "x", "a"), node("Softmax", "a", "y")])
    assert any("ReLU" in note for note in read(made, tmp_path).notes)


def test_any_value_may_be_the_output(tmp_path: Path) -> None:
    path = stored(dense("Softmax"), tmp_path)
    assert read_onnx_network(path, output="a").ending == "none"
    assert read_onnx_network(path, output="a").network.forward(r(4, 8)).shape == (4, 5)
    with pytest.raises(ModelError, match="There is no value 'b'"):
        read_onnx_network(path, output="b")


def test_one_of_several_outputs_is_chosen_by_name(tmp_path: Path) -> None:
    made = dense()
    made.graph.output.append(helper.make_tensor_value_info("a", TensorProto.FLOAT, None))
    path = stored(made, tmp_path)
    with pytest.raises(ModelError, match="2 outputs"):
        read_onnx_network(path)
    assert read_onnx_network(path, output="y").output == "y"


def test_an_input_that_the_output_does_not_need_is_no_obstacle(tmp_path: Path) -> None:
    made = dense()
    made.graph.input.append(helper.make_tensor_value_info("z", TensorProto.FLOAT, [1]))
    made.graph.node.append(node("Relu", "z", "unused"))
    assert read(made, tmp_path).input == "x"


def test_lengths_that_are_left_open_are_given_by_the_caller(tmp_path: Path) -> None:
    made = model([node("Conv", "x w", "y")], ("N", 3, "T"), {"w": r(4, 3, 3)})
    found = read(made, tmp_path, shape=(3, 20))
    assert (found.network.input_shape, found.network.free_axes) == ((3, 20), (1,))
    assert found.network.forward(r(2, 3, 20)).shape == (2, 4, 18)
    with pytest.raises(ModelError, match="takes samples of"):
        read(made, tmp_path, shape=(4, 20))


@pytest.mark.parametrize("shape", [(1, 3, 8), ("N", 3, 8)])
def test_a_batch_of_any_size_is_taken(shape: Any, tmp_path: Path) -> None:
    made = model([node("Conv", "x w", "a"), node("Flatten", "a", "y")], shape, {"w": r(4, 3, 3)})
    assert read(made, tmp_path).network.forward(r(5, 3, 8)).shape == (5, 24)


def test_an_input_without_a_batch_axis_is_a_sample(tmp_path: Path) -> None:
    nodes = [node("Unsqueeze", "x o", "a"), node("Conv", "a w", "y")]
    made = model(nodes, (8,), {"w": r(4, 1, 3), "o": np.array([0, 1])})
    found = agree(made, tmp_path, r(8))
    assert found.network.input_shape == (8,)


def test_a_shape_that_was_fixed_by_the_exporter_is_read_for_one_sample(tmp_path: Path) -> None:
    nodes = [node("Conv", "x w", "a"), node("Reshape", "a s", "y")]
    made = model(nodes, constants={"w": r(4, 3, 3), "s": np.array([1, 24])})
    found = agree(made, tmp_path, r(1, 3, 8))
    assert any("one sample at a time" in note for note in found.notes)
    assert found.network.forward(r(4, 3, 8)).shape == (4, 24)


def test_a_batch_of_eight_is_refused(tmp_path: Path) -> None:
    made = model([node("Conv", "x w", "y")], (8, 3, 8), {"w": r(4, 3, 3)})
    with pytest.raises(ModelError, match="batch of 1"):
        read(made, tmp_path)


def test_channels_last_cost_no_transposition_and_permute_the_dense_layer(tmp_path: Path) -> None:
    nodes = [
        node("Transpose", "x", "a", perm=[0, 3, 1, 2]),
        node("Conv", "a w", "b"),
        node("Transpose", "b", "c", perm=[0, 2, 3, 1]),
        node("Relu", "c", "d"),
        node("Reshape", "d s", "e"),
        node("MatMul", "e v", "y"),
    ]
    constants = {"w": r(4, 1, 3, 3), "s": np.array([-1, 96]), "v": r(96, 5)}
    found = agree(model(nodes, ("N", 6, 8, 1), constants), tmp_path, r(2, 6, 8, 1))
    layers = [node.layer for node in found.network.nodes]
    assert not any(isinstance(layer, Permute) for layer in layers)
    assert sum(isinstance(layer, Conv2D | Dense) for layer in layers) == 2


def test_parameters_are_read_only_whatever_was_made_of_them(tmp_path: Path) -> None:
    norm = {"s": r(4), "b": r(4), "m": r(4), "v": r(4) ** 2 + 0.1}
    nodes = [
        node("Conv", "x w", "a"),
        node("BatchNormalization", "a s b m v", "c"),
        node("Relu", "c", "d"),
        node("BatchNormalization", "d s b m v", "e"),
        node("Flatten", "e", "f"),
        node("MatMul", "f u", "y"),
    ]
    made = model(nodes, ("N", 3, 8), {"w": r(4, 3, 3), "u": r(24, 5), **norm})
    for dtype in ("float32", "float64"):
        parameters = read_onnx_network(stored(made, tmp_path), dtype).network.parameters()
        assert len(parameters) >= 4
        assert [n for n, array in parameters.items() if array.flags.writeable] == []


def test_a_batch_norm_is_folded_where_that_is_exact_and_else_kept_and_noted(tmp_path: Path) -> None:
    norm = {"s": r(4), "b": r(4), "m": r(4), "v": r(4) ** 2 + 0.1}
    after = [node("Conv", "x w", "a"), node("BatchNormalization", "a s b m v", "y")]
    between = [
        node("Conv", "x w", "a"),
        node("Relu", "a", "c"),
        node("BatchNormalization", "c s b m v", "d"),
        node("Conv", "d u", "y", pads=[1, 1]),
    ]
    constants = {"w": r(4, 3, 3), "u": r(2, 4, 3)} | norm
    folded = agree(model(after, constants=constants), tmp_path, r(2, 3, 8))
    kept = agree(model(between, constants=constants), tmp_path, r(2, 3, 8))
    assert not any(isinstance(node.layer, BatchNorm) for node in folded.network.nodes)
    assert sum(isinstance(node.layer, BatchNorm) for node in kept.network.nodes) == 1
    assert any("is kept" in note and "pads with zeros" in note for note in kept.notes)


@pytest.mark.parametrize("order", ["a b", "b a"])
@pytest.mark.parametrize(
    ("gate", "signal"), [("Sigmoid", "Tanh"), ("Sigmoid", "Exp"), ("Tanh", "Exp")]
)
def test_the_signal_of_a_product_is_what_is_not_the_gate(
    order: str, gate: str, signal: str, tmp_path: Path
) -> None:
    nodes = [node("Abs", "x", "z"), node(gate, "z", "a"), node(signal, "x", "b")]
    found = agree(model([*nodes, node("Mul", order, "y")]), tmp_path, r(2, 3, 8))
    (product,) = (n for n in found.network.nodes if isinstance(n.layer, Product))
    assert product.sources[product.layer.signal] == "b"
    assert any("a, whose values" in note for note in found.notes)


def test_layers_are_named_for_their_weights_or_operations(tmp_path: Path) -> None:
    made = model(
        [node("Conv", "x block.conv1.weight", "/first/Conv"), node("Relu", "/first/Conv", "y")],
        constants={"block.conv1.weight": r(4, 3, 3)},
    )
    assert [n.name for n in read(made, tmp_path).network.nodes] == ["block.conv1", "y"]


TYPES = {
    "float": (TensorProto.FLOAT, 1e-6),
    "double": (TensorProto.DOUBLE, 1e-6),
    "float16": (TensorProto.FLOAT16, 1e-3),
    "bfloat16": (TensorProto.BFLOAT16, 1e-2),
}


@pytest.mark.parametrize("raw", [True, False])
@pytest.mark.parametrize("name", TYPES)
def test_weights_of_every_type_of_floats_are_read(name: str, raw: bool, tmp_path: Path) -> None:
    kind, tolerance = TYPES[name]
    made, weight = dense(), r(8, 5)
    values = weight.astype(helper.tensor_dtype_to_np_dtype(kind))
    data = values.tobytes() if raw else weight.reshape(-1).tolist()
    made.graph.initializer[0].CopyFrom(helper.make_tensor("w", kind, weight.shape, data, raw=raw))
    x = r(2, 8)
    found = read(made, tmp_path).network.forward(x)
    assert np.abs(found - np.maximum(x @ values.astype(np.float64), 0)).max() < 1e-6
    assert np.abs(found - np.maximum(x @ weight, 0)).max() < 50 * tolerance


@pytest.mark.parametrize("kind", ["INT8", "UINT8", "INT16", "INT4", "UINT4"])
def test_quantised_weights_become_the_floats_that_they_stand_for(kind: str, tmp_path: Path) -> None:
    number = getattr(TensorProto, kind)
    low = 0 if kind.startswith("U") else -7
    steps = RNG.integers(low, 8, (8, 5))
    scale = (0.01 + RNG.random(5)).astype(np.float32)
    made = model(
        [node("DequantizeLinear", "q s z", "w", axis=1), node("MatMul", "x w", "y")],
        ("N", 8),
        {"s": scale},
        opset=21,
        ir_version=10,
    )
    stored_steps = helper.make_tensor("q", number, steps.shape, steps.reshape(-1).tolist())
    zero = helper.make_tensor("z", number, [5], [1] * 5)
    made.graph.initializer.extend([stored_steps, zero])
    x = r(2, 8)
    wanted = x @ ((steps - 1).astype(np.float32) * scale).astype(np.float64)
    assert np.abs(read(made, tmp_path).network.forward(x) - wanted).max() < 1e-12


def test_values_quantised_between_layers_stay_floats_within_their_limits(tmp_path: Path) -> None:
    nodes = [
        node("QuantizeLinear", "x s z", "q"),
        node("DequantizeLinear", "q s z", "d"),
        node("MatMul", "d w", "y"),
    ]
    constants = {"s": np.float32(0.01), "z": np.int8(-128), "w": np.eye(8)}
    found = read(model(nodes, ("N", 8), constants, opset=19), tmp_path)
    x = np.linspace(-1, 4, 8)[None]
    assert np.abs(found.network.forward(x) - np.clip(x, 0, 2.55)).max() < 1e-6
    assert any("not rounded" in note for note in found.notes)


def test_external_data_is_read_from_the_folder_of_the_model(tmp_path: Path) -> None:
    made, weight = dense(), r(8, 5).astype(np.float32)
    tensor = made.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    for key, value in (("location", "w.data"), ("offset", "12"), ("length", "160")):
        tensor.external_data.add(key=key, value=value)
    (tmp_path / "w.data").write_bytes(b"\1" * 12 + weight.tobytes())
    x = r(2, 8)
    found = read(made, tmp_path).network.forward(x)
    assert np.abs(found - np.maximum(x @ weight.astype(np.float64), 0)).max() < 1e-12


def test_nothing_of_a_branch_that_the_output_does_not_need_is_read(tmp_path: Path) -> None:
    made = dense()
    made.graph.node.append(node("Frobnicate", "a nan", "dead"))
    made.graph.initializer.append(numpy_helper.from_array(np.array(np.nan), "nan"))
    assert read(made, tmp_path).output == "y"


def test_the_number_type_is_that_which_was_chosen(tmp_path: Path) -> None:
    path = stored(dense(), tmp_path)
    for dtype in ("float32", "float64"):
        parameters = read_onnx_network(path, dtype).network.parameters()
        assert {array.dtype.name for array in parameters.values()} == {dtype}


def windows(x: np.ndarray, kernel: Any, strides: Any, pads: Any, fill: float) -> np.ndarray:
    """Every window of an image padded with `fill`, ``(batch, channels, rows, columns, ...)``."""
    (top, left, bottom, right) = pads
    edges = ((0, 0), (0, 0), (top, bottom), (left, right))
    padded = np.pad(x, edges, constant_values=fill)
    seen = np.lib.stride_tricks.sliding_window_view(padded, kernel, axis=(2, 3))
    return seen[:, :, :: strides[0], :: strides[1]]


@pytest.mark.parametrize("op", ["MaxPool", "AveragePool", "counted"])
@given(data=st.data())
def test_pools_of_any_geometry_are_read(op: str, data: st.DataObject) -> None:
    several = st.lists(st.integers(1, 3), min_size=2, max_size=2)
    kernel, strides = data.draw(several), data.draw(several)
    pads = [data.draw(st.integers(0, k - 1)) for k in kernel * 2]
    lengths = [k + data.draw(st.integers(0, 6)) for k in kernel]
    attributes: dict[str, Any] = {"kernel_shape": kernel, "strides": strides, "pads": pads}
    counted = {"count_include_pad": 1} if op == "counted" else {}
    name = "MaxPool" if op == "MaxPool" else "AveragePool"
    made = model([node(name, "x", "y", **attributes, **counted)], ("N", 2, *lengths))
    x = r(2, 2, *lengths)
    if op == "MaxPool":
        wanted = windows(x, kernel, strides, pads, -np.inf).max((-2, -1))
    elif op == "AveragePool":
        wanted = np.nanmean(windows(x, kernel, strides, pads, np.nan), (-2, -1))
    else:
        wanted = windows(x, kernel, strides, pads, 0).mean((-2, -1))
    with TemporaryDirectory() as folder:
        found = read(made, Path(folder)).network.forward(x)
    assert np.abs(found - wanted).max() < 1e-12


@given(data=st.data())
def test_convolutions_of_any_geometry_are_read(data: st.DataObject) -> None:
    rank = data.draw(st.integers(1, 2))
    several = st.lists(st.integers(1, 3), min_size=rank, max_size=rank)
    kernel, strides, dilations = data.draw(several), data.draw(several), data.draw(several)
    lengths = [k * d + data.draw(st.integers(0, 6)) for k, d in zip(kernel, dilations, strict=True)]
    pads = [data.draw(st.integers(0, 3)) for _ in range(2 * rank)]
    groups = data.draw(st.sampled_from([1, 2]))
    attributes = {"strides": strides, "pads": pads, "dilations": dilations, "group": groups}
    weights = {"w": r(4, 4 // groups, *kernel)}
    made = model([node("Conv", "x w", "y", **attributes)], ("N", 4, *lengths), weights)
    with TemporaryDirectory() as folder:
        agree(made, Path(folder), r(2, 4, *lengths))


@given(data=st.data())
def test_axes_moved_and_reshaped_in_any_way_are_read(data: st.DataObject) -> None:
    shape = data.draw(st.lists(st.integers(1, 3), min_size=2, max_size=4))
    nodes, constants, name, sizes = [], {}, "x", list(shape)
    for step in range(data.draw(st.integers(1, 5))):
        made = f"v{step}"
        kind = data.draw(st.sampled_from(["Transpose", "Reshape", "Unsqueeze", "Add", "Tanh"]))
        if kind == "Transpose":
            order = data.draw(st.permutations(range(1, len(sizes) + 1)))
            nodes.append(node(kind, name, made, perm=[0, *order]))
            sizes = [sizes[axis - 1] for axis in order]
        elif kind == "Reshape":
            constants[f"c{step}"] = np.array([0, *data.draw(st.permutations(sizes))])
            sizes = constants[f"c{step}"][1:].tolist()
            nodes.append(node(kind, f"{name} c{step}", made))
        elif kind == "Unsqueeze" and len(sizes) < 6:
            axis = data.draw(st.integers(1, len(sizes) + 1))
            constants[f"c{step}"] = np.array([axis])
            sizes.insert(axis - 1, 1)
            nodes.append(node(kind, f"{name} c{step}", made))
        elif kind == "Add":
            kept = [n if data.draw(st.booleans()) else 1 for n in sizes]
            constants[f"c{step}"] = r(*kept)
            nodes.append(node(kind, f"{name} c{step}", made))
        else:
            nodes.append(node("Tanh", name, made))
        name = made
    made_model = model(nodes, ("N", *shape), constants, output=name)
    with TemporaryDirectory() as folder:
        agree(made_model, Path(folder), r(2, *shape))


def test_gelu_and_silu_are_one_layer(tmp_path: Path) -> None:
    nodes = [
        node("Sigmoid", "x", "s"),
        node("Mul", "x s", "z"),
        node("Mul", "z root", "a"),
        node("Erf", "a", "b"),
        node("Add", "b one", "c"),
        node("Mul", "c half", "d"),
        node("Mul", "z d", "y"),
    ]
    constants = {"root": math.sqrt(0.5), "one": 1.0, "half": 0.5}
    found = agree(model(nodes, constants=constants), tmp_path, r(2, 3, 8))
    assert [type(n.layer).__name__ for n in found.network.nodes] == ["SiLU", "GELU"]
