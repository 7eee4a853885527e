"""Domains of relevance: time, frequency, or both; how it is shown and made audible in each."""

from dataclasses import dataclass, replace
from typing import ClassVar, NamedTuple, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from lrp_audio.audio import audible, spectral
from lrp_audio.audio.levels import decibels
from lrp_audio.audio.stft import Stft
from lrp_audio.errors import SpectrumError
from lrp_audio.types import Array, Floats

DOMAINS = ("time", "frequency", "time-frequency")


class Line(NamedTuple):
    """A line of the ledger: what a step between a domain and the network's input kept and lost."""

    layer: str
    rule: str
    relevance_out: float
    relevance_in: float
    dropped: float


class Carried(NamedTuple):
    """Relevance in a domain, and one line of the ledger for each of the domain's `layers`."""

    relevance: Floats
    lines: tuple[Line, ...] = ()


@runtime_checkable
class Domain(Protocol):
    """The domain of relevance for clips at `rate` Hz.

    `name` is one of `DOMAINS`; `along` lists the axes of relevance in their order, ``frequencies``
    in Hz and ``times`` in s. `layers` names the steps between this domain and the network's input,
    each a line in the ledger; there is none where relevance is that of the input itself.
    """

    @property
    def along(self) -> tuple[str, ...]:
        """Axes of the relevance."""
        ...

    @property
    def name(self) -> str:
        """One of `DOMAINS`."""
        ...

    @property
    def layers(self) -> tuple[str, ...]:
        """Steps between this domain and the network's input, from that input on."""
        ...

    @property
    def rate(self) -> int:
        """Sample rate of the clips in Hz."""
        ...

    def carry(self, x: Floats, relevance: Floats, samples: Floats) -> Carried:
        """Relevance in this domain from that of the network's input `x`, without channel axis.

        `samples` ``(length,)`` are those of the fitted clip that `x` was made of. Where a network
        takes several channels, all three have them first, and so has the result.
        """
        ...

    def axes(self, length: int) -> dict[str, NDArray[np.float64]]:
        """The axes listed in `along`, for a clip of `length` samples."""
        ...

    def heard(self, mask: Floats, samples: Floats) -> Floats:
        """`samples` ``(length,)`` under a `mask` of the shape of the relevance."""
        ...

    def shown(self, samples: Floats) -> Floats:
        """What is drawn together with the relevance, in its shape: samples, or decibels."""
        ...


class Spectral(Domain, Protocol):
    """A domain of time and frequency: relevance of the bins of a short-time Fourier transform."""

    @property
    def stft(self) -> Stft:
        """The transform."""
        ...

    def cropped(self, bins: Array) -> Array:
        """The part of `bins` ``(..., bins, frames)`` of the transform that has relevance."""
        ...

    def uncropped(self, values: Floats) -> Floats:
        """Values of all bins of the transform from `values` of those that have relevance."""
        ...


@dataclass(frozen=True)
class Time:
    """Samples, the input of a waveform network."""

    rate: int

    name: ClassVar[str] = "time"
    along: ClassVar[tuple[str, ...]] = ("times",)
    layers: ClassVar[tuple[str, ...]] = ()

    def carry(self, x: Floats, relevance: Floats, samples: Floats) -> Carried:
        """`relevance` itself, ``(length,)``."""
        return Carried(relevance)

    def axes(self, length: int) -> dict[str, NDArray[np.float64]]:
        """``times`` of the samples."""
        return {"times": np.arange(length) / self.rate}

    def heard(self, mask: Floats, samples: Floats) -> Floats:
        """``mask * samples``."""
        return audible.in_time(mask, samples)

    def shown(self, samples: Floats) -> Floats:
        """The samples themselves."""
        return samples


@dataclass(frozen=True)
class Frequency:
    """Frequencies of the whole clip, by LRP through the inverse DFT (DFT-LRP)."""

    rate: int

    name: ClassVar[str] = "frequency"
    along: ClassVar[tuple[str, ...]] = ("frequencies",)
    layers: ClassVar[tuple[str, ...]] = ("inverse-dft",)

    def carry(self, x: Floats, relevance: Floats, samples: Floats) -> Carried:
        """``(length // 2 + 1,)``."""
        return _through_dft("inverse-dft", x, relevance, spectral.frequency_relevance(x, relevance))

    def axes(self, length: int) -> dict[str, NDArray[np.float64]]:
        """``frequencies`` of the DFT."""
        return {"frequencies": np.arange(length // 2 + 1) * self.rate / length}

    def heard(self, mask: Floats, samples: Floats) -> Floats:
        """The clip filtered by `mask`."""
        return audible.in_frequency(mask, samples)

    def shown(self, samples: Floats) -> Floats:
        """Decibels of the magnitudes of the DFT."""
        return decibels(np.abs(np.fft.rfft(samples)))


@dataclass(frozen=True)
class TimeFrequency:
    """Bins of a short-time Fourier transform, by LRP through its inverse (DFT-LRP).

    Clips of another length than that of `stft` are analysed with the same window and hop.
    """

    stft: Stft
    rate: int

    name: ClassVar[str] = "time-frequency"
    along: ClassVar[tuple[str, ...]] = ("frequencies", "times")
    layers: ClassVar[tuple[str, ...]] = ("inverse-stft",)

    def carry(self, x: Floats, relevance: Floats, samples: Floats) -> Carried:
        """``(bins, frames)``."""
        found = spectral.time_frequency_relevance(x, relevance, self._over(samples.shape[-1]))
        return _through_dft("inverse-stft", x, relevance, found)

    def axes(self, length: int) -> dict[str, NDArray[np.float64]]:
        """``frequencies`` and ``times`` of the bins and frames."""
        stft = self._over(length)
        return {"frequencies": stft.frequencies(self.rate), "times": stft.times(self.rate)}

    def heard(self, mask: Floats, samples: Floats) -> Floats:
        """The clip with its spectra masked."""
        return audible.in_time_frequency(mask, samples, self._over(len(samples)))

    def shown(self, samples: Floats) -> Floats:
        """Decibels of the bins."""
        return decibels(np.abs(self._over(len(samples)).spectra(samples)))

    def cropped(self, bins: Array) -> Array:
        """All of them."""
        return bins

    def uncropped(self, values: Floats) -> Floats:
        """The values themselves."""
        return values

    def _over(self, length: int) -> Stft:
        """The transform for a clip of `length` samples, where networks take any length."""
        return self.stft if length == self.stft.length else replace(self.stft, length=length)


def check_name(name: str) -> None:
    """Raise `SpectrumError` for a name that is not one of `DOMAINS`."""
    if name not in DOMAINS:
        raise SpectrumError(f"There is no domain {name!r}; choose one of {', '.join(DOMAINS)}.")


def _through_dft(layer: str, x: Floats, before: Floats, after: Floats) -> Carried:
    """Relevance carried through an inverse DFT, and the line of the ledger."""
    out, within = (float(each.sum(dtype=np.float64)) for each in (before, after))
    dropped = float(spectral.dropped_relevance(x, before).sum())
    return Carried(after, (Line(layer, "lrp-0", out, within, dropped),))
