"""With convolution, ReLU and pool fused, a network finds what it finds layer by layer."""

import gc
import pickle
import weakref
from collections.abc import Iterable
from typing import Any, ClassVar

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from lrp_audio.layers import (
    Conv1D,
    Conv2D,
    Dense,
    Flatten,
    Layer,
    MaxPool1D,
    MaxPool2D,
    ReLU,
    Sum,
)
from lrp_audio.layers.fused_convolution import FusedConvolution
from lrp_audio.models.fusion import fused
from lrp_audio.models.lrp import Propagated
from lrp_audio.models.network import INPUT, Network, Node, chain
from lrp_audio.rules import (
    LRP0,
    Composite,
    Epsilon,
    Flat,
    GeneralisedGamma,
    LinearRule,
    Proportional,
    RelativeEpsilon,
    WSquare,
    ZPlus,
)
from lrp_audio.rules.base import LinearMap, Part, Term
from lrp_audio.rules.presets import PRESETS, composite

Array = NDArray[Any]

networks = st.tuples(st.integers(0, 2**32 - 1), st.booleans())


def drawn(seed: int, image: bool) -> tuple[Network, Array]:
    """A small network of two convolutions over signals or images, and a batch for it."""
    rng = np.random.default_rng(seed)

    def some(*shape: int) -> Array:
        return rng.standard_normal(shape)

    def pool() -> Layer:
        size, step = int(rng.integers(1, 4)), int(rng.integers(1, 4))
        dilation, ceil = int(rng.integers(1, 3)), bool(rng.integers(2))
        before, after = (int(n) for n in rng.integers(0, (size - 1) * dilation + 1, 2))
        if image:
            pads = ((before, after), (0, 1))
            return MaxPool2D((size, 2), (step, 1), pads, ceil, (dilation, 1))
        return MaxPool1D((size,), (step,), ((before, after),), ceil, dilation)

    groups, taps = int(rng.choice([1, 2, 4])), int(rng.integers(1, 4))
    kind, kernel = (Conv2D, (taps, 3)) if image else (Conv1D, (taps,))
    strides = (int(rng.integers(1, 3)), *([1] * (len(kernel) - 1)))
    pad = [(k // 2, int(rng.integers(0, k))) for k in kernel]
    first = kind(some(4, 2, *kernel), some(4), stride=strides, pad=pad)
    second = kind(some(4, 4 // groups, *kernel), some(4), pad=(1,) * len(kernel), groups=groups)
    layers: list[tuple[str, Layer]] = [("conv1", first), ("relu1", ReLU())]
    layers += [("pool1", pool())] if rng.integers(2) else []
    layers += [("conv2", second), ("relu2", ReLU()), ("pool2", pool()), ("flatten", Flatten())]
    shape = (2, 17, 7) if image else (2, 31)
    width = Network(chain(layers), shape).shapes["flatten"][0]
    network = Network(chain([*layers, ("dense", Dense(some(3, width), some(3)))]), shape)
    return network, rng.standard_normal((3, *shape))


def agree(network: Network, x: Array, rules: Composite) -> Propagated:
    """Hold `propagate` against `Network.steps`, layer by layer; gives what it found."""

    def start(output: Array) -> Array:
        chosen = (np.arange(output.shape[1]) == 1).reshape(-1, *[1] * (output.ndim - 2))
        return output * chosen

    found = network.propagate(x, start, rules)
    activations = network.activations(x)
    np.testing.assert_allclose(found.output, activations[network.output], rtol=1e-12)
    steps = list(network.steps(activations, start(found.output), rules))
    assert [entry.layer for entry in found.ledger] == [s.assignment.layer for s in steps]
    scale = max(np.abs(step.relevance).sum() for step in steps)
    near = {"rtol": 1e-9, "atol": 1e-10 * scale}
    for step, entry in zip(steps, found.ledger, strict=True):
        np.testing.assert_allclose(found.relevance[entry.layer], step.relevance, **near)
        for field in ("relevance_out", "relevance_in", "bias", "stabiliser", "dropped"):
            expected = getattr(step.entry, field)
            np.testing.assert_allclose(getattr(entry, field), expected, **near)
    np.testing.assert_allclose(found.relevance[INPUT], steps[-1].flow.relevance, **near)
    return found


@pytest.mark.parametrize("rules", sorted(PRESETS))
@given(given_network=networks)
def test_in_one_go_is_layer_by_layer(rules: str, given_network: tuple[int, bool]) -> None:
    network, x = drawn(*given_network)
    agree(network, x, composite(rules, (-9.0, 9.0)))


@pytest.mark.parametrize("rule", [Flat(), WSquare()], ids=str)
@given(given_network=networks)
def test_a_rule_that_feeds_silent_neurons_is_followed_layer_by_layer(
    rule: Flat, given_network: tuple[int, bool]
) -> None:
    network, x = drawn(*given_network)
    agree(network, x, Composite("silent", {"convolution": rule, "dense": rule}))


@pytest.mark.parametrize("rule", [RelativeEpsilon(0.1), GeneralisedGamma(0.5), LRP0()], ids=str)
@given(given_network=networks)
def test_a_rule_that_looks_at_all_neurons_is_followed_layer_by_layer(
    rule: LinearRule, given_network: tuple[int, bool]
) -> None:
    network, x = drawn(*given_network)
    agree(network, x, Composite("everywhere", {"convolution": rule, "dense": rule}))


class Loudest(LinearRule):
    """A user's rule without any promise: only the largest output of all hands relevance on."""

    name: ClassVar[str] = "loudest"
    formula: ClassVar[str] = "R_j = R_j of the loudest k"
    source: ClassVar[str] = "none"
    absorbs: ClassVar[tuple[str, ...]] = ("dropped",)

    def __str__(self) -> str:
        return self.name

    def terms(self, layer: LinearMap, x: Array, z: Array) -> Iterable[Term]:
        largest = z.max(axis=tuple(range(1, z.ndim)), keepdims=True)
        yield Term((Part(np.ones_like(x), layer.weight**2),), None, share=z == largest)


@given(given_network=networks)
def test_a_rule_that_promises_nothing_is_followed_layer_by_layer(
    given_network: tuple[int, bool],
) -> None:
    network, x = drawn(*given_network)
    agree(network, x, Composite("loudest", {"convolution": Loudest(), "dense": Loudest()}))


@given(given_network=networks)
def test_another_rule_for_the_pool_is_followed(given_network: tuple[int, bool]) -> None:
    network, x = drawn(*given_network)
    kinds = {"convolution": ZPlus(), "dense": Epsilon(0.1), "max-pool": Proportional()}
    agree(network, x, Composite("proportional", kinds))


def test_one_sample_of_a_batch_has_its_own_relevance_everywhere() -> None:
    network, x = drawn(3, True)
    found = agree(network, x, composite("epsilon-plus", (-9.0, 9.0)))
    expected = {name: relevance[2] for name, relevance in found.relevance.items()}
    _, _, own = found.relevance.split(3)
    assert set(own) == {INPUT, *(node.name for node in network.nodes)}
    assert len(own) == len(network.nodes) + 1
    for name, relevance in pickle.loads(pickle.dumps(own)).items():
        np.testing.assert_array_equal(relevance, expected[name])
        np.testing.assert_array_equal(own[name], expected[name])
    assert len(found.relevance) == 0


def owner(array: Array) -> Array:
    """The array whose memory `array` is a view of, or itself."""
    return array if array.base is None else owner(array.base)


def test_one_sample_of_a_batch_keeps_no_array_of_the_batch() -> None:
    network, x = drawn(3, True)
    found = network.propagate(x, np.ones_like, composite("epsilon-plus", (-9.0, 9.0)))
    batch = [weakref.ref(owner(found.relevance[name])) for name in (INPUT, "dense", "pool2")]
    own = found.relevance.split(len(x))[0]
    gc.collect()
    assert all(array() is None for array in batch)
    assert own[INPUT].shape == network.input_shape


def test_what_is_read_by_two_layers_or_last_stays_alone() -> None:
    conv = Conv1D(np.array([[[1.0]], [[-1.0]]]))
    nodes = [Node("conv", conv, (INPUT,)), Node("relu", ReLU(), ("conv",))]
    last, x = Network(nodes, (1, 2)), np.array([[[1.0, 2.0]]])
    rules = Composite("epsilon", {"convolution": Epsilon(0.5), "sum": Epsilon(0.5)})
    # The dead neurons are given relevance: it goes on over their own output, which is below 0.
    found = last.propagate(x, np.ones_like, rules)
    np.testing.assert_allclose(found.relevance[INPUT], [[[1 / 1.5 + 1 / 1.5, 2 / 2.5 + 2 / 2.5]]])
    twice = Network([*nodes, Node("sum", Sum(2), ("conv", "relu"))], (1, 2))
    assert [node.name for node in fused(twice.nodes).nodes] == ["conv", "relu", "sum"]
    agree(twice, x, rules)


def test_a_pool_with_more_places_than_a_byte_counts_stays_alone() -> None:
    rng = np.random.default_rng(5)
    layers: list[tuple[str, Layer]] = [
        ("conv", Conv1D(rng.standard_normal((2, 1, 3)))),
        ("relu", ReLU()),
        ("pool", MaxPool1D((257,))),
        ("flatten", Flatten()),
        ("dense", Dense(rng.standard_normal((2, 4)))),
    ]
    network = Network(chain(layers), (1, 520))
    assert [node.name for node in fused(network.nodes).nodes] == [
        "conv",
        "pool",
        "flatten",
        "dense",
    ]
    agree(network, rng.standard_normal((2, 1, 520)), composite("epsilon-plus", (-9.0, 9.0)))


@given(given_network=networks)
def test_a_fused_network_has_the_output_and_gradients_of_its_layers(
    given_network: tuple[int, bool],
) -> None:
    network, x = drawn(*given_network)
    assert any(isinstance(node.layer, FusedConvolution) for node in fused(network.nodes).nodes)
    g = np.random.default_rng(0).standard_normal((len(x), 3))
    outputs = network.activations(x)
    np.testing.assert_allclose(network.forward(x), outputs[network.output], atol=1e-10)
    expected, at_output = dict[str, Array](), g
    for node in reversed(network.nodes):
        given = outputs[node.sources[0]]
        own = node.layer.parameter_gradients(given, at_output)
        expected |= {f"{node.name}.{name}": gradient for name, gradient in own.items()}
        at_output = node.layer.gradient(given, outputs[node.name], at_output)
    np.testing.assert_allclose(network.gradient(outputs, g), at_output, atol=1e-10)
    np.testing.assert_allclose(network.input_gradient(x, lambda _: g), at_output, atol=1e-10)
    y, pullback = network.differentiable(x, np.random.default_rng(0))
    np.testing.assert_allclose(y, outputs[network.output], atol=1e-10)
    found = pullback(g)
    assert found.keys() == expected.keys() == network.parameters().keys()
    for name, gradient in expected.items():
        np.testing.assert_allclose(found[name], gradient, atol=1e-9)
