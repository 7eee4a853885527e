"""Weights files: what is written is read back, whatever is wrong with a file is one sentence."""

import io
import json
import os
import pickle
import tracemalloc
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from lrp_audio.errors import ModelError
from lrp_audio.models import alexnet, shipped, zoo
from lrp_audio.models.audionet import audionet, initial_parameters, parameter_shapes
from lrp_audio.models.compact import compact_dense_stack, truncate_dense
from lrp_audio.models.weights import (
    Description,
    read_description,
    read_weights,
    save_weights,
    set_temperature,
)

Array = NDArray[Any]

SHAPES = {"fc.weight": (4, 6), "fc.bias": (4,)}
ARRAYS = {
    "fc.weight": np.arange(24, dtype=np.float32).reshape(4, 6),
    "fc.bias": np.array([1, -2, 3, -4], np.float32),
}
DESCRIPTION = Description("audionet", ("yes", "no"))


# --- what is written is read back ---------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_parameters_come_back_as_they_were(tmp_path: Path, dtype: type[np.floating]) -> None:
    path = tmp_path / "deep" / "small.npz"
    save_weights(path, DESCRIPTION, ARRAYS)
    found = read_weights(path, SHAPES, dtype)
    assert found.keys() == SHAPES.keys()
    for name, array in found.items():
        assert array.dtype == dtype
        np.testing.assert_array_equal(array, ARRAYS[name])
    assert read_description(path) == DESCRIPTION
    assert [file.name for file in path.parent.iterdir()] == ["small.npz"]


def test_offset_and_temperature_come_back_and_are_those_of_old_files_otherwise(
    tmp_path: Path,
) -> None:
    path = tmp_path / "a.npz"
    new = replace(DESCRIPTION, offset="removed", temperature=1.75)
    save_weights(path, new, ARRAYS)
    assert read_description(path) == new
    old = write(tmp_path / "b.npz", {"description.npy": described(format=1)})
    assert read_description(old) == replace(DESCRIPTION, offset="kept", temperature=None)


