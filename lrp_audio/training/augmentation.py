"""Augmentation: a recording is never heard twice alike."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lrp_audio.audio.clip import waveform_input

Array = NDArray[Any]


@dataclass(frozen=True)
class Augmentation:
    """Ranges that are drawn from: resampling factor, signal-to-noise ratio in dB, gain.

    Resampling by up to +-`stretch`, small changes oftener than large ones (triangular). A share of
    `noisy` of the clips gets white noise. The gain is drawn log-uniformly and acts after the
    normalisation, which would undo it.
    """

    stretch: float = 0.25
    noisy: float = 0.4
    snr: tuple[float, float] = (10.0, 40.0)
    gain: tuple[float, float] = (0.7, 1.4)

    def __call__(
        self, samples: Array, length: int, rng: np.random.Generator, strength: float = 1.0
    ) -> Array:
        """A normalised network input ``(length,)`` in float32 from `samples` ``(time,)``.

        `strength` from 1 down to 0 narrows the ranges and makes noise rarer.
        """
        placed = place(self._stretched(samples, rng, strength), length, rng)
        if rng.random() < self.noisy * strength:
            placed = placed + self._noise(placed, rng)
        gain = float(np.exp(strength * rng.uniform(*np.log(self.gain))))
        return np.asarray(gain * waveform_input(placed), np.float32)

    def _stretched(self, samples: Array, rng: np.random.Generator, strength: float) -> Array:
        """Faster and higher, or slower and lower, by linear interpolation."""
        factor = 1 + strength * rng.triangular(-self.stretch, 0, self.stretch)
        positions = np.arange(0, len(samples) - 1, factor)
        return np.asarray(np.interp(positions, np.arange(len(samples)), samples))

    def _noise(self, placed: Array, rng: np.random.Generator) -> Array:
        power = np.square(placed).mean() * 10 ** (-rng.uniform(*self.snr) / 10)
        return np.asarray(np.sqrt(power) * rng.standard_normal(len(placed)))


def place(samples: Array, length: int, rng: np.random.Generator) -> Array:
    """`samples` at a random offset between zeros, or a random window of them, ``(length,)``."""
    room = length - len(samples)
    if room < 0:
        start = rng.integers(-room + 1)
        return samples[start : start + length]
    start = rng.integers(room + 1)
    return np.pad(samples, (start, room - start))
