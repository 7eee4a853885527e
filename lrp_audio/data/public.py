"""The public corpora: their addresses, which files are kept, and the check for completeness."""

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from tqdm import tqdm

from lrp_audio.audio.files import decode
from lrp_audio.data.corpus import find_recordings
from lrp_audio.data.layouts import META
from lrp_audio.data.recording import Recording
from lrp_audio.errors import ClipError, DataError

_DIGITS = range(10)
_SECONDS = (0.05, 10.0)  # the longest word of both is 2.3 s
_MOST_NAMED = 3


@dataclass(frozen=True)
class PublicCorpus:
    """A corpus of spoken digits that its authors offer as a ZIP archive at ``url``.

    The archive's only folder contains the recordings, in ``folder`` with paths that match
    ``pattern``, and ``texts``, the other files to keep: licence, description, data on speakers.
    Each of the ``speakers`` says each digit ``repetitions`` times. Neither the archive nor its
    content has more than ``largest`` bytes.
    """

    name: str
    url: str
    licence: str
    folder: str
    pattern: str
    texts: tuple[str, ...]
    speakers: int
    repetitions: int
    largest: int

    def destination(self, member: PurePosixPath) -> PurePosixPath | None:
        """Where a member of the archive is unpacked, in ``folder``; None for one not kept."""
        path = PurePosixPath(*member.parts[1:])
        if str(path) in self.texts:
            return PurePosixPath(self.folder, path.name)
        wanted = re.fullmatch(f"{self.folder}/{self.pattern}", str(path))
        return path if wanted else None

    def check(self, folder: Path) -> None:
        """Raise `DataError` unless `folder` holds the whole corpus, every recording readable."""
        recordings = find_recordings([folder])
        faults = self._gaps(recordings) or _unreadable(recordings)
        if faults:
            more = f" and {len(faults) - _MOST_NAMED} more" if len(faults) > _MOST_NAMED else ""
            raise DataError(
                f"{folder} is not the whole {self.name} corpus: "
                f"{', '.join(faults[:_MOST_NAMED])}{more}."
            )

    def _gaps(self, recordings: tuple[Recording, ...]) -> list[str]:
        spoken = Counter((r.speaker, r.digit) for r in recordings)
        speakers = sorted({r.speaker for r in recordings})
        gaps = [
            f"{spoken[speaker, digit]} recordings instead of {self.repetitions} of speaker "
            f"{speaker} saying {digit}"
            for speaker in speakers
            for digit in _DIGITS
            if spoken[speaker, digit] != self.repetitions
        ]
        if len(speakers) != self.speakers:
            gaps.insert(0, f"{len(speakers)} speakers instead of {self.speakers}")
        unknown = sorted({r.speaker for r in recordings if r.sex is None})
        return gaps + [f"the sex of speaker {speaker} is not stated" for speaker in unknown]


def _unreadable(recordings: tuple[Recording, ...]) -> list[str]:
    faults = []
    for recording in tqdm(recordings, "checking", unit="clip", leave=False, disable=None):
        try:
            sound = decode(recording.path)
        except ClipError:
            faults.append(f"{recording.path.name} is no whole sound")
            continue
        seconds = len(sound.samples) / sound.rate
        if not _SECONDS[0] <= seconds <= _SECONDS[1]:
            faults.append(f"{recording.path.name} is {seconds:.2f} s long")
    return faults


PUBLIC = {
    corpus.name: corpus
    for corpus in (
        PublicCorpus(
            name="audiomnist",
            url="https://github.com/soerenab/AudioMNIST/archive/refs/heads/master.zip",
            licence="MIT",
            folder="data",
            pattern=r"\d\d/\d_\d\d_\d+\.wav",
            texts=("LICENSE", "README.md", f"data/{META}"),
            speakers=60,
            repetitions=50,
            largest=4_000_000_000,
        ),
        PublicCorpus(
            name="fsdd",
            url="https://github.com/Jakobovski/free-spoken-digit-dataset/archive/refs/tags/v1.0.10.zip",
            licence="CC BY-SA 4.0",
            folder="recordings",
            pattern=r"\d_[a-z]+_\d+\.wav",
            texts=("README.md",),
            speakers=6,
            repetitions=50,
            largest=400_000_000,
        ),
    )
}
