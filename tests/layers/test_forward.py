"""Forward passes against plain loops over windows: the dense matrix of a convolution, and pools."""

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.special import erf, log_softmax, softmax
from strategies import LINEAR, POOLS, generators

from lrp_audio.layers import (
    ELU,
    GELU,
    Abs,
    Affine,
    AveragePool1D,
    AveragePool2D,
    Clip,
    Conv1D,
    Conv2D,
    Dense,
    Exp,
    GlobalAveragePool,
    GlobalMaxPool,
    GlobalSum,
    HardSigmoid,
    HardSwish,
    Identity,
    Layer,
    LeakyReLU,
    Log,
    LogSoftmax,
    Maximum,
    MaxPool1D,
    MaxPool2D,
    Minimum,
    Pad,
    Permute,
    Pow,
    PReLU,
    ReLU,
    Sigmoid,
    SiLU,
    Slice,
    Softmax,
    Softplus,
    Sqrt,
    Tanh,
)
from lrp_audio.layers.average_pool import AveragePool
from lrp_audio.layers.convolution import Convolution
from lrp_audio.layers.window import Sliding

Array = NDArray[np.float64]
SIDES = ((1, 2), (4, 3))


def padding_of(window: Sliding, axis: int, length: int) -> tuple[int, int]:
    """Positions before and after the input; "same" splits them, the odd one at one end."""
    if not isinstance(window.pad, str):
        return window.pad[axis]
    reach = (window.kernel[axis] - 1) * window.dilation[axis] + 1
    stride = window.stride[axis]
    total = max(0, (-(-length // stride) - 1) * stride + reach - length)
    less, more = total // 2, total - total // 2
    return (less, more) if window.pad == "same" else (more, less)


def taps(
    window: Sliding, lengths: tuple[int, ...], k: tuple[int, ...], padded: bool = False
) -> Iterator[tuple]:
    """(tap, position) of each real input that window `k` sees, or each that may be padding too."""
    pads = [padding_of(window, axis, length) for axis, length in enumerate(lengths)]
    for tap in itertools.product(*map(range, window.kernel)):
        position = tuple(
            k[a] * window.stride[a] + tap[a] * window.dilation[a] - before
            for a, (before, _) in enumerate(pads)
        )
        axes = zip(position, lengths, pads, strict=True)
        if all(-padded * b <= p < length + padded * a for p, length, (b, a) in axes):
            yield tap, position


def convolved_by_loops(layer: Convolution, x: Array) -> Array:
    size = layer.output_shape(x.shape[1:])
    out = np.zeros((len(x), *size))
    per_group_in, per_group_out = layer.weight.shape[1], size[0] // layer.groups
    for o in range(size[0]):
        first = (o // per_group_out) * per_group_in
        for k in np.ndindex(size[1:]):
            for tap, position in taps(layer.window, x.shape[2:], k):
                for c in range(per_group_in):
                    weight = layer.weight[(o, c, *tap)]
                    out[(slice(None), o, *k)] += weight * x[(slice(None), first + c, *position)]
        if layer.bias is not None:
            out[:, o] += layer.bias[o]
    return out


@pytest.mark.parametrize("kind", [Conv1D, Conv2D], ids=lambda c: c.__name__)
@given(data=st.data())
def test_convolution_equals_loops_over_its_windows(kind: type[Layer], data: st.DataObject) -> None:
    layer, shape = data.draw(LINEAR[kind])
    assert isinstance(layer, Convolution)
    x = data.draw(generators()).standard_normal((2, *shape))
    np.testing.assert_allclose(layer.forward(x), convolved_by_loops(layer, x), atol=1e-12)


def prelu(x: Array) -> Array:
    return np.where(x > 0, x, np.array([0.1, -2, 0.5])[:, None] * x)


@pytest.mark.parametrize(
    "kind", [MaxPool1D, MaxPool2D, AveragePool1D, AveragePool2D], ids=lambda c: c.__name__
)
@given(data=st.data())
def test_pooling_equals_loops_over_its_windows(kind: type[Layer], data: st.DataObject) -> None:
    layer, shape = data.draw((POOLS | LINEAR)[kind])
    x = data.draw(generators()).standard_normal((2, *shape))
    found = layer.forward(x)
    for k in np.ndindex(found.shape[2:]):
        seen = [x[(slice(None), slice(None), *p)] for _, p in taps(layer.window, shape[1:], k)]
        if isinstance(layer, AveragePool):
            padded = sum(1 for _ in taps(layer.window, shape[1:], k, layer.count_include_pad))
            expected = np.sum(seen, axis=0) / padded
        else:
            expected = np.max(seen, axis=0)
        np.testing.assert_allclose(found[(slice(None), slice(None), *k)], expected, atol=1e-12)


def test_same_padding_keeps_the_length_and_puts_the_odd_one_at_one_end() -> None:
    layer = Conv1D(np.array([[[1.0, 2.0]]]), pad="same")
    np.testing.assert_array_equal(
        layer.forward(np.array([[[1.0, 10.0, 100.0]]])), [[[21, 210, 100]]]
    )
    layer = Conv1D(np.array([[[1.0, 2.0]]]), pad="same-lower")
    np.testing.assert_array_equal(layer.forward(np.array([[[1.0, 10.0, 100.0]]])), [[[2, 21, 210]]])


@pytest.mark.parametrize("layer", [Log(), Sqrt(), Pow(0.25)], ids=lambda v: type(v).__name__)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_logarithm_and_roots_are_their_formulas_and_nan_below_zero(
    layer: Layer, dtype: type
) -> None:
    function = {Log: np.log, Sqrt: np.sqrt, Pow: lambda x: np.sqrt(np.sqrt(x))}[type(layer)]
    x = np.linspace(0.1, 4, 24, dtype=dtype).reshape(2, 3, 4)
    y = layer.forward(x)
    assert y.dtype == layer.gradient(x, y, y).dtype == dtype
    np.testing.assert_allclose(y, function(x), rtol=1e-5, atol=1e-6)
    below = np.array([[-1.0, 0.0]], dtype)
    y = layer.forward(below)
    assert np.isnan(y[0, 0])
    assert y[0, 1] == (-np.inf if isinstance(layer, Log) else 0)


@pytest.mark.parametrize(
    "kind", [GlobalMaxPool, GlobalAveragePool, GlobalSum], ids=lambda c: c.__name__
)
@given(data=st.data())
def test_global_pools_are_reductions_over_their_axes(
    kind: type[Layer], data: st.DataObject
) -> None:
    layer, shape = data.draw((POOLS | LINEAR)[kind])
    x = data.draw(generators()).standard_normal((2, *shape))
    axes = tuple(range(2, x.ndim)) if layer.axes is None else tuple(layer.axes)
    reduce = {GlobalMaxPool: np.max, GlobalAveragePool: np.mean, GlobalSum: np.sum}[kind]
    expected = reduce(x, axis=axes, keepdims=layer.keepdims)
    np.testing.assert_allclose(layer.forward(x), expected, atol=1e-12)


@given(data=st.data())
def test_an_affine_layer_broadcasts_as_numpy_does(data: st.DataObject) -> None:
    layer, shape = data.draw(LINEAR[Affine])
    x = data.draw(generators()).standard_normal((2, *shape))
    expected = x * layer.weight + (0 if layer.bias is None else layer.bias)
    np.testing.assert_allclose(layer.forward(x), expected, atol=1e-12)
    assert layer.forward(x).shape[1:] == layer.output_shape(shape)


def test_a_dense_layer_acts_along_the_last_axis() -> None:
    rng = np.random.default_rng(0)
    layer = Dense(rng.standard_normal((3, 5)), rng.standard_normal(3))
    x = rng.standard_normal((2, 4, 1, 5))
    np.testing.assert_allclose(layer.forward(x), x @ layer.weight.T + layer.bias, atol=1e-12)


@pytest.mark.parametrize(
    ("layer", "expected"),
    [
        (Permute((2, 1)), lambda x: x.transpose(0, 2, 1)),
        (Permute((-1, 1)), lambda x: x.transpose(0, 2, 1)),
        (Slice((1,), (2,)), lambda x: x[:, 1:2]),
        (Slice((-2, 3), (2**62, -(2**62)), (2, 1), (1, -2)), lambda x: x[:, 3::-2, -2:]),
        (Slice((0,), (-1,), (-1,), (2,)), lambda x: x[..., 0:-1:2]),
        (Pad(SIDES), lambda x: np.pad(x, ((0, 0), *SIDES))),
        (Pad(SIDES, value=7.0), lambda x: np.pad(x, ((0, 0), *SIDES), constant_values=7)),
        (Pad(SIDES, "reflect"), lambda x: np.pad(x, ((0, 0), *SIDES), "reflect")),
        (Pad(SIDES, "edge"), lambda x: np.pad(x, ((0, 0), *SIDES), "edge")),
        (Pad(((-1, 2), (0, -3))), lambda x: np.pad(x[:, 1:, :-3], ((0, 0), (0, 2), (0, 0)))),
    ],
)  # fmt: skip
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_values_are_moved_as_numpy_moves_them(layer: Layer, expected: Any, dtype: type) -> None:
    x = np.arange(40, dtype=dtype).reshape(2, 4, 5)
    y = layer.forward(x)
    assert y.dtype == dtype
    np.testing.assert_array_equal(y, expected(x))
    assert y.shape[1:] == layer.output_shape(x.shape[1:])
    if isinstance(layer, Permute | Slice):
        assert y.base is x or y.base is x.base  # a view


@pytest.mark.parametrize(
    ("layer", "function"),
    [
        (ReLU(), lambda x: np.where(x > 0, x, 0)),
        (PReLU(np.array([0.1, -2, 0.5])), prelu),
        (SiLU(), lambda x: x / (1 + np.exp(-x))),
        (HardSwish(), lambda x: x * np.minimum(np.maximum(x + 3, 0), 6) / 6),
        (HardSigmoid(), lambda x: np.minimum(np.maximum(x / 6 + 0.5, 0), 1)),
        (HardSigmoid(0.2, 0.1), lambda x: np.minimum(np.maximum(0.2 * x + 0.1, 0), 1)),
        (Softplus(), lambda x: np.log1p(np.exp(x))),
        (Clip(-1, 2), lambda x: np.minimum(np.maximum(x, -1), 2)),
        (Maximum(0.5), lambda x: np.where(x > 0.5, x, 0.5)),
        (Minimum(0.5), lambda x: np.where(x < 0.5, x, 0.5)),
        (Abs(), lambda x: np.sqrt(x**2)),
        (Exp(), np.exp),
        (Pow(2), lambda x: x * x),
        (Pow(-1), lambda x: 1 / x),
        (Identity(), lambda x: x),
        (Softmax(), lambda x: softmax(x, axis=-1)),
        (Softmax(1), lambda x: softmax(x, axis=1)),
        (LogSoftmax(2), lambda x: log_softmax(x, axis=2)),
        (LeakyReLU(0.2), lambda x: np.where(x > 0, x, 0.2 * x)),
        (ELU(1.5), lambda x: np.where(x > 0, x, 1.5 * (np.exp(x) - 1))),
        (GELU(), lambda x: 0.5 * x * (1 + erf(x / np.sqrt(2)))),
        (Tanh(), np.tanh),
        (Sigmoid(), lambda x: 1 / (1 + np.exp(-x))),
    ],
    ids=lambda v: type(v).__name__,
)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_activations_are_their_formulas_in_the_given_type(
    layer: Layer, function: object, dtype: type
) -> None:
    x = np.linspace(-4, 4, 24, dtype=dtype).reshape(2, 3, 4)
    y = layer.forward(x)
    assert y.dtype == dtype
    assert layer.gradient(x, y, np.ones_like(x)).dtype == dtype
    np.testing.assert_allclose(y, function(x), rtol=1e-5, atol=1e-6)  # type: ignore[operator]


def test_activations_stay_finite_at_the_ends_of_the_number_line() -> None:
    x = np.array([[-1e30, -1e3, 1e3, 1e30]], np.float32)
    saturating = (Tanh(), Sigmoid(), HardSigmoid(), Softmax(), LogSoftmax(), Clip(-1, 1))
    for layer in (ReLU(), LeakyReLU(), ELU(), SiLU(), HardSwish(), Softplus(), *saturating):
        with np.errstate(all="raise", under="ignore"):
            y = layer.forward(x)
            assert np.isfinite(y).all()
            assert np.isfinite(layer.gradient(x, y, np.ones_like(x))).all()
