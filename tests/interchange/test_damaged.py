"""Damaged and hostile files: one sentence each, in bounded time and memory."""

import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from graphs import TensorProto, helper, model, node, onnx, stored

from lrp_audio.errors import ModelError
from lrp_audio.interchange import read_onnx_network, read_safetensors

Writer = Callable[[Path], Path]
HOSTILE: dict[str, tuple[Writer, str]] = {}


def hostile(words: str) -> Callable[[Writer], Writer]:
    """Register a function that writes a file; `words` must be in the sentence about it."""

    def register(write: Writer) -> Writer:
        HOSTILE[write.__name__.replace("_", " ")] = (write, words)
        return write

    return register


def small(**changes: Any) -> Any:
    constants = {"w": np.ones((4, 3, 3))} | changes
    return model([node("Conv", "x w", "a"), node("Relu", "a", "y")], constants=constants)


def external(folder: Path, location: str, offset: str = "0", length: str = "144") -> Path:
    made = small()
    tensor = made.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    for key, value in (("location", location), ("offset", offset), ("length", length)):
        tensor.external_data.add(key=key, value=value)
    (folder / "weights.data").write_bytes(np.ones(36, np.float32).tobytes())
    return stored(made, folder)


@hostile("cut off")
def truncated(folder: Path) -> Path:
    path = stored(small(), folder)
    path.write_bytes(path.read_bytes()[:-100])
    return path


@hostile("no ONNX file")
def random_bytes(folder: Path) -> Path:
    path = folder / "model.onnx"
    path.write_bytes(np.random.default_rng(1).bytes(10_000))
    return path


@hostile("is empty")
def empty(folder: Path) -> Path:
    (folder / "model.onnx").touch()
    return folder / "model.onnx"


@hostile("There is no file")
def missing(folder: Path) -> Path:
    return folder / "nothing.onnx"


@hostile("it is a folder")
def folder_in_place_of_a_file(folder: Path) -> Path:
    return folder


@hostile("not a regular file")
def fifo(folder: Path) -> Path:
    os.mkfifo(folder / "model.onnx")
    return folder / "model.onnx"


@hostile("not a regular file")
def device(folder: Path) -> Path:
    return Path("/dev/zero")


@hostile("is a link")
def link_to_a_model(folder: Path) -> Path:
    (folder / "link.onnx").symlink_to(stored(small(), folder))
    return folder / "link.onnx"


@hostile("at most")
def sparse_file_of_2_gb(folder: Path) -> Path:
    path = folder / "model.onnx"
    with path.open("wb") as file:
        file.truncate(2**31)
    return path


@hostile("no ONNX file")
def sparse_file_below_the_limit(folder: Path) -> Path:
    path = stored(small(), folder)
    with path.open("ab") as file:
        file.truncate(10**9)
    return path


@hostile("fields")
def millions_of_empty_nodes(folder: Path) -> Path:
    graph = b"\x0a\x00" * 2_000_000
    length = len(graph)
    size = b""
    while length:
        size += bytes([length & 127 | (128 if length > 127 else 0)])
        length >>= 7
    path = folder / "model.onnx"
    path.write_bytes(b"\x08\x08\x3a" + size + graph)
    return path


@hostile("a text")
def string_bomb(folder: Path) -> Path:
    made = small()
    made.graph.node[0].name = "n" * 10**8
    return stored(made, folder)


@hostile("nested")
def deeply_nested(folder: Path) -> Path:
    graph = helper.make_graph([], "g", [], [])
    for _ in range(25):
        inner = helper.make_node("If", ["x"], ["y"], name="if")
        inner.attribute.append(helper.make_attribute("then_branch", graph))
        graph = helper.make_graph([inner], "g", [], [])
    return stored(helper.make_model(graph), folder)


@hostile("in a circle")
def cyclic(folder: Path) -> Path:
    made = model([node("Add", "x b", "a"), node("Relu", "a", "b"), node("Relu", "b", "y")])
    return stored(made, folder)


@hostile("reads 'nowhere'")
def dangling_name(folder: Path) -> Path:
    return stored(model([node("Add", "x nowhere", "y")]), folder)


@hostile("Two values of the graph have the name 'a'")
def name_made_twice(folder: Path) -> Path:
    made = model([node("Relu", "x", "a"), node("Tanh", "x", "a"), node("Relu", "a", "y")])
    return stored(made, folder)


@hostile("Two tensors of the graph have the name 'w'")
def tensor_stored_twice(folder: Path) -> Path:
    made = small()
    made.graph.initializer.append(made.graph.initializer[0])
    return stored(made, folder)


@hostile("'w' holds numbers that are not finite")
def weights_with_nan(folder: Path) -> Path:
    return stored(small(w=np.full((4, 3, 3), np.nan)), folder)


@hostile("'w' holds numbers that are not finite")
def weights_with_infinity(folder: Path) -> Path:
    return stored(small(w=np.full((4, 3, 3), -np.inf)), folder)


