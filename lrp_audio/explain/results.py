"""Results on disk: complete ones of an earlier run, and the table ``results.csv``."""

import csv
import io
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import Any

from lrp_audio.errors import LrpAudioError
from lrp_audio.explain.clips import FoundClip
from lrp_audio.explain.request import Request
from lrp_audio.files import remove_leftovers, write_bytes_aside

_FILES = ("audible.wav", "heatmap.png", "relevance.npz", "summary.json")
_SUMMARY = _FILES[-1]


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


def clip_settings(request: Request, path: Path) -> dict[str, object]:
    """All that the files of a recording depend on: the request, its real path, its last change."""
    try:
        modified = path.stat().st_mtime_ns
    except OSError:
        modified = None  # it is not there, which reading it reports
    return request.settings() | {"clip": os.path.realpath(path), "modified_ns": modified}


def completed(
    clips: Sequence[FoundClip], request: Request, out: Path
) -> dict[FoundClip, ResultRow]:
    """Those of `clips` that have a complete result of this request below `out`, and their rows.

    Partial files that an earlier run left are removed.
    """
    remove_leftovers(out)
    rows = {}
    for clip in clips:
        folder = out / clip.output
        remove_leftovers(folder)
        row = _completed(clip, folder, clip_settings(request, clip.path))
        if row:
            rows[clip] = row
    return rows


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


def _completed(clip: FoundClip, folder: Path, settings: Mapping[str, object]) -> ResultRow | None:
    try:
        summary = json.loads((folder / _SUMMARY).read_text(encoding="utf-8"))
        if summary["settings"] == settings and all((folder / name).is_file() for name in _FILES):
            return row_of(clip, folder, summary)
    except (OSError, ValueError, LookupError, TypeError):
        pass  # there is no result, or a file of another program: the clip is explained
    return None
