"""Arrays in npz archives of any origin: nothing is unpickled, and sizes are checked first."""

import math
import zipfile
from collections.abc import Collection
from typing import IO, Any

import numpy as np

from lrp_audio.types import Array


def read_array(
    archive: zipfile.ZipFile, name: str, most: int, dtypes: Collection[np.dtype[Any]]
) -> Array:
    """The array `name`, of one of `dtypes` and at most `most` numbers.

    Its header is checked before memory is taken for it. Raises `ValueError` where it does not fit
    or, if the archive is damaged, one of a dozen kinds of errors of zipfile and NumPy.
    """
    with archive.open(f"{name}.npy") as member:
        shape, fortran, dtype = _read_header(member)
        if dtype not in dtypes:
            raise ValueError(f"its type is {dtype}, expected {' or '.join(map(str, dtypes))}")
        if min(shape, default=0) < 0 or math.prod(shape) > most:
            raise ValueError(f"its shape is {shape}, expected at most {most} numbers")
        data = member.read(math.prod(shape) * dtype.itemsize + 1)
        return np.frombuffer(data, dtype).reshape(shape, order="F" if fortran else "C")


def _read_header(member: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    version = np.lib.format.read_magic(member)
    if version != (1, 0):
        raise ValueError(f"npy version {version}")
    return np.lib.format.read_array_header_1_0(member)
