"""Several channels as one: their mean, or one of them where they cancel each other."""

import math
from typing import NamedTuple

import numpy as np

from lrp_audio.errors import ClipError
from lrp_audio.types import Array, Floats

# One channel beside 63 silent ones (`MAX_CHANNELS` is 64) leaves 1/64 of its level in the mean. If
# less than this share is left, the channels cancel each other.
_CANCELLED = 1 / 100


class Mono(NamedTuple):
    """Mono samples ``(time,)`` of full scale 1.0, their rate in Hz, and notes on irregularities.

    `channels` ``(channels, time)`` are what they were made of, where these are kept. `sha256` is
    the digest of the file that they were decoded from.
    """

    samples: Floats
    rate: int
    notes: tuple[str, ...] = ()
    channels: Floats | None = None
    sha256: str = ""


# A larger float is no sample of sound, and its square would exceed float32.
_LARGEST_FLOAT = 1e9


def check_level(name: str, block: Array) -> None:
    """Raise `ClipError` for floats of full scale 1.0 that are too large to be samples of sound.

    Values that are not finite are refused later, with their position.
    """
    largest = max(float(block.max(initial=0)), -float(block.min(initial=0)))
    if _LARGEST_FLOAT < largest < math.inf:
        raise ClipError(
            f"{name} reaches {largest:.3g}, where samples as floats have full scale 1.0: divide by "
            "the full scale of its source."
        )


class Levels:
    """Levels of several channels and of their mean, accumulated block by block.

    A level is a standard deviation, which a constant offset does not change. That of the mean
    follows from the covariances of the channels.
    """

    def __init__(self, channels: int) -> None:
        """Start without samples of `channels` channels."""
        self._frames = 0
        self._sums = np.zeros(channels)
        self._products = np.zeros((channels, channels))

    def add(self, block: Floats) -> None:
        """Add a block ``(time, channels)``."""
        if block.shape[1] == 1:
            return
        self._frames += len(block)
        # Values that are not finite are refused later, with their position.
        with np.errstate(invalid="ignore", over="ignore"):
            wide = block.astype(np.float64)
            self._sums += wide.sum(axis=0)
            self._products += wide.T @ wide

    def loudest_of_cancelled(self) -> int | None:
        """The channel of the highest level if almost nothing of it is left in the mean."""
        if self._frames == 0:
            return None
        with np.errstate(invalid="ignore", over="ignore"):
            offsets = self._sums / self._frames
            covariances = self._products / self._frames - np.outer(offsets, offsets)
            variances = np.diagonal(covariances)
            loudest = int(variances.argmax())
            left = covariances.mean()
        return loudest if left < _CANCELLED**2 * variances[loudest] else None


def cancelled_note(channels: int, chosen: int, kept: bool = False) -> str:
    """The note of a clip whose channels cancel each other; `kept` where a network takes them."""
    use = "drawn and heard" if kept else "used"
    return f"the {channels} channels cancel each other in their mean: channel {chosen + 1} is {use}"


def require_channels(name: str, given: int, wanted: int) -> None:
    """Raise `ClipError` for a recording with another number of channels than a network takes."""
    if given != wanted:
        count = "1 channel" if given == 1 else f"{given} channels"
        raise ClipError(
            f"{name} has {count}, and the network takes {wanted}: give a recording with {wanted} "
            "channels, in the order in which the network was trained."
        )
