"""Reading the recordings of a corpus, and finding those that cannot be read before work begins."""

import os
from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from tqdm import tqdm

from lrp_audio.audio.clip import Clip, at_rate, read_clip
from lrp_audio.data.recording import Recording
from lrp_audio.errors import ClipError


def read(recording: Recording, rate: int) -> Clip:
    """Read a recording at `rate` Hz.

    Raises `ClipError` as `read_clip` does, also where its second of a longer file is silent.
    """
    if recording.begin is None:
        return at_rate(read_clip(recording.path), rate)
    first = round(recording.begin * rate)
    clip = _whole(recording.path, rate, *_version(recording.path))
    if isinstance(clip, ClipError):
        raise ClipError(str(clip))
    return replace(clip, samples=clip.samples[first : first + rate].copy())


def readable(recordings: Iterable[Recording], rate: int) -> tuple[list[Recording], list[ClipError]]:
    """The `recordings` that can be read at `rate` Hz, in order, and the errors of the others."""
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


@lru_cache(maxsize=1)  # the seconds of a file are usually read one after the other
def _whole(path: Path, rate: int, real: str, modified: int) -> Clip | ClipError:
    """A file, or what is wrong with it, so that no file is decoded for each of its seconds."""
    try:
        return at_rate(read_clip(path), rate)
    except ClipError as error:
        return error


def _version(path: Path) -> tuple[str, int]:
    """The real path of a file and when it was modified: `path` may be another file later."""
    try:
        modified = path.stat().st_mtime_ns
    except OSError:
        modified = 0  # reading the file raises the error
    return os.path.realpath(path), modified
