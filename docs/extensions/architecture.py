"""Two pictures of the architecture as SVG: the rooms of the package, and a clip's way through them.

The rooms are those of the import contract in ``pyproject.toml``, with what ``CONTRIBUTING.md``
says of each. The way of a clip is `WAY`; a test follows a clip and compares.
"""

import re
import tomllib
from collections.abc import Iterable
from html import escape
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]


class Stop(NamedTuple):
    """A stop on the way of a clip: what it is then, and the function that makes it that."""

    title: str
    text: str
    module: str
    function: str


WAY = (
    Stop("Rules", "a composite by name", "lrp_audio.rules.presets", "composite"),
    Stop("Recording", "read, checked, mono or channels", "lrp_audio.audio.clip", "as_clip"),
    Stop("Clip", "at the network's rate and length", "lrp_audio.fronts.fitting", "fitted"),
    Stop("Input", "samples or decibels", "lrp_audio.fronts.base", "FrontEnd.__call__"),
    Stop("Plan", "which layers are computed as one", "lrp_audio.models.fusion", "fused"),
    Stop("Output", "layer by layer", "lrp_audio.models.lrp", "forward_pass"),
    Stop("Relevance of the target", "its logit", "lrp_audio.outputs", "Output.start"),
    Stop("Steps back", "from the last layer on", "lrp_audio.models.lrp", "steps"),
    Stop("A rule's four steps", "z, s, c, R", "lrp_audio.rules.base", "LinearRule.propagate"),
    Stop("Ledger", "a line for each layer", "lrp_audio.rules.ledger", "Entry.of"),
    Stop("Relevance in a domain", "time, frequency or both", "lrp_audio.explanation", "carry"),
    Stop("Sound", "the clip under its mask", "lrp_audio.explanation", "Explanation.sound"),
    Stop("Files", "aside first, then renamed", "lrp_audio.files", "staged"),
    Stop("Picture", "coloured by relevance", "lrp_audio.drawing.heatmap", "heatmap_figure"),
)
"""A clip's way through `Model.explain` and `Explanation.save`, in the order of the first calls."""

_TURN = (
    6  # stops before relevance begins; they stand on the left, top down, the others on the right
)


def layers() -> list[list[str]]:
    """The names of the rooms from the top down, those of one storey together."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    (rooms,) = (c for c in project["tool"]["importlinter"]["contracts"] if c["type"] == "layers")
    return [[r.strip().removeprefix("lrp_audio.") for r in s.split("|")] for s in rooms["layers"]]


def contents() -> dict[str, str]:
    """What a room contains, by its name, as the map in ``CONTRIBUTING.md`` says."""
    rows = re.findall(
        r"^\| (`lrp_audio/.*?) \| (.*?) \|$",
        (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"),
        re.MULTILINE,
    )
    found = {}
    for names, text in rows:
        for path in re.findall(r"`([^`]+)`", names):
            name = path.removeprefix("lrp_audio/").removesuffix("/").removesuffix(".py")
            found[name] = text.replace("`", "")
    return found


def rooms_svg() -> str:
    """The storeys of the rooms, each of which imports only from those below it."""
    about, storeys = contents(), layers()
    width, step = 640, 46
    parts = []
    for row, names in enumerate(storeys):
        each = (width - 12 * (len(names) - 1)) / len(names)
        for column, name in enumerate(names):
            x, y = column * (each + 12), row * step
            parts.append(
                f"<g><title>{escape(name)}: {escape(about.get(name, ''))}</title>"
                f'<rect x="{x + 1:.0f}" y="{y + 1}" width="{each - 2:.0f}" height="34" rx="6"/>'
                f'<text x="{x + each / 2:.0f}" y="{y + 24}">{escape(name)}</text></g>'
            )
    label = "The rooms of the package, from the commands at the top to types and errors below"
    return _svg(width, step * len(storeys), label, parts)


def way_svg() -> str:
    """The stops of `WAY`: down on the left with the sound, up on the right with the relevance."""
    width, step, box = 640, 92, 300
    count = len(WAY) - _TURN
    parts = [_arrow_head()]
    for index, stop in enumerate(WAY):
        right = index >= _TURN
        row = count - 1 - (index - _TURN) if right else index + count - _TURN
        x, y = (width - box if right else 0), row * step
        name = f"{stop.module.removeprefix('lrp_audio.')}.{stop.function}"
        parts.append(
            f'<g><rect x="{x + 1}" y="{y + 1}" width="{box - 2}" height="66" rx="6"/>'
            f'<text x="{x + box / 2:.0f}" y="{y + 20}" class="title">{escape(stop.title)}</text>'
            f'<text x="{x + box / 2:.0f}" y="{y + 39}">{escape(stop.text)}</text>'
            f'<text x="{x + box / 2:.0f}" y="{y + 57}" class="code">{escape(name)}</text></g>'
        )
        if index == _TURN - 1:
            parts.append(_arrow(box + 2, y + 34, width - box - 4, y + 34))
        elif index < len(WAY) - 1:
            ends = (y, y - step + 70) if right else (y + 68, y + step - 3)
            parts.append(_arrow(x + box / 2, ends[0], x + box / 2, ends[1]))
    label = "The way of a clip: " + ", ".join(stop.title for stop in WAY)
    return _svg(width, step * count - 20, label, parts)


def _arrow_head() -> str:
    return (
        '<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" '
        'markerHeight="8" orient="auto"><path d="M0 0 L8 4 L0 8 z"/></marker></defs>'
    )


def _arrow(x: float, y: float, to_x: float, to_y: float) -> str:
    return f'<path class="arrow" d="M{x:.0f} {y:.0f} L{to_x:.0f} {to_y:.0f}"/>'


def _svg(width: float, height: float, label: str, parts: Iterable[str]) -> str:
    return (
        f'<svg class="picture" viewBox="0 0 {width:.0f} {height:.0f}" role="img" '
        f'aria-label="{escape(label)}">{"".join(parts)}</svg>'
    )
