"""The report of a command: what it shows of each clip, and which clips it has room for."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np

from lrp_audio.audio.audible import Sound
from lrp_audio.errors import ClipError
from lrp_audio.explain.clips import FoundClip
from lrp_audio.explain.request import Request
from lrp_audio.explanation import Explanation
from lrp_audio.outputs import Target
from lrp_audio.report.page import MOST_CLIPS, PageEntry, entry_of, has_room, save_entries


@dataclass(frozen=True)
class PageContent:
    """A clip's entry, if it has one, and a sentence for each view that cannot be shown."""

    entry: PageEntry | None
    missing: tuple[str, ...] = ()


def candidates(clips: Sequence[FoundClip]) -> Sequence[FoundClip]:
    """Those of `clips` that the page may show."""
    return clips[:MOST_CLIPS]


def page_content(explanation: Explanation, request: Request) -> PageContent:
    """What the page shows of a clip, with the other classes and composites of the request."""
    views, missing = [explanation], []
    try:
        for other in _other_views(explanation, request):
            try:
                other.summary()
            except ClipError as error:
                missing.append(str(error))
            else:
                views.append(other)
        entry = entry_of(views, request.sound)
    except ClipError as error:
        return PageContent(None, (*missing, str(error)))
    return PageContent(entry, tuple(missing))


def _other_views(explanation: Explanation, request: Request) -> list[Explanation]:
    """The clip's other explanations in the order of the request, a forward pass per composite."""
    others = list(_others(explanation, request))
    found: dict[tuple[Target, str], Explanation] = {}
    for rules in dict.fromkeys(own for _, own in others):
        targets = [target for target, own in others if own == rules]
        explained = request.model.explain_targets(explanation.clip, targets, rules, request.domain)
        found |= zip([(target, rules) for target in targets], explained, strict=True)
    return [found[other] for other in others]


def _others(explanation: Explanation, request: Request) -> Iterator[tuple[Target, str]]:
    """The request's other pairs of class and composite, each once for this clip.

    One class may be given in several ways: by name, by number, and as the predicted one.
    """
    output, logits = explanation.output, explanation.logits
    done: set[tuple[Target, str]] = {(explanation.target, request.rules)}
    for given, rules in request.others:
        target: Target = given
        if output.frames is None:
            wanted = output.wanted(given, 1, explanation.model)
            target = output.positions(wanted, logits[np.newaxis, np.newaxis])[0].index
        if (target, rules) not in done:
            done.add((target, rules))
            yield target, rules


def save(
    path: Path,
    clips: Iterable[FoundClip],
    contents: Mapping[FoundClip, PageContent],
    explained: int,
    sound: Sound,
) -> int:
    """Write the page with as many `clips`, in their order, as it has room for; returns how many.

    `explained` is how many clips the command has results of. Where none of these can be shown,
    there is no page afterwards: an earlier one would be about other results.
    """
    entries: list[PageEntry] = []
    for clip in clips:
        entry = contents[clip].entry if clip in contents else None
        if entry is not None and has_room(entries):
            entries.append(entry)
    if entries:
        save_entries(path, entries, explained, sound)
    elif explained:
        path.unlink(missing_ok=True)
    return len(entries)


def missing(clips: Iterable[FoundClip], contents: Mapping[FoundClip, PageContent]) -> list[str]:
    """A sentence for each view of `clips` that cannot be shown."""
    return list(chain.from_iterable(contents[clip].missing for clip in clips if clip in contents))
