"""Weights files: an npz of plain numbers with a description, checked before anything is built.

Nothing is unpickled. A matrix may be stored as two factors ``NAME.left @ NAME.right``.
"""

import json
import math
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np

from lrp_audio.errors import ModelError
from lrp_audio.files import write_aside
from lrp_audio.layers.base import Array, Gradients

FORMAT = 1
_HEADER = "description"
_MAX_NUMBERS = 100_000_000
_MAX_HEADER = 65_536


@dataclass(frozen=True)
class Description:
    """What a weights file says of itself: architecture (such as ``audionet``) and class names."""

    architecture: str
    classes: tuple[str, ...]


def save_weights(path: Path, description: Description, arrays: Mapping[str, Array]) -> None:
    """Write `arrays` (parameters, or factors of them) as float32 to `path`."""
    text = json.dumps({"format": FORMAT, **asdict(description)}).encode()
    stored = {name: np.asarray(array, np.float32) for name, array in arrays.items()}
    header = {_HEADER: np.frombuffer(text, np.uint8)}
    content: dict[str, Any] = {**header, **stored}
    write_aside(path, lambda file: np.savez_compressed(file, **content))


def read_description(path: Path) -> Description:
    """The description in the weights file at `path`; raises `ModelError` for a damaged file."""
    with _opened(path) as archive:
        return _description(path, archive)


def read_weights(
    path: Path, shapes: Mapping[str, tuple[int, ...]], dtype: type[np.floating[Any]]
) -> Gradients:
    """Parameters of `shapes` from the file at `path`, factors multiplied out, read-only.

    Raises `ModelError` where a name or shape is not as expected, a value is not finite, or the file
    is damaged.
    """
    with _opened(path) as archive:
        arrays = {
            name: _read(path, archive, name)
            for name in sorted(n.removesuffix(".npy") for n in archive.namelist())
            if name != _HEADER
        }
    parameters = {}
    for name, shape in shapes.items():
        if f"{name}.left" in arrays and f"{name}.right" in arrays:
            left, right = arrays.pop(f"{name}.left"), arrays.pop(f"{name}.right")
            if left.ndim != 2 or right.ndim != 2 or left.shape[1] != right.shape[0]:
                raise _damaged(path, f"the factors of {name} do not fit each other")
            if (left.shape[0], right.shape[1]) != shape:
                raise _damaged(path, f"the factors of {name} do not give the shape {shape}")
            value = left.astype(dtype) @ right.astype(dtype)
        elif name in arrays:
            value = arrays.pop(name).astype(dtype)
        else:
            raise _damaged(path, f"{name} is missing")
        if value.shape != shape:
            raise _damaged(path, f"{name} has shape {value.shape}, expected {shape}")
        value.setflags(write=False)
        parameters[name] = value
    if arrays:
        raise _damaged(path, f"it holds {', '.join(arrays)}, which its architecture does not have")
    return parameters


def _opened(path: Path) -> zipfile.ZipFile:
    if not path.is_file():
        raise ModelError(f"There is no weights file {path}.")
    try:
        return zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError) as error:
        raise _damaged(path, "it is not an npz archive") from error


def _description(path: Path, archive: zipfile.ZipFile) -> Description:
    raw = _read(path, archive, _HEADER)
    try:
        found = json.loads(raw.tobytes())
        classes = tuple(found["classes"])
        description = Description(str(found["architecture"]), classes)
        version = found["format"]
    except (ValueError, KeyError, TypeError) as error:
        raise _damaged(path, "its description cannot be read") from error
    if version != FORMAT:
        raise _damaged(path, f"its format is {version}, this version of lrp_audio reads {FORMAT}")
    if not (2 <= len(classes) <= 1000 and all(isinstance(name, str) for name in classes)):
        raise _damaged(path, "its class names are not between 2 and 1000 words")
    return description


def _read(path: Path, archive: zipfile.ZipFile, name: str) -> Array:
    """One array, its size checked from its header before any memory is taken for it."""
    try:
        with archive.open(f"{name}.npy") as member:
            shape, fortran, dtype = _read_header(member)
            expected = np.uint8 if name == _HEADER else np.float32
            limit = _MAX_HEADER if name == _HEADER else _MAX_NUMBERS
            if dtype != expected or math.prod(shape) > limit:
                raise ValueError("unexpected type or size")
            data = member.read(math.prod(shape) * dtype.itemsize + 1)
            array = np.frombuffer(data, dtype).reshape(shape, order="F" if fortran else "C")
    except (KeyError, ValueError, OSError, zipfile.BadZipFile, zlib.error) as error:
        raise _damaged(path, f"{name} cannot be read ({error})") from error
    if not np.isfinite(array).all():
        raise _damaged(path, f"{name} holds values that are not finite")
    return array


def _read_header(member: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    version = np.lib.format.read_magic(member)
    if version != (1, 0):
        raise ValueError(f"npy version {version}")
    return np.lib.format.read_array_header_1_0(member)


def _damaged(path: Path, what: str) -> ModelError:
    return ModelError(
        f"The weights file {path} is damaged or of another kind: {what}. Train or fetch it again."
    )
