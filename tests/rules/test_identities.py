"""Identities that hold for LRP whatever the network: limits, linearity, conservation."""

import itertools
from copy import copy

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from oracle import RULES
from strategies import LINEAR, Setting, generators, numbers, settings_of

from lrp_audio.layers import Conv1D, Dense, Flatten, Layer, MaxPool1D, ReLU
from lrp_audio.models.network import INPUT, Network, chain
from lrp_audio.rules import (
    LRP0,
    PRESETS,
    AlphaBeta,
    Box,
    Composite,
    Epsilon,
    Gamma,
    GeneralisedGamma,
    LinearMap,
    LinearRule,
    Propagation,
    RelativeEpsilon,
    Rule,
    WSquare,
    ZPlus,
    composite,
)

Array = NDArray[np.float64]


def random_network(rng: np.random.Generator, biased: bool = True) -> Network:
    """A small AudioNet: convolutions with ReLU and overlapping pools, then a linear dense stack."""

    def bias(count: int) -> Array | None:
        return rng.standard_normal(count) if biased else None

    return Network(
        chain(
            [
                ("conv1", Conv1D(rng.standard_normal((3, 1, 3)), bias(3), pad=(1,))),
                ("relu1", ReLU()),
                ("pool1", MaxPool1D((3,), (2,), ceil_mode=True)),
                ("conv2", Conv1D(rng.standard_normal((4, 3, 3)), bias(4), stride=(2,))),
                ("relu2", ReLU()),
                ("pool2", MaxPool1D((2,), (2,))),
                ("flatten", Flatten()),
                ("fc1", Dense(rng.standard_normal((5, 8)), bias(5))),
                ("fc2", Dense(rng.standard_normal((3, 5)), bias(3))),
            ]
        ),
        (1, 20),
    )


def explain(network: Network, x: Array, start: Array, rules: str) -> Array:
    *_, last = network.steps(network.activations(x), start, composite(rules, (-10, 10)))
    return np.asarray(last.flow.relevance)


@given(rng=generators(), biased=st.booleans())
def test_lrp_0_is_gradient_times_input(rng: np.random.Generator, biased: bool) -> None:
    network, x = random_network(rng, biased), rng.standard_normal((2, 1, 20))
    activations = network.activations(x)
    logits = activations["fc2"]
    chosen = np.eye(3)[rng.integers(3, size=2)]
    gradient = network.gradient(activations, chosen)
    found = explain(network, x, chosen * logits, "lrp-0")
    np.testing.assert_allclose(found, gradient * x, rtol=1e-8, atol=1e-9)


@given(rng=generators())
def test_lrp_0_is_the_finite_difference_slope_times_input(rng: np.random.Generator) -> None:
    network, x = random_network(rng), rng.standard_normal((1, 1, 20))
    chosen = np.eye(3)[[1]]
    found = explain(network, x, chosen * network.forward(x), "lrp-0")
    step = 1e-7
    for i in range(20):
        nudge = np.zeros_like(x)
        nudge[0, 0, i] = step
        rise = network.forward(x + nudge)[0, 1] - network.forward(x - nudge)[0, 1]
        assert found[0, 0, i] == pytest.approx(rise / (2 * step) * x[0, 0, i], rel=1e-4, abs=1e-5)


@given(rng=generators())
def test_logit_is_lrp_0_relevance_plus_bias_times_its_gradient(rng: np.random.Generator) -> None:
    network, x = random_network(rng), rng.standard_normal((1, 1, 20))
    logits, pullback = network.differentiable(x, rng)
    chosen = np.eye(3)[[2]]
    gradients = pullback(chosen)
    biases = {n: p for n, p in network.parameters().items() if n.endswith("bias")}
    from_biases = sum(float((biases[name] * gradients[name]).sum()) for name in biases)
    relevance = explain(network, x, chosen * logits, "lrp-0").sum()
    assert relevance + from_biases == pytest.approx(float(logits[0, 2]), rel=1e-9, abs=1e-9)


def with_rule(drawn: Setting, rule: Rule) -> Array:
    return np.asarray(drawn.layer.relevance(drawn.x, drawn.z, drawn.relevance, rule).relevance)


linear_kinds = pytest.mark.parametrize("kind", LINEAR, ids=lambda c: c.__name__)


@linear_kinds
@given(data=st.data())
def test_z_plus_is_alpha_1_beta_0(kind: type[Layer], data: st.DataObject) -> None:
    drawn = data.draw(settings_of(kind, ZPlus))
    np.testing.assert_array_equal(with_rule(drawn, ZPlus()), with_rule(drawn, AlphaBeta(1, 0)))


