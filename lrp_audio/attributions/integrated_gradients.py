"""Integrated gradients."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from lrp_audio.arguments import finite, whole
from lrp_audio.attributions.base import PerSampleAttribution
from lrp_audio.attributions.queries import mean_gradient
from lrp_audio.models.batches import slices
from lrp_audio.models.network import Network
from lrp_audio.types import Array


@dataclass(frozen=True)
class IntegratedGradients(PerSampleAttribution):
    """The mean gradient on the straight line from `baseline` to the input, times their difference.

    The integral is computed by the midpoint rule with `steps` points. Complete: the sum over the
    input approaches f(x) - f(x') as the steps become finer.
    """

    baseline: float
    steps: int = 64
    name: ClassVar[str] = "integrated-gradients"
    formula: ClassVar[str] = (
        "R_i = (x_i - x'_i) 1/m sum_k df/dx_i (x' + (k - 1/2)/m (x - x')), k = 1..m"
    )
    source: ClassVar[str] = "Sundararajan et al. 2017, eq. 1"

    def __post_init__(self) -> None:
        whole(self, steps=1)
        finite(baseline=self.baseline)

    def attribute_one(self, network: Network, sample: Array, target: int) -> Array:
        """`steps` forward and backward passes."""
        difference = sample - sample.dtype.type(self.baseline)
        shares = ((np.arange(self.steps) + 0.5) / self.steps).astype(sample.dtype)
        shares = shares.reshape(-1, *[1] * sample.ndim)
        points = (sample + (shares[piece] - 1) * difference for piece in slices(self.steps))
        return np.asarray(difference * mean_gradient(network, points, target))