def test_a_temperature_is_added_to_a_file_whose_arrays_stay(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    save_weights(path, replace(DESCRIPTION, offset="removed"), ARRAYS)
    before = path.stat().st_size
    set_temperature(path, 0.75)
    assert read_description(path) == replace(DESCRIPTION, offset="removed", temperature=0.75)
    shapes = {name: array.shape for name, array in ARRAYS.items()}
    for name, array in read_weights(path, shapes, np.float32).items():
        np.testing.assert_array_equal(array, ARRAYS[name])
    assert abs(path.stat().st_size - before) < 200


def test_what_is_read_cannot_be_changed(tmp_path: Path) -> None:
    path = tmp_path / "small.npz"
    save_weights(path, DESCRIPTION, ARRAYS)
    for array in read_weights(path, SHAPES, np.float32).values():
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 0


def test_a_matrix_stored_as_two_factors_is_rebuilt(tmp_path: Path) -> None:
    path = tmp_path / "small.npz"
    left, right = np.arange(8.0).reshape(4, 2), np.arange(12.0).reshape(2, 6)
    factors = {"fc.weight.left": left, "fc.weight.right": right, "fc.bias": ARRAYS["fc.bias"]}
    save_weights(path, DESCRIPTION, factors)
    found = read_weights(path, SHAPES, np.float64)
    np.testing.assert_array_equal(found["fc.weight"], left @ right)
    assert not found["fc.weight"].flags.writeable


@pytest.fixture(scope="module")
def parameters() -> dict[str, Array]:
    rng = np.random.default_rng(5)
    drawn = initial_parameters(10, rng)
    for name, array in drawn.items():
        if name.endswith("bias"):
            array[...] = 0.1 * rng.standard_normal(array.shape)
    return drawn


@pytest.fixture(scope="module")
def compacted(parameters: dict[str, Array], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("weights") / "random.npz"
    classes = tuple(f"class {i}" for i in range(10))
    stored = compact_dense_stack(parameters, ["fc7", "fc8", "fc9"])
    save_weights(path, Description("audionet", classes), stored)
    return path


def test_a_compacted_audionet_is_the_same_function(
    parameters: dict[str, Array], compacted: Path
) -> None:
    x = np.random.default_rng(6).standard_normal((2, 1, 8000)).astype(np.float32)
    logits = audionet(parameters).forward(x)
    found = zoo.load_network(compacted, np.float32)
    assert found.name == "random"
    assert found.classes[3] == "class 3"
    np.testing.assert_allclose(
        found.network.forward(x), logits, rtol=0, atol=1e-5 * np.abs(logits).max()
    )


def test_a_compacted_audionet_is_a_small_file(compacted: Path) -> None:
    assert compacted.stat().st_size < 8e6


def truncated(rng: np.random.Generator, rank: int, weight: Array) -> tuple[Array, Array]:
    """Outputs of typical inputs through a dense layer, and through the layer stored at `rank`."""
    x = rng.standard_normal((200, weight.shape[1])) * np.geomspace(1, 0.01, weight.shape[1])
    bias = rng.standard_normal(len(weight))
    y = x @ weight.T + bias
    stored = truncate_dense({"fc.weight": weight, "fc.bias": bias}, {"fc": y}, rank)
    assert {array.dtype for array in stored.values()} == {np.dtype(np.float16)}
    left, right, bias = (
        stored[f"fc.{name}"].astype(float) for name in ("weight.left", "weight.right", "bias")
    )
    assert left.shape == (len(weight), rank)
    return y, x @ (left @ right).T + bias


def test_truncation_keeps_a_layer_of_low_rank_to_half_precision() -> None:
    rng = np.random.default_rng(7)
    weight = rng.standard_normal((30, 3)) @ rng.standard_normal((3, 40))
    y, found = truncated(rng, 3, weight)
    np.testing.assert_allclose(found, y, rtol=0, atol=4e-3 * np.abs(y).max())


def test_truncation_changes_typical_outputs_as_little_as_that_rank_can() -> None:
    rng = np.random.default_rng(8)
    y, found = truncated(rng, 5, rng.standard_normal((20, 30)))
    least = np.square(np.linalg.svd(y - y.mean(axis=0), compute_uv=False)[5:]).sum()
    assert np.square(found - y).sum() == pytest.approx(least, rel=5e-3)


def test_a_truncated_alexnet_fits_into_8_mb_and_hears_nearly_the_same(tmp_path: Path) -> None:
    rng = np.random.default_rng(9)
    parameters = alexnet.initial_parameters(10, rng)
    inputs = rng.standard_normal((160, 1, 227, 227), np.float32)
    path = tmp_path / "alexnet.npz"
    classes = tuple(f"class {i}" for i in range(10))
    save_weights(path, Description("alexnet", classes), alexnet.compact(parameters, inputs))
    assert path.stat().st_size < 8e6
    found = zoo.load_network(path, np.float32).network.forward(inputs[:8])
    expected = alexnet.alexnet(parameters).forward(inputs[:8])
    assert np.square(found - expected).sum() < 0.05 * np.square(expected).sum()


def test_compacting_leaves_the_given_parameters_alone(parameters: dict[str, Array]) -> None:
    before = {name: array.copy() for name, array in parameters.items() if name.startswith("fc")}
    stored = compact_dense_stack(parameters, ["fc7", "fc8", "fc9"])
    assert parameters.keys() == parameter_shapes(10).keys()
    for name, array in before.items():
        np.testing.assert_array_equal(parameters[name], array)
    assert stored["fc7.weight.left"].shape == (1024, 10)
    assert stored["fc7.weight.right"].shape == (10, 16000)


# --- whatever is wrong with a file is one sentence ----------------------------------------------


def npy(array: Array) -> bytes:
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, array, version=(1, 0))
    return buffer.getvalue()


def headed(header: str, data: bytes = b"") -> bytes:
    """An npy file whose header says `header`, true or not."""
    encoded = header.encode("latin1") + b"\n"
    return b"\x93NUMPY\x01\x00" + len(encoded).to_bytes(2, "little") + encoded + data


def shaped(shape: tuple[int, ...], data: bytes = b"", descr: str = "<f4") -> bytes:
    return headed(str({"descr": descr, "fortran_order": False, "shape": shape}), data)


def described(**changes: object) -> bytes:
    given: dict[str, object] = {"format": 1, "architecture": "audionet", "classes": ["yes", "no"]}
    return npy(np.frombuffer(json.dumps(given | changes).encode(), np.uint8))


def members() -> dict[str, bytes]:
    arrays = {f"{name}.npy": npy(array) for name, array in ARRAYS.items()}
    return {"description.npy": described(), **arrays}


def write(
    path: Path, changes: dict[str, bytes | None], compression: int = zipfile.ZIP_DEFLATED
) -> Path:
    """A good file with members replaced, added or (None) left out."""
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in (members() | changes).items():
            if content is not None:
                archive.writestr(name, content)
    return path


def read(path: Path) -> None:
    read_description(path)
    read_weights(path, SHAPES, np.float32)


def sentence(path: Path) -> str:
    with pytest.raises(ModelError) as caught:
        read(path)
    said = str(caught.value)
    assert str(path) in said
    assert "\n" not in said
    assert said.endswith(".")
    return said


def test_the_file_that_the_tests_tamper_with_is_good(tmp_path: Path) -> None:
    read(write(tmp_path / "a.npz", {}))


BIASES: dict[str, tuple[bytes | None, str]] = {
    "missing": (None, "fc.bias is missing"),
    "wrong shape": (npy(np.ones(3, np.float32)), r"fc.bias has shape (3,), expected (4,)"),
    "same size in another shape": (npy(np.ones((2, 2), np.float32)), "has shape (2, 2)"),
    "wrong type": (npy(np.ones(4)), "its type is float64, expected float32"),
    "other byte order": (npy(np.ones(4, ">f4")), "fc.bias cannot be read"),
    "fields": (npy(np.ones(4, [("a", "<f4")])), "fc.bias cannot be read"),
    "NaN": (npy(np.array([1, np.nan, 3, 4], np.float32)), "fc.bias holds values"),
    "infinity": (npy(np.array([1, -np.inf, 3, 4], np.float32)), "fc.bias holds values"),
    "too few numbers": (shaped((4,), bytes(15)), "fc.bias cannot be read"),
    "too many numbers": (shaped((4,), bytes(17)), "fc.bias cannot be read"),
    "not npy": (b"four numbers, said a text", "fc.bias cannot be read"),
    "empty": (b"", "fc.bias cannot be read"),
    "another npy version": (b"\x93NUMPY\x02\x00" + bytes(20), "npy version (2, 0)"),
    "header that no tokenizer ends": (headed("{'descr': ("), "fc.bias cannot be read"),
    "header of brackets": (headed("(" * 5000), "fc.bias cannot be read"),
    "header of signs": (headed("-" * 9000 + "1"), "fc.bias cannot be read"),
    "header that calls": (headed("__import__('os').abort()"), "fc.bias cannot be read"),
    "an axis beyond memory beside an empty one": (shaped((0, 2**61)), "its shape is (0, "),
    "an empty axis among large ones": (shaped((2**40, 0, 2**40)), "its shape is ("),
    "a header that NumPy holds unsafe": (headed("{" + " " * 30_000), "not that of a plain array"),
    "objects": (
        headed("{'descr': '|O', 'fortran_order': False, 'shape': (4,)}"),
        "its type is object",
    ),
    "more axes than there can be": (shaped((1,) * 70, bytes(4)), "fc.bias cannot be read"),
    "negative length": (shaped((-1,), bytes(16)), "its shape is (-1,)"),
}


@pytest.mark.parametrize("case", BIASES)
def test_a_tampered_array_is_one_sentence_that_names_it(tmp_path: Path, case: str) -> None:
    content, expected = BIASES[case]
    said = sentence(write(tmp_path / "a.npz", {"fc.bias.npy": content}))
    assert expected in said
    assert "allow_pickle" not in said  # NumPy's own advice


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_method_of_compression_that_needs_much_memory_is_refused(
    tmp_path: Path, method: int
) -> None:
    assert "compressed in an unusual way" in sentence(write(tmp_path / "a.npz", {}, method))


def test_a_file_larger_than_weights_can_be_is_refused_unread(tmp_path: Path) -> None:
    """Good weights behind two sparse gigabytes: a ZIP archive may lie at the end of a file."""
    path = tmp_path / "a.npz"
    with path.open("wb") as file:
        file.truncate(2**31)
        file.seek(0, io.SEEK_END)
        with zipfile.ZipFile(file, "a") as archive:
            for name, content in members().items():
                archive.writestr(name, content)
    assert "larger than 134,217,728 bytes" in sentence(path)


def test_a_pipe_in_the_place_of_weights_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.npz")
    assert "not a regular file" in sentence(tmp_path / "pipe.npz")


def test_an_archive_of_countless_members_is_refused_before_they_are_listed(tmp_path: Path) -> None:
    more = {f"{number}.npy": b"" for number in range(4000)}
    assert "list of members is too long" in sentence(write(tmp_path / "a.npz", more))


def test_a_pickle_in_an_array_is_never_run(tmp_path: Path) -> None:
    proof = tmp_path / "proof"

    class Payload:
        def __reduce__(self) -> tuple[Callable[..., object], tuple[str, str]]:
            return open, (str(proof), "w")

    objects = np.empty(4, object)
    objects[:] = [Payload()] * 4
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, objects, allow_pickle=True)
    for member in ("fc.bias.npy", "description.npy"):
        for content in (buffer.getvalue(), pickle.dumps(Payload())):
            assert "cannot be read" in sentence(write(tmp_path / "a.npz", {member: content}))
    whole = tmp_path / "b.npz"
    whole.write_bytes(pickle.dumps(Payload()))
    assert "not an npz archive" in sentence(whole)
    assert not proof.exists()


@pytest.mark.parametrize(
    ("member", "shape"),
    [
        ("fc.weight.npy", (10**12,)),
        ("fc.weight.npy", (10**6, 10**6)),
        ("fc.weight.npy", (-1,)),
        ("description.npy", (-2, -5)),
    ],
)
def test_a_header_that_claims_much_takes_no_memory(
    tmp_path: Path, member: str, shape: tuple[int, ...]
) -> None:
    """The data is 30 MB of zeros that compress to almost nothing."""
    descr = "|u1" if member.startswith("description") else "<f4"
    path = write(tmp_path / "a.npz", {member: shaped(shape, bytes(30_000_000), descr)})
    tracemalloc.start()
    try:
        assert "its shape is" in sentence(path)
        assert tracemalloc.get_traced_memory()[1] < 3e6
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        ((4, 2), (3, 6), "the factors of fc.weight do not fit each other"),
        ((4, 2), (2, 5), "the factors of fc.weight do not give the shape (4, 6)"),
        ((5, 2), (2, 6), "fc.weight"),
        ((8,), (2, 6), "the factors of fc.weight do not fit each other"),
        ((4, 0), (0, 10**12), "its shape is (0, 1000000000000)"),
        ((4, 7), (7, 6), "expected at most 24 numbers"),
    ],
)
def test_factors_that_do_not_fit_are_refused(
    tmp_path: Path, left: tuple[int, ...], right: tuple[int, ...], expected: str
) -> None:
    factors = {
        f"fc.weight.{side}.npy": shaped(shape, bytes(4 * int(np.prod(shape))))
        for side, shape in (("left", left), ("right", right))
    }
    assert expected in sentence(write(tmp_path / "a.npz", {"fc.weight.npy": None, **factors}))


