"""Small cases worked out by hand."""

import numpy as np
import pytest

from lrp_audio.errors import RuleError, ShapeError
from lrp_audio.layers import AveragePool1D, Conv1D, Dense, MaxPool1D, MaxPool2D
from lrp_audio.rules import (
    AlphaBeta,
    Box,
    Composite,
    Epsilon,
    Gamma,
    WinnerTakesAll,
    ZPlus,
    composite,
)


@pytest.mark.parametrize(("alpha", "beta", "expected"), [(1, 0, [-1.0, 0.0]), (2, 1, [-2.0, 0.5])])
def test_alpha_beta_counts_the_bias_once_on_its_own_side(
    alpha: float, beta: float, expected: list[float]
) -> None:
    layer = Dense(np.array([[1.0, -1.0]]), np.array([-1.0]))
    x, relevance = np.array([[1.0, 1.0]]), np.array([[-1.0]])
    flow = layer.relevance(x, layer.forward(x), relevance, AlphaBeta(alpha, beta))
    np.testing.assert_allclose(flow.relevance, [expected])


def test_overlapping_max_pool_adds_up_the_relevance_of_shared_winners() -> None:
    layer = MaxPool2D((2, 2), (1, 1))
    x = np.array([[[[1.0, 2, 3], [10, 5, 6], [7, 8, 9]]]])
    relevance = np.array([[[[1.0, 2], [3, 4]]]]) / 30
    flow = layer.relevance(x, layer.forward(x), relevance, WinnerTakesAll())
    expected = np.array([[[[0.0, 0, 0], [4, 0, 2], [0, 0, 4]]]]) / 30
    np.testing.assert_allclose(flow.relevance, expected)


def test_ties_have_one_winner_the_first() -> None:
    layer = MaxPool1D((3,), (3,))
    x = np.ones((1, 1, 6))
    flow = layer.relevance(x, layer.forward(x), np.array([[[2.0, 5.0]]]), WinnerTakesAll())
    np.testing.assert_array_equal(flow.relevance, [[[2.0, 0, 0, 5.0, 0, 0]]])


def test_ceil_mode_keeps_the_clipped_last_window() -> None:
    assert MaxPool1D((3,), (2,), ceil_mode=True).output_shape((100, 8000)) == (100, 4000)
    assert MaxPool1D((3,), (2,)).output_shape((100, 8000)) == (100, 3999)
    x = np.array([[[1.0, 2, 3, 4]]])
    y = MaxPool1D((3,), (2,), ceil_mode=True).forward(x)
    np.testing.assert_array_equal(y, [[[3.0, 4.0]]])


def test_negative_inputs_excite_through_negative_weights() -> None:
    layer = Dense(np.array([[1.0, -2.0, 3.0]]))
    x = np.array([[2.0, -1.0, -1.0]])  # contributions 2, 2, -3
    flow = layer.relevance(x, layer.forward(x), np.array([[1.0]]), ZPlus())
    np.testing.assert_allclose(flow.relevance, [[0.5, 0.5, 0.0]])


def test_epsilon_pads_a_zero_denominator_upwards_and_the_ledger_says_so() -> None:
    layer = Dense(np.array([[1.0, -1.0]]))
    x = np.array([[1.0, 1.0]])
    flow = layer.relevance(x, layer.forward(x), np.array([[1.0]]), Epsilon(0.5))
    np.testing.assert_allclose(flow.relevance, [[2.0, -2.0]])
    np.testing.assert_allclose(flow.accounts, [[0.0, 1.0, 0.0]])


def test_a_neuron_without_excitation_drops_its_relevance_into_the_ledger() -> None:
    layer = Dense(np.array([[-1.0, -1.0]]))
    x = np.array([[1.0, 1.0]])
    flow = layer.relevance(x, layer.forward(x), np.array([[3.0]]), ZPlus())
    np.testing.assert_array_equal(flow.relevance, [[0.0, 0.0]])
    np.testing.assert_array_equal(flow.accounts, [[0.0, 0.0, 3.0]])


