"""Where relevance lies, in words: under the picture, and for screen readers."""

from collections.abc import Mapping
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from lrp_audio.types import Floats

_WIDTHS = {"times": 0.05, "frequencies": 250.0}  # of a part, in seconds or hertz
_NAMED = 3  # parts of each sign
_LEAST = 0.1  # of the largest part: smaller ones are not named


def in_words(relevance: Floats, axes: Mapping[str, Floats], target: str) -> str:
    """Sentences on where the relevance for class `target` mostly lies, and that against it.

    `axes` holds the ascending ``times`` ``(n,)`` in seconds or ``frequencies`` ``(n,)`` in Hz of
    relevance ``(n,)``, or both of relevance ``(frequencies, times)``. Parts are 50 ms long and
    250 Hz wide.
    """
    along = "times" if "times" in axes else "frequencies"
    columns = _parts(axes[along], along)
    rows = np.zeros(1, np.int64)
    if relevance.ndim == 2:
        rows = _parts(axes["frequencies"], "frequencies")
    sums = np.zeros((rows[-1] + 1, columns[-1] + 1))
    np.add.at(sums, (rows[:, None], columns), relevance.reshape(len(rows), -1))
    least = _LEAST * float(np.abs(sums).max())
    said = []
    for sign, amounts in (("for", sums), ("against", -sums)):
        places = _places(amounts, least, along, banded=relevance.ndim == 2)
        lies = f"What speaks {sign} {target} lies mostly at {places}."
        said.append(lies if places else f"Hardly anything speaks {sign} {target}.")
    return " ".join(said)


def _parts(axis: Floats, name: str) -> NDArray[np.int64]:
    """The number of the part in which each point of an axis lies."""
    # A tiny amount more, because a time such as 0.15 is a little less than three times 0.05.
    return np.asarray(axis / _WIDTHS[name] + 1e-9, np.int64)


def _places(amounts: NDArray[np.float64], least: float, along: str, banded: bool) -> str:
    """The largest parts of `amounts` ``(bands, parts along an axis)`` that exceed `least`."""
    largest = np.argsort(-amounts, axis=None, kind="stable")[:_NAMED]
    chosen = sorted(int(i) for i in largest if amounts.flat[i] > least)
    width = amounts.shape[1]
    starts = [i for before, i in pairwise([-2, *chosen]) if i != before + 1 or i % width == 0]
    places = []
    for start in starts:
        end = start
        while end + 1 in chosen and (end + 1) % width:
            end += 1
        band = start // width
        place = _range(start % width, end % width + 1, along)
        places.append(f"{place} ({_range(band, band + 1, 'frequencies')})" if banded else place)
    return " and ".join(filter(None, [", ".join(places[:-1]), *places[-1:]]))


def _range(first: int, end: int, name: str) -> str:
    low, high = first * _WIDTHS[name], end * _WIDTHS[name]
    return f"{low:.2f} to {high:.2f} s" if name == "times" else f"{low:.0f} to {high:.0f} Hz"