def test_one_factor_alone_is_a_missing_weight(tmp_path: Path) -> None:
    left = {"fc.weight.left.npy": npy(np.ones((4, 2), np.float32))}
    said = sentence(write(tmp_path / "a.npz", {"fc.weight.npy": None, **left}))
    assert "fc.weight is missing" in said


def test_factors_whose_product_overflows_are_refused(tmp_path: Path) -> None:
    factors = {
        "fc.weight.left.npy": npy(np.full((4, 1), 1e30, np.float32)),
        "fc.weight.right.npy": npy(np.full((1, 6), 1e30, np.float32)),
    }
    said = sentence(write(tmp_path / "a.npz", {"fc.weight.npy": None, **factors}))
    assert "fc.weight holds values that are not finite" in said


@pytest.mark.parametrize(
    "name", ["fc.extra.npy", "fc.weight.left.npy", "readme.txt", "\x1b[31m", "é" * 30_000]
)
def test_what_the_architecture_does_not_have_is_refused(tmp_path: Path, name: str) -> None:
    said = sentence(write(tmp_path / "a.npz", {name: npy(np.ones(1, np.float32))}))
    assert "which its architecture does not have" in said
    assert said.isprintable()
    assert len(said.replace(str(tmp_path), "")) < 400


DESCRIPTIONS: dict[str, tuple[bytes | None, str]] = {
    "missing": (None, "description cannot be read"),
    "of another type": (npy(np.ones(3, np.float32)), "its type is float32"),
    "not JSON": (npy(np.frombuffer(b"{format: 1", np.uint8)), "its description cannot be read"),
    "not text": (npy(np.full(9, 255, np.uint8)), "its description cannot be read"),
    "a list": (npy(np.frombuffer(b"[1]", np.uint8)), "its description cannot be read"),
    "too deep": (npy(np.full(60_000, ord("["), np.uint8)), "its description cannot be read"),
    "too large": (npy(np.full(70_000, ord(" "), np.uint8)), "its shape is (70000,)"),
    "without classes": (
        npy(np.frombuffer(b'{"format": 1, "architecture": "audionet"}', np.uint8)),
        "its description cannot be read",
    ),
    "another format": (described(format=3), "its format is 3, this lrp_audio reads 1 and 2"),
    "an unknown offset": (
        described(offset="halved"),
        "its offset is 'halved', not kept or removed",
    ),
    "an offset that is a list": (described(offset=[]), "its offset is []"),
    "a temperature of 0": (described(temperature=0), "its temperature is 0, no number above 0"),
    "an endless temperature": (described(temperature=float("inf")), "its temperature is inf"),
    "a temperature in words": (described(temperature="warm"), "its temperature is 'warm'"),
    "an architecture that is no word": (described(architecture=["audionet"]), "its architecture"),
    "one class": (described(classes=["yes"]), "class names"),
    "1001 classes": (described(classes=[str(i) for i in range(1001)]), "class names"),
    "classes in one word": (described(classes="yesno"), "class names"),
    "a class that is a number": (described(classes=["yes", 2]), "class names"),
    "a class without a name": (described(classes=["yes", ""]), "class names"),
    "two classes of one name": (described(classes=["yes", "yes"]), "class names"),
    "a class that steers the terminal": (described(classes=["yes", "\x1b[2J"]), "class names"),
}


