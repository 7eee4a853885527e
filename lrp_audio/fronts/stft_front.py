"""What front ends have in common that start from a short-time Fourier transform."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from lrp_audio.audio.analysis import FRAMINGS, PAD_MODES, WINDOWS, Analysis, Spectra
from lrp_audio.audio.audible import Sign, speaking
from lrp_audio.audio.clip import Clip
from lrp_audio.audio.domain import Carried, Domain, Frequency, Line, Time
from lrp_audio.audio.segments import Segments
from lrp_audio.errors import FrontError
from lrp_audio.fronts import parameters
from lrp_audio.fronts.base import FrontEnd
from lrp_audio.fronts.bins import Bins, of_samples
from lrp_audio.fronts.fitting import SHORT, fitted, require_room
from lrp_audio.fronts.layout import CHANNEL_AXES, ORIENTATIONS, LaidOutTiles, Layout
from lrp_audio.fronts.parameters import Scale, Statistic
from lrp_audio.fronts.steps import (
    NORMALISATIONS,
    Filters,
    FixedFrames,
    FrontStep,
    Normalisation,
    carried,
)
from lrp_audio.fronts.waveform import OWN_STATISTICS, rescaled
from lrp_audio.types import Array, Floats

# Recordings of floats, and resampling, may go beyond full scale: bounds hold up to 12 dB over it.
_HEADROOM = 4.0


@dataclass(frozen=True)
class StftFront(FrontEnd):
    """Magnitudes of a short-time Fourier transform to a power, and the steps after them.

    The transform is that of `Analysis`; by default windows are as long as `n_fft` and hops a
    quarter of a window. `scale` is what full scale becomes, or ``peak``. With `frames` the input
    has so many: without a `length` clips are fitted to the samples that give them, otherwise
    frames are cut off, or added with the value `pad_value` before the normalisation. The steps
    are `fronts.steps`, the order of axes `fronts.layout`. Of several `channels` each has its own
    spectrogram; peak and statistics of the clip are those of all channels together, so that
    differences in level between them stay, and those of a row those of each channel.
    """

    rate: int
    length: int | None = None
    frames: int | None = None
    pad_value: float = 0.0
    short: str = "zeros"
    scale: Scale = 1.0
    n_fft: int = 2048
    win_length: int | None = None
    hop_length: int | None = None
    window: str = "hann"
    framing: str = "centred"
    pad_mode: str = "constant"
    preemphasis: float = 0.0
    remove_dc: bool = False
    power: float = 2.0
    normalisation: str = "fixed"
    mean: Statistic = 0.0
    deviation: Statistic = 1.0
    epsilon: float = 0.0
    ddof: int = 0
    orientation: str = "frequency-time"
    channel_axis: str = "first"
    channels: int = 1

    def __post_init__(self) -> None:
        """Check every parameter; raises `FrontError`."""
        parameters.rate_and_length(self)
        parameters.whole(self, n_fft=4)
        parameters.whole(self, optional=True, frames=1, win_length=4, hop_length=1)
        win_length = self.n_fft if self.win_length is None else self.win_length
        hop_length = max(win_length // 4, 1) if self.hop_length is None else self.hop_length
        object.__setattr__(self, "win_length", win_length)
        object.__setattr__(self, "hop_length", hop_length)
        if win_length > self.n_fft:
            raise FrontError(
                f"win_length is {win_length} and n_fft {self.n_fft}; expected a window that is not "
                "longer than n_fft."
            )
        parameters.choice(
            self,
            short=SHORT,
            window=WINDOWS,
            framing=FRAMINGS,
            pad_mode=PAD_MODES,
            normalisation=NORMALISATIONS,
            orientation=ORIENTATIONS,
            channel_axis=CHANNEL_AXES,
        )
        parameters.channels(self)
        parameters.scale(self)
        parameters.flag(self, "remove_dc")
        parameters.finite(self, "pad_value")
        parameters.number(self, "preemphasis", 0.0, 1.0)
        parameters.number(self, "power", 0.01, 4.0)
        self._check()
        parameters.normalisation(self, self.rows)
        if self.remove_dc and self.framing not in ("snip-edges", "kaldi-padded"):
            raise FrontError(
                f"remove_dc is true and framing {self.framing}; the mean of each frame is removed "
                "with the framings snip-edges and kaldi-padded."
            )
        if self.length is None and self.frames is not None:
            object.__setattr__(self, "length", self.analysis.shortest(self.frames))
            parameters.rate_and_length(self)
        if self.length is not None and self.analysis.count(self.length) < 1:
            raise FrontError(
                f"length is {self.length}; expected at least {self.analysis.shortest(1)} samples, "
                "which give one frame."
            )
        parameters.within_memory(
            max(self.frames or 0, self.analysis.count(self.length or 0))
            * max(self.analysis.bins, self.rows)
            * self.channels
        )

    def _check(self) -> None:
        """Check the parameters of a kind of its own; raises `FrontError`."""

    @cached_property
    def analysis(self) -> Analysis:
        """The transform."""
        assert self.win_length is not None and self.hop_length is not None  # set when made
        return Analysis(
            self.n_fft,
            self.win_length,
            self.hop_length,
            self.window,
            self.framing,
            self.pad_mode,
            self.preemphasis,
            self.remove_dc,
        )

    @property
    def layout(self) -> Layout:
        """How the spectrogram lies in the input."""
        return Layout(self.orientation, self.channel_axis, self.channels)

    @property
    def filters(self) -> Filters | None:
        """The filters that bins are summed in, if there are any."""
        return None

    @property
    def rows(self) -> int:
        """Number of frequencies, filters or coefficients."""
        return self.analysis.bins if self.filters is None else len(self.filters.matrix)

    @property
    def _own_steps(self) -> tuple[FrontStep, ...]:
        """The steps of this kind between filters and normalisation."""
        return ()

    @cached_property
    def _steps(self) -> tuple[FrontStep, ...]:
        """The steps after the filters, from these to the input."""
        steps = list(self._own_steps)
        if self.frames is not None and not self._exact:
            steps.append(FixedFrames(self.frames, self.pad_value))
        if not self._normalised.nothing:
            steps.append(self._normalised)
        return tuple(steps)

    @property
    def _normalised(self) -> Normalisation:
        return Normalisation(self.normalisation, self.mean, self.deviation, self.epsilon, self.ddof)

    @property
    def _exact(self) -> bool:
        """Whether clips have the wanted number of frames already."""
        return self.length is not None and self.analysis.count(self.length) == self.frames

    def input_shape(self, length: int) -> tuple[int, ...]:
        """Rows and frames in the order of the `layout`."""
        count = self.analysis.count(length) if self.frames is None else self.frames
        return self.layout.shape(self.rows, count)

    def plane(self, x: Array) -> Array:
        """An input or its relevance as ``(rows, frames)``, or ``(channels, rows, frames)``."""
        return self.layout.plane(x)

    def fit(self, clip: Clip) -> Clip:
        """`clip` as the network takes it; what was done is noted. Raises `ClipError` if silent."""
        shortest = self.analysis.shortest(1)
        note = OWN_STATISTICS if self._normalised.own or self.scale == "peak" else None
        clip = fitted(clip, self.rate, self.length, shortest, self.short, note, self.channels)
        count = self.analysis.count(len(clip.samples)) * self.channels
        require_room(count * max(self.analysis.bins, self.rows), clip, "its spectrogram")
        return clip

    def transform(self, samples: NDArray[np.floating]) -> NDArray[np.floating]:
        """The input of fitted samples, laid out."""
        values = self._filtered(self._magnitudes(samples))
        for step in self._steps:
            values = step(values)
        return self.layout.arranged(values)

    @property
    def bin_layers(self) -> tuple[str, ...]:
        """Steps from the input to the bins."""
        filters = () if self.filters is None else (Filters.name,)
        return (*(step.name for step in reversed(self._steps)), *filters)

    def to_bins(self, relevance: Floats, samples: Floats) -> Carried:
        """Relevance of the bins ``(..., bins, frames)`` from that of the input."""
        magnitudes = self._magnitudes(samples)
        found, lines = self._to_filters(relevance, self._filtered(magnitudes))
        if self.filters is None:
            return Carried(found, lines)
        found, line = carried(self.filters, magnitudes, found)
        return Carried(found, (*lines, line))

    @property
    def sample_layers(self) -> tuple[str, ...]:
        """Steps from the input to the samples."""
        return (*self.bin_layers, "stft")

    def to_samples(self, relevance: Floats, samples: Floats) -> Carried:
        """Relevance of the samples ``(..., length)``, LRP-0 through the STFT as a linear map.

        Real and imaginary part of a bin share its relevance as re^2 / P and im^2 / P, so that
        ``R_t = x_t c_t`` with ``c = STFT^T(R_k X_k / P_k)``.
        """
        bins, lines = self.to_bins(relevance, samples)
        spectra = self._spectra(samples)
        power = np.abs(spectra) ** 2
        heard = power > 0
        shares = np.where(heard, bins / np.where(heard, power, 1.0), 0.0)
        found = samples * self._transposed(shares * spectra, samples.shape[-1])
        out, within, lost = float(bins.sum()), float(found.sum()), float(bins[~heard].sum())
        return Carried(found, (*lines, Line("stft", "lrp-0", out, within, lost)))

    def mask(
        self, domain: Domain, relevance: Floats, own: Floats, samples: Floats, sign: Sign
    ) -> Floats:
        """On bins, the mask of the filters lifted to them; elsewhere that of the relevance.

        The relevance of a bin follows its loudness, which the masked spectra have already.
        """
        if self.filters is None or not isinstance(domain, Bins):
            return speaking(relevance, sign)
        values = self._filtered(self._magnitudes(samples))
        found = self._to_filters(own, values)[0]
        if self.channels > 1:
            found = found.sum(axis=0)
        return self.filters.lifted(speaking(found, sign))

    @property
    def bounds(self) -> tuple[float, float]:
        """Values between which every input lies whose clip is within full scale, or 12 dB over."""
        low, high = self._value_bounds
        if self.frames is not None and not self._exact:
            low, high = min(low, self.pad_value), max(high, self.pad_value)
        count = self.rows * (self.frames or self.analysis.count(self.length or 60 * self.rate))
        return self._normalised.bounds(low, high, count * self.channels)

    @property
    def bounded(self) -> bool:
        """No: sums of magnitudes are far below their largest, from which zB would count."""
        return self.normalisation == "range"

    @property
    def silence(self) -> float:
        """The least value where the input is bounded, and otherwise 0."""
        return self.bounds[0] if self.bounded else 0.0

    @property
    def segments(self) -> Segments:
        """Tiles of the spectrogram."""
        return LaidOutTiles(self.layout)

    @property
    def domains(self) -> tuple[Domain, ...]:
        """The bins; and time and frequency, by the STFT as a linear map and by DFT-LRP."""
        return (Bins(self), *of_samples(self, Time(self.rate), Frequency(self.rate)))

    @property
    def _value_bounds(self) -> tuple[float, float]:
        """Least and largest value after the steps of this kind."""
        return 0.0, self._largest

    @property
    def _largest(self) -> float:
        """A value that no bin or filter exceeds."""
        full = 1.0 if isinstance(self.scale, str) else _HEADROOM * self.scale
        full *= (1 + self.preemphasis) * (1 + self.remove_dc)
        largest = float((np.abs(self.analysis.taper).sum() * full) ** self.power)
        return (
            largest if self.filters is None else largest * float(self.filters.matrix.sum(1).max())
        )

    def _spectra(self, samples: Floats) -> Spectra:
        """Spectra ``(..., bins, frames)`` of samples ``(..., length)``."""
        if samples.ndim == 1:
            return self.analysis.spectra(samples)
        return np.stack([self.analysis.spectra(each) for each in samples])

    def _transposed(self, spectra: Spectra, length: int) -> Floats:
        """The transpose of `_spectra`."""
        if spectra.ndim == 2:
            return self.analysis.transposed(spectra, length)
        return np.stack([self.analysis.transposed(each, length) for each in spectra])

    def _magnitudes(self, samples: Floats) -> NDArray[np.float64]:
        spectra = self._spectra(rescaled(samples, self.scale))
        if self.power == 2:
            return np.asarray(spectra.real**2 + spectra.imag**2)
        return np.asarray(np.abs(spectra) ** self.power)

    def _filtered(self, magnitudes: Floats) -> Floats:
        return magnitudes if self.filters is None else self.filters(magnitudes)

    def _to_filters(self, relevance: Floats, values: Floats) -> tuple[Floats, tuple[Line, ...]]:
        """Relevance of the output `values` of the filters from that of the input."""
        inputs = []
        for step in self._steps:
            inputs.append(values)
            values = step(values)
        lines = []
        for step, given in zip(reversed(self._steps), reversed(inputs), strict=True):
            relevance, line = carried(step, given, relevance)
            lines.append(line)
        return relevance, tuple(lines)
