"""What the page keeps of a clip: numbers and sounds, quantised and packed, of every view of it.

A view is one class explained under one composite in one domain. All views of a clip share the
recording and the levels that the relevance is drawn over.
"""

import base64
import gzip
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from lrp_audio.audio.audible import Sign, Sound, masked, weighted
from lrp_audio.audio.clip import RATE, Clip
from lrp_audio.audio.domain import Domain, Frequency, Picture, Time, TimeFrequency
from lrp_audio.commands.text import printable
from lrp_audio.errors import ShapeError
from lrp_audio.explanation import Explanation
from lrp_audio.report.drawing import DECIBELS, colour_limit, pooled
from lrp_audio.report.page.words import in_words
from lrp_audio.report.picture import shown_levels

Floats = NDArray[np.floating]

_MOST_CELLS = 256  # along a side of a map; of more bins, sums are shown
# Relevance is coloured by its sum over so many samples (5 ms), frequencies (20 Hz) or bins.
_TOGETHER = {Time: 40, Frequency: 20, TimeFrequency: 1, Picture: 1}


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
    data: dict[str, Any]

    @cached_property
    def size(self) -> int:
        """Characters that the entry takes in the page, nearly all of them its data."""
        return len(json.dumps(self.data))


def entry_of(explanations: Sequence[Explanation], sound: Sound = "weighted") -> Entry:
    """The entry of one clip, explained once or more by one model; the first is shown first.

    Relevance of a waveform is shown in all three domains, which takes no more LRP. Raises
    `ShapeError` for explanations of several clips or models, and as `Explanation.summary` does.
    """
    first = explanations[0]
    for other in explanations:
        same = other.clip is first.clip or np.array_equal(other.clip.samples, first.clip.samples)
        if not same or other.model != first.model:
            raise ShapeError(
                f"{other.clip.name} heard by {other.model} is not {first.clip.name} heard by "
                f"{first.model}: an entry shows one clip and one model."
            )
    domains = _domains(first.domain)
    views = {}
    for explanation in explanations:
        for domain in domains:
            carried = explanation.within(domain)
            key = (first.classes[carried.target], carried.rules, domain.name)
            if key not in views:
                views[key] = _view(carried, sound)
    samples = first.clip.samples
    original = weighted(samples) if sound == "weighted" else masked(samples, samples)
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
            "rate": RATE,
            "original": _packed_sound(original),
            "levels": {
                domain.name: _packed_levels(first.clip, domain)
                for domain in domains
                if not isinstance(domain, Time)
            },
            "views": list(views.values()),
        },
    )


def _domains(own: Domain) -> tuple[Domain, ...]:
    """`own` and, where it is one of a waveform network, those that its relevance goes to."""
    if isinstance(own, Picture):
        return (own,)
    others = (Time(), Frequency(), TimeFrequency())
    return (own, *(other for other in others if other.name != own.name))


def _view(explanation: Explanation, sound: Sound) -> dict[str, Any]:
    domain, target = explanation.domain, explanation.classes[explanation.target]
    relevance = explanation.relevance.astype(np.float64)
    axes = domain.axes(len(explanation.clip.samples))
    if isinstance(domain, Time):
        axes = {"times": np.arange(len(relevance)) / RATE}
    cells = relevance
    if relevance.ndim == 2:
        cells = _at_most(_MOST_CELLS, relevance, np.add)
        axes = {name: _middles(axis) for name, axis in axes.items()}
    together = _TOGETHER[type(domain)]
    scale = float(np.abs(cells).max()) or 1.0
    signs: tuple[Sign, ...] = get_args(Sign)
    sounds = {sign: explanation.sound(sound, sign, RATE) for sign in signs}
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
    levels = shown_levels(clip.samples, domain)
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
