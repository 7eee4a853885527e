"""The game that occlusion, LIME and SHAP play: segments of an input are there, or absent."""

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lrp_audio.arguments import OnOneLine, finite
from lrp_audio.attributions.base import OneByOne
from lrp_audio.attributions.queries import logit
from lrp_audio.audio.segments import Labels, Segments, require_segments
from lrp_audio.models.batches import slices
from lrp_audio.models.network import Network
from lrp_audio.types import Array

Doubles = NDArray[np.float64]


@dataclass(frozen=True, eq=False, repr=False)
class Game(OnOneLine):
    """The logit f of one sample's `target`, as a function of which of its segments are there.

    `labels` numbers the segments of the `sample`; where one is absent, `baseline` stands.
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

    def values(self, present: NDArray[Any]) -> Doubles:
        """f for each row of `present` ``(n, segments)``, which is true where one is there."""
        there = present.astype(bool)
        absent = self.sample.dtype.type(self.baseline)
        batches = (
            np.where(there[piece][:, self.labels], self.sample, absent)
            for piece in slices(len(there))
        )
        return logit(self.network, batches, self.target)


@dataclass(frozen=True)
class OnSegments(OneByOne):
    """A method that scores segments; each value of an input gets the score of its segment.

    Where a segment is absent, `baseline` stands, such as the `silence` of the network's front end.
    """

    segments: Segments
    baseline: float

    def __post_init__(self) -> None:
        require_segments(self.segments)
        finite(baseline=self.baseline)

    def attribute_one(self, network: Network, sample: Array, target: int) -> Array:
        """The scores of the segments, at each of their values."""
        labels = self.segments.labels(sample.shape)
        return self.scores(Game(network, sample, target, labels, self.baseline))[labels]

    @abstractmethod
    def scores(self, game: Game) -> Doubles:
        """One number for each segment, ``(segments,)``."""
