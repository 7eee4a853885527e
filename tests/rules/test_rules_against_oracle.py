"""Every rule on every linear layer equals the rule written out on the layer's dense matrix."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracle import FORMULAS, RULES, as_dense
from strategies import (
    CLIPPING,
    EXAMPLES,
    LINEAR,
    MOVING,
    OTHER,
    PASSING,
    POOLS,
    POSITIVE,
    PRODUCTS,
    generators,
    numbers,
    settings_of,
)

import lrp_audio.layers
import lrp_audio.rules
from lrp_audio.layers import Dropout, Layer, Pad
from lrp_audio.layers.base import LinearLayer
from lrp_audio.rules import (
    LinearRule,
    Pass,
    PassCopies,
    Proportional,
    Rule,
    SignalTakesAll,
    WinnerTakesAll,
)

every_pair = [
    pytest.param(layer, rule, id=f"{layer.__name__}-{rule.__name__}")
    for layer in LINEAR
    for rule in RULES
]


def public_classes(module: object, base: type) -> set[type]:
    found = (getattr(module, name) for name in module.__all__)  # type: ignore[attr-defined]
    return {c for c in found if isinstance(c, type) and issubclass(c, base)} - {base}


def test_no_layer_and_no_rule_is_missing_from_the_comparison() -> None:
    layers = public_classes(lrp_audio.layers, Layer)
    assert layers == set(LINEAR) | set(OTHER) | {Dropout}
    assert layers == {type(layer) for layer, _ in EXAMPLES}
    assert {c for c in layers if issubclass(c, LinearLayer)} == set(LINEAR)
    rules = public_classes(lrp_audio.rules, Rule) - {LinearRule}
    assert rules == set(RULES) | {
        Pass,
        PassCopies,
        SignalTakesAll,
        WinnerTakesAll,
        Proportional,
    }


@pytest.mark.parametrize(("layer_kind", "rule_kind"), every_pair)
@given(data=st.data())
def test_rule_on_layer_equals_its_formula_on_the_dense_matrix(
    layer_kind: type[Layer], rule_kind: type[Rule], data: st.DataObject
) -> None:
    drawn = data.draw(settings_of(layer_kind, rule_kind))
    # Where terms cancel to nothing but rounding, two orders of summation have different zeros.
    drawn.z[np.abs(drawn.z) < 1e-9] = 0.0
    drawn.relevance[drawn.z == 0] = 0.0
    flow = drawn.propagate()
    for sample in range(2):
        dense = as_dense(drawn.layer, drawn.x[sample])
        expected = FORMULAS[rule_kind](drawn.rule, dense, drawn.relevance[sample].reshape(-1))
        found = flow.relevance[sample].reshape(-1)
        np.testing.assert_allclose(found, expected, rtol=1e-10, atol=drawn.rounding())


@pytest.mark.parametrize(("layer_kind", "rule_kind"), every_pair)
@given(data=st.data())
def test_ledger_closes_and_names_only_what_the_rule_absorbs(
    layer_kind: type[Layer], rule_kind: type[Rule], data: st.DataObject
) -> None:
    drawn = data.draw(settings_of(layer_kind, rule_kind))
    flow = drawn.propagate()
    spent = flow.relevance.reshape(2, -1).sum(axis=1) + flow.accounts.sum(axis=1)
    arrived = drawn.relevance.reshape(2, -1).sum(axis=1)
    np.testing.assert_allclose(arrived, spent, rtol=0, atol=drawn.rounding())
    for account, name in zip(flow.accounts.T, ("bias", "stabiliser", "dropped"), strict=True):
        assert name in drawn.rule.absorbs or not account.any()


@pytest.mark.parametrize("kind", PASSING, ids=lambda c: c.__name__)
@given(data=st.data())
def test_relevance_passes_through_functions_of_single_values(
    kind: type[Layer], data: st.DataObject
) -> None:
    layer, shape = data.draw(PASSING[kind])
    rng = data.draw(generators())
    x = numbers(rng, (2, *shape), "positive" if kind in POSITIVE else "both")
    y = layer.forward(x)
    relevance = rng.standard_normal(y.shape)
    flow = layer.relevance(x, y, relevance, Pass())
    np.testing.assert_array_equal(flow.relevance, relevance)
    assert not flow.accounts.any()


@pytest.mark.parametrize("kind", MOVING, ids=lambda c: c.__name__)
@given(data=st.data())
def test_relevance_goes_to_what_was_copied_and_that_of_constants_is_dropped(
    kind: type[Layer], data: st.DataObject
) -> None:
    layer, shape = data.draw(MOVING[kind])
    x = 10.0 + np.arange(2 * int(np.prod(shape))).reshape(2, *shape)  # all values differ
    y = layer.forward(x)
    relevance = data.draw(generators()).standard_normal(y.shape)
    rule = PassCopies() if kind is Pad else Pass()
    flow = layer.relevance(x, y, relevance, rule)
    for sample in range(2):
        copies = y[sample].reshape(-1) == x[sample].reshape(-1, 1)
        expected = copies @ relevance[sample].reshape(-1)
        np.testing.assert_allclose(flow.relevance[sample].reshape(-1), expected, atol=1e-12)
        constants = relevance[sample].reshape(-1) @ ~copies.any(axis=0)
        np.testing.assert_allclose(flow.accounts[sample], [0, 0, constants], atol=1e-12)
    assert kind is Pad or not flow.accounts.any()


@pytest.mark.parametrize("kind", CLIPPING, ids=lambda c: c.__name__)
@given(data=st.data())
def test_relevance_of_values_that_a_limit_replaced_is_dropped_or_passes_on_request(
    kind: type[Layer], data: st.DataObject
) -> None:
    layer, shape = data.draw(CLIPPING[kind])
    rng = data.draw(generators())
    x = rng.uniform(-0.1, 0.1, (2, *shape))
    y = layer.forward(x)
    relevance = rng.standard_normal(y.shape)
    flow = layer.relevance(x, y, relevance, PassCopies())
    np.testing.assert_array_equal(flow.relevance, np.where(y == x, relevance, 0))
    lost = np.where(y == x, 0, relevance).reshape(2, -1).sum(axis=1)
    np.testing.assert_allclose(flow.accounts, np.stack([0 * lost, 0 * lost, lost], 1), atol=1e-12)
    passed = layer.relevance(x, y, relevance, Pass())
    np.testing.assert_array_equal(passed.relevance, relevance)
    assert not passed.accounts.any()


@pytest.mark.parametrize("kind", PRODUCTS, ids=lambda c: c.__name__)
@given(data=st.data())
def test_all_relevance_of_a_product_goes_to_the_signal(
    kind: type[Layer], data: st.DataObject
) -> None:
    layer, shape = data.draw(PRODUCTS[kind])
    rng = data.draw(generators())
    x = numbers(rng, (2, *shape))
    y = layer.forward(x)
    np.testing.assert_array_equal(y, x[:, 0] * x[:, 1])
    relevance = rng.standard_normal(y.shape)
    flow = layer.relevance(x, y, relevance, SignalTakesAll())
    np.testing.assert_array_equal(flow.relevance[:, layer.signal], relevance)
    assert not flow.relevance[:, 1 - layer.signal].any()
    assert not flow.accounts.any()


@pytest.mark.parametrize("kind", POOLS, ids=lambda c: c.__name__)
@given(data=st.data())
def test_winner_takes_all_equals_a_search_in_every_window(
    kind: type[Layer], data: st.DataObject
) -> None:
    layer, x, relevance, windows = pooled(kind, data)
    expected = np.zeros((2, x[0].size))
    for sample in range(2):
        for k, members in enumerate(windows):
            winner = members[np.argmax(x[sample].reshape(-1)[members])]
            expected[sample, winner] += relevance[sample].reshape(-1)[k]
    flow = layer.relevance(x, layer.forward(x), relevance, WinnerTakesAll())
    np.testing.assert_allclose(flow.relevance.reshape(2, -1), expected, atol=1e-12)
    assert not flow.accounts.any()


@pytest.mark.parametrize("kind", POOLS, ids=lambda c: c.__name__)
@given(data=st.data())
def test_proportional_pooling_shares_by_positive_value_and_drops_the_rest(
    kind: type[Layer], data: st.DataObject
) -> None:
    layer, x, relevance, windows = pooled(kind, data)
    expected, dropped = np.zeros((2, x[0].size)), np.zeros(2)
    for sample in range(2):
        for k, members in enumerate(windows):
            values = np.maximum(x[sample].reshape(-1)[members], 0)
            arrived = relevance[sample].reshape(-1)[k]
            if values.sum() == 0:
                dropped[sample] += arrived
            else:
                expected[sample, members] += values / values.sum() * arrived
    flow = layer.relevance(x, layer.forward(x), relevance, Proportional())
    np.testing.assert_allclose(flow.relevance.reshape(2, -1), expected, atol=1e-12)
    np.testing.assert_allclose(flow.accounts[:, 2], dropped, atol=1e-12)


def pooled(
    kind: type[Layer], data: st.DataObject
) -> tuple[Layer, np.ndarray, np.ndarray, list[np.ndarray]]:
    """A max-pool, inputs without ties, relevance, and the flat positions that each window sees.

    The positions are found by marking one input at a time: a window sees what it answers to.
    """
    layer, shape = data.draw(POOLS[kind])
    rng = data.draw(generators())
    count = int(np.prod(shape))
    x = (rng.permutation(2 * count).reshape(2, *shape) - count / 2 + 0.25) * 0.1
    marks = np.where(np.eye(count) > 0, 1.0, -1.0).reshape(count, *shape)
    answers = layer.forward(marks).reshape(count, -1) > 0
    relevance = rng.standard_normal((2, *layer.output_shape(shape)))
    return layer, x, relevance, [np.flatnonzero(column) for column in answers.T]
