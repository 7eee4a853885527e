"""What the header of a sound file promises, held against what the file has.

libsndfile shortens a file that ends too early without a word, and finds nothing where an
interrupted recorder left the length at 0. Both are seen here, before libsndfile gets the file.
"""

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import IO

from lrp_audio.audio.mpeg import xing_frame

_NOT_COUNTED = "its header says that it holds no samples: read to its end"
_NOT_SAID = "its header does not say how long it is: read to its end"
_OVERSTATED = "its header promises more than there is in the complete file: read to its end"
_NO_LAST_PAGE = "its last page is not marked as the last: read to its end"
_SEVERAL = "it holds several recordings one after the other: the first one is read"

# 32-bit lengths from here on are what programs write to a pipe for "unknown".
_UNKNOWN_BYTES = 0x7FFF0000

_MOST_CHUNKS = 10_000
_MOST_PAGES = 200_000  # half an hour of Opus with a page for each packet has 90,000
_OGG_FIRST_PAGE, _OGG_LAST_PAGE = 2, 4

# Without a tag in front libsndfile knows an MP3 by its file name alone, which it is not given.
_EMPTY_ID3 = b"ID3\4\0\0" + bytes((0, 0, 0, 10)) + bytes(10)
_MP3_COUNTS = (b"Xing", b"Info")


@dataclass(frozen=True)
class Finding:
    """What the header of a file says of it.

    ``kind`` is the container, None for one that is not looked into here. ``cut`` says that the end
    of the file is missing, ``notes`` what is odd. With ``prefix`` in place of its first ``skipped``
    bytes, and ``patches`` (bytes by their offset in the file) over the rest, libsndfile reads it to
    its end. ``counted`` is False where its number of frames is an estimate.
    """

    kind: str | None
    cut: bool = False
    notes: tuple[str, ...] = ()
    prefix: bytes = b""
    skipped: int = 0
    patches: Mapping[int, bytes] = field(default_factory=dict)
    counted: bool = True


@dataclass(frozen=True)
class _Length:
    """The length of the samples, in bytes: None if unknown, and where the header has it.

    The samples begin at ``begin``; the number at ``offset`` counts ``own`` bytes besides them.
    """

    begin: int
    claimed: int | None
    offset: int
    form: struct.Struct
    own: int = 0

    def patches(self, held: int) -> dict[int, bytes]:
        """The true length in its place, where it fits there."""
        true = held + self.own
        fits = true < (_UNKNOWN_BYTES if self.form.size == 4 else 2**63)
        return {self.offset: self.form.pack(true)} if fits else {}


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
_RIFF = _Chunks("WAV", b"data", struct.Struct("<4sI"), struct.Struct("<I"), 12, 2)
_RIFX = _Chunks("WAV", b"data", struct.Struct(">4sI"), struct.Struct(">I"), 12, 2)
_AIFF = _Chunks("AIFF", b"SSND", struct.Struct(">4sI"), struct.Struct(">I"), 12, 2)
_CAF = _Chunks("CAF", b"data", struct.Struct(">4sQ"), struct.Struct(">Q"), 8, 1)
_W64 = _Chunks("W64", b"data" + _W64_GUID, struct.Struct("<16sQ"), struct.Struct("<Q"), 40, 8, 24)
_LONG = struct.Struct("<Q")
_DS64_FILE, _DS64_SAMPLES = 20, 28  # where RF64 has the bytes of the file and of its samples


def inspect(file: IO[bytes], size: int) -> Finding:
    """Look into a file of `size` bytes: at its header, and at its pages if it is Ogg."""
    head = _at(file, 0, 40)
    mark, form = head[:4], head[8:12]
    if mark in (b"RIFF", b"RIFX", b"RF64", b"BW64") and b"WAVE".startswith(form):
        return _rf64(file, size, head) if b"64" in mark else _wav(file, size, head)
    if mark == b"FORM" and form in (b"AIFF", b"AIFC"):
        return _judged(_AIFF.kind, _samples(file, size, _AIFF), size, _number(_AIFF, head, 4) + 8)
    if head[:16] == b"riff" + bytes.fromhex("2e91cf11a5d628db04c10000"):
        return _judged(_W64.kind, _samples(file, size, _W64), size, _number(_W64, head, 16))
    if mark == b"caff":
        return _judged(_CAF.kind, _samples(file, size, _CAF), size, 0)
    if mark in (b".snd", b"dns."):
        return _au(size, head)
    if mark == b"OggS":
        return _ogg(file, size)
    if mark == b"fLaC":
        return Finding("FLAC")  # one that ends early fails to decode
    return _mpeg(file, head)


def _at(file: IO[bytes], position: int, count: int) -> bytes:
    file.seek(position)
    return file.read(count)


def _number(layout: _Chunks, head: bytes, offset: int) -> int:
    """A length in the head of a file; a large one where the file ends before it."""
    return int(layout.length.unpack_from(head.ljust(40, b"\x7f"), offset)[0])


def _wav(file: IO[bytes], size: int, head: bytes) -> Finding:
    layout = _RIFX if head[:4] == b"RIFX" else _RIFF
    return _judged("WAV", _samples(file, size, layout), size, _number(layout, head, 4) + 8)


