"""Seeded mutations of bytes: flipped bits, numbers at the edges of their types, cuts, splices."""

from collections.abc import Callable, Sequence

import numpy as np

EDGES = tuple(
    edge + step
    for edge in (0, 2**7, 2**8, 2**15, 2**16, 2**31, 2**32, 2**36, 2**63, 2**64)
    for step in (-1, 0, 1)
)
"""Whole numbers where types end."""

_HEADER = 160  # bytes in which most formats say how long they are
_LONGEST = 4096  # bytes inserted or removed at once


def mutated(seeds: Sequence[bytes], rng: np.random.Generator) -> bytes:
    """One of `seeds` after one to about ten mutations."""
    data = bytearray(seeds[rng.integers(len(seeds))])
    for _ in range(rng.geometric(0.4)):
        mutate = _MUTATIONS[rng.integers(len(_MUTATIONS))]
        mutate(data, rng, seeds)
    return bytes(data)


def _place(data: bytearray, rng: np.random.Generator) -> int:
    """A position: in half of the cases in the header, in some of them near the end."""
    drawn = rng.random()
    if drawn < 0.5:
        return int(rng.integers(min(len(data), _HEADER) + 1))
    if drawn < 0.6:
        return int(len(data) - rng.integers(min(len(data), _HEADER) + 1))
    return int(rng.integers(len(data) + 1))


def _flip_bit(data: bytearray, rng: np.random.Generator, seeds: Sequence[bytes]) -> None:
    if data:
        data[_place(data, rng) - 1] ^= 1 << int(rng.integers(8))


def _set_byte(data: bytearray, rng: np.random.Generator, seeds: Sequence[bytes]) -> None:
    if data:
        data[_place(data, rng) - 1] = int(rng.integers(256))


def _set_number(data: bytearray, rng: np.random.Generator, seeds: Sequence[bytes]) -> None:
    width = int(rng.choice([1, 2, 3, 4, 8]))
    number = EDGES[rng.integers(len(EDGES))] % 2 ** (8 * width)
    at = _place(data, rng)
    data[at : at + width] = number.to_bytes(width, "big" if rng.random() < 0.5 else "little")


def _truncate(data: bytearray, rng: np.random.Generator, seeds: Sequence[bytes]) -> None:
    del data[_place(data, rng) :]


def _insert(data: bytearray, rng: np.random.Generator, seeds: Sequence[bytes]) -> None:
    at, count = _place(data, rng), int(rng.integers(1, _LONGEST) ** rng.random())
    data[at:at] = rng.bytes(count) if rng.random() < 0.5 else bytes([rng.integers(256)]) * count


def _remove(data: bytearray, rng: np.random.Generator, seeds: Sequence[bytes]) -> None:
    at = _place(data, rng)
    del data[at : at + int(rng.integers(1, _LONGEST) ** rng.random())]


def _repeat(data: bytearray, rng: np.random.Generator, seeds: Sequence[bytes]) -> None:
    begin, at = _place(data, rng), _place(data, rng)
    data[at:at] = data[begin : begin + int(rng.integers(1, 256))] * int(rng.integers(1, 5))


def _splice(data: bytearray, rng: np.random.Generator, seeds: Sequence[bytes]) -> None:
    other = bytearray(seeds[rng.integers(len(seeds))])
    data[_place(data, rng) :] = other[_place(other, rng) :]


_Mutation = Callable[[bytearray, np.random.Generator, Sequence[bytes]], None]
_MUTATIONS: tuple[_Mutation, ...] = (
    _flip_bit,
    _flip_bit,
    _set_byte,
    _set_number,
    _set_number,
    _set_number,
    _truncate,
    _insert,
    _remove,
    _repeat,
    _splice,
)
