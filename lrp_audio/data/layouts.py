"""The layouts in which corpora keep their files: one reader for each, and what it gives.

| layout | a file | whose |
|---|---|---|
| FSDD | ``7_jackson_12.wav``: digit, speaker, index (0 if missing) | FSDD, our voices, any |
| AudioMNIST | ``01/7_01_12.wav`` beside ``audioMNIST_meta.txt`` | AudioMNIST and its like |
| EmoDB | ``03a01Fa.wav``: speaker, sentence, emotion, version | EmoDB |

The suffix may be that of any format that is read. A speaker's name may hold underscores.
"""

import json
import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lrp_audio.audio.files import duration
from lrp_audio.data.voices import Sex, voice_speaker
from lrp_audio.errors import ClipError, DataError

OFFICIAL_TEST = range(5)
"""Indices that are test recordings by FSDD's convention; they are never trained on."""

META = "audioMNIST_meta.txt"

_MAX_META_BYTES = 1_000_000
# The speaker ends at the last underscore before an index. Without an index no part of the name
# begins with a digit, so that a copy such as `7_ann_0 (1).wav` brings no speaker of its own.
_FSDD_NAME = re.compile(
    r"(?P<digit>\d)_(?:(?P<speaker>[^_](?:.*[^_])?)_(?P<index>\d+)|(?P<only>[^_]+(?:_[^_\d][^_]*)*))",
    re.ASCII | re.DOTALL,  # a speaker may have any name
)
_FSDD_SPEAKERS = ("george", "jackson", "lucas", "nicolas", "theo", "yweweler")
_EMODB_NAME = re.compile(r"(\d\d)[a-z]\d\d[a-z]{2}", re.ASCII | re.IGNORECASE)
_SEXES: dict[str, Sex] = {"female": "female", "male": "male"}
_EMODB_SEXES: dict[str, Sex] = {
    **dict.fromkeys(("08", "09", "13", "14", "16"), _SEXES["female"]),
    **dict.fromkeys(("03", "10", "11", "12", "15"), _SEXES["male"]),
}


@dataclass(frozen=True, order=True)
class Recording:
    """One file of a corpus, or one second of a longer file, and what is known of it.

    ``digit`` is None for other speech, ``sex`` where nobody says it. ``index`` is FSDD's index,
    AudioMNIST's repetition or EmoDB's window. ``begin`` is where the second starts, in seconds;
    None stands for the whole file. ``official_test`` marks FSDD's official test recordings and
    those that others number alike.
    """

    path: Path
    digit: int | None
    speaker: str
    index: int
    corpus: str
    sex: Sex | None
    begin: float | None = None
    official_test: bool = False

    @property
    def who(self) -> str:
        """The speaker among those of all corpora, such as ``emodb/03``."""
        return f"{self.corpus}/{self.speaker}"


def visible(folder: Path, pattern: str) -> list[Path]:
    """The paths below `folder` that match `pattern`, sorted, without what is hidden there."""
    return [
        path
        for path in sorted(folder.rglob(pattern))
        if not any(part.startswith(".") for part in path.relative_to(folder).parts)
    ]


def read_fsdd(path: Path, folder: str) -> list[Recording]:
    """Read a file of FSDD's layout; ``folder`` names the corpus of speakers that nobody knows."""
    match = _FSDD_NAME.fullmatch(_normal(path.stem))
    if not match:
        return []
    digit, index = int(match["digit"]), int(match["index"] or 0)
    speaker = match["speaker"] or match["only"]
    corpus, speaker, sex = _known(speaker) or (folder, speaker, None)
    official = index in OFFICIAL_TEST
    return [Recording(path, digit, speaker, index, corpus, sex, official_test=official)]


def _normal(name: str) -> str:
    """`name` with accents as one character each: some systems write them as two."""
    return unicodedata.normalize("NFC", name)


def _known(speaker: str) -> tuple[str, str, Sex | None] | None:
    """Corpus, speaker and sex of a name that FSDD, our voices or the bundled examples use."""
    if speaker in _FSDD_SPEAKERS:
        return "fsdd", speaker, "male"
    if speaker in _SEXES:
        return "examples", speaker, _SEXES[speaker]
    voice = voice_speaker(speaker)
    return ("synthetic", *voice) if voice else None


