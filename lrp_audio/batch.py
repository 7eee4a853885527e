"""Many clips explained, a batch at a time; one that fails does not stop the others."""

import csv
import hashlib
import io
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass, fields
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, BinaryIO

import lrp_audio
from lrp_audio.audio.audible import Sign, Sound
from lrp_audio.audio.clip import Clip, read_clip
from lrp_audio.audio.domain import Domain
from lrp_audio.errors import ClipError, LrpAudioError
from lrp_audio.explanation import Explanation
from lrp_audio.files import remove_leftovers, write_aside
from lrp_audio.inputs import Found
from lrp_audio.model import Model
from lrp_audio.workers import HERE, Workers

_FILES = ("audible.wav", "heatmap.png", "relevance.npz", "summary.json")
_SUMMARY = _FILES[-1]

Describe = Callable[[Explanation, Path], str]


@dataclass(frozen=True)
class Request:
    """What is asked of every clip of the model whose weights lie in a file; plain values only.

    So it can be sent to another process, which reads the weights itself.
    """

    weights: Path
    dtype: str
    target: str
    rules: str
    domain: Domain
    sound: Sound
    sign: Sign
    layers: bool

    @property
    def model(self) -> Model:
        """The model that is asked."""
        return loaded(self.weights, self.dtype)

    def settings(self) -> dict[str, object]:
        """All that a result depends on besides the clip, as plain text."""
        return {
            "version": lrp_audio.__version__,
            "weights": hashlib.sha256(self.weights.read_bytes()).hexdigest(),
            "dtype": self.dtype,
            "target": self.target,
            "rules": self.rules,
            "domain": str(self.domain),
            "sound": self.sound,
            "sign": self.sign,
            "layers": self.layers,
        }


@lru_cache(maxsize=1)
def loaded(weights: Path, dtype: str) -> Model:
    """The model of a weights file; read once in each process."""
    return lrp_audio.load(weights, dtype)


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


@dataclass(frozen=True, eq=False)
class _Recorded(Explanation):
    """An explanation whose summary says what it was made with, so that a later run can tell."""

    settings: Mapping[str, object]

    def summary(self) -> dict[str, object]:
        return super().summary() | {"settings": self.settings}


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
    describe: Describe,
    workers: Workers = HERE,
) -> Iterator[tuple[Found, Row, str]]:
    """Explain `clips`, `batch` at a time, and save each in its place below `out`.

    Yields each clip with its row, and what `describe` says of its explanation and folder (nothing
    of one that failed); from several workers in no certain order. No worker holds more than one
    batch in memory. Raises `TargetError` or `RuleError` where the request fits no clip.
    """
    pieces = [clips[first : first + batch] for first in range(0, len(clips), batch)]
    given = (request, request.settings(), out, describe)
    # Here each clip is told of as soon as it is done; from another process all of a piece are.
    work = partial(_together if workers == HERE else _all_together, *given)
    for _, found in workers.run(work, pieces):
        yield from found


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


def _all_together(
    request: Request,
    settings: Mapping[str, object],
    out: Path,
    describe: Describe,
    clips: Sequence[Found],
) -> list[tuple[Found, Row, str]]:
    return list(_together(request, settings, out, describe, clips))


def _together(
    request: Request,
    settings: Mapping[str, object],
    out: Path,
    describe: Describe,
    clips: Sequence[Found],
) -> Iterator[tuple[Found, Row, str]]:
    read: dict[Found, Clip] = {}
    identities = {clip: _identity(clip.path) for clip in clips}
    for clip in clips:
        try:
            read[clip] = request.model.front.fit(read_clip(clip.path))
        except ClipError as error:
            yield clip, Row(str(clip.path), error=str(error)), ""
    if not read:
        return
    explanations = request.model.explain_batch(
        list(read.values()), request.target, request.rules, request.domain
    )
    for clip, explanation in zip(read, explanations, strict=True):
        recorded = _Recorded(**vars(explanation), settings={**settings, **identities[clip]})
        try:
            folder = recorded.save(out / clip.place, request.sound, request.sign, request.layers)
        except LrpAudioError as error:
            yield clip, Row(str(clip.path), error=str(error)), ""
        else:
            yield clip, _row(clip, folder, recorded.summary()), describe(recorded, folder)


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
