"""Results on disk: complete ones of an earlier run, and the table ``results.csv``."""

import csv
import io
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import Any

from lrp_audio.audio.files import recording_digest
from lrp_audio.errors import ClipError, LrpAudioError
from lrp_audio.explain.clips import FoundClip
from lrp_audio.explain.request import Request
from lrp_audio.explanation import FILES
from lrp_audio.files import remove_leftovers, write_bytes_aside
from lrp_audio.regular import read_regular
from lrp_audio.seals import is_whole

*_OTHERS, _SUMMARY = FILES
_MOST_BYTES = 10_000_000  # of a summary


@dataclass(frozen=True)
class ResultRow:
    """One line of ``results.csv``: the result of a clip, or only its error."""

    clip: str
    predicted: str | None = None
    probability: float | None = None
    sure: bool | None = None
    target: str | None = None
    relevance_sum: float | None = None
    folder: str | None = None
    error: str | None = None


def row_of(clip: FoundClip, folder: Path, summary: Mapping[str, Any]) -> ResultRow:
    """The row of a clip whose files are in `folder`, from the content of its ``summary.json``."""
    best = summary["predicted"]
    return ResultRow(
        str(clip.path),
        best["class"],
        best["probability"],
        best["sure"],
        summary["target"],
        summary["relevance_sum"],
        str(folder),
    )


@dataclass(frozen=True)
class Completed:
    """A complete result of an earlier run: its row, and the digest of its recording."""

    row: ResultRow
    recording: str


def clip_settings(request: Request, path: Path, recording: str) -> dict[str, object]:
    """All that the files of a recording depend on: the request, its real path, its digest."""
    return request.settings() | {"clip": os.path.realpath(path), "recording": recording}


def completed(
    clips: Sequence[FoundClip], request: Request, out: Path
) -> dict[FoundClip, Completed]:
    """Those of `clips` that have a complete result of this request below `out`.

    The recording still has to be the same, and the files of the result as they were written.
    Partial files that an earlier run left are removed.
    """
    found = {}
    for clip in clips:
        folder = out / clip.output
        remove_leftovers(folder)
        if complete := _completed(clip, folder, request):
            found[clip] = complete
    return found


def save_rows(path: Path, rows: Sequence[ResultRow]) -> None:
    """Write `rows` as CSV in UTF-8; raises `LrpAudioError` where that is not possible."""
    text = io.StringIO(newline="")
    table = csv.writer(text)
    table.writerow(field.name for field in fields(ResultRow))
    table.writerows(astuple(row) for row in rows)
    try:
        # A file name may hold bytes that are not text: they are written escaped.
        write_bytes_aside(path, text.getvalue().encode("utf-8", "backslashreplace"))
    except OSError as error:
        raise LrpAudioError(
            f"The table {path} cannot be written ({error.strerror}): choose another folder with "
            "--out, or free it."
        ) from error


def _completed(clip: FoundClip, folder: Path, request: Request) -> Completed | None:
    try:
        path = folder / _SUMMARY
        summary = json.loads(read_regular(path, _MOST_BYTES))
        settings = summary["settings"]
        recording = settings["recording"]
        if (
            settings == clip_settings(request, clip.path, recording)
            and is_whole(summary, folder, _OTHERS)
            and recording_digest(clip.path) == recording
        ):
            return Completed(row_of(clip, folder, summary), recording)
    except (OSError, ValueError, LookupError, TypeError, RecursionError, ClipError):
        pass  # there is no result, or a file of another program: the clip is explained
    return None
