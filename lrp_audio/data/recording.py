"""One recording of a corpus, and what its corpus says about it."""

from dataclasses import dataclass, field
from pathlib import Path

from lrp_audio.data.speakers import Sex

WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
"""The English word for each digit."""


@dataclass(frozen=True, order=True)
class Recording:
    """A file of a corpus, or one second of a longer file, with its labels.

    ``digit`` is None for other speech, ``sex`` where it is unknown. ``index`` is FSDD's index,
    AudioMNIST's repetition or EmoDB's window. ``begin`` is where the second starts, in seconds;
    None stands for the whole file. ``official_test`` marks FSDD's official test recordings, and
    those of other corpora with the same numbers. ``sha256`` is the digest of the file where it has
    been read before; it does not tell recordings apart.
    """

    path: Path
    digit: int | None
    speaker: str
    index: int
    corpus: str
    sex: Sex | None
    begin: float | None = None
    official_test: bool = False
    sha256: str = field(default="", compare=False)

    @property
    def who(self) -> str:
        """The speaker's name, unique across corpora, such as ``emodb/03``."""
        return f"{self.corpus}/{self.speaker}"
