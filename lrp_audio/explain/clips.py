"""Which recordings a command line names (files, folders, patterns), and where their results go."""

import os
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from itertools import count
from pathlib import Path
from typing import NamedTuple
from unicodedata import normalize

from lrp_audio.audio.formats import COMMON, LIBRARY, SUFFIXES, UNREADABLE
from lrp_audio.errors import ClipError
from lrp_audio.explanation import FILES
from lrp_audio.walking import Unlisted, files_below, is_folder, listed, walk

_MAGIC = re.compile(r"[*?[]")
# Names of files that the command writes directly below OUT.
_RESERVED = ("report.html", "results.csv")
# OUT may lie inside the folder that is searched: earlier results are neither read nor counted.
_RESULTS = (*FILES, *_RESERVED)
_MOST_NAMED = 8  # suffixes in one sentence


@dataclass(frozen=True)
class FoundClip:
    """A recording and its `output`: the path of its result folder, relative and without ``..``."""

    path: Path
    output: Path


class Search(NamedTuple):
    """The recordings that were found, errors about other arguments, and files passed over."""

    clips: list[FoundClip]
    errors: list[ClipError]
    passed_over: frozenset[Path]


class _Files(NamedTuple):
    """Recordings, each with its path below the folder that was searched; and other files.

    `unlisted` are sentences about folders that cannot be listed.
    """

    recordings: list[tuple[Path, Path]]
    others: list[Path]
    unlisted: Sequence[str] = ()


def find_clips(arguments: Iterable[Path]) -> Search:
    """The recordings that files, folders and patterns name, and what is wrong with the others.

    A folder stands for every recording in it and below it, sorted; a pattern such as
    ``rec/**/*.wav`` for what it matches, unless a file has that very name. Hidden files, links to
    folders and the files of earlier results are ignored; other files in folders are returned as
    passed over. A file that is named twice, or through a link, counts once. No two outputs are
    equal, even on a file system that ignores case.
    """
    found: dict[str, tuple[Path, Path]] = {}
    errors: list[ClipError] = []
    others: set[Path] = set()
    for argument in arguments:
        try:
            files = _named_by(argument)
        except ClipError as error:
            errors.append(error)
        except OSError as error:
            sentence = f"{argument} cannot be read ({error.strerror}): give another path."
            errors.append(ClipError(sentence))
        else:
            for path, relative in files.recordings:
                found.setdefault(os.path.realpath(path), (path, relative))
            others.update(files.others)
            # A pattern may lead to a folder in several ways.
            errors += map(ClipError, dict.fromkeys(files.unlisted))
    outputs = _distinct([_output(relative) for _, relative in found.values()])
    clips = [FoundClip(path, o) for (path, _), o in zip(found.values(), outputs, strict=True)]
    return Search(clips, errors, frozenset(others - {path for path, _ in found.values()}))


def passed_over_sentence(paths: Collection[Path]) -> str:
    """How many files of which suffixes were passed over; empty where there are none."""
    if not paths:
        return ""
    suffixes = Counter(path.suffix.lower() or "without a suffix" for path in paths)
    sentence = f"Passed over: {_counts(suffixes)}."
    if sound := ", ".join(sorted(suffix for suffix in suffixes if suffix in UNREADABLE)):
        sentence += f" {LIBRARY} does not read {sound}: convert such sound to WAV."
    return sentence


def _counts(suffixes: Counter[str]) -> str:
    named = [f"{count} {suffix}" for suffix, count in suffixes.most_common(_MOST_NAMED)]
    rest = suffixes.total() - sum(count for _, count in suffixes.most_common(_MOST_NAMED))
    return ", ".join([*named, f"{rest} others"] if rest else named)


def _named_by(argument: Path) -> _Files:
    """The files that one argument names. Raises `ClipError` where none of them is a recording."""
    if argument.is_dir():
        return _in_folder(argument)
    if _MAGIC.search(str(argument)) and not argument.exists():
        return _matching(argument)
    return _Files([(argument, Path(argument.name))], [])


def _in_folder(folder: Path) -> _Files:
    unlisted: list[str] = []
    files = _sorted_out(files_below(folder, unlisted.append), folder, unlisted)
    if not files.recordings and not unlisted:
        raise ClipError(
            f"{folder} holds no recordings: expected are {COMMON} files in it or in folders "
            f"below it. {passed_over_sentence(files.others)}".rstrip()
        )
    return files


