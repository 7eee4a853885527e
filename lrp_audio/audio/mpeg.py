"""MP3 files that nobody counted the frames of.

libsndfile estimates their length from the bit rate of the first frame, and reads no further. Where
the bit rate changes, that may be half of the recording. A Xing frame says how many there are.
"""

import struct
from typing import IO

_MOST_FRAMES = 200_000  # half an hour has 75,000 at most
_VERSION_1 = 3
_KILOBITS = {
    True: (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    False: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_RATES = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}
_MONO = 3


def xing_frame(file: IO[bytes], begin: int) -> bytes:
    """A frame that tells how many follow from `begin` on; empty where the estimate is right.

    That is where all have the same bit rate, or where they are not layer III from first to last.
    """
    first = _at(file, begin)
    count, position, rates = 0, begin, set()
    while count < _MOST_FRAMES and (size := _size(header := _at(file, position))):
        rates.add(header[2] >> 4)
        position += size
        count += 1
    if len(rates) < 2:
        return b""
    # Without a checksum, and after the side information, whose length the channels decide.
    head = bytes((first[0], first[1] | 1, *first[2:]))
    full = (first[1] >> 3) & 3 == _VERSION_1
    mono = first[3] >> 6 == _MONO
    side = (17 if mono else 32) if full else (9 if mono else 17)
    tag = head + bytes(side) + b"Xing" + struct.pack(">II", 1, count)
    size = _size(head)
    return tag.ljust(size, b"\0") if len(tag) <= size else b""


def _at(file: IO[bytes], position: int) -> bytes:
    file.seek(position)
    return file.read(4)


def _size(header: bytes) -> int:
    """Bytes of the frame of layer III with this header; 0 if it is none."""
    if len(header) < 4 or header[0] != 0xFF or header[1] & 0xE6 != 0xE2:
        return 0
    version, bits, rate = (header[1] >> 3) & 3, header[2] >> 4, (header[2] >> 2) & 3
    if version not in _RATES or bits in (0, 15) or rate == 3:
        return 0
    full = version == _VERSION_1
    padding = (header[2] >> 1) & 1
    return (144 if full else 72) * 1000 * _KILOBITS[full][bits] // _RATES[version][rate] + padding