@linear_kinds
@given(data=st.data())
def test_epsilon_to_zero_gives_lrp_0(kind: type[Layer], data: st.DataObject) -> None:
    drawn = data.draw(settings_of(kind, LRP0))
    drawn.relevance[np.abs(drawn.z) < 1e-3] = 0
    for tiny in (Epsilon(1e-14), RelativeEpsilon(1e-14)):
        found = with_rule(drawn, tiny)
        np.testing.assert_allclose(found, with_rule(drawn, LRP0()), rtol=1e-9, atol=1e-9)


@linear_kinds
@given(data=st.data())
def test_gamma_to_zero_gives_lrp_0_and_to_infinity_z_plus(
    kind: type[Layer], data: st.DataObject
) -> None:
    drawn = data.draw(settings_of(kind, Gamma))  # inputs >= 0
    drawn.relevance[np.abs(drawn.z) < 1e-3] = 0
    for gamma in (Gamma, GeneralisedGamma):
        found = with_rule(drawn, gamma(0))
        np.testing.assert_allclose(found, with_rule(drawn, LRP0()), rtol=1e-9, atol=1e-9)
    # A neuron without excitation keeps its inhibition however large gamma is; z+ drops it.
    excited = drawn.layer.linear(drawn.x, drawn.layer.positive_weight, bias_plus(drawn)) > 0
    drawn.relevance[~excited] = 0
    expected = with_rule(drawn, ZPlus())
    size = np.abs(expected).max() + 1
    np.testing.assert_allclose(with_rule(drawn, Gamma(1e12)), expected, atol=1e-6 * size)


def bias_plus(drawn: Setting) -> Array | None:
    return None if drawn.layer.bias is None else np.maximum(drawn.layer.bias, 0)


@linear_kinds
@given(data=st.data())
def test_generalised_gamma_is_gamma_where_nothing_is_negative(
    kind: type[Layer], data: st.DataObject
) -> None:
    drawn = data.draw(settings_of(kind, Gamma))
    drawn.relevance[drawn.z < 1e-3] = 0
    found = with_rule(drawn, GeneralisedGamma(0.25))
    np.testing.assert_allclose(found, with_rule(drawn, Gamma(0.25)), rtol=1e-9, atol=1e-9)


class UncheckedBox(Box):
    """The formula of zB alone: the rule itself refuses inputs outside its bounds."""

    def propagate(self, layer: LinearMap, x: Array, z: Array, relevance: Array) -> Propagation:
        return LinearRule.propagate(self, layer, x, z, relevance)


@linear_kinds
@given(data=st.data())
def test_box_from_0_to_0_is_lrp_0_without_bias(kind: type[Layer], data: st.DataObject) -> None:
    drawn = data.draw(settings_of(kind, LRP0))
    layer = copy(drawn.layer)
    if layer.bias is not None:
        layer.bias = np.zeros_like(layer.bias)
    z = layer.forward(drawn.x)
    drawn.relevance[np.abs(z) < 1e-3] = 0
    found = layer.relevance(drawn.x, z, drawn.relevance, UncheckedBox(0, 0)).relevance
    expected = layer.relevance(drawn.x, z, drawn.relevance, LRP0()).relevance
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9)


@linear_kinds
@given(data=st.data(), factor=st.floats(0.01, 100))
def test_w_square_does_not_change_when_the_weight_is_scaled(
    kind: type[Layer], data: st.DataObject, factor: float
) -> None:
    drawn = data.draw(settings_of(kind, WSquare))
    scaled = copy(drawn.layer)
    scaled.weight = drawn.layer.weight * factor
    found = scaled.relevance(drawn.x, drawn.z, drawn.relevance, WSquare()).relevance
    np.testing.assert_allclose(found, with_rule(drawn, WSquare()), rtol=1e-9, atol=1e-12)


@linear_kinds
@pytest.mark.parametrize("rule_kind", RULES, ids=lambda c: c.__name__)
@given(data=st.data())
def test_every_rule_is_linear_in_the_relevance(
    kind: type[Layer], rule_kind: type[Rule], data: st.DataObject
) -> None:
    drawn = data.draw(settings_of(kind, rule_kind))
    other = numbers(data.draw(generators()), drawn.z.shape)
    separate = 2 * drawn.propagate().relevance - 3 * drawn.propagate(other).relevance
    together = drawn.propagate(2 * drawn.relevance - 3 * other).relevance
    np.testing.assert_allclose(together, separate, rtol=1e-9, atol=100 * drawn.rounding())


