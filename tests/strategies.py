"""Random layers and inputs, drawn by hypothesis; how rules are drawn is in `oracle`."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray
from oracle import RULES

from lrp_audio.layers import (
    ELU,
    GELU,
    AveragePool1D,
    AveragePool2D,
    BatchNorm,
    Conv1D,
    Conv2D,
    Dense,
    Flatten,
    GlobalAveragePool,
    Layer,
    LeakyReLU,
    MaxPool1D,
    MaxPool2D,
    ReLU,
    Reshape,
    Sigmoid,
    Sum,
    Tanh,
)
from lrp_audio.layers.base import LinearLayer
from lrp_audio.rules import Gamma, LinearRule, Propagation, Rule

Array = NDArray[np.float64]
Case = tuple[Layer, tuple[int, ...]]
"""A layer and the shape of one sample that it takes."""

small = st.integers(1, 3)


@st.composite
def generators(draw: st.DrawFn) -> np.random.Generator:
    return np.random.default_rng(draw(st.integers(0, 2**32 - 1)))


def numbers(rng: np.random.Generator, shape: tuple[int, ...], signs: str = "both") -> Array:
    """Values away from zero in magnitude, some of them exactly zero; one sign or both."""
    values = rng.uniform(0.1, 2.0, shape) * (rng.random(shape) < 0.9)
    if signs == "negative":
        return -values
    return values if signs == "positive" else values * rng.choice([-1.0, 1.0], shape)


@st.composite
def biases(draw: st.DrawFn, count: int) -> Array | None:
    rng = draw(generators())
    return numbers(rng, (count,)) if draw(st.booleans()) else None


@st.composite
def dense(draw: st.DrawFn) -> Case:
    inputs, outputs = draw(st.integers(1, 8)), draw(st.integers(1, 6))
    weight = numbers(draw(generators()), (outputs, inputs))
    return Dense(weight, draw(biases(outputs))), (inputs,)


@st.composite
def convolution(draw: st.DrawFn, rank: int) -> Case:
    groups, per_in, per_out = draw(st.integers(1, 2)), draw(small), draw(small)
    kernel = tuple(draw(small) for _ in range(rank))
    stride = tuple(draw(small) for _ in range(rank))
    dilation = tuple(draw(st.integers(1, 2)) for _ in range(rank))
    pad = draw(st.just("same") | st.tuples(*[st.integers(0, 2)] * rank))
    weight = numbers(draw(generators()), (groups * per_out, per_in, *kernel))
    lengths = tuple(
        (k - 1) * d + 1 + draw(st.integers(0, 4)) for k, d in zip(kernel, dilation, strict=True)
    )
    kind = Conv1D if rank == 1 else Conv2D
    bias = draw(biases(groups * per_out))
    return kind(weight, bias, stride, pad, dilation, groups), (groups * per_in, *lengths)


@st.composite
def pool(draw: st.DrawFn, kind: Callable[..., Layer], rank: int) -> Case:
    kernel = tuple(draw(small) for _ in range(rank))
    stride = tuple(draw(small) for _ in range(rank))
    pad = tuple(draw(st.integers(0, k // 2)) for k in kernel)
    lengths = tuple(k + draw(st.integers(0, 4)) for k in kernel)
    return kind(kernel, stride, pad, ceil_mode=draw(st.booleans())), (draw(small), *lengths)


@st.composite
def batch_norm(draw: st.DrawFn) -> Case:
    channels, rng = draw(small), draw(generators())
    scale, shift, mean = (numbers(rng, (channels,)) for _ in range(3))
    layer = BatchNorm(scale, shift, mean, rng.uniform(0.1, 2, channels))
    return layer, (channels, *draw(st.sampled_from([(), (4,), (2, 3)])))


shapes = st.sampled_from([(3,), (2, 3), (2, 3, 2)])
deep_shapes = st.sampled_from([(2, 5), (3, 2, 3)])

LINEAR: dict[type[Layer], st.SearchStrategy[Case]] = {
    Dense: dense(),
    Conv1D: convolution(1),
    Conv2D: convolution(2),
    AveragePool1D: pool(AveragePool1D, 1),
    AveragePool2D: pool(AveragePool2D, 2),
    GlobalAveragePool: st.tuples(st.builds(GlobalAveragePool), deep_shapes),
    BatchNorm: batch_norm(),
    Sum: st.tuples(st.builds(Sum, st.just(2)), shapes.map(lambda shape: (2, *shape))),
}

POOLS: dict[type[Layer], st.SearchStrategy[Case]] = {
    MaxPool1D: pool(MaxPool1D, 1),
    MaxPool2D: pool(MaxPool2D, 2),
}

PASSING: dict[type[Layer], st.SearchStrategy[Case]] = {
    ReLU: st.tuples(st.builds(ReLU), shapes),
    LeakyReLU: st.tuples(st.builds(LeakyReLU, st.floats(0.01, 0.5)), shapes),
    ELU: st.tuples(st.builds(ELU, st.floats(0.5, 2)), shapes),
    GELU: st.tuples(st.builds(GELU), shapes),
    Tanh: st.tuples(st.builds(Tanh), shapes),
    Sigmoid: st.tuples(st.builds(Sigmoid), shapes),
    Flatten: st.tuples(st.builds(Flatten), deep_shapes),
    Reshape: st.just((Reshape((3, 4)), (2, 6))),
}

OTHER = POOLS | PASSING


@dataclass(frozen=True)
class Setting:
    """A layer, a rule, two samples that the rule takes there, their output and its relevance."""

    layer: LinearLayer
    rule: LinearRule
    x: Array
    z: Array
    relevance: Array

    def propagate(self, relevance: Array | None = None) -> Propagation:
        given = self.relevance if relevance is None else relevance
        return self.layer.relevance(self.x, self.z, given, self.rule)

    def rounding(self) -> float:
        """How far float64 rounding may move a sum of what is handed back, generously."""
        flow = self.propagate(np.abs(self.relevance))
        turnover = sum(
            float(np.abs(trace.s).max() * max(np.abs(trace.z).max(), self._reach()))
            for trace in flow.traces
        )
        return 1e-13 * (turnover * self.z.size + float(np.abs(self.relevance).sum()))

    def _reach(self) -> float:
        """Largest sum of absolute contributions, with room for what rules make of them."""
        absolute = self.layer.linear(np.abs(self.x) + 5, np.abs(self.layer.weight))
        return 20 * float(absolute.max(initial=0))


@st.composite
def settings_of(draw: st.DrawFn, layer_kind: type[Layer], rule_kind: type[Rule]) -> Setting:
    layer, shape = draw(LINEAR[layer_kind])
    rule, rng = draw(RULES[rule_kind]), draw(generators())
    sign = "positive" if rule_kind is Gamma else draw(signs)
    x = numbers(rng, (2, *shape), sign)
    z = layer.forward(x)
    return Setting(layer, rule, x, z, numbers(rng, z.shape))


signs = st.sampled_from(["both", "positive", "negative"])
