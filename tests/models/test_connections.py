"""The relevance of single connections, made of the rule's own steps."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from oracle import RULES
from strategies import LINEAR, OTHER, POSITIVE, numbers, settings_of

from lrp_audio.errors import ShapeError
from lrp_audio.layers import Dense
from lrp_audio.layers.base import Layer
from lrp_audio.models.network import Network, Step, chain
from lrp_audio.rules import Composite, Epsilon, Rule

Array = NDArray[Any]


def step_of(layer: Layer, x: Array, relevance: Array, rule: Rule) -> Step:
    """LRP of one sample `x` at a network of `layer` alone."""
    network = Network(chain([("layer", layer)]), x.shape[1:])
    rules = Composite("one rule", names={"layer": rule})
    (step,) = network.steps(network.activations(x), relevance, rules)
    return step


def assert_complete(step: Step, slack: float) -> None:
    """Connections add up to what inputs got, and with what is absorbed to what outputs had."""
    found = step.connections
    given = found.relevance.sum(axis=tuple(range(1, found.relevance.ndim)))
    spent = given + found.accounts.sum(axis=1)
    np.testing.assert_allclose(spent, step.relevance.reshape(-1), rtol=0, atol=slack)
    received = found.relevance.sum(axis=0, keepdims=True)
    np.testing.assert_allclose(received, step.flow.relevance, rtol=0, atol=slack)
    np.testing.assert_allclose(found.accounts.sum(axis=0), step.flow.accounts[0], atol=slack)


@pytest.mark.parametrize("layer", LINEAR, ids=lambda c: c.__name__)
@given(data=st.data())
def test_connections_of_a_linear_layer_add_up_to_what_neurons_have(
    layer: type[Layer], data: st.DataObject
) -> None:
    case = data.draw(settings_of(layer, data.draw(st.sampled_from(list(RULES)))))
    step = step_of(case.layer, case.x[:1], case.relevance[:1], case.rule)
    assert_complete(step, case.rounding())


@pytest.mark.parametrize("kind", OTHER, ids=lambda c: c.__name__)
@given(data=st.data())
def test_connections_of_other_layers_add_up_to_what_neurons_have(
    kind: type[Layer], data: st.DataObject
) -> None:
    layer, shape = data.draw(OTHER[kind])
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    x = numbers(rng, (1, *shape), "positive" if kind in POSITIVE else "both")
    y = layer.forward(np.where(x == 0, 0.5, x) if kind in POSITIVE else x)
    assert layer.default_rule is not None
    x = np.where(x == 0, 0.5, x) if kind in POSITIVE else x
    assert_complete(step_of(layer, x, numbers(rng, y.shape), layer.default_rule), 1e-12)


def test_a_connection_is_written_out_in_numbers() -> None:
    layer = Dense(np.array([[1.0, 2.0], [3.0, -1.0]]), np.array([0.5, 0.0]))
    x, relevance = np.array([[1.0, 1.0]]), np.array([[7.0, 2.0]])
    found = step_of(layer, x, relevance, Epsilon(0.5)).connections
    # z = 3.5 and 2, denominators 4 and 2.5.
    np.testing.assert_allclose(found.relevance, [[7 / 4, 14 / 4], [6 / 2.5, -2 / 2.5]])
    np.testing.assert_allclose(found.accounts, [[3.5 / 4, 3.5 / 4, 0], [0, 1 / 2.5, 0]])


def test_connections_are_those_of_one_sample() -> None:
    layer, two = Dense(np.eye(3)), np.ones((2, 3))
    with pytest.raises(ShapeError, match="of 2 samples were asked for; take the steps of one"):
        _ = step_of(layer, two, two, Epsilon()).connections
