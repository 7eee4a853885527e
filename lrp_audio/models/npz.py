"""Arrays in npz archives of any origin: nothing is unpickled, and sizes are checked first."""

import math
import os
import zipfile
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, BinaryIO

import numpy as np

from lrp_audio.regular import open_regular
from lrp_audio.types import Array
from lrp_audio.zips import METHODS, open_zip

LONGEST_LIST = 1 << 17
"""Bytes of an archive's list of members: enough for more than a thousand arrays."""

_BLOCK = 1 << 16


@contextmanager
def open_npz(path: Path, largest: int) -> Iterator[zipfile.ZipFile]:
    """The archive at `path`, a regular file of at most `largest` bytes.

    Raises `OSError` where it cannot be opened or is larger, and what zipfile raises where it is no
    archive.
    """
    with open_regular(path) as file:
        size = os.fstat(file.fileno()).st_size
        if size > largest:
            raise ValueError(f"it has {size:,} bytes, expected at most {largest:,}")
        with open_zip(file, LONGEST_LIST) as archive:
            yield archive


def write_npz(file: BinaryIO, arrays: Mapping[str, Array]) -> None:
    """Write `arrays`, compressed: as ``np.savez_compressed`` does, but without the time of day.

    The same arrays give the same bytes.
    """
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, array in arrays.items():
            info = zipfile.ZipInfo(f"{name}.npy")
            info.compress_type = zipfile.ZIP_DEFLATED
            with archive.open(info, "w", force_zip64=True) as member:
                np.lib.format.write_array(member, np.asanyarray(array), allow_pickle=False)


def array_names(archive: zipfile.ZipFile) -> set[str]:
    """The names of the arrays in an archive."""
    return {name.removesuffix(".npy") for name in archive.namelist()}


def read_array(
    archive: zipfile.ZipFile, name: str, most: int, dtypes: Collection[np.dtype[Any]]
) -> Array:
    """The array `name`, of one of `dtypes` and at most `most` numbers.

    Its compression and header are checked before memory is taken for it. Raises `KeyError` where it
    is missing, `ValueError` where it does not fit and, if the archive is damaged, one of a dozen
    kinds of errors of zipfile.
    """
    if archive.getinfo(f"{name}.npy").compress_type not in METHODS:
        raise ValueError("it is compressed in an unusual way, expected deflate or none")
    with archive.open(f"{name}.npy") as member:
        shape, fortran, dtype = _read_header(member)
        if dtype not in dtypes:
            raise ValueError(f"its type is {dtype}, expected {' or '.join(map(str, dtypes))}")
        # An axis is checked by itself, too: beside one of length 0 the product says nothing.
        if not all(0 <= length <= most for length in shape) or math.prod(shape) > most:
            raise ValueError(f"its shape is {shape}, expected at most {most} numbers")
        data = _read_exactly(member, math.prod(shape) * dtype.itemsize)
        return np.frombuffer(data, dtype).reshape(shape, order="F" if fortran else "C")


def _read_header(member: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    try:
        version = np.lib.format.read_magic(member)
    except ValueError as error:
        raise ValueError("it is no npy file") from error
    if version != (1, 0):
        raise ValueError(f"npy version {version}")
    try:
        return np.lib.format.read_array_header_1_0(member)
    except Exception as error:  # NumPy's own words advise how to load what is not safe to load
        raise ValueError("its header is not that of a plain array") from error


def _read_exactly(member: IO[bytes], size: int) -> bytearray:
    """The `size` bytes that are left of `member`; its checksum is checked at its end."""
    data = bytearray()
    while block := member.read(min(_BLOCK, size + 1 - len(data))):
        data += block
    if len(data) != size:
        raise ValueError(f"it does not hold the {size:,} bytes that its header promises")
    return data
