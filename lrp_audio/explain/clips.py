"""Which clips a command line means: files, folders and patterns, and a place for each result."""

import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from lrp_audio.audio.formats import COMMON, LIBRARY, SUFFIXES, UNREADABLE
from lrp_audio.errors import ClipError

_MAGIC = re.compile(r"[*?[]")
# Names that the command itself writes to beside the places.
_RESERVED = ("report.html", "results.csv")
# The sound that a result holds, and all of one: OUT may lie inside the folder that is searched.
_RESULT = "audible.wav"
_RESULTS = (_RESULT, "heatmap.png", "relevance.npz", "summary.json", *_RESERVED)
_MOST_NAMED = 8  # suffixes in one sentence


@dataclass(frozen=True)
class Found:
    """A clip and its `place`: the path of its result folder, relative and without ``..``."""

    path: Path
    place: Path


class Search(NamedTuple):
    """The clips that were found, what is wrong with other arguments, and what was passed over."""

    clips: list[Found]
    errors: list[ClipError]
    passed_over: frozenset[Path]


def find_clips(arguments: Iterable[Path]) -> Search:
    """The clips that files, folders and patterns name, and what is wrong with other arguments.

    A folder stands for every recording in it and below it, sorted; a pattern such as
    ``rec/**/*.wav`` for what it matches, unless it is the very name of a file. Hidden files, links
    to folders and the sounds of earlier results are passed over; other files in folders as well,
    and these are given back. A file that is named twice, or through a link, counts once. No two
    places are equal, not even on a disk that ignores case.
    """
    found: dict[str, tuple[Path, Path]] = {}
    errors = []
    others: set[Path] = set()
    for argument in arguments:
        try:
            for path, relative in _named_by(argument, others):
                found.setdefault(os.path.realpath(path), (path, relative))
        except ClipError as error:
            errors.append(error)
        except OSError as error:
            sentence = f"{argument} cannot be read ({error.strerror}): check its rights."
            errors.append(ClipError(sentence))
    places = _apart([_place(relative) for _, relative in found.values()])
    clips = [Found(path, place) for (path, _), place in zip(found.values(), places, strict=True)]
    return Search(clips, errors, frozenset(others - {path for path, _ in found.values()}))


def passed_over_sentence(paths: Iterable[Path]) -> str | None:
    """How many files of which suffixes were passed over; None where there are none."""
    suffixes = Counter(path.suffix.lower() or "without a suffix" for path in paths)
    sound = {suffix: count for suffix, count in suffixes.items() if suffix in UNREADABLE}
    if not suffixes:
        return None
    sentence = f"Passed over: {_counts(suffixes)}."
    if sound:
        some = ", ".join(sorted(sound))
        sentence += f" {LIBRARY} does not read {some}: convert such sound to WAV."
    return sentence


def _counts(suffixes: Counter[str]) -> str:
    named = [f"{count} {suffix}" for suffix, count in suffixes.most_common(_MOST_NAMED)]
    rest = suffixes.total() - sum(count for _, count in suffixes.most_common(_MOST_NAMED))
    return ", ".join([*named, f"{rest} others"] if rest else named)


def _named_by(argument: Path, others: set[Path]) -> Iterable[tuple[Path, Path]]:
    """Clips, each with its path below the folder that was searched; of a file, its name.

    Files that are no recordings are added to `others`.
    """
    if argument.is_dir():
        passed_over: set[Path] = set()
        paths = _below(argument, passed_over)
        if not paths:
            raise ClipError(
                f"{argument} holds no recordings: expected are {COMMON} files in it or in folders "
                f"below it. {passed_over_sentence(passed_over) or ''}".rstrip()
            )
        others |= passed_over
        return _relative(paths, argument)
    if _MAGIC.search(str(argument)) and not argument.exists():
        return _matching(argument, others)
    return [(argument, Path(argument.name))]


def _matching(pattern: Path, others: set[Path]) -> Iterable[tuple[Path, Path]]:
    first = next(i for i, part in enumerate(pattern.parts) if _MAGIC.search(part))
    base, rest = Path(*pattern.parts[:first]), str(Path(*pattern.parts[first:]))
    try:
        matches = sorted(base.glob(rest))
    except ValueError as error:
        raise ClipError(
            f"{pattern} is no pattern ({error}): write ** only alone between two slashes."
        ) from error
    passed_over: set[Path] = set()
    paths = {path: None for match in matches for path in _recordings(match, passed_over)}
    clips = list(_relative(paths, base))
    passed_over = {path for path, _ in _relative(passed_over, base)}
    if not clips:
        raise ClipError(
            f"{pattern} matches no recording, and no file has that name: expected are {COMMON} "
            f"files, or folders that hold some. {passed_over_sentence(passed_over) or ''}".rstrip()
        )
    others |= passed_over
    return clips


def _recordings(match: Path, others: set[Path]) -> list[Path]:
    if match.is_dir():
        return [] if match.is_symlink() else _below(match, others)
    return _only_recordings([match], others)


def _below(folder: Path, others: set[Path]) -> list[Path]:
    """Recordings in `folder` and below, sorted; `rglob` enters no links, so that none can loop."""
    visible = (path for path, _ in _relative(folder.rglob("*"), folder))
    return sorted(_only_recordings(visible, others))


def _only_recordings(paths: Iterable[Path], others: set[Path]) -> list[Path]:
    """Those files that are recordings; the rest, unless they are parts of results, to `others`."""
    recordings = []
    for path in paths:
        if path.name in _RESULTS or not path.is_file():
            continue
        if path.suffix.lower() in SUFFIXES:
            recordings.append(path)
        else:
            others.add(path)
    return recordings


def _relative(paths: Iterable[Path], folder: Path) -> Iterator[tuple[Path, Path]]:
    """`paths` with what they are below `folder`, without those that are hidden there."""
    for path in paths:
        relative = path.relative_to(folder)
        if not any(part.startswith(".") for part in relative.parts):
            yield path, relative


def _place(relative: Path) -> Path:
    # A stem of dots alone would climb out of OUT.
    return relative.with_name(relative.stem if relative.stem.strip(".") else "clip")


def _apart(places: Sequence[Path]) -> Iterator[Path]:
    """`places`, those that are taken with ``-2``, ``-3`` and so on at their end."""
    last = dict.fromkeys(_RESERVED, 1)
    for place in places:
        key, own = place.as_posix().casefold(), place
        while own.as_posix().casefold() in last:
            last[key] += 1
            own = place.with_name(f"{place.name}-{last[key]}")
        last[own.as_posix().casefold()] = 1
        yield own