@dataclass(frozen=True)
class AudioMnist:
    """A corpus of AudioMNIST's layout: its name and the sex of those speakers that have one."""

    corpus: str
    sexes: dict[str, Sex]

    def read(self, path: Path) -> list[Recording]:
        """Read ``{speaker}/{digit}_{speaker}_{repetition}.wav``."""
        match = _FSDD_NAME.fullmatch(_normal(path.stem))
        if not match or match["speaker"] != _normal(path.parent.name):
            return []
        speaker, index = match["speaker"], int(match["index"])
        sex = self.sexes.get(speaker)
        return [Recording(path, int(match["digit"]), speaker, index, self.corpus, sex)]


def find_audiomnist(folder: Path) -> dict[Path, AudioMnist]:
    """Find AudioMNIST's layout: for every folder of speakers' folders, the corpus it belongs to.

    The meta file lies there, or one of the two lies in the other's ``data/``. Raises `DataError`
    for a meta file that cannot be read.
    """
    homes: dict[Path, AudioMnist] = {}
    above = folder.resolve().parent / META
    if folder.resolve().name == "data" and above.is_file():
        homes[folder] = _audiomnist(above)
    for meta in visible(folder, META):
        if meta.is_file():
            corpus, here = _audiomnist(meta), meta.parent
            other = here.parent if here.name == "data" else here / "data"
            homes |= {other: corpus, here: corpus}
    return homes


def _audiomnist(meta: Path) -> AudioMnist:
    """Read a meta file, JSON such as ``{"01": {"gender": "male", "age": 30}}``."""
    here = meta.parent.resolve()
    root = here.parent if here.name == "data" else here
    sexes: dict[str, Sex] = {}
    for speaker, facts in _speakers(meta).items():
        gender = facts.get("gender") if isinstance(facts, dict) else None
        if isinstance(gender, str) and gender.strip().lower() in _SEXES:
            sexes[_normal(speaker)] = _SEXES[gender.strip().lower()]
    return AudioMnist(root.name or here.name or "audiomnist", sexes)


def _speakers(meta: Path) -> dict[str, Any]:
    """What a meta file says of each speaker; its size is bounded before it is read."""
    try:
        with meta.open("rb") as file:
            content = file.read(_MAX_META_BYTES + 1)
        if len(content) > _MAX_META_BYTES:
            raise DataError(
                f"{meta} is larger than {_MAX_META_BYTES} bytes, which no list of speakers is: "
                "copy AudioMNIST's meta file again."
            )
        found = json.loads(content)
    except OSError as error:
        raise DataError(f"{meta} cannot be read ({error.strerror}): check its rights.") from error
    except (ValueError, RecursionError) as error:
        raise DataError(f"{meta} is not JSON: copy AudioMNIST's meta file again.") from error
    if not isinstance(found, dict):
        raise DataError(
            f"{meta} is not a JSON object with one entry for each speaker: copy AudioMNIST's meta "
            "file again."
        )
    return found


def read_emodb(path: Path) -> list[Recording]:
    """Read a sentence of EmoDB as its seconds; the last one is moved back to end with the file.

    Raises `DataError` for a file that is no sound.
    """
    match = _EMODB_NAME.fullmatch(path.stem)
    if not match:
        return []
    speaker = match[1]
    sex = _EMODB_SEXES.get(speaker)
    return [
        Recording(path, None, speaker, index, "emodb", sex, begin)
        for index, begin in enumerate(_windows(_seconds(path)))
    ]


def _seconds(path: Path) -> float:
    try:
        return duration(path)
    except ClipError as error:
        raise DataError(f"{error} If it cannot be had whole, take it away.") from error


def _windows(seconds: float) -> list[float | None]:
    """Begins of the one-second windows; None for a file that has no full second."""
    if seconds < 1:
        return [None]
    begins: list[float | None] = [float(second) for second in range(int(seconds))]
    return begins if seconds == int(seconds) else [*begins, seconds - 1]
