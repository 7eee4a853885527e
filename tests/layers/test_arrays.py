"""What enters layers and rules: numbers of any type, whole numbers for windows, NaN, nothing."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from strategies import EXAMPLES, POSITIVE, some

from lrp_audio.errors import RuleError, ShapeError
from lrp_audio.layers import (
    AveragePool2D,
    BatchNorm,
    Conv1D,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    Layer,
    MaxPool1D,
    MaxPool2D,
    ReLU,
)
from lrp_audio.layers.arrays import as_floats
from lrp_audio.layers.fused_convolution import FusedConvolution
from lrp_audio.models.network import Network, chain
from lrp_audio.rules import (
    PRESETS,
    AlphaBeta,
    Composite,
    Epsilon,
    Flat,
    GeneralisedGamma,
    RelativeEpsilon,
    ZPlus,
    composite,
)

Array = NDArray[Any]
rng = np.random.default_rng(5)


CONV1, CONV2 = Conv1D(some(4, 3, 3), some(4), pad=1), Conv2D(some(4, 3, 2, 3), some(4))
LAYERS: list[tuple[Layer, tuple[int, ...]]] = [
    *EXAMPLES,
    (FusedConvolution(CONV1), (3, 6)),
    (FusedConvolution(CONV1, MaxPool1D(2)), (3, 6)),
    (FusedConvolution(CONV2, MaxPool2D(2)), (3, 5, 6)),
]
IDS = [f"{type(layer).__name__}-{number}" for number, (layer, _) in enumerate(LAYERS)]
every_layer = pytest.mark.parametrize(("layer", "shape"), LAYERS, ids=IDS)


def rule_of(layer: Layer) -> Any:
    return layer.default_rule or Epsilon(1e-3)


@pytest.mark.parametrize(
    "dtype", ["?", "b", "B", "h", "H", "e", "i", "I", "l", "L", "q", "Q", ">f4", ">f8", ">i2"]
)
@every_layer
def test_numbers_of_every_type_are_taken_and_nothing_is_lost(
    layer: Layer, shape: tuple[int, ...], dtype: str
) -> None:
    x = rng.integers(0, 2 if dtype == "?" else 9, (2, *shape)).astype(dtype)
    small = x.dtype.itemsize <= 2 or dtype == ">f4"
    plain = x.astype(np.float32 if small else np.float64)
    y = layer.forward(x)
    assert y.dtype == plain.dtype
    np.testing.assert_array_equal(y, layer.forward(plain))
    given = layer.relevance(x, y, y, rule_of(layer)).relevance
    expected = layer.relevance(plain, y, y, rule_of(layer)).relevance
    np.testing.assert_array_equal(given, expected)
    np.testing.assert_array_equal(layer.gradient(x, y, y), layer.gradient(plain, y, y))


@every_layer
def test_any_layout_in_memory_gives_the_same(layer: Layer, shape: tuple[int, ...]) -> None:
    x = np.abs(some(2, *shape)) + 0.5 if isinstance(layer, POSITIVE) else some(2, *shape)
    x.setflags(write=False)
    wide = np.zeros((2, *shape[:-1], 2 * shape[-1]), np.float32)
    wide[..., ::2] = x
    layouts = [np.asfortranarray(x), wide[..., ::2], x[..., ::-1].copy()[..., ::-1], x.tolist()]
    y = layer.forward(x)
    expected = layer.relevance(x, y, y, rule_of(layer)).relevance
    for other in layouts:
        near: dict[str, Any] = {"rtol": 1e-4, "atol": 1e-5}
        np.testing.assert_allclose(layer.forward(other), y, **near)
        found = layer.relevance(other, y, np.asfortranarray(y), rule_of(layer)).relevance
        np.testing.assert_allclose(found, expected, **near)


@pytest.mark.parametrize(
    ("x", "says"),
    [
        (np.ones((1, 3, 6), complex), "type complex128; expected real numbers"),
        (np.full((1, 3, 6), "1"), "expected real numbers"),
        (np.full((1, 3, 6), None), "type object"),
        (np.full((1, 3, 6), 2**53 + 1), "cannot hold exactly"),
        (np.full((1, 3, 6), -(2**60)), "cannot hold exactly"),
        (np.full((1, 3, 6), 2**63 + 1, np.uint64), "cannot hold exactly"),
        ([[1.0], [1.0, 2.0]], "rows of equal length"),
        (np.ma.masked_less(np.arange(18.0).reshape(1, 3, 6), 3), "masked values"),
        (np.array(["2020-01-01"], "M8[D]"), "expected real numbers"),
        (3.0, "expected a batch"),
        (np.ones(6), "expected a batch"),
    ],
)
@every_layer
def test_what_is_not_a_batch_of_real_numbers_is_refused_in_a_sentence(
    layer: Layer, shape: tuple[int, ...], x: Any, says: str
) -> None:
    with pytest.raises(ShapeError, match=says):
        layer.forward(x)


def test_long_doubles_are_taken_where_float64_holds_them() -> None:
    assert as_floats(np.array([0.5, np.nan], np.longdouble)).dtype == np.float64
    if np.finfo(np.longdouble).nmant > 52:
        with pytest.raises(ShapeError, match="cannot hold exactly"):
            as_floats(np.array([1], np.longdouble) / 3)


def test_floats_are_not_copied() -> None:
    x = some(2, 3).T
    assert as_floats(x) is x


@every_layer
def test_an_output_or_relevance_of_another_shape_is_refused(
    layer: Layer, shape: tuple[int, ...]
) -> None:
    x = some(2, *shape)
    y = layer.forward(x)
    for other in (y[:1], y[..., :1], y[..., None]):
        if other.shape != y.shape:
            for outputs in ((y, other), (other, y)):
                with pytest.raises(ShapeError, match="for both"):
                    layer.relevance(x, *outputs, rule_of(layer))
                with pytest.raises(ShapeError, match="for both"):
                    layer.gradient(x, *outputs)


@every_layer
def test_no_samples_give_no_samples(layer: Layer, shape: tuple[int, ...]) -> None:
    x = np.empty((0, *shape), np.float32)
    y = layer.forward(x)
    assert y.shape == (0, *layer.output_shape(shape))
    assert layer.gradient(x, y, y).shape == x.shape
    flow = layer.relevance(x, y, y, rule_of(layer))
    assert flow.relevance.shape == x.shape
    assert flow.accounts.shape == (0, 3)
    for name, gradient in layer.differentiable(x, rng)[1](y, True)[1].items():
        assert gradient.shape == layer.parameters()[name].shape
        assert not gradient.any()


@pytest.mark.parametrize("rules", PRESETS)
def test_no_samples_are_explained(rules: str) -> None:
    layers = [("c", CONV1), ("r", ReLU()), ("p", MaxPool1D(2)), ("f", Flatten())]
    network = Network(chain([*layers, ("d", Dense(some(2, 12)))]), (3, 6))
    found = network.propagate(
        np.empty((0, 3, 6), np.float32), lambda y: y, composite(rules, (-9.0, 9.0))
    )
    assert found.output.shape == (0, 2)
    assert found.relevance["input"].shape == (0, 3, 6)
    assert found.ledger.worst_residual() == 0


@every_layer
def test_a_composite_is_no_rule_of_a_layer(layer: Layer, shape: tuple[int, ...]) -> None:
    x = some(2, *shape)
    y = layer.forward(x)
    for rule in (Composite("mine"), "epsilon", Epsilon, None):
        with pytest.raises(RuleError):
            layer.relevance(x, y, y, rule)  # type: ignore[arg-type]


@pytest.mark.parametrize("rules", [None, 3, ["epsilon"], Epsilon, ZPlus(), MaxPool1D.default_rule])
def test_what_is_neither_composite_nor_its_name_is_refused(rules: Any) -> None:
    with pytest.raises(RuleError, match=r"is no composite|where a composite is meant"):
        composite(rules, (0.0, 1.0))


WEIGHTS: list[Callable[[Any], Layer]] = [
    lambda w: Dense(np.array([[1, -2, 0], [3, 1, -1]]).astype(w), np.array([1, 0]).astype(w)),
    lambda w: Conv1D(np.array([[[1, -2]], [[3, 1]]]).astype(w), np.array([1, 0]).astype(w)),
    lambda w: BatchNorm(*(np.array([n]).astype(w) for n in (2, 1, 0, 4)), epsilon=0),
]


@pytest.mark.parametrize("make", WEIGHTS)
@pytest.mark.parametrize("dtype", [np.int8, np.int64, np.float16, np.float32, np.float64, ">f8"])
@pytest.mark.parametrize("of_input", [np.float32, np.float64])
def test_weights_of_every_type_compute_in_the_type_of_the_input(
    make: Callable[[Any], Layer], dtype: Any, of_input: Any
) -> None:
    layer, exact = make(dtype), make(np.float64)
    x = rng.standard_normal((2, 3) if isinstance(layer, Dense) else (2, 1, 5)).astype(of_input)
    y, truth = layer.forward(x), exact.forward(x.astype(np.float64))
    assert y.dtype == of_input
    np.testing.assert_allclose(y, truth, rtol=1e-5, atol=1e-6)
    given = layer.relevance(x, y, y, Epsilon(0.1))
    expected = exact.relevance(x.astype(np.float64), truth, truth, Epsilon(0.1))
    np.testing.assert_allclose(given.relevance, expected.relevance, rtol=1e-4, atol=1e-4)


def test_weights_that_are_not_real_numbers_are_refused() -> None:
    with pytest.raises(ShapeError, match="The weight of a dense layer has the type complex"):
        Dense(np.ones((2, 2), complex))
    with pytest.raises(ShapeError, match="The bias of a convolution layer"):
        Conv1D(some(1, 1, 1), np.array(["1"]))  # type: ignore[arg-type]


@pytest.mark.parametrize("three", [3, (3, 3), [3, 3], np.int32(3), np.array([3, 3])])
def test_one_whole_number_is_meant_for_all_axes(three: Any) -> None:
    assert MaxPool2D(three).window == MaxPool2D((3, 3)).window
    assert AveragePool2D(three, three, three // 3 if isinstance(three, int) else 1).window == (
        AveragePool2D((3, 3), (3, 3), (1, 1)).window
    )
    weight = some(1, 1, 3, 3)
    found = Conv2D(weight, stride=three, pad=three, dilation=three).window
    assert found == Conv2D(weight, stride=(3, 3), pad=(3, 3), dilation=(3, 3)).window
    assert hash(found) == hash(Conv2D(weight, stride=(3, 3), pad=(3, 3), dilation=(3, 3)).window)
    assert Conv2D(weight, stride=three, pad="same").window.pad == "same"


@pytest.mark.parametrize("wrong", [2.0, "2", (2,), (2, 2, 2), (2, 2.5), None, {2: 2}, [[2, 2]]])
def test_what_is_no_whole_number_for_each_axis_is_refused(wrong: Any) -> None:
    with pytest.raises(ShapeError, match=r"expected a whole number, or 2 of them"):
        MaxPool2D(wrong)
    for field in ("stride", "pad", "dilation"):
        with pytest.raises(ShapeError, match=f"The {field} .* expected a whole number"):
            Conv2D(some(1, 1, 2, 2), **{field: wrong})


NAN_LAYERS = [(layer, shape) for layer, shape in LAYERS if not isinstance(layer, Dropout)]


@pytest.mark.parametrize(("layer", "shape"), NAN_LAYERS)
@pytest.mark.parametrize("where", [0, 1, -1])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_nan_propagates_and_ends_in_nan(
    layer: Layer, shape: tuple[int, ...], where: int, dtype: Any
) -> None:
    """In the output wherever the input reaches, and in the relevance of what it reached."""
    x = rng.standard_normal((2, *shape)).astype(dtype)
    x = np.abs(x) if isinstance(layer, POSITIVE) else x
    x[1].reshape(-1)[where] = np.nan
    y = layer.forward(x)
    assert np.isfinite(y[0]).all()
    assert np.isnan(y[1]).any()
    arriving = np.where(np.isnan(y), np.nan, 1).astype(dtype)
    back = layer.relevance(x, y, arriving, rule_of(layer)).relevance
    assert np.isfinite(back[0]).all()
    assert np.isnan(back[1]).any()


@pytest.mark.parametrize(("kernel", "stride"), [(2, 2), (3, 1), (3, 2), (4, 3)])
def test_the_maximum_of_a_window_with_nan_is_nan(kernel: int, stride: int) -> None:
    x = rng.standard_normal((3, 2, 12, 12)).astype(np.float32)
    x[rng.random(x.shape) < 0.05] = np.nan
    x[0, 0, :4, :4] = -np.inf
    pool = MaxPool2D(kernel, stride)
    windows = np.lib.stride_tricks.sliding_window_view(x, (kernel, kernel), (2, 3))
    expected = windows[:, :, ::stride, ::stride].max((4, 5))
    np.testing.assert_array_equal(pool.forward(x), expected)
    np.testing.assert_array_equal(ReLU().forward(x), np.maximum(x, 0))
    identity = Conv2D(np.eye(2, dtype=np.float32).reshape(2, 2, 1, 1))
    finite = np.where(np.isinf(x), -1, x)  # 0 times infinity is NaN, in a convolution
    with_nan = identity.forward(finite)
    at_once = FusedConvolution(identity, pool).forward(finite)
    np.testing.assert_array_equal(at_once, np.maximum(pool.forward(with_nan), 0))


def test_the_first_nan_of_a_window_wins_its_relevance() -> None:
    x = np.array([[[1, np.nan, np.nan, 7], [5, 2, 3, np.nan]]], np.float32)
    pool = MaxPool1D(4)
    y = pool.forward(x)
    back = pool.relevance(x, y, np.array([[[2.0], [3.0]]], np.float32), MaxPool1D.default_rule)  # type: ignore[arg-type]
    np.testing.assert_array_equal(back.relevance, [[[0, 2, 0, 0], [0, 0, 0, 3]]])


@pytest.mark.parametrize(
    "rule",
    [
        ZPlus(),
        AlphaBeta(2, 1),
        GeneralisedGamma(0.25),
        RelativeEpsilon(0.1),
        Epsilon(0.1),
        Flat(),
    ],
    ids=str,
)
def test_relevance_from_an_output_that_is_nan_does_not_vanish(rule: Any) -> None:
    layer = Dense(some(3, 4), some(3))
    x = some(2, 4)
    x[1, 2] = np.nan
    y = layer.forward(x)
    assert np.isnan(y[1]).all()
    arriving = np.where(np.isnan(y), np.nan if isinstance(rule, Flat) else 1, 1)
    found = layer.relevance(x, y, arriving.astype(np.float32), rule).relevance
    assert np.isnan(found[1]).all()
    assert np.isfinite(found[0]).all()
    alone = layer.relevance(x[1:], y[1:], arriving[1:].astype(np.float32), rule).relevance
    np.testing.assert_array_equal(alone, found[1:])


def test_a_scale_that_is_nan_leaves_no_number_of_its_sample() -> None:
    x = some(2, 3, 9)
    x[1, 0, 0] = np.nan
    y = CONV1.forward(x)
    assert np.isfinite(y[1]).any()
    found = CONV1.relevance(x, y, y, RelativeEpsilon(0.1))
    assert np.isnan(found.relevance[1]).all()
    assert np.isnan(found.accounts[1, 1])
    assert np.isfinite(found.relevance[0]).all()
