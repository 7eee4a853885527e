"""Batch-norms fold exactly, or are refused with what is in their way."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import generators

from lrp_audio.errors import ModelError
from lrp_audio.layers import (
    AveragePool1D,
    BatchNorm,
    Conv1D,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    GlobalAveragePool,
    Layer,
    LeakyReLU,
    MaxPool1D,
    ReLU,
    Sigmoid,
    Sum,
)
from lrp_audio.models.folding import fold_batch_norms
from lrp_audio.models.network import INPUT, Network, Node, chain


class Draw:
    """Layers over four channels with random parameters."""

    def __init__(self, seed: int | np.random.Generator = 0) -> None:
        self.rng = np.random.default_rng(seed)

    def conv(self, **options: object) -> Conv1D:
        bias = self.rng.standard_normal(4)
        return Conv1D(self.rng.standard_normal((4, 4, 3)), bias, **options)  # type: ignore[arg-type]

    def grouped(self) -> Conv1D:
        return Conv1D(self.rng.standard_normal((4, 2, 3)), groups=2)

    def norm(self, positive: bool = False, shifted: bool = True) -> BatchNorm:
        scale = self.rng.standard_normal(4)
        scale = np.abs(scale) + 0.1
        if not positive:
            scale[0] *= -1
        mean = self.rng.standard_normal(4)
        variance = self.rng.uniform(0.1, 2, 4)
        shift = self.rng.standard_normal(4) if shifted else mean * scale / np.sqrt(variance + 1e-5)
        norm = BatchNorm(scale, shift, mean, variance)
        if not shifted:
            norm.bias[:] = 0  # rid of the rounding in shift - mean * weight
        return norm

    def dense(self, inputs: int) -> Dense:
        return Dense(self.rng.standard_normal((3, inputs)), self.rng.standard_normal(3))


d = Draw()

FOLDABLE: dict[str, list[Layer]] = {
    "after a convolution": [d.conv(), d.norm(), ReLU()],
    "after a convolution without bias": [d.grouped(), d.norm()],
    "after a convolution with padding": [d.conv(pad=(1,)), d.norm()],
    "before a convolution": [d.norm(), d.conv()],
    "before a grouped convolution": [d.norm(), d.grouped()],
    "before a padded convolution, unshifted": [d.norm(shifted=False), d.conv(pad=(1,))],
    "across an average pool": [d.conv(), AveragePool1D((3,), (2,), (1,)), d.norm()],
    "across a global average pool": [d.conv(), GlobalAveragePool(), d.norm()],
    "across a max-pool, positive": [d.conv(), MaxPool1D((2,)), d.norm(positive=True)],
    "across a ReLU, positive and unshifted": [d.conv(), ReLU(), d.norm(True, False)],
    "across a LeakyReLU, positive and unshifted": [d.conv(), LeakyReLU(), d.norm(True, False)],
    "across a ReLU forwards": [d.conv(), ReLU(), d.norm(), d.conv()],
    "across dropout": [d.conv(), Dropout(), d.norm()],
    "across flatten into a dense layer": [d.norm(), Flatten(), d.dense(48)],
    "across a mean over time": [d.conv(), GlobalAveragePool((2,), keepdims=True), d.norm()],
    "across a mean over counted padding, unshifted": [
        d.conv(),
        AveragePool1D(3, pad=1, count_include_pad=True),
        d.norm(shifted=False),
    ],
    "two in a row before a convolution": [d.norm(), d.norm(), d.conv()],
    "two in a row after a convolution": [d.conv(), d.norm(), d.norm()],
}

REFUSED: dict[str, tuple[list[Layer], str]] = {
    "a padded convolution and a shift": ([d.norm(), d.conv(pad=(1,))], "pads with zeros"),
    "a negative weight at a max-pool": (
        [d.conv(), MaxPool1D((2,)), d.norm()],
        "layer1 .MaxPool1D. is in the way: a weight is not above 0",
    ),
    "a shift at a ReLU": ([d.conv(), ReLU(), d.norm(positive=True)], "or a bias not 0"),
    "a shift at a mean over counted padding": (
        [d.conv(), AveragePool1D(3, pad=1, count_include_pad=True), d.norm()],
        "layer1 .AveragePool1D. is in the way: it counts padding",
    ),
    "a mean over channels": (
        [d.norm(), GlobalAveragePool((1,)), d.dense(12)],
        "layer1 .GlobalAveragePool. is in the way: it may average over channels",
    ),
    "a dense layer along the last axis, before": (
        [d.dense(12), d.norm()],
        "layer0 .Dense. acts along another axis than the channels",
    ),
    "a dense layer along the last axis, after": (
        [d.norm(), d.dense(12)],
        "layer1 .Dense. acts along another axis than the channels",
    ),
    "a sigmoid": ([d.conv(), Sigmoid(), d.norm(True)], "layer1 .Sigmoid. .* do not commute"),
    "nothing around it": ([d.norm()], "no dense or convolution layer"),
}


def network(layers: list[Layer], shape: tuple[int, ...] = (4, 12)) -> Network:
    return Network(chain([(f"layer{i}", layer) for i, layer in enumerate(layers)]), shape)


@pytest.mark.parametrize("case", FOLDABLE)
@given(rng=generators())
def test_folding_keeps_the_function(case: str, rng: np.random.Generator) -> None:
    before = network(FOLDABLE[case])
    after = fold_batch_norms(before)
    assert not any(isinstance(node.layer, BatchNorm) for node in after.nodes)
    x = rng.standard_normal((3, 4, 12))
    np.testing.assert_allclose(after.forward(x), before.forward(x), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_folded_is_refused_with_the_reason(case: str) -> None:
    layers, reason = REFUSED[case]
    with pytest.raises(ModelError, match=reason):
        fold_batch_norms(network(layers))


@given(rng=generators(), groups=st.sampled_from([1, 2]))
def test_folding_works_on_two_axes(rng: np.random.Generator, groups: int) -> None:
    conv = Conv2D(rng.standard_normal((4, 4 // groups, 2, 3)), groups=groups)
    draw = Draw(rng)
    before = network([draw.norm(), conv, draw.norm(), ReLU()], (4, 5, 6))
    x = rng.standard_normal((2, 4, 5, 6))
    after = fold_batch_norms(before)
    np.testing.assert_allclose(after.forward(x), before.forward(x), rtol=1e-9, atol=1e-9)


def test_the_given_network_is_left_as_it_was() -> None:
    conv = d.conv()
    weight = conv.weight.copy()
    fold_batch_norms(network([conv, d.norm()]))
    np.testing.assert_array_equal(conv.weight, weight)


def test_a_layer_that_others_read_too_is_not_folded_into() -> None:
    nodes = [
        Node("conv", d.conv(pad=(1,)), (INPUT,)),
        Node("norm", d.norm(), ("conv",)),
        Node("sum", Sum(2), ("norm", "conv")),
    ]
    with pytest.raises(ModelError, match="only it is connected to"):
        fold_batch_norms(Network(nodes, (4, 12)))
