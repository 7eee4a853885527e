"""Corpora of spoken digits: ``{digit}_{speaker}_{index}.wav`` in a folder or those below it.

Without an index (``7_female.wav``) a recording counts as index 0.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from lrp_audio.errors import DataError

OFFICIAL_TEST = range(5)
"""Indices that are test recordings by FSDD's convention; they are never trained on."""

_NAME = re.compile(r"(\d)_([^_]+)(?:_(\d+))?\.wav")


@dataclass(frozen=True, order=True)
class Recording:
    """One file of a corpus and what its name says."""

    path: Path
    digit: int
    speaker: str
    index: int

    @property
    def official_test(self) -> bool:
        """Whether this is one of the official test recordings."""
        return self.index in OFFICIAL_TEST


@dataclass(frozen=True)
class Split:
    """Recordings to train on and to test on."""

    training: tuple[Recording, ...]
    test: tuple[Recording, ...]


def find_recordings(folders: Iterable[Path]) -> tuple[Recording, ...]:
    """All recordings below `folders`, sorted. Raises `DataError` for a folder without any."""
    found: list[Recording] = []
    for folder in folders:
        names = ((path, _NAME.fullmatch(path.name)) for path in sorted(folder.rglob("*.wav")))
        here = [Recording(p, int(m[1]), m[2], int(m[3] or 0)) for p, m in names if m]
        if not here:
            raise DataError(
                f"{folder} holds no recordings; expected files named like 7_jackson_12.wav "
                "(digit, speaker, index) in it or in folders below it."
            )
        found += here
    return tuple(found)


def split_official(recordings: Iterable[Recording], held_out: Sequence[str] = ()) -> Split:
    """Test on indices 0 to 4 and on every recording of the speakers in `held_out`.

    Raises `DataError` where a held-out speaker does not occur, or nothing is left to train or test
    on.
    """
    recordings = tuple(recordings)
    speakers = {r.speaker for r in recordings}
    for speaker in held_out:
        if speaker not in speakers:
            raise DataError(
                f"There is no speaker {speaker!r} to hold out; the corpus has "
                f"{', '.join(sorted(speakers))}."
            )
    test = [r for r in recordings if r.official_test or r.speaker in held_out]
    training = sorted(set(recordings) - set(test))
    if not training:
        raise DataError("Every recording is a test recording; nothing is left to train on.")
    if not test:
        raise DataError(
            "No recording has an index from 0 to 4, so there is nothing to test on; add a folder "
            f"with some, or hold out one of the speakers {', '.join(sorted(speakers))}."
        )
    return Split(tuple(training), tuple(test))
