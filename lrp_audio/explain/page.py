"""The page of a command: what it shows of each clip, and the clips that it has room for."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from lrp_audio.audio.audible import Sound
from lrp_audio.errors import ClipError
from lrp_audio.explain.clips import Found
from lrp_audio.explain.request import Request
from lrp_audio.explanation import Explanation
from lrp_audio.report.page import MOST_CLIPS, Entry, entry_of, has_room, save_entries


@dataclass(frozen=True)
class Shown:
    """A clip's entry, and sentences on what of it cannot be shown; perhaps all."""

    entry: Entry | None
    missing: tuple[str, ...] = ()


def candidates(clips: Sequence[Found]) -> Sequence[Found]:
    """Those of `clips` that the page may show."""
    return clips[:MOST_CLIPS]


def shown(explanation: Explanation, request: Request) -> Shown:
    """What the page shows of a clip, explained also for the other targets and rules requested."""
    views, missing = [explanation], []
    try:
        for target, rules in request.others:
            other = request.model.explain(explanation.clip, target, rules, request.domain)
            try:
                other.summary()
            except ClipError as error:
                missing.append(str(error))
            else:
                views.append(other)
        entry = entry_of(views, request.sound)
    except ClipError as error:
        return Shown(None, (*missing, str(error)))
    return Shown(entry, tuple(missing))


def save(
    path: Path, clips: Iterable[Found], found: Mapping[Found, Shown], explained: int, sound: Sound
) -> int:
    """Write the page, as far as there is room in the order of `clips`; returns how many it shows.

    `explained` is how many clips there are in all; without any to show there is no page.
    """
    entries: list[Entry] = []
    for clip in clips:
        entry = found[clip].entry if clip in found else None
        if entry is not None and has_room(entries):
            entries.append(entry)
    if entries:
        save_entries(path, entries, explained, sound)
    return len(entries)


def missing(clips: Iterable[Found], found: Mapping[Found, Shown]) -> list[str]:
    """What could not be shown, a sentence each."""
    return list(chain.from_iterable(found[clip].missing for clip in clips if clip in found))
