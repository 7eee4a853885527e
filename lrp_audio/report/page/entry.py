"""What the page keeps of a clip: numbers and sounds, quantised and packed, of every view of it.

A view is one class explained under one composite in one domain. All views of a clip share the
recording and the levels that the relevance is drawn over.
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
from lrp_audio.types import Floats

_MOST_CELLS = 256  # along a side of a map; of more bins, sums are shown


@dataclass(frozen=True)
class Entry:
    """One clip of a page: what is written out, and `data` that the page unpacks when it is seen.

    `top` holds class, logit and probability of the likeliest classes; `words` say where the
    relevance of the first view lies.
    """

    name: str
    model: str
    notes: tuple[str, ...]
    top: tuple[tuple[str, float, float], ...]
    choices: dict[str, tuple[str, ...]]
    words: str
    data: dict[str, Any] = field(repr=False)  # as long as a page

    @cached_property
    def size(self) -> int:
        """Characters that the entry takes in the page, nearly all of them its data."""
        return len(json.dumps(self.data))


def entry_of(explanations: Explanation | Iterable[Explanation], sound: Sound = "weighted") -> Entry:
    """The entry of one clip, explained once or more by one model; the first is shown first.

    Relevance of a waveform is shown in all three domains, which takes no more LRP. Raises
    `ShapeError` for explanations of several clips or models, `LrpAudioError` for what is none, and
    as `Explanation.summary` does.
    """
    one_of(sound, get_args(Sound), "sound")
    explanations = _all_of(explanations)
    first = explanations[0]
    for other in explanations:
        same = other.clip is first.clip or np.array_equal(other.clip.samples, first.clip.samples)
        if not same or other.model != first.model:
            raise ShapeError(
                f"{other.clip.name} heard by {other.model} is not {first.clip.name} heard by "
                f"{first.model}: an entry shows one clip and one model."
            )
    domains = _domains(first)
    views = {}
    for explanation in explanations:
        for domain in domains:
            # Without the time that carrying takes, which would make every page another one.
            carried = replace(explanation.in_domain(domain), seconds=explanation.seconds)
            key = (first.classes[carried.target], carried.rules, domain.name)
            if key not in views:
                views[key] = _view(carried, sound)
    samples = first.clip.samples
    original = (
        weighted(samples) if sound == "weighted" else masked(samples, samples, first.clip.rate)
    )
    keys = zip(("target", "rules", "domain"), zip(*views, strict=True), strict=True)
    return Entry(
        name=printable(Path(first.clip.name).name),
        model=printable(first.model),
        notes=first.clip.notes,
        top=tuple(first.top(3)),
        choices={key: tuple(dict.fromkeys(values)) for key, values in keys},
        words=next(iter(views.values()))["words"],
        data={
            "name": printable(Path(first.clip.name).stem),
            "predicted": first.classes[first.predicted],
            "rate": first.clip.rate,
            "original": _packed_sound(original),
            "levels": {
                domain.name: _packed_levels(first.clip, domain)
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
    """The domain of the explanation, then the others that its relevance can be carried to."""
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
        "relevance": packed(np.round(cells * (32767 / scale)).astype("<i2")),
        "words": in_words(cells, axes, target),
        "summary": packed(explanation.summary()),
        "sounds": {sign: _packed_sound(heard) for sign, heard in sounds.items()},
        "silent": [sign for sign, heard in sounds.items() if not heard.any()],
    }


def _at_most(size: int, values: Floats, join: np.ufunc) -> NDArray[np.float64]:
    """`values` ``(rows, columns)`` with neighbours joined until no side is longer than `size`."""
    for axis in (0, 1):
        width = -(-values.shape[axis] // size)
        values = join.reduceat(values, np.arange(0, values.shape[axis], width), axis=axis)
    return np.asarray(values, np.float64)


def _middles(axis: Floats) -> NDArray[np.float64]:
    """Middles of the cells that `_at_most` makes along an `axis` of evenly spaced bins."""
    width = -(-len(axis) // _MOST_CELLS)
    return pooled(axis.astype(np.float64), width) / pooled(np.ones(len(axis)), width)


def _packed_levels(clip: Clip, domain: Domain) -> str:
    levels = np.asarray(domain.shown(clip.samples))
    if levels.ndim == 2:
        levels = _at_most(_MOST_CELLS, levels, np.maximum)
    return packed(np.round((levels + DECIBELS) * (255 / DECIBELS)).astype(np.uint8))


def _packed_sound(sound: Floats) -> str:
    return packed(np.round(sound * 32767).astype("<i2"))


def packed(content: NDArray[Any] | Mapping[str, Any]) -> str:
    """An array's bytes, or JSON: gzip in base64. The same content is the same text."""
    if isinstance(content, Mapping):
        raw = json.dumps(content, allow_nan=False).encode()
    else:
        raw = content.tobytes()
    return base64.b64encode(gzip.compress(raw, mtime=0)).decode()
