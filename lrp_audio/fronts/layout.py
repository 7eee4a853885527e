"""How a spectrogram lies in the input of a network: order of its axes, channel axis, segments."""

from dataclasses import dataclass, field

import numpy as np

from lrp_audio.audio.segments import Labels, Tiles
from lrp_audio.types import Array

ORIENTATIONS = ("frequency-time", "time-frequency")
CHANNEL_AXES = ("first", "last", "none")


@dataclass(frozen=True)
class Layout:
    """An `orientation` of the two axes, and where the axis of the only channel is, if any."""

    orientation: str = "frequency-time"
    channel_axis: str = "first"

    def shape(self, rows: int, frames: int) -> tuple[int, ...]:
        """Shape of an input of so many rows (frequencies) and frames."""
        plane = (rows, frames) if self.orientation == "frequency-time" else (frames, rows)
        return {"first": (1, *plane), "last": (*plane, 1), "none": plane}[self.channel_axis]

    def arranged(self, plane: Array) -> Array:
        """The input of a spectrogram ``(rows, frames)``."""
        return np.ascontiguousarray(self._turned(plane)).reshape(self.shape(*plane.shape))

    def plane(self, x: Array) -> Array:
        """The spectrogram ``(rows, frames)`` of an input: the inverse of `arranged`."""
        axes = {"first": x.shape[1:], "last": x.shape[:-1], "none": x.shape}[self.channel_axis]
        return self._turned(x.reshape(axes))

    def _turned(self, plane: Array) -> Array:
        return plane if self.orientation == "frequency-time" else plane.T


@dataclass(frozen=True)
class LaidOutTiles:
    """`Tiles` of the spectrogram, whatever the layout of the input."""

    layout: Layout
    tiles: Tiles = field(default_factory=Tiles)

    def labels(self, shape: tuple[int, ...]) -> Labels:
        """For each value of an input of `shape` the number of its tile."""
        plane = self.layout.plane(np.empty(shape, np.bool_))
        return self.layout.arranged(self.tiles.labels((1, *plane.shape))[0])

    def __str__(self) -> str:
        return str(self.tiles)
