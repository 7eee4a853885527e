"""Waveforms: samples of any rate and length, scaled and normalised; also as published."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lrp_audio.audio.clip import FULL_SCALE, Clip
from lrp_audio.audio.domain import Domain, Frequency, Time, TimeFrequency
from lrp_audio.audio.segments import Segments, TimeSegments
from lrp_audio.audio.stft import Stft
from lrp_audio.fronts import parameters
from lrp_audio.fronts.base import FrontEnd
from lrp_audio.fronts.fitting import OFFSETS, SHORT, fitted
from lrp_audio.fronts.layout import (
    CHANNEL_AXES,
    ChannelsLast,
    channels_first,
    channels_moved,
    with_channels,
)
from lrp_audio.fronts.parameters import Scale
from lrp_audio.fronts.spectrogram import PUBLISHED
from lrp_audio.fronts.steps import Normalisation
from lrp_audio.types import Array, Floats

NORMALISATIONS = ("fixed", "clip", "clip-mean", "range", "percentile")

OWN_STATISTICS = "normalised by statistics of the clip itself, which relevance takes as constants"
"""The note on a clip whose own statistics are part of the input."""

_PERCENTILE = 95
_OFFSET = 0.001
_LARGEST_INPUT = 32.0
_WINDOW_SECONDS = 0.032


@dataclass(frozen=True)
class Waveform(FrontEnd):
    """`length` samples at `rate` Hz, or any number of them.

    `scale` is what full scale becomes, or ``peak`` where the clip's own peak becomes 1. Then the
    values are normalised: ``fixed`` with the declared mean and deviation, ``clip`` with those of
    the clip (``clip-mean``: its mean alone), ``range`` to 0 to 1, or as published for AudioNet with
    their 95th ``percentile``. `short` says what becomes of shorter clips, `offset` whether the
    mean of a recording is removed before. Peak and statistics are those of all `channels` together,
    so that differences in level between them stay.
    """

    rate: int
    length: int | None = None
    scale: Scale = 1.0
    normalisation: str = "fixed"
    mean: float = 0.0
    deviation: float = 1.0
    epsilon: float = 0.0
    ddof: int = 0
    channel_axis: str = "first"
    short: str = "zeros"
    channels: int = 1
    offset: str = "kept"

    def __post_init__(self) -> None:
        """Check every parameter; raises `FrontError`."""
        parameters.rate_and_length(self, shortest=2)
        parameters.scale(self)
        parameters.choice(
            self,
            normalisation=NORMALISATIONS,
            channel_axis=CHANNEL_AXES,
            short=SHORT,
            offset=OFFSETS,
        )
        parameters.normalisation(self, None)
        parameters.channels(self)
        parameters.within_memory(self.channels * (self.length or 0))

    def input_shape(self, length: int) -> tuple[int, ...]:
        """The samples of each channel."""
        return with_channels((length,), self.channel_axis, self.channels)

    def plane(self, x: Array) -> Array:
        """The samples ``(length,)``, or ``(channels, length)``."""
        return channels_first(x, self.channel_axis, self.channels)

    @property
    def bounds(self) -> tuple[float, float]:
        """Those of samples within full scale, which floats may go beyond."""
        if self.normalisation == "percentile":
            return -_LARGEST_INPUT, _LARGEST_INPUT
        full = 1.0 if isinstance(self.scale, str) else self.scale
        count = self.rate if self.length is None else self.length
        return self._normalised.bounds(-full, full, count * self.channels)

    @property
    def bounded(self) -> bool:
        """No: a sample is 0 where nothing sounds, and zB would count from full scale."""
        return False

    @property
    def silence(self) -> float:
        """A sample of 0, normalised where the mean is declared."""
        fixed = self.normalisation == "fixed"
        return float(self._normalised(np.zeros(1))[0]) if fixed else 0.0

    @property
    def segments(self) -> Segments:
        """Parts of equal length."""
        return ChannelsLast() if self.channel_axis == "last" else TimeSegments()

    @property
    def domains(self) -> tuple[Domain, ...]:
        """Time, and frequency and both by DFT-LRP."""
        return Time(self.rate), Frequency(self.rate), self.time_frequency

    @property
    def time_frequency(self) -> TimeFrequency:
        """Both by DFT-LRP: the published transform, or windows of 32 ms."""
        return TimeFrequency(usual_transform(self.rate, self.length), self.rate)

    def fit(self, clip: Clip) -> Clip:
        """`clip` as the network takes it; what was done is noted. Raises `ClipError` if silent."""
        own = self.normalisation not in ("fixed", "percentile")
        note = OWN_STATISTICS if own else None
        return fitted(
            clip,
            self.rate,
            self.length,
            short=self.short,
            note=note,
            channels=self.channels,
            offset=self.offset,
        )

    def transform(self, samples: NDArray[np.floating]) -> NDArray[np.floating]:
        """Scaled and normalised samples, of `input_shape`, or ``(length,)`` of one channel."""
        scaled = rescaled(samples, self.scale)
        if self.normalisation == "percentile":
            scaled = over_percentile(scaled)
        elif not self._normalised.nothing:
            scaled = self._normalised(scaled)
        return channels_moved(scaled, self.channel_axis, self.channels)

    def amplified(self, x: Array, gain: float) -> Array:
        """``gain * x``."""
        return np.float32(gain) * x

    def windowed(self, domain: Domain, window: int | None, hop: int | None) -> Domain:
        """Time-frequency with that `window` and `hop`, by default a quarter of the window."""
        if not isinstance(domain, TimeFrequency):
            return super().windowed(domain, window, hop)
        window = domain.stft.win_length if window is None else window
        hop = max(window // 4, 1) if hop is None else hop
        return TimeFrequency(Stft(window, hop, self.length or max(window, self.rate)), self.rate)

    @property
    def _normalised(self) -> Normalisation:
        return Normalisation(self.normalisation, self.mean, self.deviation, self.epsilon, self.ddof)


def rescaled(samples: Floats, scale: Scale) -> Floats:
    """Samples in int16 scale with full scale, or their own peak, at `scale`."""
    if isinstance(scale, str):
        peak = float(np.abs(samples).max(initial=0.0))
        return samples / peak if peak > 0 else samples
    return samples if scale == FULL_SCALE else samples * samples.dtype.type(scale / FULL_SCALE)


def over_percentile(samples: Floats) -> Floats:
    """``x / (percentile(x, 95) + 0.001)``, in the type of `samples`, as published for AudioNet.

    The percentile is that of the signed, padded signal. This project's own addition: it counts
    at least as much as 1/32 of the peak, because it falls to zero for a word of less than about
    0.1 s. One clip in a hundred is so short.
    """
    level = float(np.percentile(samples.astype(np.float64), _PERCENTILE))
    floor = float(np.abs(samples).max()) / _LARGEST_INPUT
    return samples / (max(level, floor) + _OFFSET)


def usual_transform(rate: int, length: int | None) -> Stft:
    """The transform for DFT-LRP: the published one, or windows of 32 ms with a quarter's hop."""
    if (rate, length) == (8000, PUBLISHED.length):
        return PUBLISHED
    window = max(round(_WINDOW_SECONDS * rate), 2)
    window = window if length is None else min(window, length)
    return Stft(window, max(window // 4, 1), rate if length is None else length)


WAVEFORM = Waveform(8000, 8000, scale=FULL_SCALE, normalisation="percentile")
"""The waveform as published for AudioNet: one second at 8 kHz over its 95th percentile."""
