"""Forward passes against plain loops over windows: the dense matrix of a convolution, and pools."""

import itertools
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.special import erf
from strategies import LINEAR, POOLS, generators

from lrp_audio.layers import (
    ELU,
    GELU,
    AveragePool1D,
    AveragePool2D,
    Conv1D,
    Conv2D,
    Layer,
    LeakyReLU,
    MaxPool1D,
    MaxPool2D,
    ReLU,
    Sigmoid,
    Tanh,
)
from lrp_audio.layers.convolution import Convolution
from lrp_audio.layers.window import Sliding

Array = NDArray[np.float64]


def pad_before(window: Sliding, axis: int, length: int) -> int:
    """Positions in front of the input; "same" splits them, the odd one behind."""
    if window.pad != "same":
        return window.pad[axis]
    reach = (window.kernel[axis] - 1) * window.dilation[axis] + 1
    stride = window.stride[axis]
    total = max(0, (-(-length // stride) - 1) * stride + reach - length)
    return total // 2


def taps(window: Sliding, lengths: tuple[int, ...], k: tuple[int, ...]) -> Iterator[tuple]:
    """(tap, position) of each real input that window `k` sees."""
    for tap in itertools.product(*map(range, window.kernel)):
        position = tuple(
            k[a] * window.stride[a] + tap[a] * window.dilation[a] - pad_before(window, a, length)
            for a, length in enumerate(lengths)
        )
        if all(0 <= p < length for p, length in zip(position, lengths, strict=True)):
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


@pytest.mark.parametrize(
    "kind", [MaxPool1D, MaxPool2D, AveragePool1D, AveragePool2D], ids=lambda c: c.__name__
)
@given(data=st.data())
def test_pooling_equals_loops_over_its_windows(kind: type[Layer], data: st.DataObject) -> None:
    layer, shape = data.draw((POOLS | LINEAR)[kind])
    x = data.draw(generators()).standard_normal((2, *shape))
    found = layer.forward(x)
    reduce = np.max if issubclass(kind, MaxPool1D | MaxPool2D) else np.mean
    for k in np.ndindex(found.shape[2:]):
        seen = [x[(slice(None), slice(None), *p)] for _, p in taps(layer.window, shape[1:], k)]
        expected = reduce(np.stack(seen), axis=0)
        np.testing.assert_allclose(found[(slice(None), slice(None), *k)], expected, atol=1e-12)


def test_same_padding_keeps_the_length_and_puts_the_odd_one_behind() -> None:
    layer = Conv1D(np.array([[[1.0, 2.0]]]), pad="same")
    np.testing.assert_array_equal(
        layer.forward(np.array([[[1.0, 10.0, 100.0]]])), [[[21, 210, 100]]]
    )


@pytest.mark.parametrize(
    ("layer", "function"),
    [
        (ReLU(), lambda x: np.where(x > 0, x, 0)),
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
    for layer in (ReLU(), LeakyReLU(), ELU(), Tanh(), Sigmoid()):
        with np.errstate(all="raise", under="ignore"):
            y = layer.forward(x)
            assert np.isfinite(y).all()
            assert np.isfinite(layer.gradient(x, y, np.ones_like(x))).all()
