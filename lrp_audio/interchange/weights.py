"""Weights in a safetensors file, for networks that are written with this project's layers."""

from pathlib import Path

import numpy as np

from lrp_audio.arguments import as_path, described
from lrp_audio.errors import ModelError
from lrp_audio.interchange.digest import FilesDigest
from lrp_audio.interchange.foreign import refuse_other_formats
from lrp_audio.interchange.limits import MAX_FILE
from lrp_audio.interchange.opening import read_exactly, regular_file
from lrp_audio.interchange.packages import parser
from lrp_audio.types import Array


def read_safetensors(path: str | Path, digest: FilesDigest | None = None) -> dict[str, Array]:
    """The arrays in the safetensors file at `path` by name, 16-bit floats as float32.

    Its bytes are added to the `digest`, if there is one. Raises `ModelError` for a file that is
    damaged or no safetensors file, and for numbers that are not finite.
    """
    path = as_path(path, "a safetensors file")
    refuse_other_formats(path)
    safetensors = parser("safetensors.numpy", "a safetensors file")
    with regular_file(path, "The safetensors file", MAX_FILE) as (file, size):
        data = read_exactly(file, 0, size)
    if data is None:
        raise ModelError(f"{path} became shorter while it was read; try again.")
    if digest is not None:
        digest.add(path.name, data)
    try:
        arrays = safetensors.load(bytes(data))
    except Exception as error:  # of damage the package raises several kinds
        raise ModelError(
            f"{path} is damaged or no safetensors file: {error!s:.200}. Copy or save it again."
        ) from error
    return {name: _checked(path, name, array) for name, array in arrays.items()}


def _checked(path: Path, name: str, array: Array) -> Array:
    if array.dtype == np.float16 or array.dtype.kind not in "fiub":  # bfloat16 and 8-bit floats
        array = array.astype(np.float32)
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise ModelError(f"{path}: {described(name)} holds numbers that are not finite.")
    return array
