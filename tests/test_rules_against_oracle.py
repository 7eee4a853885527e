"""Every rule on every linear layer equals the rule written out on the layer's dense matrix."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracle import FORMULAS, dense_bias, dense_matrix
from strategies import LINEAR, OTHER, RULES, generators, numbers, signs

import lrp_audio.layers
import lrp_audio.rules
from lrp_audio.layers import Dropout, Layer
from lrp_audio.layers.base import LinearLayer
from lrp_audio.rules import Epsilon, Rule
from lrp_audio.rules.base import LinearRule

TOLERANCE = 1e-10


def public_classes(module: object, base: type) -> set[type]:
    found = (getattr(module, name) for name in module.__all__)  # type: ignore[attr-defined]
    return {c for c in found if isinstance(c, type) and issubclass(c, base) and c is not base}


def test_no_layer_and_no_rule_is_missing_from_the_comparison() -> None:
    layers = public_classes(lrp_audio.layers, Layer)
    assert layers == set(LINEAR) | set(OTHER) | {Dropout}
    assert {c for c in layers if issubclass(c, LinearLayer)} == set(LINEAR)
    rules = {c for c in public_classes(lrp_audio.rules, Rule) if issubclass(c, LinearRule)}
    assert rules == set(RULES) == set(FORMULAS)


@pytest.mark.parametrize("layer_kind", LINEAR, ids=lambda c: c.__name__)
@pytest.mark.parametrize("rule_kind", RULES, ids=lambda c: c.__name__)
@given(data=st.data())
def test_rule_on_layer_equals_its_formula_on_the_dense_matrix(
    layer_kind: type[Layer], rule_kind: type[Rule], data: st.DataObject
) -> None:
    layer, shape = data.draw(LINEAR[layer_kind])
    rule = data.draw(RULES[rule_kind])
    rng = data.draw(generators())
    x = numbers(rng, (2, *shape), data.draw(signs))
    z = layer.forward(x)
    # The library's LRP-0 divides by what it computed; the oracle's sum may round to another zero.
    z[np.abs(z) < 1e-12] = 0.0
    relevance = numbers(rng, z.shape)
    flow = layer.relevance(x, z, relevance, rule)
    assert isinstance(layer, LinearLayer)
    matrix, bias = dense_matrix(layer, shape), dense_bias(layer, shape)
    scale = np.abs(matrix) @ np.abs(x.reshape(2, -1)).T + np.abs(bias)[:, None] + 1e-300
    for sample in range(2):
        given_x, r = x[sample].reshape(-1), relevance[sample].reshape(-1)
        expected = FORMULAS[rule_kind](rule, matrix, bias, given_x, r)
        # Rounding is amplified where a denominator is small against the terms that it sums.
        size = np.abs(z[sample].reshape(-1))
        if isinstance(rule, Epsilon):
            size = size + rule.epsilon
        amplified = np.where(size > 0, scale[:, sample] / np.where(size > 0, size, 1), 1).max()
        bound = TOLERANCE * max(1.0, np.abs(expected).max()) * max(1.0, amplified)
        np.testing.assert_allclose(flow.relevance[sample].reshape(-1), expected, rtol=0, atol=bound)


@pytest.mark.parametrize("layer_kind", LINEAR, ids=lambda c: c.__name__)
@pytest.mark.parametrize("rule_kind", RULES, ids=lambda c: c.__name__)
@given(data=st.data())
def test_ledger_closes(layer_kind: type[Layer], rule_kind: type[Rule], data: st.DataObject) -> None:
    layer, shape = data.draw(LINEAR[layer_kind])
    rule = data.draw(RULES[rule_kind])
    rng = data.draw(generators())
    x = numbers(rng, (2, *shape), data.draw(signs))
    z = layer.forward(x)
    relevance = numbers(rng, z.shape)
    flow = layer.relevance(x, z, relevance, rule)
    handed = flow.relevance.reshape(2, -1).sum(axis=1)
    spent = handed + flow.accounts.sum(axis=1)
    turnover = sum(
        float(np.abs(trace.s).sum() * np.abs(trace.z).max()) for trace in flow.traces
    ) + float(np.abs(flow.relevance).sum() + np.abs(relevance).sum())
    np.testing.assert_allclose(
        relevance.reshape(2, -1).sum(axis=1), spent, rtol=0, atol=1e-12 * turnover
    )
