"""The waveform as published for AudioNet: one second at 8 kHz over its 95th percentile."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lrp_audio.audio.domain import Domain, Frequency, Time, TimeFrequency
from lrp_audio.audio.segments import TimeSegments
from lrp_audio.audio.stft import Stft
from lrp_audio.fronts.base import FrontEnd
from lrp_audio.fronts.spectrogram import PUBLISHED
from lrp_audio.types import Array

_PERCENTILE = 95
_OFFSET = 0.001
_LARGEST_INPUT = 32.0


@dataclass(frozen=True)
class Waveform(FrontEnd):
    """Samples over their 95th percentile (Becker et al.)."""

    rate: int = 8000
    length: int = 8000

    bounds = (-_LARGEST_INPUT, _LARGEST_INPUT)
    bounded = False
    rules = "epsilon-plus"
    compared = ("epsilon", "epsilon-plus", "epsilon-alpha2-beta1")
    silence = 0.0
    centre = 0.0
    spread = 1.0
    segments = TimeSegments()

    @property
    def shape(self) -> tuple[int, ...]:
        """One channel of samples."""
        return (1, self.length)

    @property
    def domains(self) -> tuple[Domain, ...]:
        """Time, and frequency and both by DFT-LRP."""
        return Time(self.rate), Frequency(self.rate), self.time_frequency

    @property
    def time_frequency(self) -> TimeFrequency:
        """The published transform, by DFT-LRP."""
        return TimeFrequency(PUBLISHED, self.rate)

    def transform(self, samples: NDArray[np.floating]) -> NDArray[np.floating]:
        """``x / (percentile(x, 95) + 0.001)``, ``(length,)``, in the type of `samples`.

        The percentile is that of the signed, padded signal. This project's own addition: it counts
        at least as much as 1/32 of the peak, because it falls to zero for a word of less than about
        0.1 s. One clip in a hundred is so short.
        """
        level = float(np.percentile(samples.astype(np.float64), _PERCENTILE))
        floor = float(np.abs(samples).max()) / _LARGEST_INPUT
        return samples / (max(level, floor) + _OFFSET)

    def amplified(self, x: Array, gain: float) -> Array:
        """``gain * x``."""
        return np.float32(gain) * x

    def windowed(self, domain: Domain, window: int | None, hop: int | None) -> Domain:
        """Time-frequency with that `window` and `hop`, by default a quarter of the window."""
        if not isinstance(domain, TimeFrequency):
            return super().windowed(domain, window, hop)
        window = domain.stft.win_length if window is None else window
        hop = max(window // 4, 1) if hop is None else hop
        return TimeFrequency(Stft(window, hop, self.length), self.rate)


WAVEFORM = Waveform()
