"""Segments: groups of input values that are kept or removed together."""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from lrp_audio.arguments import described, whole
from lrp_audio.errors import AttributionError

Labels = NDArray[np.intp]


@runtime_checkable
class Segments(Protocol):
    """A division of an input into segments of sizes as equal as possible."""

    def labels(self, shape: tuple[int, ...]) -> Labels:
        """The number of the segment, from 0, of each value of an input of `shape`.

        Raises `AttributionError` where the input cannot be divided in this way.
        """
        ...


def require_segments(segments: object) -> None:
    """Raise `AttributionError` for an object that is no division of an input."""
    if isinstance(segments, type) or not isinstance(segments, Segments):
        raise AttributionError(
            f"segments is {described(segments)}; expected a division such as TimeSegments(40)."
        )


@dataclass(frozen=True)
class TimeSegments:
    """`count` segments of the last axis, time; their lengths differ by at most one sample."""

    count: int = 40

    def __post_init__(self) -> None:
        whole(self, count=1)

    def labels(self, shape: tuple[int, ...]) -> Labels:
        """``(..., time)``; all channels and frequencies at a time are in the same segment."""
        return np.broadcast_to(_divided(shape[-1], self.count, "samples"), shape)

    def __str__(self) -> str:
        return f"{self.count} in time"


@dataclass(frozen=True)
class Tiles:
    """`rows` x `columns` tiles of a spectrogram: rows along frequency, columns along time."""

    rows: int = 6
    columns: int = 6

    def __post_init__(self) -> None:
        whole(self, rows=1, columns=1)

    def labels(self, shape: tuple[int, ...]) -> Labels:
        """``(channels, frequency, time)``, row by row from the lowest frequencies."""
        if len(shape) != 3:
            raise AttributionError(
                f"Tiles divide inputs of shape (channels, frequency, time), not {shape}; for a "
                "waveform take TimeSegments."
            )
        row = _divided(shape[-2], self.rows, "frequencies")
        column = _divided(shape[-1], self.columns, "frames")
        return np.broadcast_to(row[:, None] * self.columns + column, shape)

    def __str__(self) -> str:
        return f"{self.rows} x {self.columns} tiles"


def _divided(length: int, count: int, what: str) -> Labels:
    if count > length:
        raise AttributionError(f"{length} {what} cannot be divided into {count}; take fewer.")
    return np.arange(length) * count // length
