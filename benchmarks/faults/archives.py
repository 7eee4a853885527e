"""Seeded mutations of ZIP and npz archives: whole, member by member, and in the headers of arrays.

Checksums are those of the changed members in most cases, or nothing behind them would be reached.
"""

import io
import struct
import zipfile
from collections.abc import Mapping

import numpy as np

from benchmarks.faults.mutation import EDGES, mutated

_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
_TYPES = ("<f4", "<f4", "<f2", "<f8", ">f4", "|u1", "<i8", "|O", "|V8", "<U9", "<M8[s]", "x", "")
_WHOLE = 0.3  # share of archives that are changed as bytes
_MOST_MEMBERS = 3000
_MOST_COMPRESSED = 20
_BOMB = 2_000_000  # bytes that compress to almost nothing


def archive(
    members: Mapping[str, bytes], methods: tuple[int, ...] = (zipfile.ZIP_STORED,)
) -> bytes:
    """A ZIP archive of `members`, compressed by one method after the other."""
    return _archive(list(members.items()), [methods[i % len(methods)] for i in range(len(members))])


def _archive(members: list[tuple[str, bytes]], methods: list[int]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as opened:
        for (name, content), method in zip(members, methods, strict=True):
            member = zipfile.ZipInfo(name)
            member.compress_type = method
            with opened.open(member, "w") as target:
                target.write(content)
    return file.getvalue()


def mutated_archive(members: Mapping[str, bytes], rng: np.random.Generator) -> bytes:
    """An archive of `members` that is damaged as a file, or whole but with hostile members."""
    if rng.random() < _WHOLE:
        return mutated([archive(members), archive(members, (zipfile.ZIP_DEFLATED,))], rng)
    found = list(members.items())
    for _ in range(rng.geometric(0.5)):
        _change_member(found, rng)
    names = dict(found)  # zipfile warns of doubled names
    methods = [int(method) for method in rng.choice(_METHODS, len(names), p=[0.4, 0.4, 0.1, 0.1])]
    if len(names) > _MOST_COMPRESSED:  # to start some of the compressors takes long
        methods = [zipfile.ZIP_STORED] * len(names)
    data = _archive(list(names.items()), methods)
    if rng.random() < 0.1:  # something before the archive, as in one that unpacks itself
        return bytes(int(rng.integers(1, 5000))) + data
    return mutated([data], rng) if rng.random() < 0.1 else data


def _change_member(members: list[tuple[str, bytes]], rng: np.random.Generator) -> None:
    at = int(rng.integers(len(members)))
    name, content = members[at]
    drawn = rng.random()
    if drawn < 0.4 and name.endswith(".npy"):
        members[at] = (name, with_other_header(content, rng))
    elif drawn < 0.6:
        members[at] = (name, mutated([content for _, content in members], rng))
    elif drawn < 0.7:
        members[at] = (name, content + bytes(int(rng.integers(_BOMB))))
    elif drawn < 0.8:
        members[at] = (_name(name, rng), content)
    elif drawn < 0.9:
        members.append((_name(name, rng), content))
    elif drawn < 0.92:
        members += [(f"{number}.npy", b"") for number in range(rng.integers(_MOST_MEMBERS))]
    elif len(members) > 1:
        del members[at]


def _name(name: str, rng: np.random.Generator) -> str:
    names = [
        "../a.npy",
        "/etc/a",
        "a\x1b[2J.npy",
        "é.npy",
        "n" * 5000,
        ".npy",
        name[1:],
        f"{name}.npy",
    ]
    return names[rng.integers(len(names))]


def with_other_header(content: bytes, rng: np.random.Generator) -> bytes:
    """The array in `content`, an npy file, under a header that claims something else."""
    data = content[10 + int.from_bytes(content[8:10], "little") :]
    shapes = (
        tuple(EDGES[rng.integers(len(EDGES))] for _ in range(rng.integers(4))),
        (0, 2 ** int(rng.integers(20, 70))),
        tuple(int(rng.integers(-2, 9)) for _ in range(rng.integers(4))),
        (1,) * int(rng.integers(100)),
    )
    shape = shapes[rng.integers(len(shapes))]
    descr = repr(_TYPES[rng.integers(len(_TYPES))])
    text = f"{{'descr': {descr}, 'fortran_order': {rng.random() < 0.5}, 'shape': {shape}, }}"
    drawn = rng.random()
    if drawn < 0.05:
        text = "(" * int(rng.integers(1, 9000)) + text
    elif drawn < 0.1:
        text = text.replace("shape", "shapes")
    elif drawn < 0.15:
        text += " " * int(rng.integers(60_000))
    elif drawn < 0.2:
        text = mutated([text.encode()], rng).decode("latin-1")
    head = text.encode("latin-1", "replace") + b"\n"
    version = (3, 2, 1, 1, 1, 1, 1, 1, 0)[rng.integers(9)]
    size = struct.pack("<H" if version < 2 else "<I", min(len(head), 65_535))
    return b"\x93NUMPY" + bytes([version, 0]) + size + head + data
