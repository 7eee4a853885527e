"""Random layers and inputs, drawn by hypothesis; how rules are drawn is in `oracle`."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray
from oracle import RULES

from lrp_audio.layers import (
    ELU,
    GELU,
    Abs,
    Affine,
    AveragePool1D,
    AveragePool2D,
    BatchNorm,
    Clip,
    Concat,
    Conv1D,
    Conv2D,
    Dense,
    Dropout,
    Exp,
    Flatten,
    GlobalAveragePool,
    GlobalMaxPool,
    GlobalSum,
    HardSigmoid,
    HardSwish,
    Identity,
    Layer,
    LeakyReLU,
    Log,
    LogSoftmax,
    Maximum,
    MaxPool1D,
    MaxPool2D,
    Minimum,
    Pad,
    Permute,
    Pow,
    PReLU,
    Product,
    ReLU,
    Reshape,
    Sigmoid,
    SiLU,
    Slice,
    Softmax,
    Softplus,
    Sqrt,
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
    leading = draw(st.sampled_from([(), (), (1,), (2, 2)]))
    weight = numbers(draw(generators()), (outputs, inputs))
    return Dense(weight, draw(biases(outputs))), (*leading, inputs)


def pads(most: list[int]) -> st.SearchStrategy[Any]:
    """Padding of every form for axes that take at most `most` on a side."""
    same = st.integers(0, min(most))
    each = st.tuples(*(st.integers(0, m) for m in most))
    pairs = st.tuples(*(st.tuples(st.integers(0, m), st.integers(0, m)) for m in most))
    return same | each | pairs | st.sampled_from(["same", "same-lower"])


@st.composite
def convolution(draw: st.DrawFn, rank: int) -> Case:
    groups, per_in, per_out = draw(st.integers(1, 3)), draw(small), draw(small)
    kernel = tuple(draw(small) for _ in range(rank))
    stride = tuple(draw(small) for _ in range(rank))
    dilation = tuple(draw(st.integers(1, 2)) for _ in range(rank))
    pad = draw(pads([2] * rank))
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
    dilation = tuple(draw(st.integers(1, 2)) for _ in range(rank))
    spans = [(k - 1) * d for k, d in zip(kernel, dilation, strict=True)]
    options: dict[str, Any] = {"ceil_mode": draw(st.booleans()), "dilation": dilation}
    if kind in (AveragePool1D, AveragePool2D):
        options["count_include_pad"] = draw(st.booleans())
    lengths = tuple(span + 1 + draw(st.integers(0, 4)) for span in spans)
    return kind(kernel, stride, draw(pads(spans)), **options), (draw(small), *lengths)


@st.composite
def global_pool(draw: st.DrawFn, kind: Callable[..., Layer]) -> Case:
    shape = draw(deep_shapes)
    axes = st.lists(st.sampled_from([*range(1, len(shape) + 1), -1]), min_size=1, unique=True)
    chosen = draw(st.none() | axes.filter(lambda a: not {len(shape), -1} <= set(a)))
    keepdims = draw(st.booleans())
    if chosen is not None and len(chosen) == len(shape):
        keepdims = True
    return kind(chosen, keepdims), shape


@st.composite
def batch_norm(draw: st.DrawFn) -> Case:
    channels, rng = draw(small), draw(generators())
    scale, shift, mean = (numbers(rng, (channels,)) for _ in range(3))
    layer = BatchNorm(scale, shift, mean, rng.uniform(0.1, 2, channels))
    return layer, (channels, *draw(st.sampled_from([(), (4,), (2, 3)])))


@st.composite
def affine(draw: st.DrawFn) -> Case:
    """Constants that are broadcast against samples, and samples that are broadcast."""
    shape = draw(st.sampled_from([(3,), (2, 3), (2, 1, 4)]))
    full = tuple(4 if n == 1 else n for n in shape)

    def constant() -> Array | float:
        kept = draw(st.integers(0, len(full)))
        lengths = [n if draw(st.booleans()) else 1 for n in full[kept:]]
        lengths = [1, *lengths] if not kept and draw(st.booleans()) else lengths
        return numbers(draw(generators()), tuple(lengths))

    return Affine(constant(), constant() if draw(st.booleans()) else None), shape


@st.composite
def summed(draw: st.DrawFn) -> Case:
    signs = draw(st.none() | st.tuples(*[st.sampled_from([1, -1, 0.5])] * 2))
    return Sum(2, signs), (2, *draw(shapes))


@st.composite
def padded(draw: st.DrawFn) -> Case:
    shape = draw(st.sampled_from([(4,), (3, 5), (2, 3, 4)]))
    least = [-1 if n > 2 else 0 for n in shape]
    amounts = [draw(st.tuples(st.integers(m, 3), st.integers(m, 3))) for m in least]
    mode = draw(st.sampled_from(["constant", "reflect", "edge"]))
    return Pad(amounts, mode, draw(st.sampled_from([0.0, 1.5]))), shape


@st.composite
def sliced(draw: st.DrawFn) -> Case:
    shape = draw(st.sampled_from([(5,), (3, 6)]))
    axes = draw(st.permutations(range(1, len(shape) + 1)))[: draw(st.integers(1, len(shape)))]
    starts, ends, steps = [], [], []
    for axis in axes:
        length = shape[axis - 1]
        step = draw(st.sampled_from([1, 2, 3, -1, -2]))
        positions = range(length)[draw(st.integers(0, length - 1)) :: step]
        starts.append(draw(st.sampled_from([positions[0], positions[0] - length])))
        inside = positions[-1] + (1 if step > 0 else -1)
        far = 2**62 if step > 0 else -(2**62)
        ends.append(far if inside < 0 else draw(st.sampled_from([inside, far])))
        steps.append(step)
    return Slice(starts, ends, axes, steps), shape


@st.composite
def permuted(draw: st.DrawFn) -> Case:
    shape = draw(shapes)
    return Permute(draw(st.permutations(range(1, len(shape) + 1)))), shape


@st.composite
def prelu(draw: st.DrawFn) -> Case:
    shape = draw(shapes)
    slopes = numbers(draw(generators()), (draw(st.sampled_from([1, shape[0]])),))
    return PReLU(slopes), shape


shapes = st.sampled_from([(3,), (2, 3), (2, 3, 2)])
deep_shapes = st.sampled_from([(2, 5), (3, 2, 3)])


def on_values(kind: Callable[..., Layer], *options: st.SearchStrategy[Any]) -> Any:
    """Layers of a `kind` that acts on every value, and shapes for them."""
    return st.tuples(st.builds(kind, *options), shapes)


LINEAR: dict[type[Layer], st.SearchStrategy[Case]] = {
    Dense: dense(),
    Conv1D: convolution(1),
    Conv2D: convolution(2),
    AveragePool1D: pool(AveragePool1D, 1),
    AveragePool2D: pool(AveragePool2D, 2),
    GlobalAveragePool: global_pool(GlobalAveragePool),
    GlobalSum: global_pool(GlobalSum),
    BatchNorm: batch_norm(),
    Affine: affine(),
    Sum: summed(),
}

POOLS: dict[type[Layer], st.SearchStrategy[Case]] = {
    MaxPool1D: pool(MaxPool1D, 1),
    MaxPool2D: pool(MaxPool2D, 2),
    GlobalMaxPool: global_pool(GlobalMaxPool),
}

PASSING: dict[type[Layer], st.SearchStrategy[Case]] = {
    ReLU: on_values(ReLU),
    LeakyReLU: on_values(LeakyReLU, st.floats(0.01, 0.5)),
    PReLU: prelu(),
    ELU: on_values(ELU, st.floats(0.5, 2)),
    GELU: on_values(GELU),
    SiLU: on_values(SiLU),
    HardSwish: on_values(HardSwish),
    HardSigmoid: on_values(HardSigmoid, st.sampled_from([0.2, 1 / 6, 5.0])),
    Softplus: on_values(Softplus),
    Tanh: on_values(Tanh),
    Sigmoid: on_values(Sigmoid),
    Abs: on_values(Abs),
    Exp: on_values(Exp),
    Log: on_values(Log),
    Sqrt: on_values(Sqrt),
    Pow: on_values(Pow, st.sampled_from([2.0, 0.5, -1.0, 1.7, 3.0])),
    Softmax: on_values(Softmax, st.sampled_from([1, -1])),
    LogSoftmax: on_values(LogSoftmax, st.sampled_from([1, -1])),
    Identity: on_values(Identity),
}

MOVING: dict[type[Layer], st.SearchStrategy[Case]] = {
    Flatten: st.tuples(st.builds(Flatten), deep_shapes),
    Reshape: st.just((Reshape((3, 4)), (2, 6))),
    Permute: permuted(),
    Slice: sliced(),
    Pad: padded(),
    Concat: st.sampled_from([(Concat(1, (2, 1)), (3, 2)), (Concat(-1, (1, 3)), (2, 4))]),
}

CLIPPING: dict[type[Layer], st.SearchStrategy[Case]] = {
    Clip: on_values(Clip, st.just(-0.03), st.sampled_from([0.0, 0.04, float("inf")])),
    Maximum: on_values(Maximum, st.sampled_from([0.0, -0.02, 0.03])),
    Minimum: on_values(Minimum, st.sampled_from([0.0, -0.02, 0.03])),
}

PRODUCTS: dict[type[Layer], st.SearchStrategy[Case]] = {
    Product: st.tuples(st.builds(Product, st.integers(0, 1)), shapes.map(lambda s: (2, *s))),
}

OTHER = POOLS | PASSING | MOVING | CLIPPING | PRODUCTS

POSITIVE = (Log, Sqrt, Pow)
"""Layers for inputs above 0."""

_rng = np.random.default_rng(5)


def some(*shape: int) -> NDArray[np.float32]:
    return _rng.standard_normal(shape).astype(np.float32)


EXAMPLES: list[tuple[Layer, tuple[int, ...]]] = [
    *((kind(), (3, 6)) for kind in PASSING if kind not in (PReLU, Pow)),
    (PReLU(np.abs(some(3))), (3, 6)),
    (Pow(1.5), (3, 6)),
    (Dropout(), (3, 6)),
    (Flatten(), (3, 6)),
    (Reshape((2, 9)), (3, 6)),
    (Permute((2, 1)), (3, 6)),
    (Slice((0, -1), (3, -100), steps=(2, -1)), (3, 6)),
    (Pad(((0, 1), (2, 1))), (3, 6)),
    (Pad(((0, 1), (2, 1)), "reflect"), (3, 6)),
    (Concat(1, (1, 2)), (3, 6)),
    (Clip(-9.0, 9.0), (3, 6)),
    (Maximum(-9.0), (3, 6)),
    (Minimum(9.0), (3, 6)),
    (Product(), (2, 6)),
    (Sum(3), (3, 6)),
    (Affine(some(3, 1), some(6)), (3, 6)),
    (BatchNorm(some(3), some(3), some(3), np.abs(some(3)) + 1), (3, 6)),
    (Dense(some(4, 6), some(4)), (6,)),
    (Dense(some(4, 6), some(4)), (3, 6)),
    (Conv1D(some(4, 3, 3), some(4), pad=1), (3, 6)),
    (Conv1D(some(6, 1, 3), some(6), pad=((2, 0),), groups=3), (3, 6)),
    (Conv2D(some(4, 3, 2, 3), some(4)), (3, 5, 6)),
    (MaxPool1D(2), (3, 6)),
    (MaxPool2D(2), (3, 4, 6)),
    (GlobalMaxPool(), (3, 6)),
    (AveragePool1D(2), (3, 6)),
    (AveragePool2D(2), (3, 4, 6)),
    (GlobalAveragePool(), (3, 6)),
    (GlobalSum(), (3, 6)),
]
"""At least one layer of each sort, with the shape of a sample that it takes."""


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