def _matching(pattern: Path) -> _Files:
    first = next(i for i, part in enumerate(pattern.parts) if _MAGIC.search(part))
    base, rest = Path(*pattern.parts[:first]), pattern.parts[first:]
    if any("**" in part and part != "**" for part in rest):
        raise ClipError(f"{pattern} is no pattern: write ** only alone between two slashes.")
    unlisted: list[str] = []
    files = _sorted_out(_matches(base, rest, unlisted.append), base, unlisted)
    if not files.recordings and not unlisted:
        raise ClipError(
            f"{pattern} matches no recording, and no file has that name: expected are {COMMON} "
            f"files, or folders that hold some. {passed_over_sentence(files.others)}".rstrip()
        )
    return files


def _matches(base: Path, parts: Sequence[str], unlisted: Unlisted) -> list[Path]:
    """Files that `parts` of a pattern match below `base`, and those below folders that they match.

    As by `Path.glob`, which is silent about folders that cannot be listed.
    """
    found = {base}
    for part in parts:
        folders = [path for path in found if path.is_dir()]
        found = {match for folder in folders for match in _part(folder, part, unlisted)}
    # No folder is entered through a link, here nor by `walk`, so that no link can loop.
    whole = [path for path in found if path.is_dir() and not path.is_symlink()]
    files = {path for path in found if not path.is_dir()}
    return sorted(files.union(*(files_below(folder, unlisted) for folder in whole)))


def _part(folder: Path, part: str, unlisted: Unlisted) -> list[Path]:
    """What one part of a pattern matches in `folder`: ``**`` that folder and all those below it."""
    if part == "**":
        below = walk(folder, unlisted)
        return [folder, *(Path(e.path) for e in below if is_folder(e) and not e.is_symlink())]
    if _MAGIC.search(part):
        return [Path(e.path) for e in listed(folder, unlisted) if fnmatch(e.name, part)]
    return [folder / part] if os.path.lexists(folder / part) else []


def _sorted_out(paths: Iterable[Path], folder: Path, unlisted: Sequence[str]) -> _Files:
    """Those of `paths`, none of which is a folder, that are neither hidden nor parts of results.

    A path that is no regular file, or no longer there, is among them: reading it says so.
    """
    recordings: list[tuple[Path, Path]] = []
    others: list[Path] = []
    for path in paths:
        relative = path.relative_to(folder)
        hidden = any(part.startswith(".") for part in relative.parts)
        if hidden or path.name in _RESULTS:
            continue
        if path.suffix.lower() in SUFFIXES:
            recordings.append((path, relative))
        else:
            others.append(path)
    return _Files(recordings, others, unlisted)


def _output(relative: Path) -> Path:
    # Without the dot that hides it, since hidden names in OUT are those of work in progress; a stem
    # of dots alone would lead out of OUT.
    return relative.with_name(relative.stem.lstrip(".") or "clip")


def _distinct(outputs: Sequence[Path]) -> Iterator[Path]:
    """`outputs`, renamed with ``-2``, ``-3`` and so on where two would get into each other's way.

    That is where they are equal, or where a folder of one has the name of a file of another. Names
    that differ in case, or in the way in which Unicode writes an accent, count as the same.
    """
    files = {_key(Path(name)) for name in _RESERVED}
    folders: set[str] = set()
    taken: set[str] = set()
    last: Counter[str] = Counter()  # so that many equal names are not all tried again
    for output in outputs:
        own = Path()
        for name in output.parent.parts:
            part, tried = name, count(2)
            while _key(own / part) in files:
                part = f"{name}-{next(tried)}"
            own /= part
            folders.add(_key(own))
        first = _key(own / output.name)
        while True:
            number = last[first] = last[first] + 1
            place = own / (output.name if number == 1 else f"{output.name}-{number}")
            key = _key(place)
            inside = {f"{key}/{file}" for file in FILES}
            if key not in files and key not in taken and not inside & folders:
                break
        folders.add(key)
        taken.add(key)
        files |= inside
        yield place


def _key(path: Path) -> str:
    return normalize("NFC", path.as_posix()).casefold()
