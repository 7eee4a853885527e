"""Recordings of every format, damaged: their bytes, and in Ogg also what checksums would reveal."""

import io
from functools import cache
from pathlib import Path

import numpy as np
import soundfile

from benchmarks.faults.kinds.kind import Kind, file_kind
from benchmarks.faults.mutation import mutated
from lrp_audio.audio.clip import as_clip
from lrp_audio.audio.files import duration

_FORMATS: dict[str, tuple[tuple[str, str], ...]] = {
    "WAV": (("WAV", "PCM_16"), ("WAV", "ULAW"), ("WAVEX", "PCM_24"), ("WAV", "FLOAT")),
    "RF64 and W64": (("RF64", "PCM_16"), ("W64", "PCM_16")),
    "FLAC": (("FLAC", "PCM_16"), ("FLAC", "PCM_24")),
    "Ogg Vorbis": (("OGG", "VORBIS"),),
    "Ogg Opus": (("OGG", "OPUS"),),
    "MP3": (("MP3", "MPEG_LAYER_III"),),
    "AIFF": (("AIFF", "PCM_16"), ("AIFF", "FLOAT"), ("AIFF", "DWVW_16")),
    "AU": (("AU", "PCM_16"), ("AU", "ULAW")),
    "CAF": (("CAF", "PCM_16"), ("CAF", "ALAC_16")),
}
_RATES = (8000, 16000)  # of the seeds; Opus has no others that MP3 has as well
_CHECKSUM = 0x04C11DB7


@cache
def _seeds(name: str) -> tuple[bytes, ...]:
    """Noise of two rates, mono and stereo where the encoding takes that, short and longer."""
    rng = np.random.default_rng(0)
    found = []
    for container, subtype in _FORMATS[name]:
        if subtype not in soundfile.available_subtypes(container):
            continue
        many = (5000,) if subtype == "DWVW_16" else (5000, 2)
        for rate, shape in zip(_RATES, ((900,), many), strict=True):
            file = io.BytesIO()
            samples = 0.1 * rng.standard_normal(shape)
            soundfile.write(file, samples, rate, format=container, subtype=subtype)
            found.append(file.getvalue())
    return tuple(found)


def _content(name: str, rng: np.random.Generator) -> bytes:
    data = mutated(_seeds(name), rng)
    return with_checksums(data) if name.startswith("Ogg") and rng.random() < 0.7 else data


def with_checksums(data: bytes) -> bytes:
    """The Ogg file `data` with the checksums that its pages have now, as far as there are pages."""
    new, at = bytearray(data), 0
    while new[at : at + 4] == b"OggS" and at + 27 <= len(new):
        count = new[at + 26]
        end = at + 27 + count + sum(new[at + 27 : at + 27 + count])
        new[at + 22 : at + 26] = bytes(4)
        checksum = 0
        for byte in new[at:end]:
            checksum = _table()[checksum >> 24 ^ byte] ^ checksum << 8 & 0xFFFFFFFF
        new[at + 22 : at + 26] = checksum.to_bytes(4, "little")
        at = end
    return bytes(new[: len(data)])


@cache
def _table() -> list[int]:
    table = []
    for byte in range(256):
        checksum = byte << 24
        for _ in range(8):
            checksum = checksum << 1 ^ (_CHECKSUM if checksum >> 31 else 0)
            checksum &= 0xFFFFFFFF
        table.append(checksum)
    return table


def _read(path: Path) -> object:
    """As a path or as an open file, and then its duration, as corpora ask for it."""
    if path.stat().st_size % 2:
        clip = as_clip(path)
    else:
        with path.open("rb") as file:
            clip = as_clip(file)
    duration(path)
    return clip


def _kind(name: str) -> Kind:
    return file_kind(name, "recording", lambda rng: _content(name, rng), _read)


RECORDINGS = tuple(_kind(name) for name in _FORMATS)
