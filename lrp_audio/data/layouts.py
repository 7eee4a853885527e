"""The layouts in which corpora keep their files, and one reader for each.

| layout | a file | used by |
|---|---|---|
| FSDD | ``7_jackson_12.wav``: digit, speaker, index (0 if missing) | FSDD, our voices, any |
| AudioMNIST | ``01/7_01_12.wav`` beside ``audioMNIST_meta.txt`` | AudioMNIST and similar corpora |
| EmoDB | ``03a01Fa.wav``: speaker, sentence, emotion, version | EmoDB |

A file may have the suffix of any readable format. A speaker's name may contain underscores.
"""

import json
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lrp_audio.audio.files import duration
from lrp_audio.data.recording import Recording
from lrp_audio.data.speakers import SEXES, Sex, emodb_sex, known_speaker
from lrp_audio.errors import ClipError, DataError
from lrp_audio.regular import read_regular

OFFICIAL_TEST = range(5)
"""Indices of test recordings, by FSDD's convention; they are never trained on."""

META = "audioMNIST_meta.txt"

_MAX_META_BYTES = 1_000_000
# The speaker ends at the last underscore before an index. Without an index no part of the name
# begins with a digit, so that a copy such as `7_ann_0 (1).wav` does not make up a speaker.
_FSDD_NAME = re.compile(
    r"(?P<digit>\d)_(?:(?P<speaker>[^_](?:.*[^_])?)_(?P<index>\d+)|(?P<only>[^_]+(?:_[^_\d][^_]*)*))",
    re.ASCII | re.DOTALL,  # a speaker may have any name
)
_EMODB_NAME = re.compile(r"(\d\d)[a-z]\d\d[a-z]{2}", re.ASCII | re.IGNORECASE)


def normal(name: str) -> str:
    """`name` with each accented letter as one character: some systems write two."""
    return unicodedata.normalize("NFC", name)


def read_fsdd(path: Path, folder: str) -> list[Recording]:
    """The recording in a file of FSDD's layout; `folder` is the corpus of unknown speakers."""
    match = _FSDD_NAME.fullmatch(normal(path.stem))
    if not match:
        return []
    digit, index = int(match["digit"]), int(match["index"] or 0)
    name = match["speaker"] or match["only"]
    corpus, speaker, sex = known_speaker(name) or (folder, name, None)
    official = index in OFFICIAL_TEST
    return [Recording(path, digit, speaker, index, corpus, sex, official_test=official)]


@dataclass(frozen=True)
class AudioMnist:
    """A corpus of AudioMNIST's layout: its name, and the sex of each speaker where it is known."""

    corpus: str
    sexes: dict[str, Sex]

    def read(self, path: Path) -> list[Recording]:
        """The recording in ``{speaker}/{digit}_{speaker}_{repetition}.wav``."""
        match = _FSDD_NAME.fullmatch(normal(path.stem))
        if not match or match["speaker"] != normal(path.parent.name):
            return []
        speaker, index = match["speaker"], int(match["index"])
        sex = self.sexes.get(speaker)
        return [Recording(path, int(match["digit"]), speaker, index, self.corpus, sex)]


def find_audiomnist(folder: Path, paths: Iterable[Path]) -> dict[Path, AudioMnist]:
    """The corpora of AudioMNIST's layout, by the folder that contains their speakers' folders.

    `paths` are those below `folder`. The meta file lies in that folder, or one of the two lies in
    the other's ``data/``. Raises `DataError` for a meta file that cannot be read.
    """
    homes: dict[Path, AudioMnist] = {}
    above = folder.resolve().parent / META
    if folder.resolve().name == "data" and above.exists():
        homes[folder] = _audiomnist(above)
    for meta in paths:
        if meta.name == META:
            corpus, here = _audiomnist(meta), meta.parent
            other = here.parent if here.name == "data" else here / "data"
            homes |= {other: corpus, here: corpus}
    return homes


def _audiomnist(meta: Path) -> AudioMnist:
    """Read a meta file, JSON such as ``{"01": {"gender": "male", "age": 30}}``."""
    here = meta.parent.resolve()
    root = here.parent if here.name == "data" else here
    sexes: dict[str, Sex] = {}
    for speaker, facts in _meta_content(meta).items():
        gender = facts.get("gender") if isinstance(facts, dict) else None
        written = gender.strip().lower() if isinstance(gender, str) else None
        sexes |= {normal(speaker): sex for sex in SEXES if sex == written}
    return AudioMnist(root.name or here.name or "audiomnist", sexes)


def _meta_content(meta: Path) -> dict[str, Any]:
    """The entry for each speaker in a meta file, whose size is checked before it is read."""
    try:
        found = json.loads(read_regular(meta, _MAX_META_BYTES))
    except OSError as error:
        raise DataError(
            f"{meta} cannot be read ({error.strerror}): copy AudioMNIST's meta file again."
        ) from error
    except (ValueError, RecursionError) as error:
        raise DataError(f"{meta} is not JSON: copy AudioMNIST's meta file again.") from error
    if not isinstance(found, dict):
        raise DataError(
            f"{meta} is not a JSON object with one entry for each speaker: copy AudioMNIST's meta "
            "file again."
        )
    return found


def read_emodb(path: Path) -> list[Recording]:
    """The seconds of an EmoDB sentence; the last one is moved back to end with the file.

    A file whose length cannot be read is one recording: what is wrong with it is reported when it
    is read, as for every other recording.
    """
    match = _EMODB_NAME.fullmatch(path.stem)
    if not match:
        return []
    speaker = match[1]
    try:
        windows = _windows(duration(path))
    except ClipError:
        windows = [None]
    return [
        Recording(path, None, speaker, index, "emodb", emodb_sex(speaker), begin)
        for index, begin in enumerate(windows)
    ]


def _windows(seconds: float) -> list[float | None]:
    """Where the one-second windows begin; None for a file shorter than a second."""
    if seconds < 1:
        return [None]
    begins: list[float | None] = [float(second) for second in range(int(seconds))]
    return begins if seconds == int(seconds) else [*begins, seconds - 1]
