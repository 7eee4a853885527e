"""Random numbers instead of an explanation: the control."""

from dataclasses import dataclass
from typing import ClassVar

from lrp_audio.arguments import whole
from lrp_audio.attributions.base import PerSampleAttribution, generator
from lrp_audio.audio.segments import Segments, require_segments
from lrp_audio.models.network import Network
from lrp_audio.types import Array


@dataclass(frozen=True)
class Random(PerSampleAttribution):
    """A random number for each value, whatever the network and the target."""

    seed: int = 0
    name: ClassVar[str] = "random"
    formula: ClassVar[str] = "R_i ~ N(0, 1)"
    source: ClassVar[str] = "control"

    def __post_init__(self) -> None:
        whole(self, seed=0)

    def attribute_one(self, network: Network, sample: Array, target: int) -> Array:
        """No pass through the network."""
        return generator(self.seed, sample).standard_normal(sample.shape)


@dataclass(frozen=True)
class RandomSegments(PerSampleAttribution):
    """A random number for each segment: the control for methods that score segments."""

    segments: Segments
    seed: int = 0
    name: ClassVar[str] = "random-segments"
    formula: ClassVar[str] = "R_s ~ N(0, 1)"
    source: ClassVar[str] = "control"

    def __post_init__(self) -> None:
        require_segments(self.segments)
        whole(self, seed=0)

    def attribute_one(self, network: Network, sample: Array, target: int) -> Array:
        """No pass through the network."""
        labels = self.segments.labels(sample.shape)
        scores = generator(self.seed, sample).standard_normal(int(labels.max()) + 1)
        return scores[labels]
