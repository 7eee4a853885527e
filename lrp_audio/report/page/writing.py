"""Writing the page: template, style and script become one file that loads nothing else."""

import base64
import hashlib
import os
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

from lrp_audio.arguments import as_path, described
from lrp_audio.audio.audible import Sound
from lrp_audio.errors import LrpAudioError
from lrp_audio.explanation import Explanation
from lrp_audio.files import write_bytes_aside
from lrp_audio.report.page.entry import PageEntry, entry_of

MOST_CLIPS = 50
"""The most clips of a page; one with more would be slow to open."""

MOST_CHARACTERS = 19_000_000
"""The most characters of a page's entries; with the rest of it, the page stays under 20 MB."""

_SCRIPTS = ("unpacking.js", "drawing.js", "waterfall.js", "clip.js")


def save_page(
    path: str | os.PathLike[str],
    explanations: Explanation | Iterable[Explanation | Iterable[Explanation]],
    sound: Sound = "weighted",
) -> Path:
    """Write a page about clips to `path`: for each clip its explanations, the first shown first.

    A single explanation may stand for its clip. Several explanations of a clip, by one model,
    differ in class or rules, and the page switches between them. `sound` is as in
    `Explanation.sound`. Only what the page holds of a clip is kept in memory, so `explanations` may
    be a generator; beyond `MOST_CLIPS`, or when the page is full, clips are left out and the page
    says so. Returns the path; raises `LrpAudioError` if it cannot be written or for other objects
    than explanations, `ShapeError` for explanations of different clips in one sequence.
    """
    of_clips = [explanations] if isinstance(explanations, Explanation) else explanations
    if not isinstance(of_clips, Iterable):
        raise LrpAudioError(
            f"{described(explanations)} holds no explanations: give a list of them, or one."
        )
    entries: list[PageEntry] = []
    clips = 0
    for of_clip in of_clips:
        clips += 1
        if has_room(entries):
            entries.append(entry_of(of_clip, sound))
    return save_entries(path, entries, clips, sound)


def has_room(entries: Collection[PageEntry]) -> bool:
    """Whether one more entry, as large as the largest of these, fits on their page."""
    sizes = [e.size for e in entries]
    return len(sizes) < MOST_CLIPS and sum(sizes) + max(sizes, default=0) <= MOST_CHARACTERS


def save_entries(
    path: str | os.PathLike[str], entries: Sequence[PageEntry], clips: int, sound: Sound
) -> Path:
    """Write the page of `entries`, which are as many of `clips` clips as fit on it."""
    path = as_path(path, "the report")
    content = page(entries, clips, sound).encode("utf-8")
    try:
        write_bytes_aside(path, content)
    except OSError as error:
        raise LrpAudioError(
            f"The report {path} cannot be written ({error.strerror}): choose another folder, or "
            "free it."
        ) from error
    return path


def page(entries: Sequence[PageEntry], clips: int, sound: Sound) -> str:
    """The HTML of the page."""
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        loader=PackageLoader("lrp_audio.report", "page"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style = _source("page.css")
    script = "".join(_source(name) for name in _SCRIPTS)
    return environment.get_template("page.html").render(
        entries=entries,
        clips=clips,
        sound=sound,
        style=Markup(style),
        script=Markup(script),
        style_hash=_hash(style),
        script_hash=_hash(script),
    )


def _source(name: str) -> str:
    return (Path(__file__).parent / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    """The source expression by which a Content-Security-Policy allows this style or script."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
