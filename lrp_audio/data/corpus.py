"""Corpora of speech: every recording in a folder or those below it, whatever its layout.

The layouts are FSDD's, AudioMNIST's and EmoDB's (`lrp_audio.data.layouts`); one folder may mix
them. A corpus that nobody knows is named for its folder. What is hidden there is passed over, such
as a download that is not complete yet.
"""

import os
from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from lrp_audio.audio.clip import RATE, Clip, read_clip
from lrp_audio.data.layouts import Recording, find_audiomnist, read_emodb, read_fsdd, visible
from lrp_audio.errors import DataError

__all__ = ["Recording", "find_recordings", "read"]


def find_recordings(folders: Iterable[Path]) -> tuple[Recording, ...]:
    """All recordings below `folders`, sorted within each; one that is found twice counts once.

    Raises `DataError` for a folder without any, or with a meta file or sentence that is damaged.
    """
    found: list[Recording] = []
    for folder in folders:
        here = _below(folder)
        if not here:
            raise DataError(
                f"{folder} holds no recordings; expected files named like 7_jackson_12.wav "
                "(digit, speaker, index), or AudioMNIST's or EmoDB's files, in it or in folders "
                "below it."
            )
        found += here
    return tuple(dict.fromkeys(found))


def read(recording: Recording) -> Clip:
    """Read a recording at 8 kHz. Raises `ClipError`, also where its second of a file is silent."""
    if recording.begin is None:
        return read_clip(recording.path)
    first = round(recording.begin * RATE)
    clip = _whole(recording.path, *_version(recording.path))
    return replace(clip, samples=clip.samples[first : first + RATE].copy())


@lru_cache(maxsize=1)  # the seconds of a file are mostly asked for one after the other
def _whole(path: Path, place: str, modified: int) -> Clip:
    return read_clip(path)


def _version(path: Path) -> tuple[str, int]:
    """Where a file really lies and when it was written: the same path may be another file later."""
    try:
        modified = path.stat().st_mtime_ns
    except OSError:
        modified = 0  # reading it says what is wrong
    return os.path.realpath(path), modified


def _below(folder: Path) -> list[Recording]:
    name = folder.resolve().name
    audiomnist = find_audiomnist(folder)
    found: list[Recording] = []
    for path in visible(folder, "*.wav"):
        corpus = audiomnist.get(path.parent.parent)
        found += (corpus.read(path) if corpus else []) or read_fsdd(path, name) or read_emodb(path)
    return found
