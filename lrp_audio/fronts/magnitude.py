"""Magnitude spectrograms."""

from dataclasses import dataclass

from lrp_audio.fronts.stft_front import StftFront


@dataclass(frozen=True)
class Magnitude(StftFront):
    """``|X|``, or another `power` of it, ``(bins, frames)``."""

    power: float = 1.0
