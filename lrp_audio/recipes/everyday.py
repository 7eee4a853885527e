"""Augmentation for networks that are to hear strangers: voice, place, noise, microphone, line."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import scipy  # its parts are loaded where they are first used

from lrp_audio.recipes.augmentation import Augmentation
from lrp_audio.types import Array

_QUIETEST_BABBLE = 5.0  # dB above which the voice must be, or another digit would be as loud
_MU = 255.0
_LEVELS = 128.0  # of each sign in eight bits


@dataclass(frozen=True)
class EverydayAugmentation(Augmentation):
    """Varies what differs between one person's recording and another's; `rate` is in Hz.

    In the order of the signal: the voice is resampled by up to +-`stretch` (speed and pitch
    together) and a share `echoing` of the clips passes a room with a `decay` in seconds and a
    `direct` sound in dB above its echoes. A clip that fills the window is shifted by up to `shift`
    seconds. A share `noisy` has noise of a `colour` (the exponent of 1/f in its power) at `snr` dB;
    in a share `babbling` of these, the noise is other recordings spoken at once. A share `filtered`
    passes a microphone, a random equaliser with steps of `equaliser` dB from octave to octave, and
    a share `limited` a band between `high_pass` and `low_pass` in Hz, the telephone's among them. A
    share `clipped` is overdriven by up to `overdrive` dB, a share `companded` coded in eight bits
    by the mu-law. In a share `cut` the window is silent outside the recording, as where a corpus
    cut it out of a longer one. `least` is the lowest strength, at the end of a run.
    """

    rate: int = field(kw_only=True)
    stretch: float = 0.15
    shift: float = 0.1
    echoing: float = 0.4
    decay: tuple[float, float] = (0.01, 0.08)
    direct: tuple[float, float] = (0.0, 20.0)
    noisy: float = 0.7
    snr: tuple[float, float] = (0.0, 40.0)
    colour: tuple[float, float] = (-0.5, 2.0)
    babbling: float = 0.25
    filtered: float = 0.7
    equaliser: float = 4.0
    limited: float = 0.5
    high_pass: tuple[float, float] = (20.0, 400.0)
    low_pass: tuple[float, float] = (2400.0, 4000.0)
    clipped: float = 0.1
    overdrive: float = 12.0
    companded: float = 0.15
    cut: float = 0.5
    gain: tuple[float, float] = (0.5, 2.0)
    least: float = 0.3

    def __call__(
        self,
        samples: Array,
        length: int,
        rng: np.random.Generator,
        strength: float = 1.0,
        others: Sequence[Array] = (),
    ) -> tuple[Array, float]:
        """As `Augmentation`; babble is made of `others`, and left out where there are none."""
        strength = self.least + (1 - self.least) * strength
        voice = self._spoken(samples.astype(np.float32), rng, strength)
        placed, begin, end = self._placed(voice, length, rng)
        spectrum = scipy.fft.rfft(placed)
        if rng.random() < self.noisy * strength:
            power = float(np.square(placed).sum()) / max(end - begin, 1)
            spectrum += self._disturbance(length, power, rng, others)
        spectrum *= self._channel_response(length, rng, strength)
        made = self._distorted(scipy.fft.irfft(spectrum, length), rng, strength)
        if rng.random() < self.cut:
            made[:begin] = 0
            made[end:] = 0
        return made, float(np.exp(strength * rng.uniform(*np.log(self.gain))))

    def _spoken(self, samples: Array, rng: np.random.Generator, strength: float) -> Array:
        """The voice resampled, in its room: one transform, cut or extended, and its inverse."""
        factor = 1 + strength * rng.uniform(-self.stretch, self.stretch)
        echoing = rng.random() < self.echoing * strength
        tail = round(5 * self.decay[1] * self.rate) if echoing else 64
        before = scipy.fft.next_fast_len(len(samples) + tail, real=True)
        after = scipy.fft.next_fast_len(round(before / factor), real=True)
        spectrum = scipy.fft.rfft(samples, before)
        bins = after // 2 + 1
        spectrum = np.pad(spectrum[:bins], (0, max(0, bins - len(spectrum))))
        if echoing:
            spectrum *= scipy.fft.rfft(self._room(after, tail, rng))
        length = round(len(samples) * after / before)
        kept = length + (tail // 2 if echoing else 0)
        return np.asarray(scipy.fft.irfft(spectrum, after)[:kept] * np.float32(after / before))

    def _room(self, length: int, tail: int, rng: np.random.Generator) -> Array:
        """The direct sound and echoes: noise of `tail` samples that decays exponentially."""
        response = np.zeros(length, np.float32)
        tail = min(tail, length)
        time = np.arange(tail, dtype=np.float32) / self.rate
        echoes = rng.standard_normal(tail, np.float32)
        echoes *= np.exp(-time / np.float32(rng.uniform(*self.decay)))
        echoes *= 10 ** (-rng.uniform(*self.direct) / 20) / np.sqrt(np.square(echoes).sum())
        response[:tail] = echoes
        response[0] += 1
        return response

    def _placed(
        self, voice: Array, length: int, rng: np.random.Generator
    ) -> tuple[Array, int, int]:
        """`voice` somewhere in the window, ``(length,)``, and where it begins and ends there.

        One that nearly fills the window may lose up to `shift` at an end; a shorter one loses
        nothing, and of a longer one a random window is taken.
        """
        low, high = sorted((0, length - len(voice)))
        more = max(0, round(self.shift * self.rate) - (high - low) // 2)
        offset = int(rng.integers(low - more, high + more, endpoint=True))
        begin, end = max(offset, 0), min(offset + len(voice), length)
        placed = np.zeros(length, np.float32)
        placed[begin:end] = voice[begin - offset : end - offset]
        return placed, begin, end

    def _disturbance(
        self, length: int, power: float, rng: np.random.Generator, others: Sequence[Array]
    ) -> Array:
        """The spectrum of noise or babble over the window, below a voice of that mean `power`."""
        snr = rng.uniform(*self.snr)
        if len(others) and rng.random() < self.babbling:
            snr = max(snr, _QUIETEST_BABBLE)
            noise = scipy.fft.rfft(_babble(length, rng, others))
        else:
            parts = rng.standard_normal((2, length // 2 + 1), np.float32)
            noise = parts[0] + 1j * parts[1]
            lowest = 30 * length / self.rate  # the bin of 30 Hz: below it nothing rises further
            bins = np.maximum(np.arange(len(noise), dtype=np.float32), np.float32(lowest))
            noise *= bins ** np.float32(-rng.uniform(*self.colour) / 2)
        own = 2 * float(np.square(np.abs(noise)).sum()) / length**2
        return np.asarray(noise * np.float32(np.sqrt(power * 10 ** (-snr / 10) / max(own, 1e-20))))

    def _channel_response(self, length: int, rng: np.random.Generator, strength: float) -> Array:
        """The gain of microphone and line at each frequency, ``(length // 2 + 1,)``."""
        step = self.rate / length
        frequencies = np.maximum(np.arange(length // 2 + 1, dtype=np.float32) * step, 1)
        response = np.ones(len(frequencies), np.float32)
        if rng.random() < self.filtered * strength:
            knots = np.cumsum(self.equaliser * strength * rng.standard_normal(7))
            decibels = np.interp(np.log2(frequencies / 62.5), np.arange(7), knots - knots.mean())
            response *= 10 ** (decibels.astype(np.float32) / 20)
        if rng.random() < self.limited * strength:
            low, high = (
                np.exp(rng.uniform(*np.log(ends))) for ends in (self.high_pass, self.low_pass)
            )
            response /= np.sqrt((1 + (low / frequencies) ** 8) * (1 + (frequencies / high) ** 16))
        return response

    def _distorted(self, samples: Array, rng: np.random.Generator, strength: float) -> Array:
        """`samples` overdriven, or coded by the mu-law at a random level, or as they are."""
        peak = np.abs(samples).max(initial=0)
        if rng.random() < self.clipped * strength:
            peak = peak * 10 ** (-rng.uniform(0, self.overdrive * strength) / 20)
            samples = np.clip(samples, -peak, peak)
        if rng.random() < self.companded * strength and peak > 0:
            full = peak * 10 ** (rng.uniform(0, 30) / 20)
            coded = np.log1p(_MU / full * np.abs(samples)) / np.log1p(_MU)
            coded = np.rint(coded * _LEVELS) / _LEVELS
            samples = np.copysign(np.expm1(coded * np.log1p(_MU)) * (full / _MU), samples)
        return np.asarray(samples, np.float32)


def _babble(length: int, rng: np.random.Generator, others: Sequence[Array]) -> Array:
    """Three to six recordings at once, each repeated over the window from a random moment on."""
    total = np.zeros(length, np.float32)
    for _ in range(rng.integers(3, 7)):
        other = others[int(rng.integers(len(others)))]
        level = max(float(np.sqrt(np.square(other).mean())), 1e-6)
        total += np.roll(np.resize(other, length), rng.integers(length)) / np.float32(level)
    return total
