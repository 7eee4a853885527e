"""AU files, of either byte order."""

import struct

from lrp_audio.audio.containers.finding import Finding
from lrp_audio.audio.containers.length import Length, is_unknown, judged

_HEAD_BYTES = 24


def inspect_au(size: int, head: bytes) -> Finding:
    """Inspect an AU file of `size` bytes by its `head`."""
    form = struct.Struct(">I" if head[:4] == b".snd" else "<I")
    if len(head) < _HEAD_BYTES:
        return Finding("AU", cut=True)
    begin, stated = (form.unpack_from(head, offset)[0] for offset in (4, 8))
    if begin > size:
        return Finding("AU", cut=True)
    length = Length(begin, None if is_unknown(stated, form.size) else stated, 8, form)
    return judged("AU", length, size, 0)
