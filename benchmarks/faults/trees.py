"""Seeded mutations of trees, such as JSON and TOML hold: other values, other types, other keys."""

import copy
import json
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.faults.mutation import EDGES

_VALUES: tuple[Callable[[np.random.Generator], Any], ...] = (
    lambda rng: EDGES[rng.integers(len(EDGES))],
    lambda rng: -EDGES[rng.integers(len(EDGES))],
    lambda rng: float(EDGES[rng.integers(len(EDGES))]),
    lambda rng: float(rng.choice([-0.0, 2.0, 0.5, 1e-320, 1e308, -1e308])),
    lambda rng: int(rng.integers(-3, 12)),
    lambda rng: 10 ** int(rng.integers(1, 400)),
    lambda rng: bool(rng.integers(2)),
    lambda rng: "",
    lambda rng: "\x1b[2J\x1b]0;owned\x07",
    lambda rng: str(rng.choice(["../../etc/passwd", "/dev/zero", "a/b", "NUL", "é", "e\u0301"])),
    lambda rng: "\ud800" if rng.random() < 0.5 else "\u202e\u0000\n",
    lambda rng: "n" * int(rng.integers(1, 70_000)),
    lambda rng: [],
    lambda rng: {},
    lambda rng: [[[[[[]]]]]],
    lambda rng: [{}] * int(rng.integers(1, 300)),
    lambda rng: list(range(int(rng.integers(1, 300)))),
)


def changed(tree: Any, rng: np.random.Generator, none: bool = True) -> Any:
    """A copy of `tree`, an object or a list, with one to about five changes; JSON may hold None."""
    found = copy.deepcopy(tree)
    for _ in range(rng.geometric(0.5)):
        places = list(_places(found))
        if not places:
            return found
        _change(*places[rng.integers(len(places))], rng, none)
    return found


def _places(tree: Any) -> Any:
    """Every container below `tree` with each of its keys."""
    keys = list(tree) if isinstance(tree, dict) else range(len(tree))
    for key in keys:
        yield tree, key
        if isinstance(tree[key], dict | list):
            yield from _places(tree[key])


def _change(holder: Any, key: Any, rng: np.random.Generator, none: bool) -> None:
    drawn = rng.random()
    if drawn < 0.6:
        value = _VALUES[rng.integers(len(_VALUES))](rng)
        holder[key] = None if none and rng.random() < 0.1 else value
    elif drawn < 0.7:
        del holder[key]
    elif isinstance(holder, dict):
        holder[f"{key}{rng.integers(3)}" if drawn < 0.85 else str(rng.bytes(3))] = holder[key]
    elif drawn < 0.85:
        holder.insert(key, copy.deepcopy(holder[rng.integers(len(holder))]))
    else:
        holder[key], holder[0] = holder[0], holder[key]


def json_text(tree: Any, rng: np.random.Generator) -> bytes:
    """`tree` as JSON, in some cases with what other programs write: NaN, marks, other encodings."""
    text = json.dumps(tree, ensure_ascii=bool(rng.integers(2)))
    encoding = rng.choice(["utf-8", "utf-8-sig", "utf-16"], p=[0.9, 0.05, 0.05])
    return text.encode(str(encoding), "surrogatepass")
