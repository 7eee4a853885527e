"""Several channels as one: their mean, or one of them where they cancel each other."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

# One channel of 64 (`MAX_CHANNELS`) beside silent ones leaves 1/64 of its level in the mean. Below
# this share the channels must cancel.
_CANCELLED = 1 / 100


class Sound(NamedTuple):
    """Mono samples ``(time,)`` of full scale 1.0, their rate in Hz, and notes on what was odd."""

    samples: NDArray[np.floating]
    rate: int
    notes: tuple[str, ...] = ()


class Levels:
    """Levels of some channels and of their mean, gathered block by block.

    A level is a standard deviation, so that a constant offset counts for nothing. That of the mean
    comes from the covariances of the channels.
    """

    def __init__(self, channels: int) -> None:
        """Begin with no samples of `channels` channels."""
        self._frames = 0
        self._sums = np.zeros(channels)
        self._products = np.zeros((channels, channels))

    def add(self, block: NDArray[np.floating]) -> None:
        """Count a block ``(time, channels)``."""
        if block.shape[1] == 1:
            return
        self._frames += len(block)
        # What is not finite is refused later, with its place.
        with np.errstate(invalid="ignore", over="ignore"):
            wide = block.astype(np.float64)
            self._sums += wide.sum(axis=0)
            self._products += wide.T @ wide

    def loudest_of_cancelled(self) -> int | None:
        """The channel of the highest level if next to nothing of it is left in the mean."""
        if self._frames == 0:
            return None
        with np.errstate(invalid="ignore", over="ignore"):
            offsets = self._sums / self._frames
            covariances = self._products / self._frames - np.outer(offsets, offsets)
            variances = np.diagonal(covariances)
            loudest = int(variances.argmax())
            left = covariances.mean()
        return loudest if left < _CANCELLED**2 * variances[loudest] else None


def cancelled_note(channels: int, chosen: int) -> str:
    """What was done about channels that cancel, for the notes of a clip."""
    return f"the {channels} channels cancel each other in their mean: channel {chosen + 1} is used"