def _rf64(file: IO[bytes], size: int, head: bytes) -> Finding:
    samples, whole = _samples(file, size, _RIFF), size + 1
    if head[12:16] == b"ds64" and len(head) == 40:
        whole = _LONG.unpack_from(head, _DS64_FILE)[0] + 8
        if samples and samples.claimed is None:
            claimed = _LONG.unpack_from(head, _DS64_SAMPLES)[0]
            samples = _Length(samples.begin, claimed, _DS64_SAMPLES, _LONG)
    # BW64 is RF64 with chunks more, under a name that libsndfile does not know.
    return _judged("RF64", samples, size, whole, {0: b"RF64"} if head[:4] == b"BW64" else {})


def _au(size: int, head: bytes) -> Finding:
    form = struct.Struct(">I" if head[:4] == b".snd" else "<I")
    if len(head) < 24:
        return Finding("AU", cut=True)
    begin, claimed = (form.unpack_from(head, offset)[0] for offset in (4, 8))
    if begin > size:
        return Finding("AU", cut=True)
    length = _Length(begin, claimed if claimed < _UNKNOWN_BYTES else None, 8, form)
    return _judged("AU", length, size, 0)


def _judged(
    kind: str,
    length: _Length | None,
    size: int,
    whole: int,
    patches: Mapping[int, bytes] | None = None,
) -> Finding:
    """Judge a file of `size` bytes whose header says that it has `whole`, or 0 for nothing said."""
    patches = patches or {}
    if length is None:
        return Finding(kind, cut=whole > size, patches=patches)
    held = size - length.begin
    if length.claimed is None:
        note = _NOT_SAID
    elif length.claimed <= held and (length.claimed > 0 or held == 0):
        return Finding(kind, patches=patches)
    elif length.claimed == 0:
        note = _NOT_COUNTED
    elif whole == size or length.claimed in (size, size - 8):
        # Some programs write the length of the file there, others that of all its chunks.
        note = _OVERSTATED
    else:
        return Finding(kind, cut=True)
    return Finding(kind, notes=(note,), patches={**patches, **length.patches(held)})


def _samples(file: IO[bytes], size: int, layout: _Chunks) -> _Length | None:
    """The length of the chunk of samples, if there is one."""
    for name, position, length in _walk(file, layout.first, size, layout):
        if name == layout.sound:
            begin = position + layout.head.size
            claimed: int | None = length
            if length >= (_UNKNOWN_BYTES if layout.length.size == 4 else 2**63):
                claimed = None
            if length == 0 and _chunks_follow(file, begin, size, layout):
                return _Length(size, 0, 0, layout.length)  # no samples, and that is meant
            return _Length(begin, claimed, begin - layout.length.size, layout.length, layout.own)
    return None


def _walk(
    file: IO[bytes], position: int, size: int, layout: _Chunks
) -> Iterator[tuple[bytes, int, int]]:
    """Name, position and length of one chunk after the other."""
    for _ in range(_MOST_CHUNKS):
        if position + layout.head.size > size:
            return
        head = _at(file, position, layout.head.size)
        name, length = layout.head.unpack(head)
        length = max(length - layout.own, 0)
        yield name, position, length
        position += layout.head.size + length
        position += -position % layout.align


def _chunks_follow(file: IO[bytes], begin: int, size: int, layout: _Chunks) -> bool:
    """Whether what stands from `begin` to the end are chunks, and no samples."""
    end = begin
    for name, position, length in _walk(file, begin, size, layout):
        if not name[:4].isascii() or not name[:4].decode("ascii").isprintable():
            return False
        end = position + layout.head.size + length
    return begin < size and size <= end + layout.align and end <= size


def _ogg(file: IO[bytes], size: int) -> Finding:
    position = flags = 0
    begun = several = False
    for _ in range(_MOST_PAGES):
        head = _at(file, position, 27 + 255)
        if not head:
            break
        if head[:4] != b"OggS"[: len(head)]:
            # What follows a last page is no part of the sound; elsewhere libsndfile looks on.
            return Finding("Ogg", notes=(_SEVERAL,) if several else ())
        count = head[26] if len(head) > 26 else 255
        segments = head[27 : 27 + count]
        end = position + 27 + count + sum(segments)
        if len(segments) < count or end > size:
            return Finding("Ogg", cut=not several)
        flags = head[5]
        several |= begun and bool(flags & _OGG_FIRST_PAGE)
        begun |= not flags & _OGG_FIRST_PAGE
        position = end
    notes: tuple[str, ...] = (_SEVERAL,) if several else ()
    if position == size and not flags & _OGG_LAST_PAGE:
        notes += (_NO_LAST_PAGE,)
    return Finding("Ogg", notes=notes)


def _mpeg(file: IO[bytes], head: bytes) -> Finding:
    """MP3, by the head of its first frame, or anything else."""
    begin = 0
    if head[:3] == b"ID3" and len(head) >= 10:
        # Seven bits a byte, the highest ones first.
        begin = 10 + sum((byte & 0x7F) << 21 - 7 * place for place, byte in enumerate(head[6:10]))
    frame = _at(file, begin, 256)
    # Eleven bits of synchronisation, a version that exists, layer III or II: a text in UTF-16
    # begins like layer I, which nobody uses.
    synchronised = len(frame) >= 4 and frame[0] == 0xFF and frame[1] & 0xE0 == 0xE0
    if not synchronised or frame[1] & 0x18 == 0x08 or frame[1] & 0x06 in (0, 6):
        return Finding(None)
    if any(mark in frame for mark in _MP3_COUNTS):
        return Finding("MP3", prefix=_EMPTY_ID3, skipped=begin)
    prefix = _EMPTY_ID3 + xing_frame(file, begin)
    return Finding("MP3", prefix=prefix, skipped=begin, counted=False)
