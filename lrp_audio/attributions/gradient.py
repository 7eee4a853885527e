"""The gradient, also called saliency."""

from dataclasses import dataclass
from typing import ClassVar

from lrp_audio.attributions.base import Attribution
from lrp_audio.attributions.queries import gradients
from lrp_audio.models.network import Network
from lrp_audio.types import Array


@dataclass(frozen=True)
class Gradient(Attribution):
    """The slope of the logit. Signed; take `abs` for a saliency map."""

    name: ClassVar[str] = "gradient"
    formula: ClassVar[str] = "R_i = df/dx_i (x)"
    source: ClassVar[str] = "Simonyan et al. 2014"

    def attribute_batch(self, network: Network, x: Array, targets: Array) -> Array:
        """One forward and one backward pass."""
        return gradients(network, x, targets)
