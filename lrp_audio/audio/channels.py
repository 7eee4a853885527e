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

    A level is a standard deviation, so that a constant offset counts for nothing.
    """

    def __init__(self, channels: int) -> None:
        """Begin with no samples of `channels` channels."""
        self._frames = 0
        self._sums = np.zeros(channels + 1)
        self._squares = np.zeros(channels + 1)

    def add(self, block: NDArray[np.floating], mean: NDArray[np.floating]) -> None:
        """Count a block ``(time, channels)`` and the mean of its channels, ``(time,)``."""
        if block.shape[1] == 1:
            return
        self._frames += len(block)
        # What is not finite is refused later, with its place.
        with np.errstate(invalid="ignore", over="ignore"):
            for values, own in ((block, slice(-1)), (mean[:, None], slice(-1, None))):
                self._sums[own] += values.sum(axis=0, dtype=np.float64)
                self._squares[own] += np.einsum("ij,ij->j", values, values, dtype=np.float64)

    def loudest_of_cancelled(self) -> int | None:
        """The channel of the highest level if next to nothing of it is left in the mean."""
        if self._frames == 0:
            return None
        with np.errstate(invalid="ignore", over="ignore"):
            variances = self._squares / self._frames - (self._sums / self._frames) ** 2
            levels = np.sqrt(np.maximum(variances, 0))
        loudest = int(levels[:-1].argmax())
        return loudest if levels[-1] < _CANCELLED * levels[loudest] else None


def cancelled_note(channels: int, chosen: int) -> str:
    """What was done about channels that cancel, for the notes of a clip."""
    return f"the {channels} channels cancel each other in their mean: channel {chosen + 1} is used"
