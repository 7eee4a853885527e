"""The layers of imported networks in networks: branches that meet, gates, padding of every form."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from numpy.typing import NDArray
from strategies import generators

from lrp_audio.errors import ShapeError
from lrp_audio.layers import (
    Affine,
    AveragePool1D,
    AveragePool2D,
    BatchNorm,
    Clip,
    Concat,
    Conv1D,
    Conv2D,
    Dense,
    Flatten,
    GlobalAveragePool,
    GlobalMaxPool,
    HardSigmoid,
    Layer,
    LeakyReLU,
    Maximum,
    MaxPool1D,
    MaxPool2D,
    Pad,
    Permute,
    PReLU,
    Product,
    ReLU,
    Reshape,
    Slice,
    Softmax,
    Sum,
)
from lrp_audio.models.network import INPUT, Network, Node, chain
from lrp_audio.rules import LRP0, Composite

Array = NDArray[np.float64]

GRADIENT = Composite(
    "gradient",
    {
        kind: LRP0()
        for kind in ("convolution", "dense", "affine", "sum", "average-pool", "batch-norm")
    },
)
Make = Callable[[np.random.Generator], Network]


def conv(rng: np.random.Generator, *shape: int, **options: Any) -> Conv1D:
    return Conv1D(rng.standard_normal(shape), rng.standard_normal(shape[0]), **options)


def densely_connected(rng: np.random.Generator) -> Network:
    """Concatenation of branches, asymmetric padding, a slice."""
    nodes = [
        Node("a", conv(rng, 3, 2, 3, pad=((2, 0),)), (INPUT,)),
        Node("relu", ReLU(), ("a",)),
        Node("pool", MaxPool1D(3, 1, ((0, 4),), dilation=2), ("relu",)),
        Node("b", conv(rng, 4, 2, 2, pad=((0, 1),)), (INPUT,)),
        Node("all", Concat(1, (3, 2, 4)), ("pool", INPUT, "b")),
        Node("part", Slice((-1, 1), (-9, 9), (1, 2), (-2, 1)), ("all",)),
        Node("flat", Flatten(), ("part",)),
        Node("out", Dense(rng.standard_normal((3, 32)), rng.standard_normal(3)), ("flat",)),
    ]
    return Network(nodes, (2, 9))


def broadcast_difference(rng: np.random.Generator) -> Network:
    """A signal minus its own mean, scaled and shifted by constants."""
    nodes = [
        Node("mean", GlobalAveragePool((2,), keepdims=True), (INPUT,)),
        Node("less", Sum(2, (1, -1), ((2, 9), (2, 1))), (INPUT, "mean")),
        Node("affine", Affine(rng.standard_normal((2, 1)), rng.standard_normal(9)), ("less",)),
        Node("act", PReLU(np.array([0.3, -0.2])), ("affine",)),
        Node("peak", GlobalMaxPool((1,)), ("act",)),
        Node("out", Dense(rng.standard_normal((3, 9))), ("peak",)),
    ]
    return Network(nodes, (2, 9))


def keras_style(rng: np.random.Generator) -> Network:
    """Axes transposed around a convolution, a dense layer along the last axis, a floor."""
    layers: list[tuple[str, Layer]] = [
        ("pad", Pad(((0, 0), (1, 2)), "reflect")),
        ("conv", conv(rng, 4, 2, 3)),
        ("floor", Maximum(-0.5)),
        ("last", Permute((2, 1))),
        ("dense", Dense(rng.standard_normal((5, 4)), rng.standard_normal(5))),
        ("leaky", LeakyReLU(0.2)),
        ("crop", Pad(((-1, 1), (0, -2)), value=0.3)),
        ("first", Permute((-1, 1))),
        ("pool", AveragePool1D(3, 2, ((2, 1),), ceil_mode=True, count_include_pad=True)),
        ("clip", Clip(-1, 1)),
        ("square", Reshape((18,))),
        ("out", Dense(rng.standard_normal((3, 18)))),
    ]
    return Network(chain(layers), (2, 9))


CONSTANT_GATES: dict[str, Make] = {
    "densely connected": densely_connected,
    "difference of broadcast branches": broadcast_difference,
    "Keras": keras_style,
}


def squeeze_and_excite(rng: np.random.Generator, signal: int = 0) -> Network:
    """A depthwise convolution whose channels are scaled by a gate made of all of them."""
    sources, shapes = ("conv", "gate"), ((4, 9), (4, 1))
    if signal:
        sources, shapes = sources[::-1], shapes[::-1]
    nodes = [
        Node("conv", conv(rng, 4, 1, 3, pad=1, groups=2), (INPUT,)),
        Node("mean", GlobalAveragePool((2,), keepdims=True), ("conv",)),
        Node("narrow", conv(rng, 4, 4, 1), ("mean",)),
        Node("gate", HardSigmoid(), ("narrow",)),
        Node("scaled", Product(signal, shapes), sources),
        Node("flat", Flatten(), ("scaled",)),
        Node("out", Dense(rng.standard_normal((3, 36)), rng.standard_normal(3)), ("flat",)),
    ]
    return Network(nodes, (2, 9))


@pytest.mark.parametrize("name", [*CONSTANT_GATES, "gated"])
@given(rng=generators())
def test_gradients_of_such_networks_are_the_slopes_of_their_outputs(
    name: str, rng: np.random.Generator
) -> None:
    network = (CONSTANT_GATES | {"gated": squeeze_and_excite})[name](rng)
    x, g = rng.standard_normal((2, 2, 9)), rng.standard_normal((2, 3))
    found = network.gradient(network.activations(x), g)
    np.testing.assert_allclose(network.input_gradient(x, lambda y: g), found, atol=1e-9)
    direction, step = rng.standard_normal(x.shape), 1e-7
    rise = network.forward(x + step * direction) - network.forward(x - step * direction)
    slope = float((rise * g).sum()) / (2 * step)
    assert float((found * direction).sum()) == pytest.approx(slope, rel=1e-4, abs=1e-4)


@pytest.mark.parametrize("name", CONSTANT_GATES)
@given(rng=generators())
def test_lrp_0_through_such_networks_is_gradient_times_input(
    name: str, rng: np.random.Generator
) -> None:
    network = CONSTANT_GATES[name](rng)
    x, chosen = rng.standard_normal((2, 2, 9)), np.eye(3)[[0, 2]]
    gradient = network.input_gradient(x, lambda y: chosen)
    for fuse in (True, False):
        found = network.propagate(x, lambda y: y * chosen, GRADIENT, fuse)
        np.testing.assert_allclose(found.relevance[INPUT], gradient * x, rtol=1e-7, atol=1e-8)
        assert found.ledger.worst_residual() < 1e-9


@pytest.mark.parametrize("signal", [0, 1])
@given(rng=generators())
def test_lrp_0_through_a_gate_is_gradient_times_input_with_the_gate_as_a_constant(
    signal: int, rng: np.random.Generator
) -> None:
    network = squeeze_and_excite(rng, signal)
    x, chosen = rng.standard_normal((2, 2, 9)), np.eye(3)[[0, 2]]
    found = network.propagate(x, lambda y: y * chosen, GRADIENT)
    layers = {node.name: node.layer for node in network.nodes}
    gate = network.activations(x)["gate"]
    at_signal = (chosen @ layers["out"].weight).reshape(2, 4, 9) * gate  # type: ignore[attr-defined]
    convolution = layers["conv"]
    expected = x * convolution.gradient(x, convolution.forward(x), at_signal)
    np.testing.assert_allclose(found.relevance[INPUT], expected, rtol=1e-7, atol=1e-9)
    assert not found.relevance["gate"].any()
    assert found.ledger.worst_residual() < 1e-9


@pytest.mark.parametrize("groups", [4, 2])
@given(rng=generators())
def test_a_depthwise_convolution_is_the_same_map_as_its_diagonal_blocks(
    groups: int, rng: np.random.Generator
) -> None:
    """Fused with its pool as well as alone, forwards and backwards."""
    weight, bias = rng.standard_normal((4, 1, 3)), rng.standard_normal(4)
    full = np.zeros((4, groups, 3))
    full[np.arange(4), np.arange(4) // (4 // groups)] = weight[:, 0]
    x = rng.standard_normal((3, groups, 11))
    found = []
    for convolution in (
        Conv1D(weight, bias, pad=((2, 1),), groups=groups),
        Conv1D(full, bias, pad=((2, 1),)),
    ):
        layers = [("conv", convolution), ("relu", ReLU()), ("pool", MaxPool1D(2, 1))]
        network = Network(chain([*layers, ("flat", Flatten())]), (groups, 11))
        explained = network.propagate(x, np.ones_like, GRADIENT)
        _, pullback = network.differentiable(x, rng)
        g = np.ones((3, 44))
        trained = pullback(g)["conv.weight"]
        if trained.shape != weight.shape:
            trained = trained[np.arange(4), np.arange(4) // (4 // groups)][:, None]
        gradient = network.input_gradient(x, np.ones_like)
        found.append((explained.output, explained.relevance[INPUT], gradient, trained))
    for depthwise, whole in zip(*found, strict=True):
        np.testing.assert_allclose(depthwise, whole, rtol=1e-9, atol=1e-10)


REFUSED: dict[str, tuple[Callable[[], object], str]] = {
    "a pair too many": (lambda: Conv1D(np.ones((1, 1, 2)), pad=((1, 2), (1, 2))), "pad .*pair"),
    "three of a pair": (lambda: Conv1D(np.ones((1, 1, 2)), pad=((1, 2, 3),)), "pad .*pair"),
    "a negative pad": (lambda: MaxPool1D(2, pad=((0, -1),)), "whole numbers >= 0"),
    "padding wider than a window": (lambda: AveragePool1D(2, pad=((0, 2),)), "every window sees"),
    "a dilation wider than the input": (
        lambda: MaxPool2D(2, 1, ((2, 2), (0, 0)), dilation=3).output_shape((1, 2, 4)),
        "at least 3 positions",
    ),
    "a mode": (lambda: Pad(((1, 1),), "mirror"), "expected one of constant, reflect, edge"),  # type: ignore[arg-type]
    "all cropped": (lambda: Pad(((-2, -2),)).output_shape((4,)), "leave nothing"),
    "axes of a padding": (lambda: Pad(((1, 1),)).output_shape((4, 4)), "padding of 1 axes"),
    "the batch axis": (lambda: Permute((0, 1)).output_shape((2, 3)), "axes from 1 to 2"),
    "an axis twice": (lambda: GlobalMaxPool((1, -2)).output_shape((2, 3)), "different axes"),
    "an axis too many": (lambda: Permute((1, 2, 3)).output_shape((2, 3)), "permutation of the 3"),
    "nothing left": (lambda: GlobalAveragePool((1,)).output_shape((3,)), "keepdims=True"),
    "no step": (lambda: Slice((0,), (1,), steps=(0,)), "step of 0"),
    "an empty slice": (lambda: Slice((3,), (3,)).output_shape((5,)), "nothing"),
    "starts without ends": (lambda: Slice((3,), ()), "as many of each"),
    "half an axis": (lambda: Softmax(1.5), "whole numbers"),  # type: ignore[arg-type]
    "sizes": (lambda: Concat(1, (2, 3)).joined_shape([(2, 4), (2, 4)]), "these sizes along"),
    "other lengths": (lambda: Concat(1, (2, 2)).joined_shape([(2, 4), (2, 5)]), "along all others"),
    "signs": (lambda: Sum(3, (1, -1)), "expected one for each"),
    "shapes of sources": (lambda: Product(0, ((2, 3), (3,))), "same number of axes"),
    "shapes that do not meet": (
        lambda: Sum(2, shapes=((2, 3), (2, 2))).joined_shape([(2, 3), (2, 2)]),
        "cannot be broadcast",
    ),
    "sources of another shape": (
        lambda: Sum(2, shapes=((2, 3), (2, 1))).joined_shape([(2, 3), (2, 3)]),
        "was given",
    ),
    "a third source as signal": (lambda: Product(2), "expected 0 or 1"),
    "a constant for each sample": (
        lambda: Affine(np.ones((4, 2, 3))).output_shape((2, 3)),
        "same for every sample",
    ),
    "limits": (lambda: Clip(1, 0), "low <= high"),
    "slopes": (lambda: PReLU(np.ones(2)).output_shape((3, 4)), "PReLU over 2 channels"),
    "channels of a norm": (lambda: BatchNorm(*[np.ones(2)] * 4).output_shape((3, 4)), "2 channels"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_does_not_fit_is_refused_in_a_sentence(case: str) -> None:
    call, says = REFUSED[case]
    with pytest.raises(ShapeError, match=says):
        call()


@pytest.mark.parametrize("pad", [0, 1, (1, 2), ((1, 1), (2, 2)), [(1, 1), 2], np.array([1, 2])])
def test_padding_is_one_number_for_all_axes_one_for_each_or_a_pair_for_each(pad: Any) -> None:
    full = {0: ((0, 0), (0, 0)), 1: ((1, 1), (1, 1))}.get(
        pad if isinstance(pad, int) else -1, ((1, 1), (2, 2))
    )
    assert Conv2D(np.ones((1, 1, 3, 3)), pad=pad).window.pad == full
    assert MaxPool2D(3, pad=pad).window.pad == AveragePool2D(3, pad=pad).window.pad == full


def test_a_pool_with_same_padding_keeps_the_length() -> None:
    x = np.array([[[1.0, 5.0, 2.0, 3.0]]])
    np.testing.assert_array_equal(MaxPool1D(2, 1, "same").forward(x), [[[5, 5, 3, 3]]])


@pytest.mark.parametrize(
    ("include", "expected"), [(False, [4.0, 7.0, 9.0]), (True, [8 / 3, 7.0, 9 / 2])]
)
def test_an_average_counts_padding_on_request_but_never_what_lies_beyond(
    include: bool, expected: Sequence[float]
) -> None:
    layer = AveragePool1D(3, 2, 1, ceil_mode=True, count_include_pad=include)
    np.testing.assert_allclose(layer.forward(np.array([[[3.0, 5.0, 7.0, 9.0]]])), [[expected]])
