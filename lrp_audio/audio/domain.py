"""Domains of relevance: time, frequency, or both; how it is shown and made audible in each."""

from dataclasses import dataclass
from typing import ClassVar, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from lrp_audio.audio import audible, spectral
from lrp_audio.audio.levels import decibels
from lrp_audio.audio.stft import Stft
from lrp_audio.errors import SpectrumError
from lrp_audio.types import Array, Floats

DOMAINS = ("time", "frequency", "time-frequency")


@runtime_checkable
class Domain(Protocol):
    """The domain of relevance for clips at `rate` Hz.

    `name` is one of `DOMAINS`; `along` lists the axes of relevance in their order, ``frequencies``
    in Hz and ``times`` in s. `layer` names the linear layer that maps this domain to the samples (a
    line in the ledger); it is None where relevance is that of the network's own input.
    """

    name: ClassVar[str]
    along: ClassVar[tuple[str, ...]]
    layer: ClassVar[str | None]

    @property
    def rate(self) -> int:
        """Sample rate of the clips in Hz."""
        ...

    def carry(self, x: Floats, relevance: Floats) -> Floats:
        """Relevance in this domain from that of the network's input `x`, without channel axis."""
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
    layer: ClassVar[str | None] = None

    def carry(self, x: Floats, relevance: Floats) -> Floats:
        """`relevance` itself, ``(length,)``."""
        return relevance

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
    layer: ClassVar[str | None] = "inverse-dft"

    def carry(self, x: Floats, relevance: Floats) -> Floats:
        """``(length // 2 + 1,)``."""
        return spectral.frequency_relevance(x, relevance)

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
    """Bins of a short-time Fourier transform, by LRP through its inverse (DFT-LRP)."""

    stft: Stft
    rate: int

    name: ClassVar[str] = "time-frequency"
    along: ClassVar[tuple[str, ...]] = ("frequencies", "times")
    layer: ClassVar[str | None] = "inverse-stft"

    def carry(self, x: Floats, relevance: Floats) -> Floats:
        """``(bins, frames)``."""
        return spectral.time_frequency_relevance(x, relevance, self.stft)

    def axes(self, length: int) -> dict[str, NDArray[np.float64]]:
        """``frequencies`` and ``times`` of the bins and frames."""
        return {
            "frequencies": self.stft.frequencies(self.rate),
            "times": self.stft.times(self.rate),
        }

    def heard(self, mask: Floats, samples: Floats) -> Floats:
        """The clip with its spectra masked."""
        return audible.in_time_frequency(mask, samples, self.stft)

    def shown(self, samples: Floats) -> Floats:
        """Decibels of the bins."""
        return decibels(np.abs(self.stft.spectra(samples)))

    def cropped(self, bins: Array) -> Array:
        """All of them."""
        return bins

    def uncropped(self, values: Floats) -> Floats:
        """The values themselves."""
        return values


def check_name(name: str) -> None:
    """Raise `SpectrumError` for a name that is not one of `DOMAINS`."""
    if name not in DOMAINS:
        raise SpectrumError(f"There is no domain {name!r}; choose one of {', '.join(DOMAINS)}.")
