"""Power spectrograms."""

from dataclasses import dataclass

from lrp_audio.fronts.stft_front import StftFront


@dataclass(frozen=True)
class Power(StftFront):
    """``|X|^2``, or another `power`, ``(bins, frames)``."""
