"""Checks the header of a sound file against its content, before libsndfile reads it.

libsndfile silently shortens a file that ends too early, and finds no samples where an interrupted
recorder left the length at 0.
"""

from typing import IO

from lrp_audio.audio.containers.au import inspect_au
from lrp_audio.audio.containers.chunks import inspect_chunks
from lrp_audio.audio.containers.finding import Finding
from lrp_audio.audio.containers.mpeg import inspect_mpeg
from lrp_audio.audio.containers.ogg import inspect_ogg

__all__ = ["Finding", "inspect"]

_HEAD_BYTES = 40


def inspect(file: IO[bytes], size: int) -> Finding:
    """Inspect a file of `size` bytes: its header, and its pages if it is Ogg."""
    file.seek(0)
    head = file.read(_HEAD_BYTES)
    if found := inspect_chunks(file, size, head):
        return found
    if head[:4] in (b".snd", b"dns."):
        return inspect_au(size, head)
    if head[:4] == b"OggS":
        return inspect_ogg(file, size)
    if head[:4] == b"fLaC":
        return Finding("FLAC")  # one that ends early cannot be decoded
    return inspect_mpeg(file, head)
