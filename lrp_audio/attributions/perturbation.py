"""Perturbation by segments: a logit as a function of which segments of an input are present."""

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lrp_audio.arguments import OnOneLine, finite
from lrp_audio.attributions.base import PerSampleAttribution
from lrp_audio.attributions.queries import logit
from lrp_audio.audio.segments import Labels, Segments, require_segments
from lrp_audio.models.batches import slices
from lrp_audio.models.network import Network
from lrp_audio.types import Array

Doubles = NDArray[np.float64]
"""Numbers of the regressions on segments, float64 whatever the network computes in."""


@dataclass(frozen=True, eq=False, repr=False)
class MaskedSample(OnOneLine):
    """One sample of which segments can be masked, and the logit f of its `target`.

    `labels` numbers the segments of the `sample`; masked ones hold `baseline`.
    """

    network: Network
    sample: Array
    target: int
    labels: Labels
    baseline: float

    @property
    def count(self) -> int:
        """Number of segments."""
        return int(self.labels.max()) + 1

    def logits(self, present: NDArray[Any]) -> Doubles:
        """f ``(n,)`` for each row of `present` ``(n, segments)``, true where one is not masked."""
        kept = present.astype(bool)
        absent = self.sample.dtype.type(self.baseline)
        batches = (
            np.where(kept[piece][:, self.labels], self.sample, absent)
            for piece in slices(len(kept))
        )
        return logit(self.network, batches, self.target)


@dataclass(frozen=True)
class SegmentAttribution(PerSampleAttribution):
    """A method that scores segments; each value of an input gets the score of its segment.

    A segment that is absent holds `baseline`, such as the `silence` of the network's front end.
    """

    segments: Segments
    baseline: float

    def __post_init__(self) -> None:
        require_segments(self.segments)
        finite(baseline=self.baseline)

    def attribute_one(self, network: Network, sample: Array, target: int) -> Array:
        """The score of each value's segment."""
        labels = self.segments.labels(sample.shape)
        masked = MaskedSample(network, sample, target, labels, self.baseline)
        return self.scores(masked)[labels]

    @abstractmethod
    def scores(self, masked: MaskedSample) -> Doubles:
        """One number for each segment, ``(segments,)``."""
