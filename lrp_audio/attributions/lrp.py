"""LRP as one attribution method among others."""

from dataclasses import dataclass
from typing import ClassVar

from lrp_audio.attributions.base import Attribution
from lrp_audio.attributions.queries import one_hot
from lrp_audio.models.network import INPUT, Network
from lrp_audio.rules.composite import Composite, as_composite
from lrp_audio.types import Array


@dataclass(frozen=True)
class Lrp(Attribution):
    """Layer-wise relevance propagation under the composite `rules`, starting from the logit."""

    rules: Composite
    name: ClassVar[str] = "lrp"
    formula: ClassVar[str] = "R_j = sum_k (share of j in k) R_k, layer by layer, from R = f(x)"
    source: ClassVar[str] = "Bach et al. 2015"

    def __post_init__(self) -> None:
        as_composite(self.rules)

    def attribute_batch(self, network: Network, x: Array, targets: Array) -> Array:
        """One forward pass, and one backward pass that takes as long as one to three gradients."""

        def start(logits: Array) -> Array:
            return logits * one_hot(logits, targets)

        return network.propagate(x, start, self.rules).relevance[INPUT]
