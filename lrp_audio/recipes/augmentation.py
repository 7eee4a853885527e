"""Augmentation: random changes of a recording, drawn anew each time it is used in training."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from lrp_audio.types import Array


@dataclass(frozen=True)
class Augmentation:
    """The ranges of the resampling factor, the signal-to-noise ratio in dB and the gain.

    The factor is drawn up to +-`stretch` around 1 from a triangular distribution. White noise is
    added to a share `noisy` of the clips. The gain is drawn log-uniformly.
    """

    stretch: float = 0.25
    noisy: float = 0.4
    snr: tuple[float, float] = (10.0, 40.0)
    gain: tuple[float, float] = (0.7, 1.4)

    def __call__(
        self,
        samples: Array,
        length: int,
        rng: np.random.Generator,
        strength: float = 1.0,
        others: Sequence[Array] = (),
    ) -> tuple[Array, float]:
        """Samples ``(length,)`` made from `samples` ``(time,)``, and a gain for the input.

        The gain is to be applied after the normalisation of a waveform, which would undo it.
        `strength`, from 1 down to 0, narrows the ranges and makes noise less frequent. `others` are
        further recordings, for an augmentation that makes noise of them.
        """
        placed = place(self._stretched(samples, rng, strength), length, rng)
        placed = self._channel(placed, rng, strength)
        if rng.random() < self.noisy * strength:
            placed = placed + self._noise(placed, rng)
        return placed, float(np.exp(strength * rng.uniform(*np.log(self.gain))))

    def _stretched(self, samples: Array, rng: np.random.Generator, strength: float) -> Array:
        """Faster and higher or slower and lower, by linear interpolation."""
        factor = 1 + strength * rng.triangular(-self.stretch, 0, self.stretch)
        positions = np.arange(0, len(samples) - 1, factor)
        return np.asarray(np.interp(positions, np.arange(len(samples)), samples))

    def _channel(self, placed: Array, rng: np.random.Generator, strength: float) -> Array:
        return placed

    def _noise(self, placed: Array, rng: np.random.Generator) -> Array:
        power = np.square(placed).mean() * 10 ** (-rng.uniform(*self.snr) / 10)
        return np.asarray(np.sqrt(power) * rng.standard_normal(len(placed)))


@dataclass(frozen=True)
class ChannelAugmentation(Augmentation):
    """Varies microphone and room, by which a network could otherwise recognise the corpus.

    A share `filtered` of the clips passes a random equaliser (steps of `equaliser` dB from octave
    to octave), a high-pass and a low-pass filter; a share `echoing` a random room. Noise has any
    colour from white to brown. The pitch of the voice changes by a small `stretch` only. `rate` is
    the sample rate in Hz.
    """

    rate: int = field(kw_only=True)
    stretch: float = 0.08
    noisy: float = 0.75
    snr: tuple[float, float] = (0.0, 40.0)
    filtered: float = 0.8
    equaliser: float = 4.0
    high_pass: tuple[float, float] = (20.0, 300.0)
    low_pass: tuple[float, float] = (2000.0, 5000.0)
    echoing: float = 0.3
    decay: tuple[float, float] = (0.02, 0.1)

    def _channel(self, placed: Array, rng: np.random.Generator, strength: float) -> Array:
        response = np.ones(len(placed) // 2 + 1, np.complex128)
        if rng.random() < self.filtered * strength:
            response = response * self._filter(len(placed), rng)
        if rng.random() < self.echoing * strength:
            response = response * self._room(len(placed), rng)
        return np.fft.irfft(np.fft.rfft(placed) * response, len(placed))

    def _filter(self, length: int, rng: np.random.Generator) -> Array:
        frequencies = np.maximum(np.fft.rfftfreq(length, 1 / self.rate), 1.0)
        octaves = np.log2(frequencies / 62.5)
        knots = np.cumsum(self.equaliser * rng.standard_normal(7))
        low, high = (np.exp(rng.uniform(*np.log(ends))) for ends in (self.high_pass, self.low_pass))
        edges = 1 / np.sqrt((1 + (low / frequencies) ** 4) * (1 + (frequencies / high) ** 8))
        return np.asarray(edges * 10 ** (np.interp(octaves, np.arange(7), knots) / 20))

    def _room(self, length: int, rng: np.random.Generator) -> Array:
        """The direct sound and a tail of noise that decays within a few tenths of a second."""
        time = np.arange(length) / self.rate
        tail = rng.standard_normal(length) * np.exp(-time / rng.uniform(*self.decay))
        tail *= rng.uniform(0, 1) / np.sqrt(np.square(tail).sum())
        tail[0] += 1
        return np.fft.rfft(tail)

    def _noise(self, placed: Array, rng: np.random.Generator) -> Array:
        spectrum = np.fft.rfft(rng.standard_normal(len(placed)))
        spectrum *= np.maximum(np.arange(len(spectrum)), 20.0) ** -rng.uniform(0, 1)
        noise = np.fft.irfft(spectrum, len(placed))
        power = np.square(placed).mean() * 10 ** (-rng.uniform(*self.snr) / 10)
        return np.asarray(noise * np.sqrt(power / np.square(noise).mean()))


def place(samples: Array, length: int, rng: np.random.Generator) -> Array:
    """`samples` at a random offset between zeros, or a random window of them, ``(length,)``."""
    room = length - len(samples)
    if room < 0:
        start = rng.integers(-room + 1)
        return samples[start : start + length]
    start = rng.integers(room + 1)
    return np.pad(samples, (start, room - start))
