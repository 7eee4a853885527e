"""MP3 files, also those without a count of their frames.

libsndfile estimates the length of the latter from the bit rate of the first frame, and reads no
further. Where the bit rate changes, that may be half of the recording. A Xing frame in front of the
others states how many there are.
"""

import struct
from typing import IO

from lrp_audio.audio.containers.finding import Finding

# Without a tag in front libsndfile recognises an MP3 by its file name only, which it is not given.
_EMPTY_ID3 = b"ID3\4\0\0" + bytes((0, 0, 0, 10)) + bytes(10)
_COUNTS = (b"Xing", b"Info")

_MOST_FRAMES = 200_000  # half an hour has 75,000 at most
_VERSION_1 = 3
_KILOBITS = {
    True: (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    False: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_RATES = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}
_MONO = 3


def inspect_mpeg(file: IO[bytes], head: bytes) -> Finding:
    """Inspect a file that begins with `head`, which is MP3 if its first frame is."""
    begin = 0
    if head[:3] == b"ID3" and len(head) >= 10:
        # Seven bits a byte, the highest ones first.
        begin = 10 + sum((byte & 0x7F) << 21 - 7 * place for place, byte in enumerate(head[6:10]))
    frame = _at(file, begin, 256)
    # Eleven bits of synchronisation, an existing version, layer III or II: a text in UTF-16 begins
    # like layer I, which is not in use.
    synchronised = len(frame) >= 4 and frame[0] == 0xFF and frame[1] & 0xE0 == 0xE0
    if not synchronised or frame[1] & 0x18 == 0x08 or frame[1] & 0x06 in (0, 6):
        return Finding(None)
    if any(mark in frame for mark in _COUNTS):
        return Finding("MP3", prefix=_EMPTY_ID3, skipped=begin)
    prefix = _EMPTY_ID3 + _xing_frame(file, begin)
    return Finding("MP3", prefix=prefix, skipped=begin, counted=False)


def _xing_frame(file: IO[bytes], begin: int) -> bytes:
    """A frame that states how many follow from `begin` on; empty where the estimate is right.

    It is right where all frames have the same bit rate, or where not all of them are layer III.
    """
    first = _at(file, begin, 4)
    count, position, rates = 0, begin, set()
    while count < _MOST_FRAMES and (size := _size(header := _at(file, position, 4))):
        rates.add(header[2] >> 4)
        position += size
        count += 1
    if len(rates) < 2:
        return b""
    # The tag follows the side information, whose length depends on the channels; no checksum.
    head = bytes((first[0], first[1] | 1, *first[2:]))
    full = (first[1] >> 3) & 3 == _VERSION_1
    mono = first[3] >> 6 == _MONO
    side = (17 if mono else 32) if full else (9 if mono else 17)
    tag = head + bytes(side) + b"Xing" + struct.pack(">II", 1, count)
    size = _size(head)
    return tag.ljust(size, b"\0") if len(tag) <= size else b""


def _at(file: IO[bytes], position: int, count: int) -> bytes:
    file.seek(position)
    return file.read(count)


def _size(header: bytes) -> int:
    """Bytes of the frame of layer III with this `header`; 0 if it is no such header."""
    if len(header) < 4 or header[0] != 0xFF or header[1] & 0xE6 != 0xE2:
        return 0
    version, bits, rate = (header[1] >> 3) & 3, header[2] >> 4, (header[2] >> 2) & 3
    if version not in _RATES or bits in (0, 15) or rate == 3:
        return 0
    full = version == _VERSION_1
    padding = (header[2] >> 1) & 1
    return (144 if full else 72) * 1000 * _KILOBITS[full][bits] // _RATES[version][rate] + padding
