"""What the page holds of a clip: numbers and sounds of every view of it, quantised and compressed.

A view is one class explained under one composite in one domain. All views of a clip share the
recording, and the levels on which the relevance is drawn.
"""

import base64
import gzip
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from lrp_audio.arguments import described, one_of
from lrp_audio.audio.audible import Sign, Sound, masked, weighted
from lrp_audio.audio.clip import Clip
from lrp_audio.audio.domain import Domain
from lrp_audio.commands.text import printable
from lrp_audio.drawing.style import DECIBELS, colour_limit, coloured_together, pooled
from lrp_audio.errors import LrpAudioError, ShapeError
from lrp_audio.explanation import Explanation
from lrp_audio.report.page.words import in_words
from lrp_audio.types import Array, Floats

_MOST_CELLS = 256  # along a side of a map; of more bins, sums are shown


@dataclass(frozen=True)
class PageEntry:
    """One clip of a page: what its HTML shows, and the `data` that its script unpacks.

    `top` holds class, logit and probability of the likeliest classes; `sure` says whether the
    network is sure of the first, None if it is not calibrated; `words` say where the relevance of
    the first view lies.
    """

    name: str
    model: str
    notes: tuple[str, ...]
    top: tuple[tuple[str, float, float | None], ...]
    sure: bool | None
    choices: dict[str, tuple[str, ...]]
    words: str = field(repr=False)
    data: dict[str, Any] = field(repr=False)  # most of the page

    @cached_property
    def size(self) -> int:
        """Characters of the entry in the page, nearly all of which are its data."""
        return len(json.dumps(self.data))


def entry_of(
    explanations: Explanation | Iterable[Explanation], sound: Sound = "weighted"
) -> PageEntry:
    """The entry of one clip, explained once or more by one model; the first is shown first.

    Relevance of a waveform is shown in all three domains, which needs no further LRP. Raises
    `ShapeError` for explanations of several clips or models, `LrpAudioError` for other objects, and
    as `Explanation.summary` does.
    """
    one_of(sound, get_args(Sound), "sound")
    explanations = _all_of(explanations)
    first = explanations[0]
    for other in explanations:
        same = other.clip is first.clip or np.array_equal(other.clip.samples, first.clip.samples)
        if not same or other.model != first.model:
            raise ShapeError(
                f"{other.clip.name} explained by {other.model} is not {first.clip.name} explained "
                f"by {first.model}: an entry shows one clip and one model."
            )
    domains = _domains(first)
    views = {}
    for explanation in explanations:
        for domain in domains:
            # Without the time that carrying takes, which would make every page differ.
            carried = replace(explanation.in_domain(domain), seconds=explanation.seconds)
            key = (first.classes[carried.target], carried.rules, domain.name)
            if key not in views:
                views[key] = _view(carried, sound)
    samples = first.clip.samples
    original = (
        weighted(samples) if sound == "weighted" else masked(samples, samples, first.clip.rate)
    )
    keys = zip(("target", "rules", "domain"), zip(*views, strict=True), strict=True)
    return PageEntry(
        name=printable(Path(first.clip.name).name),
        model=printable(first.model),
        notes=first.clip.notes,
        top=tuple(first.top(3)),
        sure=first.sure,
        choices={key: tuple(dict.fromkeys(values)) for key, values in keys},
        words=next(iter(views.values()))["words"],
        data={
            "name": printable(Path(first.clip.name).stem),
            "predicted": first.classes[first.predicted],
            "rate": first.clip.rate,
            "original": _compressed_sound(original),
            "levels": {
                domain.name: _compressed_levels(first.clip, domain)
                for domain in domains
                if "frequencies" in domain.along
            },
            "views": list(views.values()),
        },
    )


def _all_of(explanations: Explanation | Iterable[Explanation]) -> list[Explanation]:
    given = [explanations] if isinstance(explanations, Explanation) else explanations
    found = list(given) if isinstance(given, Iterable) else []
    if not found or not all(isinstance(each, Explanation) for each in found):
        raise LrpAudioError(
            f"{described(explanations)} are no explanations of a clip: give those that "
            "`model.explain` made of it."
        )
    return found


def _domains(explanation: Explanation) -> tuple[Domain, ...]:
    """The domain of the explanation, then the others to which its relevance can be carried."""
    own = explanation.domain
    return (own, *(other for other in explanation.front.domains if other.name != own.name))


def _view(explanation: Explanation, sound: Sound) -> dict[str, Any]:
    domain, target = explanation.domain, explanation.classes[explanation.target]
    relevance = explanation.relevance.astype(np.float64)
    axes = domain.axes(len(explanation.clip.samples))
    cells, together = relevance, 1
    if relevance.ndim == 2:
        cells = _at_most(_MOST_CELLS, relevance, np.add)
        axes = {name: _middles(axis) for name, axis in axes.items()}
    else:
        ((name, axis),) = axes.items()
        together = coloured_together(name, float(axis[1] - axis[0]), len(axis))
    scale = float(np.abs(cells).max()) or 1.0
    signs: tuple[Sign, ...] = get_args(Sign)
    sounds = {sign: explanation.sound(sound, sign, explanation.clip.rate) for sign in signs}
    return {
        "target": target,
        "rules": explanation.rules,
        "domain": domain.name,
        "shape": cells.shape,
        "axes": {name: (float(axis[0]), float(axis[-1])) for name, axis in axes.items()},
        "together": together,
        "limit": colour_limit(cells if cells.ndim == 2 else pooled(cells, together)),
        "scale": scale,
        "relevance": _compressed(np.round(cells * (32767 / scale)).astype("<i2")),
        "words": in_words(cells, axes, target),
        "summary": _compressed(explanation.summary()),
        "sounds": {sign: _compressed_sound(heard) for sign, heard in sounds.items()},
        "silent": [sign for sign, heard in sounds.items() if not heard.any()],
    }


def _at_most(size: int, values: Floats, join: np.ufunc) -> NDArray[np.float64]:
    """`values` ``(rows, columns)``, neighbours reduced by `join` so that no side exceeds `size`."""
    for axis in (0, 1):
        width = -(-values.shape[axis] // size)
        values = join.reduceat(values, np.arange(0, values.shape[axis], width), axis=axis)
    return np.asarray(values, np.float64)


def _middles(axis: Floats) -> NDArray[np.float64]:
    """Middles of the cells that `_at_most` makes along an `axis` of evenly spaced bins."""
    width = -(-len(axis) // _MOST_CELLS)
    return pooled(axis.astype(np.float64), width) / pooled(np.ones(len(axis)), width)


def _compressed_levels(clip: Clip, domain: Domain) -> str:
    levels = np.asarray(domain.shown(clip.samples))
    if levels.ndim == 2:
        levels = _at_most(_MOST_CELLS, levels, np.maximum)
    return _compressed(np.round((levels + DECIBELS) * (255 / DECIBELS)).astype(np.uint8))


def _compressed_sound(sound: Floats) -> str:
    return _compressed(np.round(sound * 32767).astype("<i2"))


def _compressed(content: Array | Mapping[str, Any]) -> str:
    """The bytes of an array, or JSON, as gzip in base64; equal content gives equal text."""
    if isinstance(content, Mapping):
        raw = json.dumps(content, allow_nan=False).encode()
    else:
        raw = content.tobytes()
    return base64.b64encode(gzip.compress(raw, mtime=0)).decode()
