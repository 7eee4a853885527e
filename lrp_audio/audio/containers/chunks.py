"""Containers of chunks: WAV and its larger relatives RF64, BW64 and W64, AIFF, CAF."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

from lrp_audio.audio.containers.finding import Finding
from lrp_audio.audio.containers.length import Length, is_unknown, judged

_MOST_CHUNKS = 10_000


@dataclass(frozen=True)
class _Chunks:
    """A container of chunks: each has a name and a length, and begins at a multiple of ``align``.

    The chunk ``sound`` holds the samples. A length counts ``own`` bytes of the chunk's head.
    """

    kind: str
    sound: bytes
    head: struct.Struct
    length: struct.Struct
    first: int
    align: int
    own: int = 0


_W64_GUID = bytes.fromhex("f3acd3118cd100c04f8edb8a")
_W64_HEAD = b"riff" + bytes.fromhex("2e91cf11a5d628db04c10000")
_RIFF = _Chunks("WAV", b"data", struct.Struct("<4sI"), struct.Struct("<I"), 12, 2)
_RIFX = _Chunks("WAV", b"data", struct.Struct(">4sI"), struct.Struct(">I"), 12, 2)
_AIFF = _Chunks("AIFF", b"SSND", struct.Struct(">4sI"), struct.Struct(">I"), 12, 2)
_CAF = _Chunks("CAF", b"data", struct.Struct(">4sQ"), struct.Struct(">Q"), 8, 1)
_W64 = _Chunks("W64", b"data" + _W64_GUID, struct.Struct("<16sQ"), struct.Struct("<Q"), 40, 8, 24)
_LONG = struct.Struct("<Q")
_DS64_FILE, _DS64_SAMPLES = 20, 28  # where RF64 states the bytes of the file and of its samples


def inspect_chunks(file: IO[bytes], size: int, head: bytes) -> Finding | None:
    """Inspect a file of `size` bytes that begins with `head`; None if it is no such container."""
    mark, form = head[:4], head[8:12]
    if mark in (b"RF64", b"BW64") and b"WAVE".startswith(form):
        return _rf64(file, size, head)
    if mark in (b"RIFF", b"RIFX") and b"WAVE".startswith(form):
        return _plain(_RIFX if mark == b"RIFX" else _RIFF, file, size, _stated(head, mark) + 8)
    if mark == b"FORM" and form in (b"AIFF", b"AIFC"):
        return _plain(_AIFF, file, size, _stated(head, mark) + 8)
    if head[:16] == _W64_HEAD:
        return _plain(_W64, file, size, _LONG.unpack_from(head.ljust(40, b"\x7f"), 16)[0])
    if mark == b"caff":
        return _plain(_CAF, file, size, 0)
    return None


def _stated(head: bytes, mark: bytes) -> int:
    """The length that the head states; a large one where the file ends before it."""
    return int.from_bytes(head[4:8].ljust(4, b"\x7f"), "little" if mark == b"RIFF" else "big")


def _plain(layout: _Chunks, file: IO[bytes], size: int, whole: int) -> Finding:
    return judged(layout.kind, _samples(file, size, layout), size, whole)


def _rf64(file: IO[bytes], size: int, head: bytes) -> Finding:
    samples, whole = _samples(file, size, _RIFF), size + 1
    if head[12:16] == b"ds64" and len(head) == 40:
        whole = _LONG.unpack_from(head, _DS64_FILE)[0] + 8
        if samples and samples.stated is None:
            stated = _LONG.unpack_from(head, _DS64_SAMPLES)[0]
            samples = Length(samples.begin, stated, _DS64_SAMPLES, _LONG)
    # BW64 is RF64 with additional chunks, under a name that libsndfile does not recognise.
    return judged("RF64", samples, size, whole, {0: b"RF64"} if head[:4] == b"BW64" else {})


def _samples(file: IO[bytes], size: int, layout: _Chunks) -> Length | None:
    """The length of the chunk of samples, if there is one."""
    for name, position, length in _walk(file, layout.first, size, layout):
        if name == layout.sound:
            begin = position + layout.head.size
            if length == 0 and _chunks_follow(file, begin, size, layout):
                return Length(size, 0, 0, layout.length)  # it has no samples indeed
            stated = None if is_unknown(length, layout.length.size) else length
            return Length(begin, stated, begin - layout.length.size, layout.length, layout.own)
    return None


def _walk(
    file: IO[bytes], position: int, size: int, layout: _Chunks
) -> Iterator[tuple[bytes, int, int]]:
    """Name, position and length of each chunk from `position` on."""
    for _ in range(_MOST_CHUNKS):
        if position + layout.head.size > size:
            return
        file.seek(position)
        head = file.read(layout.head.size)
        if len(head) < layout.head.size:  # it became shorter just now
            return
        name, length = layout.head.unpack(head)
        length = max(length - layout.own, 0)
        yield name, position, length
        position += layout.head.size + length
        position += -position % layout.align


def _chunks_follow(file: IO[bytes], begin: int, size: int, layout: _Chunks) -> bool:
    """Whether the file consists of chunks, not of samples, from `begin` to its end."""
    end = begin
    for name, position, length in _walk(file, begin, size, layout):
        if not name[:4].isascii() or not name[:4].decode("ascii").isprintable():
            return False
        end = position + layout.head.size + length
    return begin < size and size <= end + layout.align and end <= size
