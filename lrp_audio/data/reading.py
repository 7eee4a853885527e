"""Which recordings of a corpus can be read, found out before work on all of them begins."""

from collections.abc import Iterable

from tqdm import tqdm

from lrp_audio.data.corpus import Recording, read
from lrp_audio.errors import ClipError


def readable(recordings: Iterable[Recording], rate: int) -> tuple[list[Recording], list[ClipError]]:
    """Those of `recordings` that can be read at `rate`, in order; what is wrong with the others."""
    found: list[Recording] = []
    errors: dict[str, ClipError] = {}
    every = list(recordings)
    for recording in tqdm(every, desc="reading", unit="clip", leave=False, disable=None):
        try:
            read(recording, rate)
        except ClipError as error:
            errors.setdefault(str(error), error)  # a file of several seconds is named once
        else:
            found.append(recording)
    return found, list(errors.values())
