"""Domains: where the relevance of a clip is shown and heard, in time, in frequency or in both."""

from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from lrp_audio.arguments import described
from lrp_audio.audio import audible, spectral
from lrp_audio.audio.clip import RATE
from lrp_audio.audio.front import FrontEnd
from lrp_audio.audio.spectrogram import PUBLISHED, column_times, row_frequencies, uncropped
from lrp_audio.audio.stft import Stft
from lrp_audio.errors import SpectrumError

Floats = NDArray[np.floating]
DOMAINS = ("time", "frequency", "time-frequency")


class Domain(Protocol):
    """What relevance lies on.

    `name` is one of `DOMAINS`. `layer` names the linear layer that makes the samples from this
    domain (a line in the ledger), and is None where the network itself hears in this domain.
    """

    name: ClassVar[str]
    layer: ClassVar[str | None]

    def carry(self, x: Floats, relevance: Floats) -> Floats:
        """Relevance in this domain from that of the network's input `x`, without channel axis."""
        ...

    def axes(self, length: int) -> dict[str, NDArray[np.float64]]:
        """``frequencies`` in Hz and ``times`` in s, those that there are, of `length` samples."""
        ...

    def heard(self, mask: Floats, samples: Floats) -> Floats:
        """The sound ``(length,)`` that `mask`, of the shape of the relevance, leaves of samples."""
        ...


@dataclass(frozen=True)
class Time:
    """Samples, as a waveform network hears them."""

    name: ClassVar[str] = "time"
    layer: ClassVar[str | None] = None

    def carry(self, x: Floats, relevance: Floats) -> Floats:
        """`relevance` itself, ``(length,)``."""
        return relevance

    def axes(self, length: int) -> dict[str, NDArray[np.float64]]:
        """``times`` of the samples."""
        return {"times": np.arange(length) / RATE}

    def heard(self, mask: Floats, samples: Floats) -> Floats:
        """``mask * samples``."""
        return audible.in_time(mask, samples)


@dataclass(frozen=True)
class Frequency:
    """Frequencies of the whole clip, reached through the inverse DFT (DFT-LRP)."""

    name: ClassVar[str] = "frequency"
    layer: ClassVar[str | None] = "inverse-dft"

    def carry(self, x: Floats, relevance: Floats) -> Floats:
        """``(length // 2 + 1,)``."""
        return spectral.frequency_relevance(x, relevance)

    def axes(self, length: int) -> dict[str, NDArray[np.float64]]:
        """``frequencies`` of the DFT."""
        return {"frequencies": np.arange(length // 2 + 1) * RATE / length}

    def heard(self, mask: Floats, samples: Floats) -> Floats:
        """The clip filtered by `mask`."""
        return audible.in_frequency(mask, samples)


@dataclass(frozen=True)
class TimeFrequency:
    """Bins of a short-time Fourier transform, reached through its inverse (DFT-LRP)."""

    stft: Stft = PUBLISHED

    name: ClassVar[str] = "time-frequency"
    layer: ClassVar[str | None] = "inverse-stft"

    def carry(self, x: Floats, relevance: Floats) -> Floats:
        """``(bins, frames)``."""
        return spectral.time_frequency_relevance(x, relevance, self.stft)

    def axes(self, length: int) -> dict[str, NDArray[np.float64]]:
        """``frequencies`` and ``times`` of the bins and frames."""
        return {"frequencies": self.stft.frequencies(RATE), "times": self.stft.times(RATE)}

    def heard(self, mask: Floats, samples: Floats) -> Floats:
        """The clip with its spectra masked."""
        return audible.in_time_frequency(mask, samples, self.stft)


@dataclass(frozen=True)
class Picture:
    """The published spectrogram, as a spectrogram network hears it."""

    name: ClassVar[str] = "time-frequency"
    layer: ClassVar[str | None] = None

    def carry(self, x: Floats, relevance: Floats) -> Floats:
        """`relevance` itself, ``(227, 227)``."""
        return relevance

    def axes(self, length: int) -> dict[str, NDArray[np.float64]]:
        """``frequencies`` of the rows and ``times`` of the columns."""
        return {"frequencies": row_frequencies(), "times": column_times()}

    def heard(self, mask: Floats, samples: Floats) -> Floats:
        """The clip with its spectra masked; what the picture crops shares its neighbour's mask."""
        return audible.in_time_frequency(uncropped(mask), samples, PUBLISHED)


def as_domain(domain: str | Domain | None, front: FrontEnd) -> Domain:
    """`domain` itself, or the one of that name for a network behind `front` (see `choose`).

    Raises `SpectrumError` for what is none.
    """
    if domain is None or isinstance(domain, str):
        return choose(front, domain)
    if not isinstance(domain, Time | Frequency | TimeFrequency | Picture):
        raise SpectrumError(
            f"{described(domain)} is no domain: give {', '.join(DOMAINS)}, or a Domain such as "
            "TimeFrequency(Stft(256, 64, 8000))."
        )
    return domain


def choose(
    front: FrontEnd, name: str | None = None, window: int | None = None, hop: int | None = None
) -> Domain:
    """The domain `name` of a network behind `front`; by default the one that the network hears in.

    `window` and `hop` in samples, for a waveform network in time-frequency only; by default those
    of the published spectrogram, and a quarter of another window. Raises `SpectrumError` for what
    does not fit together.
    """
    if name is not None and name not in DOMAINS:
        raise SpectrumError(f"There is no domain {name!r}; choose one of {', '.join(DOMAINS)}.")
    hears_pictures = len(front.shape) == 3
    if hears_pictures and name in ("time", "frequency"):
        raise SpectrumError(
            f"A spectrogram network has its relevance in time-frequency, not in {name}: choose "
            "time-frequency, or a waveform network such as audionet-digit."
        )
    if window is None and hop is None:
        if name == "frequency":
            return Frequency()
        if hears_pictures:
            return Picture()
        return TimeFrequency() if name == "time-frequency" else Time()
    if hears_pictures or name != "time-frequency":
        raise SpectrumError(
            "Window and hop are for the domain time-frequency of a waveform network; a spectrogram "
            f"network hears windows of {PUBLISHED.window} samples every {PUBLISHED.hop}."
        )
    window = PUBLISHED.window if window is None else window
    return TimeFrequency(Stft(window, max(window // 4, 1) if hop is None else hop, front.length))
