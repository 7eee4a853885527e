"""The length of the samples as a header states it, compared with the bytes that there are."""

import struct
from collections.abc import Mapping
from dataclasses import dataclass

from lrp_audio.audio.containers.finding import Finding

_NOT_COUNTED = "its header says that it holds no samples: read to its end"
_NOT_SAID = "its header does not say how long it is: read to its end"
_OVERSTATED = "its header promises more than there is in the complete file: read to its end"

# Programs that write to a pipe state "unknown" as a 32-bit length of at least this.
_UNKNOWN_BYTES = 0x7FFF0000


def is_unknown(stated: int, bytes_wide: int) -> bool:
    """Whether a stated length, a number of 4 or 8 bytes, stands for "unknown"."""
    return stated >= (_UNKNOWN_BYTES if bytes_wide == 4 else 2**63)


@dataclass(frozen=True)
class Length:
    """The length of the samples in bytes, None if unknown, and where the header states it.

    The samples begin at ``begin``; the number at ``offset`` counts ``own`` bytes besides them.
    """

    begin: int
    stated: int | None
    offset: int
    form: struct.Struct
    own: int = 0

    def patches(self, held: int) -> dict[int, bytes]:
        """The true length of `held` bytes at its offset in the header, where it fits there."""
        true = held + self.own
        return {} if is_unknown(true, self.form.size) else {self.offset: self.form.pack(true)}


def judged(
    kind: str,
    length: Length | None,
    size: int,
    whole: int,
    patches: Mapping[int, bytes] | None = None,
) -> Finding:
    """The finding for a file of `size` bytes whose header states `whole` bytes, or 0 for none."""
    patches = patches or {}
    if length is None:
        return Finding(kind, cut=whole > size, patches=patches)
    held = size - length.begin
    if length.stated is None:
        note = _NOT_SAID
    elif length.stated <= held and (length.stated > 0 or held == 0):
        return Finding(kind, patches=patches)
    elif length.stated == 0:
        note = _NOT_COUNTED
    elif whole == size or length.stated in (size, size - 8):
        # Some programs write the length of the file there, others that of all its chunks.
        note = _OVERSTATED
    else:
        return Finding(kind, cut=True)
    return Finding(kind, notes=(note,), patches={**patches, **length.patches(held)})