@pytest.mark.parametrize("case", DESCRIPTIONS)
def test_a_tampered_description_is_one_sentence(tmp_path: Path, case: str) -> None:
    content, expected = DESCRIPTIONS[case]
    assert expected in sentence(write(tmp_path / "a.npz", {"description.npy": content}))


@pytest.mark.parametrize("share", [0.0, 0.3, 0.6, 0.99])
def test_a_file_that_ends_early_is_one_sentence(tmp_path: Path, share: float) -> None:
    path = write(tmp_path / "a.npz", {})
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    assert "not an npz archive" in sentence(path)


@pytest.mark.parametrize(
    "compression",
    [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED],
)
def test_wherever_a_byte_is_damaged_nothing_but_a_sentence_comes_of_it(
    tmp_path: Path, compression: int
) -> None:
    path = write(tmp_path / "a.npz", {}, compression)
    content = path.read_bytes()
    refused = 0
    for position in range(0, len(content), 3):
        damaged = bytearray(content)
        damaged[position] ^= 0xFF
        path.write_bytes(damaged)
        try:
            read(path)
        except ModelError:
            refused += 1
    assert refused > len(content) / 3 / 2  # the rest are bytes that say nothing, such as dates


def test_a_file_that_is_no_archive_or_not_there_is_one_sentence(tmp_path: Path) -> None:
    text = tmp_path / "text.npz"
    text.write_text("not weights\n" * 50)
    assert "not an npz archive" in sentence(text)
    single = tmp_path / "single.npz"
    single.write_bytes(npy(np.ones(4, np.float32)))
    assert "not an npz archive" in sentence(single)
    assert "There is no weights file" in sentence(tmp_path / "missing.npz")
    assert "it is a folder" in sentence(tmp_path)
    assert "too long" in sentence(tmp_path / f"{'x' * 300}.npz")


# --- models by name -----------------------------------------------------------------------------


def test_an_unknown_architecture_is_named_with_those_that_exist(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    save_weights(path, Description("alexandria", ("yes", "no")), ARRAYS)
    with pytest.raises(ModelError, match=r"architecture 'alexandria'; .* knows audionet"):
        zoo.load_network(path, np.float32)


def test_an_unknown_model_is_named_with_those_that_exist(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shipped, "weights_folder", lambda: tmp_path)
    with pytest.raises(ModelError, match=r"no model 'audionet'; choose one of \(none\)"):
        zoo.load_network("audionet", np.float32)
    for name in ("second", "first"):
        save_weights(tmp_path / f"{name}.npz", DESCRIPTION, ARRAYS)
    with pytest.raises(ModelError, match=r"no model 'audionet'; choose one of first, second, or"):
        zoo.load_network("audionet", np.float32)


def test_the_weights_of_one_task_are_not_taken_for_another(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    arrays = {name: np.zeros(shape, np.float32) for name, shape in parameter_shapes(3).items()}
    save_weights(path, DESCRIPTION, arrays)
    with pytest.raises(ModelError, match=r"fc9"):
        zoo.load_network(path, np.float32)
