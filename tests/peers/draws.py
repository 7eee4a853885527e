"""Random networks from a seed, over one axis, two, or none, and what lrp_audio explains there."""

from dataclasses import dataclass, field
from functools import cache

import numpy as np
from numpy.typing import NDArray

from lrp_audio.errors import ShapeError
from lrp_audio.layers import (
    ELU,
    GELU,
    AveragePool1D,
    AveragePool2D,
    BatchNorm,
    Conv1D,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    GlobalAveragePool,
    GlobalMaxPool,
    HardSigmoid,
    HardSwish,
    Identity,
    Layer,
    LeakyReLU,
    MaxPool1D,
    MaxPool2D,
    PReLU,
    ReLU,
    Reshape,
    Sigmoid,
    SiLU,
    Softplus,
    Sum,
    Tanh,
)
from lrp_audio.models.folding import fold_batch_norms
from lrp_audio.models.network import INPUT, Network, Node
from lrp_audio.rules import PRESETS, Composite

Array = NDArray[np.float64]
BOUNDS = (-0.9, 1.1)
"""Every input lies within them."""


class RecordedBatchNorm(BatchNorm):
    """A batch-norm that still knows its statistics, so that it can be translated."""

    def __init__(self, scale: Array, shift: Array, mean: Array, variance: Array) -> None:
        super().__init__(scale, shift, mean, variance)
        self.scale, self.shift, self.mean, self.variance = scale, shift, mean, variance
        self.epsilon = 1e-5


@dataclass(frozen=True)
class Draw:
    """A network, two samples for it, and how much of each logit is to be explained.

    `folded` is the network without batch-norms. The relevance starts as ``share * logit``, so it
    is never large where the logit is close to zero: the quotient by which an epsilon rule starts
    is well conditioned, as it is in every use of LRP.
    """

    network: Network
    folded: Network
    x: Array
    share: Array

    def explain(self, rules: Composite) -> tuple[Array, Array]:
        """Logits and input relevance as lrp_audio finds them."""
        found = self.folded.propagate(self.x, lambda logits: logits * self.share, rules)
        return found.output, found.relevance[INPUT]


@cache
def draw(seed: int, non_negative: bool = False) -> Draw:
    """The network of that `seed`; drawn again where z+ finds nothing to explain in a sample.

    (ReLUs of a small network may all be off; to compare zeros would show nothing.) With
    `non_negative` every input is >= 0 and a ReLU follows every dense layer and convolution.
    """
    rng = np.random.default_rng([seed, non_negative])
    for _ in range(100):
        drawn = _draw(rng, non_negative)
        _, found = drawn.explain(_ALIVE)
        if found.reshape(2, -1).any(axis=1).all():
            return drawn
    raise AssertionError(f"No network of seed {seed} has anything to explain.")


_ALIVE = PRESETS["excitation-backprop"](BOUNDS)


def _draw(rng: np.random.Generator, non_negative: bool) -> Draw:
    network = _Builder(rng, non_negative).network()
    low, high = BOUNDS
    x = rng.uniform(0 if non_negative else low, high, (2, *network.input_shape))
    x[rng.random(x.shape) < 0.1] = 0  # silence
    share = rng.choice([0.0, 0.5, 1.0], (2, *network.shapes[network.output]))
    share[:, 0] = 1.0
    return Draw(network, fold_batch_norms(network), x, share)