def test_alpha_and_beta_are_compared_within_rounding() -> None:
    assert AlphaBeta(2.2, 1.2).alpha == 2.2
    with pytest.raises(RuleError, match=r"alpha = 2 and beta = 0\.5"):
        AlphaBeta(2, 0.5)


def test_epsilon_of_zero_is_refused() -> None:
    with pytest.raises(RuleError, match="epsilon is 0"):
        Epsilon(0)


def test_unknown_rules_are_named_with_what_exists() -> None:
    with pytest.raises(RuleError, match=r"no rules 'epsilom'.*epsilon-plus"):
        composite("epsilom", (0, 1))


def test_a_composite_that_names_an_unknown_layer_lists_the_layers() -> None:
    with pytest.raises(RuleError, match=r"'fc3'.*its layers are fc1"):
        Composite("mine", {"dense": ZPlus()}, names={"fc3": ZPlus()}).assign(
            [("fc1", Dense(np.eye(2)))]
        )


def test_a_composite_assigns_by_name_before_position_before_kind() -> None:
    layers = [(name, Dense(np.eye(2))) for name in ("a", "b", "c", "d")]
    rules = Composite(
        "mine", {"dense": ZPlus()}, first=Epsilon(1), last=Epsilon(2), names={"d": Epsilon(3)}
    )
    assigned = [(a.rule, a.why) for a in rules.assign(layers)]
    assert assigned == [
        (Epsilon(1), "first weighted layer"),
        (ZPlus(), "kind dense"),
        (ZPlus(), "kind dense"),
        (Epsilon(3), "by name"),
    ]


def test_a_layer_refuses_a_rule_of_another_kind() -> None:
    with pytest.raises(RuleError, match="cannot take the rule z\\+"):
        Composite("mine", {"max-pool": ZPlus()}).assign([("pool", MaxPool1D((2,)))])


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (Dense(np.eye(3)), (4,)),
        (Conv1D(np.zeros((2, 3, 5))), (2, 9)),
        (Conv1D(np.zeros((2, 3, 5))), (3, 4)),
        (MaxPool1D((3,)), (1, 2)),
    ],
)
def test_wrong_shapes_are_refused_with_both_shapes(layer: Dense, shape: tuple[int, ...]) -> None:
    with pytest.raises(ShapeError, match="was given"):
        layer.forward(np.zeros((1, *shape)))


def test_a_bias_of_another_length_is_refused() -> None:
    with pytest.raises(ShapeError, match=r"expected \(3,\)"):
        Dense(np.eye(3), np.zeros(2))


def test_gamma_refuses_negative_inputs_and_names_the_rule_to_take() -> None:
    layer, x = Dense(np.eye(2)), np.array([[1.0, -2.0]])
    with pytest.raises(RuleError, match=r"inputs down to -2.*generalised-gamma"):
        layer.relevance(x, layer.forward(x), x, Gamma(0.25))


def test_the_box_refuses_inputs_outside_it() -> None:
    layer, x = Dense(np.eye(2)), np.array([[1.0, -2.0]])
    with pytest.raises(
        RuleError, match=r"inputs from -2 to 1; expected all of them between 0 and 1"
    ):
        layer.relevance(x, layer.forward(x), x, Box(0, 1))


def test_an_empty_box_is_refused() -> None:
    with pytest.raises(RuleError, match="from 1 to 0 is empty"):
        Box(1, 0)


def test_padding_that_hides_a_whole_pooling_window_is_refused() -> None:
    with pytest.raises(ShapeError, match="less than the kernel on each side"):
        MaxPool1D((2,), pad=(2,))


def test_a_max_pool_refuses_a_rule_for_linear_maps() -> None:
    layer, x = MaxPool1D((2,)), np.ones((1, 1, 4))
    with pytest.raises(RuleError, match="max-pool layer cannot take the rule z"):
        layer.relevance(x, layer.forward(x), np.ones((1, 1, 2)), ZPlus())


def test_average_pool_counts_only_real_inputs() -> None:
    layer = AveragePool1D((3,), (2,), (1,), ceil_mode=True)
    x = np.array([[[3.0, 5.0, 7.0, 9.0]]])
    np.testing.assert_allclose(layer.forward(x), [[[4.0, 7.0, 9.0]]])
