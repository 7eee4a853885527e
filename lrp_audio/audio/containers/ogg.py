"""Ogg files, page by page."""

from typing import IO

from lrp_audio.audio.containers.finding import Finding

_NO_LAST_PAGE = "its last page is not marked as the last: read to its end"
_SEVERAL = "it holds several recordings one after the other: the first one is read"

_MOST_PAGES = 200_000  # half an hour of Opus with a page for each packet has 90,000
_HEAD_BYTES, _MOST_SEGMENTS = 27, 255
_FIRST_PAGE, _LAST_PAGE = 2, 4  # flags


def inspect_ogg(file: IO[bytes], size: int) -> Finding:
    """Inspect the pages of an Ogg file of `size` bytes."""
    position = flags = 0
    begun = several = False
    for _ in range(_MOST_PAGES):
        file.seek(position)
        head = file.read(_HEAD_BYTES + _MOST_SEGMENTS)
        if not head:
            break
        if head[:4] != b"OggS"[: len(head)]:
            # After a last page this is no part of the sound; elsewhere libsndfile skips it.
            return Finding("Ogg", notes=(_SEVERAL,) if several else ())
        count = head[26] if len(head) > 26 else _MOST_SEGMENTS
        segments = head[_HEAD_BYTES : _HEAD_BYTES + count]
        end = position + _HEAD_BYTES + count + sum(segments)
        if len(segments) < count or end > size:
            return Finding("Ogg", cut=not several)
        flags = head[5]
        several |= begun and bool(flags & _FIRST_PAGE)
        begun |= not flags & _FIRST_PAGE
        position = end
    notes: tuple[str, ...] = (_SEVERAL,) if several else ()
    if position == size and not flags & _LAST_PAGE:
        notes += (_NO_LAST_PAGE,)
    return Finding("Ogg", notes=notes)