@dataclass
class _Builder:
    """A network under construction: its nodes, and what the next layer will read."""

    rng: np.random.Generator
    non_negative: bool
    nodes: list[Node] = field(default_factory=list)
    source: str = INPUT
    shape: tuple[int, ...] = ()

    def network(self) -> Network:
        rank = int(self.rng.choice([0, 1, 2], p=[0.06, 0.47, 0.47]))
        if rank == 0 and self._chance(0.5):
            input_shape = self.shape = (self._whole(3, 8),)
        elif rank == 0:
            rank, input_shape = 1, (self._whole(6, 16),)
            self.shape = input_shape
            length = self._whole(4, 8)
            self._dense(2 * length)
            self._activation()
            self._add(Reshape((2, length)))
        else:
            lengths = (self._whole(10, 24),) if rank == 1 else (self._whole(6, 9),) * 2
            input_shape = self.shape = (self._whole(1, 3), *lengths)
        if len(self.shape) > 1:
            self._body(rank)
        for _ in range(self._whole(0, 2)):
            self._dense(self._whole(3, 6))
            self._batch_norm()
            self._activation()
            if self._chance(0.2):
                self._add(Dropout(0.5))
        self._dense(self._whole(2, 4))
        if self.non_negative:
            self._activation()
        return Network(self.nodes, input_shape)

    def _body(self, rank: int) -> None:
        if self._chance(0.1):
            self._pool(rank)
        if self._chance(0.1):
            self._residual(rank)
        for _ in range(self._whole(1, 3)):
            self._convolution(rank)
            self._batch_norm()
            self._activation()
            if self._chance(0.3):
                self._residual(rank)
            if self._chance(0.5):
                self._pool(rank)
        ends = [GlobalAveragePool(), GlobalMaxPool(), Flatten()]
        self._add(ends[int(self.rng.choice(3, p=[0.2, 0.2, 0.6]))])

    def _residual(self, rank: int) -> None:
        start, channels = self.source, self.shape[0]
        weight = self._numbers((channels, channels, *self._axes(rank, 1, 3)))
        self._add((Conv1D, Conv2D)[rank - 1](weight, self._bias(channels), pad="same"))
        self._batch_norm()
        if self.non_negative or self._chance(0.5):
            self._activation()
        self._add(Sum(2), also=start)
        if self._chance(0.5):
            self._activation()

    def _convolution(self, rank: int) -> None:
        groups = int(self.rng.choice([g for g in (1, 2, 3) if self.shape[0] % g == 0]))
        outputs = groups * self._whole(1, 3)
        while True:
            kernel = self._axes(rank, 1, 4)
            weight = self._numbers((outputs, self.shape[0] // groups, *kernel))
            same = self._chance(0.2)
            layer = (Conv1D, Conv2D)[rank - 1](
                weight,
                self._bias(outputs),
                self._axes(rank, 1, 1 if same else 3),
                "same" if same else self._axes(rank, 0, 2),
                self._axes(rank, 1, 2),
                groups,
            )
            if self._fits(layer):
                return self._add(layer)

    def _pool(self, rank: int) -> None:
        kinds = (MaxPool1D, AveragePool1D) if rank == 1 else (MaxPool2D, AveragePool2D)
        kind = kinds[self._whole(0, 1)]
        while True:
            kernel = self._axes(rank, 1, 3)
            pad = tuple(self._whole(0, k // 2) for k in kernel)
            options = {"ceil_mode": self._chance(0.5)}
            if kind in (AveragePool1D, AveragePool2D):
                options["count_include_pad"] = self._chance(0.5)
            else:
                options["dilation"] = self._axes(rank, 1, 2)
            layer = kind(kernel, self._axes(rank, 1, 3), pad, **options)
            if self._fits(layer):
                return self._add(layer)

    def _dense(self, outputs: int) -> None:
        self._add(Dense(self._numbers((outputs, self.shape[0])), self._bias(outputs)))

    def _batch_norm(self) -> None:
        if self._chance(0.4):
            channels = self.shape[0]
            scale, shift, mean = (self.rng.normal(size=channels) for _ in range(3))
            self._add(RecordedBatchNorm(scale, shift, mean, self.rng.uniform(0.2, 2, channels)))

    def _activation(self) -> None:
        slopes = self.rng.uniform(-0.5, 0.5, self.shape[0])
        choices = [ReLU(), ReLU(), LeakyReLU(0.1), ELU(1.2), GELU(), Tanh(), Sigmoid()]
        choices += [PReLU(slopes), SiLU(), HardSwish(), HardSigmoid(), Softplus(), Identity()]
        self._add(ReLU() if self.non_negative else choices[self._whole(0, len(choices) - 1)])

    def _add(self, layer: Layer, also: str | None = None) -> None:
        sources = (self.source,) if also is None else (also, self.source)
        shape = self.shape if also is None else (2, *self.shape)
        self.shape = layer.output_shape(shape)
        self.source = f"{type(layer).__name__.lower()}{len(self.nodes)}"
        self.nodes.append(Node(self.source, layer, sources))

    def _fits(self, layer: Layer) -> bool:
        try:
            return min(layer.output_shape(self.shape)) > 0
        except ShapeError:
            return False

    def _bias(self, outputs: int) -> Array | None:
        return self.rng.normal(scale=0.3, size=outputs) if self._chance(0.6) else None

    def _numbers(self, shape: tuple[int, ...]) -> Array:
        return self.rng.normal(scale=np.prod(shape[1:]) ** -0.5, size=shape)

    def _axes(self, rank: int, low: int, high: int) -> tuple[int, ...]:
        return tuple(self._whole(low, high) for _ in range(rank))

    def _whole(self, low: int, high: int) -> int:
        return int(self.rng.integers(low, high + 1))

    def _chance(self, probability: float) -> bool:
        return bool(self.rng.random() < probability)
