"""Gradients of every layer against central finite differences, in float64."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from strategies import LINEAR, OTHER, POSITIVE, generators

from lrp_audio.layers import Dropout, Layer
from lrp_audio.models.audionet import audionet, initial_parameters
from lrp_audio.training.loss import cross_entropy

Array = NDArray[np.float64]
STEP = 1e-6


def slope(f: Callable[[Array], float], x: Array, direction: Array) -> float:
    return (f(x + STEP * direction) - f(x - STEP * direction)) / (2 * STEP)


def distinct(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Values of either sign, far more than `STEP` apart: no kink of a maximum is crossed."""
    count = int(np.prod(shape))
    return (rng.permutation(count).reshape(shape) - count / 2 + 0.25) * 0.01


@pytest.mark.parametrize("kind", LINEAR | OTHER, ids=lambda c: c.__name__)
@given(data=st.data())
def test_input_gradient_is_the_slope_of_the_forward_pass(
    kind: type[Layer], data: st.DataObject
) -> None:
    layer, shape = data.draw((LINEAR | OTHER)[kind])
    rng = data.draw(generators())
    x = distinct(rng, (2, *shape))
    if kind in POSITIVE:
        x = np.abs(x) + 0.5
    y = layer.forward(x)
    g, direction = rng.standard_normal(y.shape), rng.standard_normal(x.shape)
    expected = slope(lambda x: float((layer.forward(x) * g).sum()), x, direction)
    found = float((layer.gradient(x, y, g) * direction).sum())
    assert found == pytest.approx(expected, rel=1e-6, abs=1e-7)


@pytest.mark.parametrize("kind", LINEAR, ids=lambda c: c.__name__)
@given(data=st.data())
def test_parameter_gradients_are_the_slopes_of_the_forward_pass(
    kind: type[Layer], data: st.DataObject
) -> None:
    layer, shape = data.draw(LINEAR[kind])
    rng = data.draw(generators())
    x = rng.standard_normal((2, *shape))
    g = rng.standard_normal(layer.forward(x).shape)
    gradients = layer.parameter_gradients(x, g)
    assert gradients.keys() == layer.parameters().keys()
    for name, parameter in layer.parameters().items():
        direction = rng.standard_normal(parameter.shape)
        before = parameter.copy()

        def output(value: Array, parameter: Array = parameter) -> float:
            parameter[...] = value
            return float((layer.forward(x) * g).sum())

        expected = slope(output, before, direction)
        parameter[...] = before
        found = float((gradients[name] * direction).sum())
        assert found == pytest.approx(expected, rel=1e-6, abs=1e-7)


def test_dropout_scales_what_it_keeps_and_its_gradient_follows_the_same_mask() -> None:
    x = np.full((4, 1000), 3.0)
    y, pullback = Dropout(0.25).differentiable(x, np.random.default_rng(0))
    kept = y != 0
    assert 0.7 < kept.mean() < 0.8
    np.testing.assert_allclose(y[kept], 4.0)
    g, _ = pullback(np.ones_like(x), True)
    assert g is not None
    np.testing.assert_allclose(g, np.where(kept, 1 / 0.75, 0))


def test_dropout_is_inactive_outside_training() -> None:
    x = np.arange(6.0).reshape(2, 3)
    np.testing.assert_array_equal(Dropout(0.5).forward(x), x)


@given(rng=generators(), smoothing=st.sampled_from([0.0, 0.1]))
def test_cross_entropy_gradient_is_its_slope(rng: np.random.Generator, smoothing: float) -> None:
    logits, labels = 3 * rng.standard_normal((3, 5)), rng.integers(5, size=3)
    direction = rng.standard_normal(logits.shape)
    expected = slope(lambda z: cross_entropy(z, labels, smoothing)[0], logits, direction)
    found = float((cross_entropy(logits, labels, smoothing)[1] * direction).sum())
    assert found == pytest.approx(expected, rel=1e-6, abs=1e-9)


def test_gradient_of_the_whole_audionet_is_the_slope_of_its_logits() -> None:
    rng = np.random.default_rng(1)
    parameters = {k: p.astype(float) for k, p in initial_parameters(10, rng).items()}
    network = audionet(parameters)
    x, g = rng.standard_normal((1, 1, 8000)), rng.standard_normal((1, 10))
    # A small step: a large one crosses the kinks of some of a million ReLUs.
    direction = 0.01 * rng.standard_normal(x.shape)
    expected = slope(lambda x: float((network.forward(x) * g).sum()), x, direction)
    found = float((network.gradient(network.activations(x), g) * direction).sum())
    assert found == pytest.approx(expected, rel=1e-5)
