"""Writing the page: its template, style and script made one file that loads nothing else."""

import base64
import hashlib
import os
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import BinaryIO

from lrp_audio.arguments import as_path, described
from lrp_audio.audio.audible import Sound
from lrp_audio.errors import LrpAudioError
from lrp_audio.explanation import Explanation
from lrp_audio.files import write_aside
from lrp_audio.report.page.entry import Entry, entry_of

MOST_CLIPS = 50
"""Clips of a page: more would be slow to open, and nobody listens to them all."""

MOST_CHARACTERS = 19_000_000
"""Of the entries of a page, which stays under 20 MB with all that is around them."""

_SCRIPTS = ("unpacking.js", "drawing.js", "waterfall.js", "clip.js")


def save_page(
    path: str | os.PathLike[str],
    explanations: Explanation | Iterable[Explanation | Iterable[Explanation]],
    sound: Sound = "weighted",
) -> Path:
    """Write a page about clips to `path`; of each clip its explanations, the first shown first.

    A clip that was explained once may be given by its explanation alone. Several explanations of a
    clip, by one model, differ in class or rules, between which the page switches. Sounds are
    levelled as `Explanation.sound` says. Only what the page holds of a clip is kept, so that
    `explanations` may be made one by one; beyond `MOST_CLIPS`, or when the page is full, they are
    left out and the page says so. Returns the path; raises `LrpAudioError` where it cannot be
    written or for what is no explanation, `ShapeError` for explanations of different clips in one
    sequence.
    """
    of_clips = [explanations] if isinstance(explanations, Explanation) else explanations
    if not isinstance(of_clips, Iterable):
        raise LrpAudioError(
            f"{described(explanations)} holds no explanations: give a list of them, or one."
        )
    entries: list[Entry] = []
    clips = 0
    for of_clip in of_clips:
        clips += 1
        if has_room(entries):
            entries.append(entry_of(of_clip, sound))
    return save_entries(path, entries, clips, sound)


def has_room(entries: Collection[Entry]) -> bool:
    """Whether a page of these entries takes one more, as large as the largest of them."""
    sizes = [e.size for e in entries]
    return len(sizes) < MOST_CLIPS and sum(sizes) + max(sizes, default=0) <= MOST_CHARACTERS


def save_entries(
    path: str | os.PathLike[str], entries: Sequence[Entry], clips: int, sound: Sound
) -> Path:
    """Write the page of `entries`, which are those of `clips` clips that it has room for."""
    path = as_path(path, "the report")
    content = page(entries, clips, sound).encode("utf-8")

    def write(file: BinaryIO) -> None:
        file.write(content)

    try:
        write_aside(path, write)
    except OSError as error:
        raise LrpAudioError(
            f"The report {path} cannot be written ({error.strerror}): choose another folder, or "
            "free it."
        ) from error
    return path


def page(entries: Sequence[Entry], clips: int, sound: Sound) -> str:
    """The page as text."""
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        loader=PackageLoader("lrp_audio.report", "page"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style = _own("page.css")
    script = "".join(_own(name) for name in _SCRIPTS)
    return environment.get_template("page.html").render(
        entries=entries,
        clips=clips,
        sound=sound,
        style=Markup(style),
        script=Markup(script),
        style_hash=_hash(style),
        script_hash=_hash(script),
    )


def _own(name: str) -> str:
    return (Path(__file__).parent / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    """What a Content-Security-Policy calls this very text of a style or script."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
