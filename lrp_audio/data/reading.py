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


def read(recording: Recording, rate: int, channels: int = 1) -> Clip:
    """Read a recording at `rate` Hz; `channels` is as for `read_clip`, for whole files.

    Raises `ClipError` as `read_clip` does, also where its second of a longer file is silent, and
    where the file is not the one with the digest of `recording`.
    """
    path = recording.path
    if recording.begin is None:
        return _unchanged(at_rate(read_clip(path, channels), rate), recording)
    clip = _whole(path, rate, *_version(path))
    if isinstance(clip, ClipError):
        raise ClipError(str(clip))
    first = round(recording.begin * rate)
    own = replace(clip, samples=clip.samples[first : first + rate].copy())
    return _unchanged(own, recording)


def _unchanged(clip: Clip, recording: Recording) -> Clip:
    """`clip`, if it comes from the bytes with the digest of `recording`."""
    if recording.sha256 not in ("", clip.sha256):
        raise ClipError(
            f"{recording.path} was replaced after it was read first: give the command again."
        )
    return clip


def readable(
    recordings: Iterable[Recording], rate: int, channels: int = 1
) -> tuple[list[Recording], list[ClipError]]:
    """The `recordings` that `read` can read, in order, and the errors of the others.

    The recordings come with their digests, so that whatever reads them later gets the same.
    """
    found: list[Recording] = []
    errors: dict[str, ClipError] = {}
    every = list(recordings)
    for recording in tqdm(every, desc="reading", unit="clip", leave=False, disable=None):
        try:
            digest = read(recording, rate, channels).sha256
        except ClipError as error:
            errors.setdefault(str(error), error)  # a file of several seconds is named once
        else:
            found.append(replace(recording, sha256=digest))
    return found, list(errors.values())


@lru_cache(maxsize=1)  # the seconds of a file are usually read one after the other
def _whole(path: Path, rate: int, *version: object) -> Clip | ClipError:
    """A file, or what is wrong with it, so that no file is decoded for each of its seconds."""
    try:
        return at_rate(read_clip(path), rate)
    except ClipError as error:
        return error


def _version(path: Path) -> tuple[object, ...]:
    """What shows that `path` leads to another file than before, or that the file was changed.

    The time of the last change of its status, unlike that of its content, cannot be set.
    """
    try:
        found = path.stat()
    except OSError:
        return ()  # reading the file raises the error
    return os.path.realpath(path), found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns
