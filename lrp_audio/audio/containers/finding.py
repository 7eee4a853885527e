"""The result of inspecting a file."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Finding:
    """What the header of a file says, and how libsndfile can read the file to its end.

    ``kind`` is the container, None for one that is not inspected. ``cut`` is True where the end of
    the file is missing; ``notes`` describe what is unusual. With ``prefix`` in place of its first
    ``skipped`` bytes, and ``patches`` (bytes by their offset in the file) over the rest, libsndfile
    reads the file to its end. ``counted`` is False where the number of frames is an estimate.
    """

    kind: str | None
    cut: bool = False
    notes: tuple[str, ...] = ()
    prefix: bytes = b""
    skipped: int = 0
    patches: Mapping[int, bytes] = field(default_factory=dict)
    counted: bool = True
