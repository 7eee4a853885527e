"""Many clips explained, a batch at a time; one that fails does not stop the others."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from lrp_audio.audio.clip import Clip, read_clip
from lrp_audio.commands.workers import SERIAL, Workers
from lrp_audio.errors import ClipError, LrpAudioError
from lrp_audio.explain.clips import FoundClip
from lrp_audio.explain.page import PageContent, page_content
from lrp_audio.explain.request import Request
from lrp_audio.explain.results import ResultRow, clip_settings, row_of
from lrp_audio.explain.text import details, line
from lrp_audio.explanation import Explanation


@dataclass(frozen=True)
class ClipOutcome:
    """What became of a clip: its row, the text to print, and what the page shows of it, if any."""

    clip: FoundClip
    row: ResultRow
    text: str = ""
    content: PageContent | None = None


@dataclass(frozen=True)
class Presentation:
    """How clips are presented besides their files: in detail or on a line, and which on the page.

    Outcomes then hold no more than is used of them, since they may come from other processes.
    """

    detailed: bool
    on_page: Collection[FoundClip]


@dataclass(frozen=True)
class _Batch:
    """Clips that are explained together, and those of them that the page shows."""

    clips: tuple[FoundClip, ...]
    on_page: frozenset[FoundClip]


def explain_all(
    clips: Sequence[FoundClip],
    request: Request,
    out: Path,
    batch: int,
    presentation: Presentation,
    workers: Workers = SERIAL,
) -> Iterator[ClipOutcome]:
    """Explain `clips`, at most `batch` together, and save each in its `output` below `out`.

    Yields the outcome of each as soon as it is known; with several workers in no certain order. No
    worker holds more than one batch in memory.
    """
    work = partial(_saved, request, out, presentation.detailed)
    return workers.stream(work, _batches(clips, batch, presentation.on_page, workers))


def explain_for_page(
    clips: Mapping[FoundClip, str], request: Request, batch: int, workers: Workers = SERIAL
) -> Iterator[tuple[FoundClip, PageContent]]:
    """What the page shows of `clips` that an earlier run explained, with their digests.

    They are explained again, because their files do not hold it: other classes and composites, and
    the relevance of the network's input, from which that in the other domains is computed. One that
    is no longer the recording with that digest is not shown.
    """
    batches = _batches(list(clips), batch, clips, workers)
    return workers.stream(partial(_for_page, request, clips), batches)


def _batches(
    clips: Sequence[FoundClip], batch: int, on_page: Collection[FoundClip], workers: Workers
) -> list[_Batch]:
    """Batches of at most `batch` clips, of fewer where some workers would get none."""
    size = max(1, min(batch, -(-len(clips) // workers.jobs)))
    parts = (tuple(clips[first : first + size]) for first in range(0, len(clips), size))
    return [_Batch(part, frozenset(part).intersection(on_page)) for part in parts]


def _saved(request: Request, out: Path, detailed: bool, batch: _Batch) -> Iterator[ClipOutcome]:
    for clip, explanation in _explained(request, batch.clips):
        try:
            if isinstance(explanation, ClipError):
                raise explanation
            folder = explanation.save(
                out / clip.output,
                request.sound,
                request.sign,
                request.layers,
                settings=clip_settings(request, clip.path, explanation.clip.sha256),
            )
        except LrpAudioError as error:
            yield ClipOutcome(clip, ResultRow(str(clip.path), error=str(error)))
        else:
            yield ClipOutcome(
                clip,
                row_of(clip, folder, explanation.summary()),
                details(explanation, folder, request.sign)
                if detailed
                else line(explanation, folder),
                page_content(explanation, request) if clip in batch.on_page else None,
            )


def _for_page(
    request: Request, digests: Mapping[FoundClip, str], batch: _Batch
) -> Iterator[tuple[FoundClip, PageContent]]:
    for clip, explanation in _explained(request, batch.clips):
        if isinstance(explanation, ClipError):  # it may have been removed just now
            yield clip, PageContent(None, (str(explanation),))
        elif explanation.clip.sha256 != digests[clip]:
            yield clip, PageContent(None, (f"{clip.path} was replaced just now.",))
        else:
            yield clip, page_content(explanation, request)


def _explained(
    request: Request, clips: Sequence[FoundClip]
) -> Iterator[tuple[FoundClip, Explanation | ClipError]]:
    """Clips with their explanations, computed together, or with what is wrong with them."""
    read: dict[FoundClip, Clip] = {}
    for clip in clips:
        try:
            front = request.model.front
            read[clip] = front.fit(read_clip(clip.path, front.channels))
        except ClipError as error:
            yield clip, error
    if read:
        explanations = request.model.explain_batch(
            list(read.values()), request.target, request.rules, request.domain
        )
        yield from zip(read, explanations, strict=True)
