"""Random layers, inputs and rules, drawn by hypothesis."""

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from lrp_audio.layers import Conv1D, Conv2D, Dense, Flatten, Layer, MaxPool1D, MaxPool2D, ReLU
from lrp_audio.rules import LRP0, AlphaBeta, Epsilon, Rule, ZPlus

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


LINEAR: dict[type[Layer], st.SearchStrategy[Case]] = {
    Dense: dense(),
    Conv1D: convolution(1),
    Conv2D: convolution(2),
}

OTHER: dict[type[Layer], st.SearchStrategy[Case]] = {
    MaxPool1D: pool(MaxPool1D, 1),
    MaxPool2D: pool(MaxPool2D, 2),
    ReLU: st.tuples(st.builds(ReLU), st.tuples(small, small)),
    Flatten: st.tuples(st.builds(Flatten), st.tuples(small, small, small)),
}

RULES: dict[type[Rule], st.SearchStrategy[Any]] = {
    LRP0: st.builds(LRP0),
    Epsilon: st.builds(Epsilon, st.floats(1e-6, 10)),
    AlphaBeta: st.floats(0, 3).map(lambda beta: AlphaBeta(1 + beta, beta)),
    ZPlus: st.builds(ZPlus),
}

signs = st.sampled_from(["both", "positive", "negative"])