INVARIANT = [LRP0(), GeneralisedGamma(0.25), AlphaBeta(2, 1), ZPlus()]


@pytest.mark.parametrize("rule", INVARIANT, ids=str)
@given(rng=generators(), factor=st.floats(0.1, 10))
def test_permuting_and_rescaling_hidden_units_changes_nothing(
    rule: Rule, rng: np.random.Generator, factor: float
) -> None:
    w1, b1, w2 = rng.standard_normal((5, 4)), rng.standard_normal(5), rng.standard_normal((3, 5))
    order = rng.permutation(5)
    x = rng.standard_normal((2, 4))

    def relevance(w1: Array, b1: Array, w2: Array) -> Array:
        layers = [("fc1", Dense(w1, b1)), ("relu", ReLU()), ("fc2", Dense(w2))]
        network = Network(chain(layers), (4,))
        rules = Composite("one", {"dense": rule})
        *_, last = network.steps(network.activations(x), network.forward(x), rules)
        return np.asarray(last.flow.relevance)

    expected = relevance(w1, b1, w2)
    found = relevance(factor * w1[order], factor * b1[order], w2[:, order] / factor)
    np.testing.assert_allclose(found, expected, rtol=1e-7, atol=1e-7 * np.abs(expected).max())


@pytest.mark.parametrize("rules", PRESETS)
@given(rng=generators())
def test_a_row_of_a_batch_is_that_sample_alone(rules: str, rng: np.random.Generator) -> None:
    network, x = random_network(rng), rng.standard_normal((3, 1, 20))
    logits = network.forward(x)
    together = explain(network, x, logits, rules)
    for i in range(3):
        alone = explain(network, x[i : i + 1], logits[i : i + 1], rules)
        scale = np.abs(alone).max()
        np.testing.assert_allclose(together[i], alone[0], rtol=1e-7, atol=1e-7 * scale)


@pytest.mark.parametrize("rules", PRESETS)
@given(rng=generators())
def test_ledger_closes_at_every_layer_of_a_network(rules: str, rng: np.random.Generator) -> None:
    network, x = random_network(rng), rng.standard_normal((2, 1, 20))
    activations = network.activations(x)
    steps = list(network.steps(activations, activations["fc2"], composite(rules, (-10, 10))))
    assert [s.entry.layer for s in steps] == [n.name for n in reversed(network.nodes)]
    for above, below in itertools.pairwise(steps):
        np.testing.assert_allclose(above.entry.relevance_in, below.entry.relevance_out)
    for step in steps:
        turnover = np.abs(step.relevance).sum() + np.abs(step.flow.relevance).sum()
        turnover += sum(np.abs(t.s).sum() * np.abs(t.z).max() for t in step.flow.traces)
        assert np.abs(step.entry.residual).max() <= 1e-13 * turnover


@given(rng=generators())
def test_input_relevance_is_exact_where_nothing_absorbs(rng: np.random.Generator) -> None:
    network, x = random_network(rng, biased=False), rng.standard_normal((2, 1, 20))
    logits = network.forward(x)
    chosen = np.eye(3)[[0, 1]] * logits
    found = explain(network, x, chosen, "lrp-0").sum(axis=(1, 2))
    np.testing.assert_allclose(found, chosen.sum(axis=1), rtol=1e-8, atol=1e-9)


def test_silence_gets_no_relevance_and_no_nan() -> None:
    network = random_network(np.random.default_rng(0))
    x = np.zeros((1, 1, 20))
    # Rules that look at the input; w^2, flat and zB treat silence like any other value.
    for rules in ("lrp-0", "epsilon", "epsilon-plus", "epsilon-alpha2-beta1"):
        found = explain(network, x, network.forward(x), rules)
        np.testing.assert_array_equal(found, np.zeros_like(x))


def test_audionet_dense_stack_without_bias_is_one_merged_matrix() -> None:
    rng = np.random.default_rng(3)
    weights = [rng.standard_normal(shape) for shape in ((12, 30), (8, 12), (4, 8))]
    layers = [(f"fc{i}", Dense(w)) for i, w in enumerate(weights)]
    stack = Network(chain(layers), (30,))
    merged = Network(chain([("fc", Dense(weights[2] @ weights[1] @ weights[0]))]), (30,))
    x = rng.standard_normal((2, 30))
    start = np.eye(4)[[1, 3]] * stack.forward(x)
    np.testing.assert_allclose(
        explain(stack, x, start, "lrp-0"), explain(merged, x, start, "lrp-0"), rtol=1e-9
    )
    assert INPUT in stack.shapes
