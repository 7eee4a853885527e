"""AudioNet's convolutions over clips of any length, and the memory that an explanation takes.

The published dense stack only takes one second: an average over time and a last dense layer stand
in its place.
"""

import math
import tracemalloc
from dataclasses import dataclass

import numpy as np

from benchmarks.case import CLASSES, network_of
from benchmarks.ours import predicted
from lrp_audio.fronts.waveform import WAVEFORM
from lrp_audio.kernels.reuse import release
from lrp_audio.layers import Dense, GlobalAveragePool, Layer
from lrp_audio.models.network import INPUT, Network, chain
from lrp_audio.models.zoo import ARCHITECTURES
from lrp_audio.rules.presets import composite
from lrp_audio.types import Array


@dataclass(frozen=True)
class Memory:
    """Of an explanation, in MB: the peak beside weights and input, and the outputs of all layers.

    The peak includes the result, which is the relevance of all layers, and what layers remember of
    their weights.
    """

    peak: float
    outputs: float


class LongClip:
    """A network with random weights over a clip of `seconds`, of noise."""

    def __init__(self, seconds: int) -> None:
        rng = np.random.default_rng(0)
        published = network_of("audionet", "random", 0)
        layers: list[tuple[str, Layer]] = []
        for node in published.nodes:
            if node.layer.kind == "shape":
                break
            layers.append((node.name, node.layer))
        last = rng.standard_normal((CLASSES, 128), np.float32)
        layers += [("average", GlobalAveragePool()), ("dense", Dense(last))]
        self.network = Network(chain(layers), (1, seconds * WAVEFORM.rate))
        self.network.freeze()
        self.x = rng.standard_normal((1, *self.network.input_shape), np.float32)

    def explain(self, rules: str) -> Array:
        """The relevance of the input under the composite `rules`."""
        chosen = composite(rules, ARCHITECTURES["audionet"].front.bounds)
        return self.network.propagate(self.x, predicted, chosen).relevance[INPUT]

    @property
    def outputs(self) -> int:
        """Bytes of the outputs of all layers."""
        shapes = (self.network.shapes[node.name] for node in self.network.nodes)
        return self.x.itemsize * sum(math.prod(shape) for shape in shapes)


def memory(seconds: int, rules: str) -> Memory:
    """That of an explanation of a clip of `seconds` under the composite `rules`."""
    LongClip(1).explain(rules)  # compiles the kernels
    clip = LongClip(seconds)
    release()  # or what is used again would not be counted
    tracemalloc.start()
    try:
        clip.explain(rules)
        return Memory(tracemalloc.get_traced_memory()[1] / 1e6, clip.outputs / 1e6)
    finally:
        tracemalloc.stop()
