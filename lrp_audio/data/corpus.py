"""Corpora of speech: every recording in a folder or those below it, whatever its layout.

The layouts are FSDD's, AudioMNIST's and EmoDB's (`lrp_audio.data.layouts`); one folder may mix
them. A corpus that nobody knows is named for its folder. What is hidden there is passed over, such
as a download that is not complete yet.
"""

import os
import sys
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from lrp_audio.audio.clip import Clip, at_rate, read_clip
from lrp_audio.audio.formats import LIBRARY, SUFFIXES, UNREADABLE
from lrp_audio.data.layouts import Recording, find_audiomnist, read_emodb, read_fsdd, visible
from lrp_audio.errors import DataError

__all__ = ["Recording", "find_recordings", "read", "tell"]


_NAMES = "7_jackson_12.wav (digit, speaker, index), or AudioMNIST's or EmoDB's files"
_MOST_NAMED = 3


def find_recordings(
    folders: Iterable[Path], passed: Callable[[str], object] | None = None
) -> tuple[Recording, ...]:
    """All recordings below `folders`, sorted within each; one that is found twice counts once.

    Sound that is passed over, because its name fits no layout or its format is not read, is
    counted and named in one sentence, which goes to `passed`. Raises `DataError` for a folder
    without any recording, or with a meta file or sentence that is damaged.
    """
    found: list[Recording] = []
    passed_over: list[Path] = []
    for folder in folders:
        here, others = _below(folder)
        if not here:
            raise DataError(
                f"{folder} holds no recordings; expected files named like {_NAMES}, in it or in "
                f"folders below it. {_sentence(others)}".rstrip()
            )
        found += here
        passed_over += others
    if passed and passed_over:
        passed(_sentence(list(dict.fromkeys(passed_over))))
    return tuple(dict.fromkeys(found))


def tell(sentence: str) -> None:
    """Say on stderr what was passed over, for the commands."""
    print(sentence, file=sys.stderr)


def read(recording: Recording, rate: int) -> Clip:
    """Read a recording at `rate` Hz.

    Raises `ClipError`, also where its second of a file is silent.
    """
    if recording.begin is None:
        return at_rate(read_clip(recording.path), rate)
    first = round(recording.begin * rate)
    clip = _whole(recording.path, rate, *_version(recording.path))
    return replace(clip, samples=clip.samples[first : first + rate].copy())


@lru_cache(maxsize=1)  # the seconds of a file are mostly asked for one after the other
def _whole(path: Path, rate: int, place: str, modified: int) -> Clip:
    return at_rate(read_clip(path), rate)


def _version(path: Path) -> tuple[str, int]:
    """Where a file really lies and when it was written: the same path may be another file later."""
    try:
        modified = path.stat().st_mtime_ns
    except OSError:
        modified = 0  # reading it says what is wrong
    return os.path.realpath(path), modified


def _below(folder: Path) -> tuple[list[Recording], list[Path]]:
    """The recordings in a folder and below it, and the sound there that is passed over."""
    name = folder.resolve().name
    audiomnist = find_audiomnist(folder)
    found: list[Recording] = []
    passed_over: list[Path] = []
    for path in visible(folder, "*"):
        suffix = path.suffix.lower()
        here: list[Recording] = []
        if suffix in SUFFIXES and path.is_file():
            corpus = audiomnist.get(path.parent.parent)
            here = (corpus.read(path) if corpus else []) or read_fsdd(path, name)
            here = here or read_emodb(path)
        elif suffix not in UNREADABLE or not path.is_file():
            continue
        found += here
        passed_over += [] if here else [path]
    return found, passed_over


def _sentence(passed_over: list[Path]) -> str:
    """What is said of files that are passed over; nothing where there are none."""
    unreadable = [path for path in passed_over if path.suffix.lower() in UNREADABLE]
    misnamed = [path for path in passed_over if path.suffix.lower() not in UNREADABLE]
    parts = []
    if misnamed:
        parts.append(f"{_named(misnamed)}: expected are names like {_NAMES}")
    if unreadable:
        parts.append(f"{_named(unreadable)}: {LIBRARY} does not read such sound")
    return f"Passed over: {'; '.join(parts)}." if parts else ""


def _named(paths: list[Path]) -> str:
    """How many files these are, and the names of the first ones, fit for a terminal."""
    names = ", ".join(repr(path.name) for path in paths[:_MOST_NAMED])
    more = f" and {len(paths) - _MOST_NAMED} more" if len(paths) > _MOST_NAMED else ""
    return f"{len(paths)} file{'s' if len(paths) > 1 else ''} ({names}{more})"
