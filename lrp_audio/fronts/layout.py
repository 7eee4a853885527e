"""How samples or spectrograms lie in the input of a network: order of axes, channels, segments."""

from dataclasses import dataclass, field

import numpy as np

from lrp_audio.audio.segments import Labels, Tiles, TimeSegments
from lrp_audio.types import Array

ORIENTATIONS = ("frequency-time", "time-frequency")
CHANNEL_AXES = ("first", "last", "none")


def with_channels(shape: tuple[int, ...], axis: str, channels: int) -> tuple[int, ...]:
    """`shape` with the channel axis where `axis` says, or without it."""
    return {"first": (channels, *shape), "last": (*shape, channels), "none": shape}[axis]


def channels_moved(values: Array, axis: str, channels: int) -> Array:
    """Values ``(channels, ...)`` with their channels on that `axis`; one channel has no axis."""
    return np.moveaxis(values, 0, -1) if channels > 1 and axis == "last" else values


def channels_first(x: Array, axis: str, channels: int) -> Array:
    """An input as ``(channels, ...)``, or without channel axis if there is one channel."""
    if axis == "none":
        return x
    moved = np.moveaxis(x, -1, 0) if axis == "last" else x
    return moved if channels > 1 else np.asarray(moved[0])


@dataclass(frozen=True)
class Layout:
    """An `orientation` of the two axes, and where the axis of the `channels` is, if any."""

    orientation: str = "frequency-time"
    channel_axis: str = "first"
    channels: int = 1

    def shape(self, rows: int, frames: int) -> tuple[int, ...]:
        """Shape of an input of so many rows (frequencies) and frames."""
        plane = (rows, frames) if self.orientation == "frequency-time" else (frames, rows)
        return with_channels(plane, self.channel_axis, self.channels)

    def arranged(self, plane: Array) -> Array:
        """The input of a spectrogram ``(rows, frames)``, or of one for each of several channels."""
        laid = channels_moved(self._turned(plane), self.channel_axis, self.channels)
        return np.ascontiguousarray(laid).reshape(self.shape(*plane.shape[-2:]))

    def plane(self, x: Array) -> Array:
        """The spectrogram or spectrograms of an input: the inverse of `arranged`."""
        return self._turned(channels_first(x, self.channel_axis, self.channels))

    def _turned(self, plane: Array) -> Array:
        return plane if self.orientation == "frequency-time" else plane.swapaxes(-1, -2)


@dataclass(frozen=True)
class LaidOutTiles:
    """`Tiles` of the spectrogram, whatever the layout of the input."""

    layout: Layout
    tiles: Tiles = field(default_factory=Tiles)

    def labels(self, shape: tuple[int, ...]) -> Labels:
        """For each value of an input of `shape` the number of its tile."""
        plane = self.layout.plane(np.empty(shape, np.bool_))
        tiles = self.tiles.labels((1, *plane.shape[-2:]))[0]
        return self.layout.arranged(np.broadcast_to(tiles, plane.shape))

    def __str__(self) -> str:
        return str(self.tiles)


@dataclass(frozen=True)
class ChannelsLast:
    """`TimeSegments` of inputs ``(time, channels)``."""

    segments: TimeSegments = field(default_factory=TimeSegments)

    def labels(self, shape: tuple[int, ...]) -> Labels:
        """For each value of an input of `shape` the number of its segment."""
        return self.segments.labels(shape[::-1]).T

    def __str__(self) -> str:
        return str(self.segments)
