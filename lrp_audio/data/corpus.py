"""Corpora of speech: all recordings in a folder and below it, whatever their layout.

The layouts are FSDD's, AudioMNIST's and EmoDB's (`lrp_audio.data.layouts`); one folder may mix
them. An unknown corpus is named after its folder. Hidden files and folders, such as an unfinished
download, are left out.
"""

import os
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from lrp_audio.audio.formats import LIBRARY, SUFFIXES, UNREADABLE
from lrp_audio.data.layouts import find_audiomnist, normal, read_emodb, read_fsdd
from lrp_audio.data.recording import Recording
from lrp_audio.errors import ClipError, DataError
from lrp_audio.walking import Unlisted, files_below

_NAMES = "7_jackson_12.wav (digit, speaker, index), or AudioMNIST's or EmoDB's files"
_MOST_NAMED = 3


def find_recordings(
    folders: Iterable[Path],
    passed: Callable[[str], object] | None = None,
    unlisted: Callable[[ClipError], object] | None = None,
) -> tuple[Recording, ...]:
    """All recordings below `folders`, sorted within each folder; each of them counts once.

    A file that is reached twice, through overlapping folders or links, is one recording. So are
    files side by side whose names differ in the suffix only: the lossless one is used. Sound files
    that are not used are counted and named in one sentence, which is given to `passed`. Errors of
    folders below them that cannot be listed are given to `unlisted`, or else raised. Raises
    `DataError` for a folder without recordings, or with a damaged meta file.
    """
    found: dict[tuple[str, float | None], Recording] = {}
    real_folder = cache(os.path.realpath)
    unused = _Unused()
    for folder in folders:
        sentences: list[str] = []
        here, others = _below(folder, sentences.append)
        if not here:
            besides = " ".join(filter(None, [others.sentence(), *sentences]))
            raise DataError(
                f"{folder} holds no recordings; expected files named like {_NAMES}, in it or in "
                f"folders below it. {besides}".rstrip()
            )
        for sentence in sentences:
            (unlisted or _raised)(ClipError(sentence))
        for recording in here:
            found.setdefault((_real(recording.path, real_folder), recording.begin), recording)
        unused.add(others)
    if passed and (sentence := unused.sentence()):
        passed(sentence)
    return tuple(found.values())


@dataclass
class _Unused:
    """Sound files that are not used, by the reason."""

    misnamed: list[Path] = field(default_factory=list)
    unreadable: list[Path] = field(default_factory=list)
    doubled: list[Path] = field(default_factory=list)

    def add(self, others: "_Unused") -> None:
        """Add those of another folder."""
        self.misnamed += others.misnamed
        self.unreadable += others.unreadable
        self.doubled += others.doubled

    def sentence(self) -> str:
        """How many files there are and why they are not used; empty where there are none."""
        reasons = (
            (self.misnamed, f"expected are names like {_NAMES}"),
            (self.unreadable, f"{LIBRARY} does not read such sound"),
            (self.doubled, "the same recordings lie beside them in another format"),
        )
        parts = [f"{_named(paths)}: {reason}" for paths, reason in reasons if paths]
        return f"Passed over: {'; '.join(parts)}." if parts else ""


def _raised(error: ClipError) -> None:
    raise error


def _below(folder: Path, unlisted: Unlisted) -> tuple[list[Recording], _Unused]:
    """The recordings in a folder and below it, and the sound files there that are not used."""
    name = folder.resolve().name
    paths = files_below(folder, unlisted)
    audiomnist = find_audiomnist(folder, paths)
    found: list[Recording] = []
    unused = _Unused()
    sounds, unused.unreadable = _sounds(paths)
    doubled = _doubled(sounds)
    for path in sounds:
        corpus = audiomnist.get(path.parent.parent)
        here = (corpus.read(path) if corpus else []) or read_fsdd(path, name) or read_emodb(path)
        if not here:
            unused.misnamed.append(path)
        elif path in doubled:
            unused.doubled.append(path)
        else:
            found += here
    return found, unused


def _sounds(paths: Iterable[Path]) -> tuple[list[Path], list[Path]]:
    """The sound files among `paths`: those of readable formats, and the others."""
    sounds: list[Path] = []
    unreadable: list[Path] = []
    for path in paths:
        suffix = path.suffix.lower()
        if suffix in SUFFIXES or suffix in UNREADABLE:
            (sounds if suffix in SUFFIXES else unreadable).append(path)
    return sounds, unreadable


def _doubled(sounds: Iterable[Path]) -> set[Path]:
    """Of files side by side whose names differ in the suffix only, all but the one to use."""
    formats: defaultdict[tuple[Path, str], list[Path]] = defaultdict(list)
    for path in sounds:
        formats[path.parent, normal(path.stem)].append(path)
    return {
        path
        for paths in formats.values()
        if len(paths) > 1
        for path in sorted(paths, key=lambda path: SUFFIXES.index(path.suffix.lower()))[1:]
    }


def _real(path: Path, real_folder: Callable[[Path], str]) -> str:
    """The path of a file without links, by that of its folder where the file is no link."""
    if path.is_symlink():
        return os.path.realpath(path)
    return f"{real_folder(path.parent)}{os.sep}{path.name}"


def _named(paths: list[Path]) -> str:
    """How many files these are, and the names of the first ones, fit for a terminal."""
    paths = list(dict.fromkeys(paths))
    names = ", ".join(repr(path.name) for path in paths[:_MOST_NAMED])
    more = f" and {len(paths) - _MOST_NAMED} more" if len(paths) > _MOST_NAMED else ""
    return f"{len(paths)} file{'s' if len(paths) > 1 else ''} ({names}{more})"