@hostile("at most")
def tensor_of_2_to_the_40(folder: Path) -> Path:
    made = small()
    made.graph.initializer[0].dims[:] = [2**40, 2**20]
    return stored(made, folder)


@hostile("length below 0")
def tensor_of_negative_shape(folder: Path) -> Path:
    made = small()
    made.graph.initializer[0].dims[:] = [-4, -3, 3]
    return stored(made, folder)


@hostile("bytes; its shape")
def tensor_shorter_than_its_shape(folder: Path) -> Path:
    made = small()
    made.graph.initializer[0].raw_data = b"\0" * 100
    return stored(made, folder)


@hostile("axes; at most")
def tensor_with_a_thousand_axes(folder: Path) -> Path:
    made = small()
    made.graph.initializer[0].dims[:] = [1] * 1000
    return stored(made, folder)


@hostile("type STRING")
def weights_of_text(folder: Path) -> Path:
    made = small()
    made.graph.initializer[0].CopyFrom(helper.make_tensor("w", TensorProto.STRING, [1], [b"1"]))
    return stored(made, folder)


@hostile("type 9999")
def weights_of_an_unknown_type(folder: Path) -> Path:
    made = small()
    made.graph.initializer[0].data_type = 9999
    return stored(made, folder)


@hostile("plain file name")
def external_data_above_the_folder(folder: Path) -> Path:
    return external(folder, "../weights.data")


@hostile("plain file name")
def external_data_by_an_absolute_path(folder: Path) -> Path:
    return external(folder, "/etc/passwd")


@hostile("is a link")
def external_data_behind_a_link(folder: Path) -> Path:
    path = external(folder, "link.data")
    (folder / "link.data").symlink_to(folder / "weights.data")
    return path


@hostile("There is no file")
def external_data_that_is_missing(folder: Path) -> Path:
    return external(folder, "gone.data")


@hostile("has only 144")
def external_data_shorter_than_said(folder: Path) -> Path:
    return external(folder, "weights.data", offset="4")


@hostile("its shape and type need 144")
def external_data_longer_than_its_shape(folder: Path) -> Path:
    return external(folder, "weights.data", length="100")


@hostile("expected a whole number")
def external_data_before_the_file(folder: Path) -> Path:
    return external(folder, "weights.data", offset="-4")


@hostile("not a regular file")
def external_data_in_a_fifo(folder: Path) -> Path:
    path = external(folder, "pipe")
    os.mkfifo(folder / "pipe")
    return path


@hostile("this operator is not read")
def unknown_operator(folder: Path) -> Path:
    return stored(model([node("Frobnicate", "x", "y")]), folder)


@hostile("'y' (?)")
def operator_of_ten_thousand_letters(folder: Path) -> Path:
    return stored(model([node("Frobnicate" * 1000, "x", "y")]), folder)


@hostile("recurrent layers")
def lstm(folder: Path) -> Path:
    constants = {"w": np.ones((1, 16, 8)), "r": np.ones((1, 16, 4))}
    made = model([node("LSTM", "x w r", "y", hidden_size=4)], (5, 1, 8), constants)
    return stored(made, folder)


@hostile("as attention does")
def product_of_two_live_matrices(folder: Path) -> Path:
    made = model([node("Transpose", "x", "a", perm=[0, 2, 1]), node("MatMul", "x a", "y")])
    return stored(made, folder)


@hostile("neither is a gate")
def product_without_a_gate(folder: Path) -> Path:
    return stored(model([node("Exp", "x", "a"), node("Mul", "a x", "y")]), folder)


@hostile("'com.microsoft'")
def foreign_domain(folder: Path) -> Path:
    return stored(model([node("FusedConv", "x", "y", domain="com.microsoft")]), folder)


@hostile("defines functions")
def functions(folder: Path) -> Path:
    made = small()
    opsets = [helper.make_opsetid("", 17)]
    body = [helper.make_node("Relu", ["a"], ["b"])]
    made.functions.append(helper.make_function("mine", "f", ["a"], ["b"], body, opsets))
    return stored(made, folder)


@hostile("training graph")
def training_graph(folder: Path) -> Path:
    made = small()
    made.training_info.add()
    return stored(made, folder)


@hostile("goes up to")
def opset_of_the_future(folder: Path) -> Path:
    return stored(model([node("Relu", "x", "y")], opset=999), folder)


@hostile("goes up to")
def format_of_the_future(folder: Path) -> Path:
    return stored(model([node("Relu", "x", "y")], ir_version=99), folder)


@hostile("oldest that is read")
def opset_of_the_past(folder: Path) -> Path:
    return stored(model([node("Relu", "x", "y")], opset=6), folder)


@hostile("no graph")
def model_without_a_graph(folder: Path) -> Path:
    made = onnx.ModelProto(ir_version=8, opset_import=[helper.make_opsetid("", 17)])
    return stored(made, folder)


@hostile("depends on 2 inputs")
def two_inputs(folder: Path) -> Path:
    made = model([node("Add", "x z", "y")])
    made.graph.input.append(helper.make_tensor_value_info("z", TensorProto.FLOAT, ["N", 3, 8]))
    return stored(made, folder)


@hostile("is a sequence")
def input_of_sequences(folder: Path) -> Path:
    made = small()
    made.graph.input[0].CopyFrom(
        helper.make_tensor_sequence_value_info("x", TensorProto.FLOAT, None)
    )
    return stored(made, folder)


@hostile("does not depend on the input")
def output_without_the_input(folder: Path) -> Path:
    made = model([node("Relu", "x", "a"), node("Shape", "a", "y")])
    return stored(made, folder)


@hostile("at most")
def input_of_2_to_the_40(folder: Path) -> Path:
    return stored(model([node("Relu", "x", "y")], ("N", 2**40)), folder)


@hostile("at most")
def constant_expanded_without_limit(folder: Path) -> Path:
    shape = np.array([2**20, 2**20], np.int64)
    constants = {"c": np.ones(1), "s": shape}
    made = model([node("Expand", "c s", "e"), node("Add", "x e", "y")], constants=constants)
    return stored(made, folder)


@hostile("in all")
def constants_that_double_forever(folder: Path) -> Path:
    nodes = [node("Concat", "c c", "c0", axis=0)]
    nodes += [node("Concat", f"c{k} c{k}", f"c{k + 1}", axis=0) for k in range(60)]
    made = model([*nodes, node("Add", "x c60", "y")], constants={"c": np.ones(1)})
    return stored(made, folder)


@hostile("at most")
def padding_without_limit(folder: Path) -> Path:
    constants = {"p": np.array([0, 0, 2**30, 0, 0, 2**30], np.int64)}
    return stored(model([node("Pad", "x p", "y")], constants=constants), folder)


@hostile("at most")
def values_that_double_forever(folder: Path) -> Path:
    nodes = [node("Concat", "x x", "c0", axis=2)]
    nodes += [node("Concat", f"c{k} c{k}", f"c{k + 1}", axis=2) for k in range(60)]
    return stored(model([*nodes, node("Relu", "c60", "y")]), folder)


@hostile("cannot be read")
def attributes_of_the_wrong_type(folder: Path) -> Path:
    made = small()
    made.graph.node[0].attribute.append(helper.make_attribute("strides", "wide"))
    return stored(made, folder)


@hostile("torch.onnx.export")
def pickle_of_torch(folder: Path) -> Path:
    (folder / "model.pt").write_bytes(b"PK")
    return folder / "model.pt"


@hostile("model.export")
def keras_file(folder: Path) -> Path:
    return folder / "model.h5"


@pytest.mark.parametrize("name", HOSTILE)
def test_a_damaged_file_gets_one_sentence(name: str, tmp_path: Path) -> None:
    write, words = HOSTILE[name]
    path = write(tmp_path)
    before, started = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    with pytest.raises(ModelError) as caught:
        read_onnx_network(path)
    taken = time.process_time() - started
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    text = str(caught.value)
    assert words in text
    assert "\n" not in text
    assert len(text.replace(str(tmp_path), "")) < 700
    assert taken < 2
    assert grown < 300


@pytest.mark.parametrize("op", ["Identity", "Softmax", "Log", "Erf", "Mul", "Reshape", "Conv"])
def test_a_node_without_inputs_gets_one_sentence(op: str, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="input"):
        read_onnx_network(stored(model([node("Relu", "x", "a"), node(op, "", "y")]), tmp_path))


def test_bytes_changed_at_random_never_end_in_another_exception(tmp_path: Path) -> None:
    good = stored(small(), tmp_path).read_bytes()
    rng = np.random.default_rng(7)
    for _ in range(500):
        data = bytearray(good)
        for place in rng.integers(0, len(data), rng.integers(1, 6)):
            data[place] = rng.integers(0, 256)
        (tmp_path / "changed.onnx").write_bytes(data)
        try:
            read_onnx_network(tmp_path / "changed.onnx")
        except ModelError as error:
            assert "\n" not in str(error)


def test_a_missing_package_gets_the_line_that_installs_it(tmp_path: Path) -> None:
    stored(small(), tmp_path)
    code = (
        "import sys; sys.modules['onnx'] = None\n"
        "from lrp_audio.interchange import read_onnx_network\n"
        f"read_onnx_network({str(tmp_path / 'model.onnx')!r})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "ModelError" in done.stderr
    assert "pip install onnx" in done.stderr


def test_damaged_safetensors_get_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "weights.safetensors"
    for data in (b"", b"\xff" * 8, b"\x08\0\0\0\0\0\0\0{}      ZZ", b"\0" * 100):
        path.write_bytes(data)
        with pytest.raises(ModelError) as caught:
            read_safetensors(path)
        assert "\n" not in str(caught.value)


def test_safetensors_with_nan_are_refused_by_name(tmp_path: Path) -> None:
    from safetensors.numpy import save_file

    save_file({"a.weight": np.array([np.nan])}, tmp_path / "w.safetensors")
    with pytest.raises(ModelError, match=r"'a\.weight' holds numbers that are not finite"):
        read_safetensors(tmp_path / "w.safetensors")
