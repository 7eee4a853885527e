"""Segments: which values of an input are there, or absent, together."""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from lrp_audio.arguments import described, whole
from lrp_audio.errors import AttributionError

Labels = NDArray[np.intp]


@runtime_checkable
class Segments(Protocol):
    """A way to divide an input; sizes differ by as little as possible."""

    def labels(self, shape: tuple[int, ...]) -> Labels:
        """For each value of an input of `shape` the number of its segment, from 0.

        Raises `AttributionError` where the input cannot be divided like that.
        """
        ...


def require_segments(segments: object) -> None:
    """Raise `AttributionError` for what is no division of an input."""
    if isinstance(segments, type) or not isinstance(segments, Segments):
        raise AttributionError(
            f"segments is {described(segments)}; expected a division such as TimeSegments(40)."
        )


@dataclass(frozen=True)
class TimeSegments:
    """`count` segments of the time axis, the last one; of equal length, but for a sample."""

    count: int = 40

    def __post_init__(self) -> None:
        whole(self, count=1)

    def labels(self, shape: tuple[int, ...]) -> Labels:
        """``(..., time)``; all channels and frequencies of a moment are in one segment."""
        return np.broadcast_to(_divided(shape[-1], self.count, "samples"), shape)

    def __str__(self) -> str:
        return f"{self.count} in time"


@dataclass(frozen=True)
class Tiles:
    """`rows` x `columns` tiles of a spectrogram: rows of the frequency axis, columns of time."""

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
