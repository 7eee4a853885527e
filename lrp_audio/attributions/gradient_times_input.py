"""Gradient times input."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from lrp_audio.arguments import finite
from lrp_audio.attributions.base import Attribution
from lrp_audio.attributions.queries import gradients
from lrp_audio.models.network import Network
from lrp_audio.types import Array


@dataclass(frozen=True)
class GradientTimesInput(Attribution):
    """What each value would add to the logit, from `baseline`, if the network were linear."""

    baseline: float = 0.0
    name: ClassVar[str] = "gradient-times-input"
    formula: ClassVar[str] = "R_i = (x_i - x'_i) df/dx_i (x)"
    source: ClassVar[str] = "Shrikumar et al. 2016, with x' = 0"

    def __post_init__(self) -> None:
        finite(baseline=self.baseline)

    def attribute_batch(self, network: Network, x: Array, targets: Array) -> Array:
        """One forward and one backward pass."""
        return np.asarray((x - self.baseline) * gradients(network, x, targets))
