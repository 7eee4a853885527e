"""Which clips a command line means: files, folders and patterns, and a place for each result."""

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from lrp_audio.errors import ClipError

SUFFIXES = (".wav", ".flac", ".ogg")
_MAGIC = re.compile(r"[*?[]")
# The sound that a result holds: OUT may lie inside the folder that is searched.
_RESULT = "audible.wav"
# Names that the command itself writes to beside the places.
_RESERVED = ("report.html", "results.csv")


@dataclass(frozen=True)
class Found:
    """A clip and its `place`: the path of its result folder, relative and without ``..``."""

    path: Path
    place: Path


def find_clips(arguments: Iterable[Path]) -> tuple[list[Found], list[ClipError]]:
    """The clips that files, folders and patterns name, and what is wrong with other arguments.

    A folder stands for every recording in it and below it, sorted; a pattern such as
    ``rec/**/*.wav`` for what it matches, unless it is the very name of a file. Hidden files, links
    to folders and the sounds of earlier results are passed over. A file that is named twice, or
    through a link, counts once. No two places are equal, not even on a disk that ignores case.
    """
    found: dict[str, tuple[Path, Path]] = {}
    errors = []
    for argument in arguments:
        try:
            for path, relative in _named_by(argument):
                found.setdefault(os.path.realpath(path), (path, relative))
        except ClipError as error:
            errors.append(error)
        except OSError as error:
            sentence = f"{argument} cannot be read ({error.strerror}): check its rights."
            errors.append(ClipError(sentence))
    places = _apart([_place(relative) for _, relative in found.values()])
    clips = [Found(path, place) for (path, _), place in zip(found.values(), places, strict=True)]
    return clips, errors


def _named_by(argument: Path) -> Iterable[tuple[Path, Path]]:
    """Clips, each with its path below the folder that was searched; of a file, its name."""
    if argument.is_dir():
        paths = _below(argument)
        if not paths:
            raise ClipError(
                f"{argument} holds no recordings: expected are {', '.join(SUFFIXES)} files in it "
                "or in folders below it."
            )
        return _relative(paths, argument)
    if _MAGIC.search(str(argument)) and not argument.exists():
        return _matching(argument)
    return [(argument, Path(argument.name))]


def _matching(pattern: Path) -> Iterable[tuple[Path, Path]]:
    first = next(i for i, part in enumerate(pattern.parts) if _MAGIC.search(part))
    base, rest = Path(*pattern.parts[:first]), str(Path(*pattern.parts[first:]))
    try:
        matches = sorted(base.glob(rest))
    except ValueError as error:
        raise ClipError(
            f"{pattern} is no pattern ({error}): write ** only alone between two slashes."
        ) from error
    paths = {path: None for match in matches for path in _recordings(match)}
    clips = list(_relative(paths, base))
    if not clips:
        raise ClipError(
            f"{pattern} matches no recording, and no file has that name: expected are "
            f"{', '.join(SUFFIXES)} files, or folders that hold some."
        )
    return clips


def _recordings(match: Path) -> list[Path]:
    if match.is_dir():
        return [] if match.is_symlink() else _below(match)
    return [match] if _is_recording(match) else []


def _below(folder: Path) -> list[Path]:
    """Recordings in `folder` and below, sorted; `rglob` enters no links, so that none can loop."""
    paths = sorted(path for path in folder.rglob("*") if _is_recording(path))
    return [path for path, _ in _relative(paths, folder)]


def _is_recording(path: Path) -> bool:
    return path.suffix.lower() in SUFFIXES and path.name != _RESULT and path.is_file()


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
