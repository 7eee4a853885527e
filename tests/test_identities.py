"""Identities that hold for LRP whatever the network: linearity, limits, invariances, conservation."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from strategies import LINEAR, RULES, generators, numbers, signs

from lrp_audio.layers import Conv1D, Dense, Flatten, Layer, MaxPool1D, ReLU
from lrp_audio.models.network import INPUT, Network, chain
from lrp_audio.rules import LRP0, PRESETS, AlphaBeta, Epsilon, Rule, ZPlus

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
    *_, last = network.steps(network.activations(x), start, PRESETS[rules])
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


@pytest.mark.parametrize("kind", LINEAR, ids=lambda c: c.__name__)
@given(data=st.data())
def test_z_plus_is_alpha_1_beta_0(kind: type[Layer], data: st.DataObject) -> None:
    x, z, relevance, layer = setting(kind, data)
    np.testing.assert_array_equal(
        layer.relevance(x, z, relevance, ZPlus()).relevance,
        layer.relevance(x, z, relevance, AlphaBeta(1, 0)).relevance,
    )


@pytest.mark.parametrize("kind", LINEAR, ids=lambda c: c.__name__)
@given(data=st.data())
def test_epsilon_to_zero_gives_lrp_0(kind: type[Layer], data: st.DataObject) -> None:
    x, z, relevance, layer = setting(kind, data)
    relevance[np.abs(z) < 1e-3] = 0
    np.testing.assert_allclose(
        layer.relevance(x, z, relevance, Epsilon(1e-14)).relevance,
        layer.relevance(x, z, relevance, LRP0()).relevance,
        rtol=1e-9,
        atol=1e-9,
    )


@pytest.mark.parametrize("kind", LINEAR, ids=lambda c: c.__name__)
@pytest.mark.parametrize("rule_kind", RULES, ids=lambda c: c.__name__)
@given(data=st.data())
def test_every_rule_is_linear_in_the_relevance(
    kind: type[Layer], rule_kind: type[Rule], data: st.DataObject
) -> None:
    x, z, first, layer = setting(kind, data)
    z[np.abs(z) < 1e-3] = 0  # rounding is amplified by small denominators
    rule = data.draw(RULES[rule_kind])
    second = numbers(data.draw(generators()), z.shape)

    def handed(relevance: Array) -> Array:
        return np.asarray(layer.relevance(x, z, relevance, rule).relevance)

    separate = 2 * handed(first) - 3 * handed(second)
    size = np.abs(handed(np.abs(first))).max() + np.abs(handed(np.abs(second))).max() + 1
    together = handed(2 * first - 3 * second)
    np.testing.assert_allclose(together, separate, rtol=0, atol=1e-9 * size)


def setting(kind: type[Layer], data: st.DataObject) -> tuple[Array, Array, Array, Layer]:
    layer, shape = data.draw(LINEAR[kind])
    rng = data.draw(generators())
    x = numbers(rng, (2, *shape), data.draw(signs))
    z = layer.forward(x)
    return x, z, numbers(rng, z.shape), layer


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
    steps = list(network.steps(activations, activations["fc2"], PRESETS[rules]))
    assert [s.entry.layer for s in steps] == [n.name for n in reversed(network.nodes)]
    for above, below in zip(steps, steps[1:], strict=False):
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
    for rules in PRESETS:
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
