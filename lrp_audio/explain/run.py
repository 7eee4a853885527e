"""Many clips explained, a batch at a time; one that fails does not stop the others."""

import csv
import io
import json
import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass, fields
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

from lrp_audio.audio.clip import Clip, read_clip
from lrp_audio.commands.workers import HERE, Workers
from lrp_audio.errors import ClipError, LrpAudioError
from lrp_audio.explain.clips import Found
from lrp_audio.explain.page import Shown, shown
from lrp_audio.explain.request import Request
from lrp_audio.explain.text import details, line
from lrp_audio.explanation import Explanation
from lrp_audio.files import remove_leftovers, write_aside

_FILES = ("audible.wav", "heatmap.png", "relevance.npz", "summary.json")
_SUMMARY = _FILES[-1]


@dataclass(frozen=True)
class Row:
    """One line of ``results.csv``: what became of a clip; without a result only its error."""

    clip: str
    predicted: str | None = None
    probability: float | None = None
    target: str | None = None
    relevance_sum: float | None = None
    folder: str | None = None
    error: str | None = None


@dataclass(frozen=True)
class Outcome:
    """What became of a clip: its row, what to print of it, and what the page shows, if it does."""

    clip: Found
    row: Row
    text: str = ""
    shown: Shown | None = None


@dataclass(frozen=True)
class Reporting:
    """What is told of clips besides their files: tables rather than a line, and which are shown."""

    detailed: bool
    on_page: Collection[Found]


@dataclass(frozen=True)
class _Piece:
    """Clips that are explained together, and those of them that the page shows."""

    clips: tuple[Found, ...]
    on_page: frozenset[Found]


def finished(clips: Sequence[Found], request: Request, out: Path) -> dict[Found, Row]:
    """Those of `clips` that have a complete result of this request below `out`, and their rows.

    What an earlier run left half written is removed.
    """
    remove_leftovers(out)
    settings = request.settings()
    rows = {}
    for clip in clips:
        remove_leftovers(out / clip.place)
        row = _finished(clip, out / clip.place, settings | _identity(clip.path))
        if row:
            rows[clip] = row
    return rows


def explain_all(
    clips: Sequence[Found],
    request: Request,
    out: Path,
    batch: int,
    reporting: Reporting,
    workers: Workers = HERE,
) -> Iterator[Outcome]:
    """Explain `clips`, at most `batch` together, and save each in its place below `out`.

    Yields what became of each as soon as it is known; from several workers in no certain order. No
    worker holds more than one batch in memory. Raises `TargetError` or `RuleError` where the
    request fits no clip.
    """
    work = partial(_saved, request, out, reporting.detailed)
    return workers.stream(work, _pieces(clips, batch, reporting.on_page, workers))


def shown_again(
    clips: Sequence[Found], request: Request, batch: int, workers: Workers = HERE
) -> Iterator[tuple[Found, Shown]]:
    """What the page shows of `clips` whose files are there already; of unreadable ones nothing."""
    return workers.stream(partial(_shown, request), _pieces(clips, batch, clips, workers))


def save_rows(path: Path, rows: Sequence[Row]) -> None:
    """Write `rows` as CSV in UTF-8; raises `LrpAudioError` where that is not possible."""
    text = io.StringIO(newline="")
    table = csv.writer(text)
    table.writerow(field.name for field in fields(Row))
    table.writerows(astuple(row) for row in rows)
    # A file name may hold bytes that are no text: they are shown escaped.
    content = text.getvalue().encode("utf-8", "backslashreplace")

    def write(file: BinaryIO) -> None:
        file.write(content)

    try:
        write_aside(path, write)
    except OSError as error:
        raise LrpAudioError(
            f"The table {path} cannot be written ({error.strerror}): choose another folder with "
            "--out, or free it."
        ) from error


def _pieces(
    clips: Sequence[Found], batch: int, on_page: Collection[Found], workers: Workers
) -> list[_Piece]:
    """Clips by batches, which are smaller where some workers would get none."""
    size = max(1, min(batch, -(-len(clips) // workers.jobs)))
    parts = (tuple(clips[first : first + size]) for first in range(0, len(clips), size))
    return [_Piece(part, frozenset(part).intersection(on_page)) for part in parts]


def _saved(request: Request, out: Path, detailed: bool, piece: _Piece) -> Iterator[Outcome]:
    settings = request.settings()
    identities = {clip: _identity(clip.path) for clip in piece.clips}
    for clip, explanation in _explained(request, piece.clips):
        try:
            if isinstance(explanation, ClipError):
                raise explanation
            folder = explanation.save(
                out / clip.place,
                request.sound,
                request.sign,
                request.layers,
                settings=settings | identities[clip],
            )
        except LrpAudioError as error:
            yield Outcome(clip, Row(str(clip.path), error=str(error)))
        else:
            yield Outcome(
                clip,
                _row(clip, folder, explanation.summary()),
                details(explanation, folder, request.sign)
                if detailed
                else line(explanation, folder),
                shown(explanation, request) if clip in piece.on_page else None,
            )


def _shown(request: Request, piece: _Piece) -> Iterator[tuple[Found, Shown]]:
    for clip, explanation in _explained(request, piece.clips):
        if not isinstance(explanation, ClipError):  # it may have been taken away just now
            yield clip, shown(explanation, request)


def _explained(
    request: Request, clips: Sequence[Found]
) -> Iterator[tuple[Found, Explanation | ClipError]]:
    """Clips with their explanations, computed together, or with what is wrong with them."""
    read: dict[Found, Clip] = {}
    for clip in clips:
        try:
            read[clip] = request.model.front.fit(read_clip(clip.path))
        except ClipError as error:
            yield clip, error
    if read:
        explanations = request.model.explain_batch(
            list(read.values()), request.target, request.rules, request.domain
        )
        yield from zip(read, explanations, strict=True)


def _identity(path: Path) -> dict[str, object]:
    """Where a recording really lies and when it was last written, if it is there."""
    try:
        modified = path.stat().st_mtime_ns
    except OSError:
        modified = None
    return {"clip": os.path.realpath(path), "modified_ns": modified}


def _finished(clip: Found, folder: Path, settings: Mapping[str, object]) -> Row | None:
    try:
        summary = json.loads((folder / _SUMMARY).read_text(encoding="utf-8"))
        if summary["settings"] == settings and all((folder / name).is_file() for name in _FILES):
            return _row(clip, folder, summary)
    except (OSError, ValueError, LookupError, TypeError):
        pass  # no result, or somebody else's: it is made anew
    return None


def _row(clip: Found, folder: Path, summary: Mapping[str, Any]) -> Row:
    best = summary["predicted"]
    return Row(
        str(clip.path),
        best["class"],
        best["probability"],
        summary["target"],
        summary["relevance_sum"],
        str(folder),
    )
