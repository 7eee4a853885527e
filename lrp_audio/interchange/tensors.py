"""Tensors of an ONNX file as NumPy arrays."""

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from lrp_audio.arguments import described
from lrp_audio.errors import ModelError
from lrp_audio.interchange.digest import FilesDigest
from lrp_audio.interchange.external import external_bytes
from lrp_audio.interchange.limits import MAX_NUMBERS, Budget, numbers
from lrp_audio.interchange.packages import parser
from lrp_audio.types import Array

_BITS = {"INT4": 4, "UINT4": 4, "FLOAT4E2M1": 4, "INT2": 2, "UINT2": 2}
_REFUSED = ("UNDEFINED", "STRING", "COMPLEX64", "COMPLEX128")


class Tensors(Mapping[str, Array]):
    """The initialisers of a graph by name, each read when it is first used.

    What is read from files in `folder` is added to `digest`.
    """

    def __init__(self, initialisers: Mapping[str, Any], folder: Path, digest: FilesDigest) -> None:
        self._stored, self._folder, self._digest = initialisers, folder, digest
        self._read: dict[str, Array] = {}
        self._budget = Budget(MAX_NUMBERS, "The tensors of the network")

    def __getitem__(self, name: str) -> Array:
        if name not in self._read:
            self._read[name] = self.decoded(self._stored[name], f"The tensor {described(name)}")
        return self._read[name]

    def __contains__(self, name: object) -> bool:
        return name in self._stored

    def __iter__(self) -> Iterator[str]:
        return iter(self._stored)

    def __len__(self) -> int:
        return len(self._stored)

    def decoded(self, tensor: Any, what: str) -> Array:
        """The numbers of one `tensor`, 16-bit and smaller floats as float32.

        Raises `ModelError`, with `what` as its subject, where shape, type and data do not fit each
        other.
        """
        self._budget.spend(numbers(tensor.dims, what, MAX_NUMBERS))
        array = _array(tensor, what, self._folder, self._digest)
        if array.dtype.kind not in "fiub":  # bfloat16 and the 8-bit and 4-bit types of ml_dtypes
            array = array.astype(np.int8 if "int" in array.dtype.name else np.float32)
        if array.dtype == np.float16:
            array = array.astype(np.float32)
        return array


def _array(tensor: Any, what: str, folder: Path, digest: FilesDigest) -> Array:
    onnx = parser("onnx", "an ONNX file")
    kinds = onnx.TensorProto.DataType
    if tensor.data_type not in kinds.values() or kinds.Name(tensor.data_type) in _REFUSED:
        known = tensor.data_type in kinds.values()
        name = kinds.Name(tensor.data_type) if known else str(tensor.data_type)
        raise ModelError(f"{what} is of the type {name}; expected real numbers.")
    if tensor.HasField("segment"):
        raise ModelError(f"{what} is stored in segments, which no exporter writes.")
    shape = tuple(tensor.dims)
    dtype = onnx.helper.tensor_dtype_to_np_dtype(tensor.data_type)
    bits = _BITS.get(kinds.Name(tensor.data_type), 8 * dtype.itemsize)
    count = numbers(shape, what, MAX_NUMBERS)
    size = -(-count * bits // 8)
    if tensor.data_location == onnx.TensorProto.EXTERNAL:
        raw: bytes | bytearray = external_bytes(tensor, what, size, folder, digest)
    elif tensor.HasField("raw_data"):
        raw = tensor.raw_data
    else:
        return _typed(tensor, what, count, bits)
    if len(raw) != size:
        raise ModelError(
            f"{what} has {len(raw):,} bytes; its shape {shape} and type need {size:,}."
        )
    if bits < 8:
        return _to_array(onnx.TensorProto(dims=shape, data_type=tensor.data_type, raw_data=raw))
    if sys.byteorder == "big":
        return np.frombuffer(raw, dtype).byteswap().reshape(shape)
    return np.frombuffer(raw, dtype).reshape(shape)


def _typed(tensor: Any, what: str, count: int, bits: int) -> Array:
    """The numbers of a tensor that are stored in the field of their type."""
    helper = parser("onnx.helper", "an ONNX file")
    field = getattr(tensor, helper.tensor_dtype_to_field(tensor.data_type))
    expected = -(-count * bits // 8) if bits < 8 else count
    if len(field) != expected:
        raise ModelError(
            f"{what} has {len(field):,} numbers; its shape {tuple(tensor.dims)} needs {expected:,}."
        )
    return _to_array(tensor)


def _to_array(tensor: Any) -> Array:
    convert = parser("onnx.numpy_helper", "an ONNX file")
    return np.asarray(convert.to_array(tensor))
