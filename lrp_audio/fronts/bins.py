"""Where relevance goes from the input of a front end: to bins of its transform, to samples."""

from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from lrp_audio.audio.analysis import Analysis
from lrp_audio.audio.domain import Carried, Domain, Frequency, Time, TimeFrequency
from lrp_audio.audio.levels import decibels
from lrp_audio.types import Floats


class ThroughBins(Protocol):
    """A front end whose input is made of the bins of an `analysis`."""

    @property
    def rate(self) -> int:
        """Samples a second."""
        ...

    @property
    def analysis(self) -> Analysis:
        """The transform."""
        ...

    @property
    def bin_layers(self) -> tuple[str, ...]:
        """Names of the steps from the input to the bins."""
        ...

    def to_bins(self, relevance: Floats, samples: Floats) -> Carried:
        """Relevance of the bins ``(..., bins, frames)`` from that of the input."""
        ...


@dataclass(frozen=True)
class Bins:
    """The bins of the transform of `front`."""

    front: ThroughBins

    name: ClassVar[str] = "time-frequency"
    along: ClassVar[tuple[str, ...]] = ("frequencies", "times")

    @property
    def rate(self) -> int:
        """Samples a second."""
        return self.front.rate

    @property
    def layers(self) -> tuple[str, ...]:
        """Steps from the input to the bins."""
        return self.front.bin_layers

    def carry(self, x: Floats, relevance: Floats, samples: Floats) -> Carried:
        """``(..., bins, frames)``, every frame of the clip."""
        return self.front.to_bins(relevance, samples)

    def axes(self, length: int) -> dict[str, NDArray[np.float64]]:
        """``frequencies`` of the bins, and ``times`` of the middles of the windows."""
        analysis = self.front.analysis
        return {
            "frequencies": analysis.frequencies(self.rate),
            "times": analysis.times(self.rate, analysis.count(length)),
        }

    def heard(self, mask: Floats, samples: Floats) -> Floats:
        """The clip with its spectra masked, with its own phases."""
        return self.front.analysis.masked(mask, samples)

    def shown(self, samples: Floats) -> Floats:
        """Decibels of the bins."""
        return decibels(np.abs(self.front.analysis.spectra(samples)))


class ThroughSamples(Protocol):
    """A front end that can take the relevance of its input back to the samples of the clip."""

    @property
    def sample_layers(self) -> tuple[str, ...]:
        """Names of the steps from the input to the samples."""
        ...

    def to_samples(self, relevance: Floats, samples: Floats) -> Carried:
        """Relevance of the samples ``(..., length)`` from that of the input."""
        ...


@dataclass(frozen=True)
class OfSamples:
    """A domain of samples, reached from another input through the samples of the clip."""

    front: ThroughSamples
    domain: Time | Frequency | TimeFrequency

    @property
    def name(self) -> str:
        """That of the domain."""
        return self.domain.name

    @property
    def along(self) -> tuple[str, ...]:
        """Axes of the domain."""
        return self.domain.along

    @property
    def rate(self) -> int:
        """Samples a second."""
        return self.domain.rate

    @property
    def layers(self) -> tuple[str, ...]:
        """Steps from the input to the samples, and on to the domain."""
        return self.front.sample_layers + self.domain.layers

    def carry(self, x: Floats, relevance: Floats, samples: Floats) -> Carried:
        """Relevance carried to the samples, and on to the domain."""
        first = self.front.to_samples(relevance, samples)
        then = self.domain.carry(samples, first.relevance, samples)
        return Carried(then.relevance, first.lines + then.lines)

    def axes(self, length: int) -> dict[str, NDArray[np.float64]]:
        """Those of the domain."""
        return self.domain.axes(length)

    def heard(self, mask: Floats, samples: Floats) -> Floats:
        """As in the domain."""
        return self.domain.heard(mask, samples)

    def shown(self, samples: Floats) -> Floats:
        """As in the domain."""
        return self.domain.shown(samples)


def of_samples(
    front: ThroughSamples, *domains: Time | Frequency | TimeFrequency
) -> tuple[Domain, ...]:
    """The `domains`, reached through the samples."""
    return tuple(OfSamples(front, domain) for domain in domains)
