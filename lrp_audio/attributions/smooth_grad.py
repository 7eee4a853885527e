"""SmoothGrad."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from lrp_audio.arguments import above_zero, whole
from lrp_audio.attributions.base import PerSampleAttribution, generator
from lrp_audio.attributions.queries import mean_gradient
from lrp_audio.models.batches import slices
from lrp_audio.models.network import Network
from lrp_audio.types import Array


@dataclass(frozen=True)
class SmoothGrad(PerSampleAttribution):
    """The mean gradient at `samples` noisy copies; `noise` is a fraction of the input's range."""

    samples: int = 32
    noise: float = 0.1
    seed: int = 0
    name: ClassVar[str] = "smooth-grad"
    formula: ClassVar[str] = (
        "R_i = 1/n sum_k df/dx_i (x + e_k), e_k ~ N(0, s^2), s = noise (max x - min x)"
    )
    source: ClassVar[str] = "Smilkov et al. 2017"

    def __post_init__(self) -> None:
        whole(self, samples=1, seed=0)
        above_zero(noise=self.noise)

    def attribute_one(self, network: Network, sample: Array, target: int) -> Array:
        """`samples` forward and backward passes."""
        return mean_gradient(network, self._copies(sample), target)

    def _copies(self, sample: Array) -> Iterator[Array]:
        rng = generator(self.seed, sample)
        spread = self.noise * float(sample.max() - sample.min())
        for piece in slices(self.samples):
            noise = rng.standard_normal((piece.stop - piece.start, *sample.shape))
            yield sample + (spread * noise).astype(sample.dtype)
