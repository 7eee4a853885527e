"""Every kernel in float32 against itself in float64, on sizes that fill several tiles and threads.

The bound is that of the conditioning. A linear kernel with ``n`` terms a sum may err by
``n eps`` times what it makes of the absolute values of its arguments (Higham 2002, section 3.1);
a transformed convolution, by a multiple of that in which each window sees the largest value nearby.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter

from lrp_audio.kernels import adam, convolution, dense, elementwise, pooling
from lrp_audio.kernels.compiling import compiled
from lrp_audio.kernels.few_outputs import few
from lrp_audio.kernels.operand import DIRECT, WINOGRAD
from lrp_audio.kernels.packing import pack
from lrp_audio.kernels.windows import Window
from lrp_audio.kernels.winners import NO_WINNER, Winners, select
from lrp_audio.layers import Conv1D, Conv2D, Dense
from lrp_audio.layers.base import LinearLayer
from lrp_audio.rules import AlphaBeta, Epsilon, Rule, ZPlus

Array = NDArray[Any]
EPS = float(np.finfo(np.float32).eps)

POOL = Window((2, 2), (2, 2), (0, 0))
STRIDED = Window((5, 5), (2, 2), (2, 2))
PLAIN = Window((3, 3), (1, 1), (1, 1))
PIECES = Window((5, 5), (1, 1), (2, 2))
SIGNAL = Window((1, 3), (1, 1), (0, 1))


class Kernel(NamedTuple):
    """A kernel as a function of float arrays of these `shapes`, with `terms` in its longest sum."""

    run: Callable[..., Array]
    shapes: tuple[tuple[int, ...], ...]
    terms: int
    far: int = 0  # the reach of transformed tiles


def _winners(image: tuple[int, ...]) -> Winners:
    rng = np.random.default_rng(1)
    batch, channels, height, width = image
    place = rng.integers(4, size=(batch, height // 2, width // 2, channels)).astype(np.uint8)
    return Winners(place, POOL, (height, width))


def _packed(w: Array, window: Window, groups: int = 1) -> Any:
    return pack(w, window.stride, window.dilation, groups)


def _convolve(x: Array, w: Array, b: Array, window: Window, groups: int, at: Any = None) -> Array:
    operands = _packed(w, window, groups)
    if isinstance(at, Winners):
        return convolution.convolve_at(x, operands, b, window, at)
    if at == "maxima":
        size = x.shape[2:]
        return convolution.convolve_to_maxima(
            x, operands, b, window, size, POOL, (size[0] // 2, size[1] // 2)
        )[0]
    size = tuple(
        (n + 2 * p - k) // s + 1
        for n, k, s, p in zip(x.shape[2:], window.kernel, window.stride, window.pad, strict=True)
    )
    run = convolution.convolve_rectified if at == "rectified" else convolution.convolve
    return run(x, operands, b, window, size)


def _transpose(s: Array, w: Array, window: Window, groups: int, size: Any, at: Any = None) -> Array:
    return convolution.transpose(s, _packed(w, window, groups), window, size, at)


IMAGE, WEIGHT = (3, 32, 24, 22), (32, 16, 3, 3)
ODD, FIVES = (3, 64, 27, 21), (80, 32, 5, 5)
LINEAR = {
    "convolve, strided": Kernel(
        lambda x, w, b: _convolve(x, w, b, STRIDED, 2),
        ((3, 6, 59, 57), (32, 3, 5, 5), (32,)),
        3 * 25 + 1,
    ),
    "convolve, depthwise": Kernel(
        lambda x, w, b: _convolve(x, w, b, STRIDED, 32),
        ((3, 32, 59, 57), (64, 1, 5, 5), (64,)),
        25 + 1,
    ),
    "transpose, depthwise": Kernel(
        lambda s, w: _transpose(s, w, STRIDED, 32, (59, 57)),
        ((3, 64, 30, 29), (64, 1, 5, 5)),
        2 * 25,
    ),
    "weight gradient, depthwise": Kernel(
        lambda x, g: convolution.weight_gradient(x, g, STRIDED, 32, (64, 1, 5, 5), None),
        ((3, 32, 59, 57), (3, 64, 30, 29)),
        3 * 30 * 29,
    ),
    "convolve, transformed image": Kernel(
        lambda x, w, b: _convolve(x, w, b, PLAIN, 2), (IMAGE, WEIGHT, (32,)), 16 * 9 + 1, 5
    ),
    "convolve, transformed signal": Kernel(
        lambda x, w, b: _convolve(x, w, b, SIGNAL, 1),
        ((3, 32, 1, 3001), (48, 32, 1, 3), (48,)),
        32 * 3 + 1,
        11,
    ),
    "convolve, rectified": Kernel(
        lambda x, w, b: _convolve(x, w, b, PLAIN, 2, "rectified"),
        (IMAGE, WEIGHT, (32,)),
        16 * 9 + 1,
        5,
    ),
    "convolve to maxima": Kernel(
        lambda x, w, b: _convolve(x, w, b, PLAIN, 2, "maxima"), (IMAGE, WEIGHT, (32,)), 145, 5
    ),
    "convolve at the winners": Kernel(
        lambda x, w, b: _convolve(x, w, b, PLAIN, 2, _winners(IMAGE)),
        (IMAGE, WEIGHT, (32,)),
        16 * 9 + 1,
        5,
    ),
    "convolve, transformed in pieces": Kernel(
        lambda x, w, b: _convolve(x, w, b, PIECES, 2), (ODD, FIVES, (80,)), 32 * 25 + 1, 5
    ),
    "convolve to maxima, transformed in pieces": Kernel(
        lambda x, w, b: _convolve(x, w, b, PIECES, 2, "maxima"), (ODD, FIVES, (80,)), 801, 5
    ),
    "convolve at the winners, transformed in pieces": Kernel(
        lambda x, w, b: _convolve(x, w, b, PIECES, 2, _winners((3, 80, 27, 21))),
        (ODD, FIVES, (80,)),
        32 * 25 + 1,
        5,
    ),
    "transpose, scattered": Kernel(
        lambda s, w: _transpose(s, w, STRIDED, 2, (59, 57)),
        ((3, 32, 30, 29), (32, 3, 5, 5)),
        16 * 25,
    ),
    "transpose, transformed": Kernel(
        lambda s, w: _transpose(s, w, PLAIN, 2, (24, 22)), (IMAGE, WEIGHT), 16 * 9, 5
    ),
    "transpose at the winners": Kernel(
        lambda s, w: _transpose(s, w, PLAIN, 2, (24, 22), _winners(IMAGE)),
        ((3, 32, 12, 11), WEIGHT),
        16 * 9,
        5,
    ),
    "transpose, transformed in pieces": Kernel(
        lambda s, w: _transpose(s, w, PIECES, 2, (27, 21)), ((3, 80, 27, 21), FIVES), 40 * 25, 5
    ),
    "transpose at the winners, transformed in pieces": Kernel(
        lambda s, w: _transpose(s, w, PIECES, 2, (27, 21), _winners((3, 80, 27, 21))),
        ((3, 80, 13, 10), FIVES),
        40 * 25,
        5,
    ),
    "weight gradient": Kernel(
        lambda x, g: convolution.weight_gradient(x, g, PLAIN, 2, WEIGHT, None),
        (IMAGE, IMAGE),
        3 * 24 * 22,
    ),
    "weight gradient at the winners": Kernel(
        lambda x, g: convolution.weight_gradient(x, g, PLAIN, 2, WEIGHT, _winners(IMAGE)),
        (IMAGE, (3, 32, 12, 11)),
        3 * 24 * 22,
    ),
    "dense": Kernel(dense.multiply, ((5, 5000), (700, 5000)), 5000),
    "dense transpose": Kernel(dense.multiply_transpose, ((5, 700), (700, 5000)), 700),
    "dense weight gradient": Kernel(dense.multiply_weight_gradient, ((5, 5000), (5, 700)), 5),
    "weighted sum": Kernel(
        lambda *a: elementwise.weighted_sum(a[:3], a[3:]), ((3, 40, 9000),) * 6, 4
    ),
    "channel sums": Kernel(elementwise.channel_sums, ((3, 40, 9000),), 27000),
    "rectify": Kernel(elementwise.rectify, ((3, 40, 9000),), 1),
    "maximum": Kernel(lambda x: pooling.maximum(x, POOL, (12, 11)), (IMAGE,), 1),
    "window sums": Kernel(lambda x: pooling.window_sums(x, POOL, (12, 11)), (IMAGE,), 4),
    "spread windows": Kernel(
        lambda s: pooling.spread_windows(s, POOL, (24, 22)), ((3, 32, 12, 11),), 4
    ),
    "hand to winners": Kernel(
        lambda s: pooling.hand_to_winners(s, _winners(IMAGE)), ((3, 32, 12, 11),), 4
    ),
}


@pytest.mark.parametrize("name", LINEAR)
def test_a_kernel_in_float32_stays_within_the_bound_of_its_conditioning(name: str) -> None:
    kernel, rng = LINEAR[name], np.random.default_rng(0)
    single = [rng.standard_normal(shape).astype(np.float32) for shape in kernel.shapes]
    double = [array.astype(np.float64) for array in single]
    found, truth = kernel.run(*single), kernel.run(*double)
    assert found.dtype == np.float32 and truth.dtype == np.float64
    sizes = [np.abs(array) for array in double]
    if kernel.far:
        reach = tuple(min(kernel.far, n) for n in sizes[0].shape[2:])
        sizes[0] = maximum_filter(sizes[0], (1, 1, *reach))
        sizes[1] = np.broadcast_to(sizes[1].max(axis=(2, 3), keepdims=True), sizes[1].shape)
    bound = (kernel.terms + 2) * EPS * kernel.run(*sizes) + np.finfo(np.float32).tiny
    assert (np.abs(found - truth) <= bound).all()


@settings(max_examples=40)
@given(
    kernel=st.just((1, 3)) | st.tuples(st.integers(3, 6), st.integers(3, 6)),
    pad=st.tuples(st.integers(0, 3), st.integers(0, 3)),
    size=st.tuples(st.integers(1, 9), st.integers(1, 45)),
    channels=st.tuples(st.integers(16, 40), st.integers(16, 40)),
    groups=st.integers(1, 2),
    seed=st.integers(0, 9),
)
def test_winograd_filtering_is_convolution_with_any_kernel_and_size(
    kernel: tuple[int, int],
    pad: tuple[int, int],
    size: tuple[int, int],
    channels: tuple[int, int],
    groups: int,
    seed: int,
) -> None:
    rng, (depth, made) = np.random.default_rng(seed), channels
    grid = tuple(n + max(0, k - 1 - 2 * p) for n, k, p in zip(size, kernel, pad, strict=True))
    window = Window(kernel, (1, 1), pad)
    x = rng.standard_normal((2, groups * depth, *grid)).astype(np.float32)
    weight = rng.standard_normal((groups * made, depth, *kernel)).astype(np.float32)
    filtered = _packed(weight, window, groups)
    assert filtered.forward.kind == filtered.backward.kind == WINOGRAD
    exact = _packed(weight.astype(np.float64), window, groups)
    assert exact.forward.kind == exact.backward.kind == DIRECT

    z = _convolve(x, weight, np.zeros(len(weight), np.float32), window, groups)
    truth = convolution.convolve(x.astype(np.float64), exact, None, window, z.shape[2:])
    assert np.abs(z - truth).max() <= 30 * EPS * np.abs(truth).max()
    s = rng.standard_normal(z.shape).astype(np.float32)
    found = convolution.transpose(s, filtered, window, grid)
    truth = convolution.transpose(s.astype(np.float64), exact, window, grid)
    assert np.abs(found - truth).max() <= 30 * EPS * np.abs(truth).max()


@settings(max_examples=25)
@given(
    kernel=st.tuples(st.integers(3, 6), st.integers(3, 6)),
    size=st.tuples(st.integers(0, 12), st.integers(0, 12)),
    seed=st.integers(0, 99),
)
def test_windows_of_the_same_constant_rows_or_columns_have_the_same_outputs(
    kernel: tuple[int, int], size: tuple[int, int], seed: int
) -> None:
    """As direct sums have: otherwise the winner in a pool would depend on the place of tiles."""
    rng = np.random.default_rng(seed)
    height, width = (n + k + 1 for n, k in zip(size, kernel, strict=True))
    weight = rng.standard_normal((20, 24, *kernel)).astype(np.float32)
    image = rng.standard_normal((2, 24, height, width)).astype(np.float32)
    for axis, k in zip((2, 3), kernel, strict=True):
        length = image.shape[axis]
        chosen = np.sort(rng.integers(length, size=length)) // 4 * 4
        chosen[: k + 1] = 0  # two windows at least
        x = np.take(image, chosen, axis)
        z = _convolve(x, weight, np.zeros(20, np.float32), Window(kernel, (1, 1), (0, 0)), 1)
        found = np.moveaxis(z, axis, 0)
        same = [i for i in range(len(found) - 1) if len(set(chosen[i : i + k + 1])) == 1]
        assert same
        for i in same:
            np.testing.assert_array_equal(found[i], found[i + 1])


@pytest.mark.parametrize("window", [PLAIN, PIECES, SIGNAL], ids=str)
def test_float64_and_sums_of_one_sign_are_computed_without_transforms(window: Window) -> None:
    weight = np.random.default_rng(3).standard_normal((32, 16, *window.kernel))
    assert _packed(weight, window).forward.kind == DIRECT
    assert _packed(np.abs(weight).astype(np.float32), window).forward.kind == DIRECT
    assert _packed(weight.astype(np.float32), window).forward.kind == WINOGRAD


@pytest.mark.parametrize("kernel", [(1, 2), (1, 5), (2, 2), (3, 1), (3, 7), (2, 3)], ids=str)
def test_other_kernels_are_computed_without_transforms(kernel: tuple[int, int]) -> None:
    weight = np.random.default_rng(3).standard_normal((32, 16, *kernel)).astype(np.float32)
    assert _packed(weight, Window(kernel, (1, 1), (0, 0))).forward.kind == DIRECT
    three = np.ones((32, 16, 3, 3), np.float32) - np.eye(3, dtype=np.float32) * 2
    for window in (PLAIN._replace(stride=(1, 2)), PLAIN._replace(dilation=(2, 2))):
        assert _packed(three, window).forward.kind == DIRECT


def test_the_stabilised_division_keeps_its_relative_error() -> None:
    rng = np.random.default_rng(4)
    z, r = (rng.standard_normal((3, 50, 6000)).astype(np.float32) for _ in range(2))
    bias, epsilon = rng.standard_normal(50).astype(np.float32), np.full(3, 0.25, np.float32)
    found, accounts = elementwise.divide(r, z, bias, epsilon)
    doubles = [a.astype(np.float64) for a in (r, z, bias, epsilon)]
    truth, true_accounts = elementwise.divide(*doubles)
    np.testing.assert_allclose(found, truth, rtol=4 * EPS)
    turnover = np.abs(truth).sum() * (np.abs(bias).max() + 0.25)
    np.testing.assert_allclose(accounts, true_accounts, rtol=0, atol=4 * EPS * turnover)


@pytest.mark.parametrize(
    "window",
    [
        Window((3, 5), (1, 1), (1, 2)),
        Window((4, 4), (1, 1), (0, 0)),
        Window((5, 4), (2, 3), (2, 0)),
    ],
    ids=str,
)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_few_winners_are_convolved_and_handed_back_as_all_are(window: Window, dtype: Any) -> None:
    rng = np.random.default_rng(7)
    groups, size = 2, (29, 31)
    x = rng.standard_normal((3, 80, *size)).astype(dtype)
    weight = _packed(rng.standard_normal((24, 40, *window.kernel)).astype(dtype), window, groups)
    bias = rng.standard_normal(24).astype(dtype)
    axes = zip(size, window.kernel, window.stride, window.pad, strict=True)
    made = tuple((n + 2 * p - k) // s + 1 for n, k, s, p in axes)
    pool = Window((3, 2), (2, 2), (0, 0))
    pooled = tuple((n - k) // 2 + 1 for n, k in zip(made, pool.kernel, strict=True))
    place = rng.integers(0, 6, (3, *pooled, 24)).astype(np.uint8)
    place[rng.random(place.shape) < 0.8] = NO_WINNER
    at = Winners(place, pool, made)
    assert few(weight, window, at)
    assert not few(weight, window, at._replace(place=np.zeros_like(place)))

    z = np.moveaxis(convolution.convolve(x, weight, bias, window, made), 1, -1)
    expected = np.empty(place.shape, dtype)
    part, none = (0, 3, 0, pooled[0], 0, pooled[1]), np.zeros(24, dtype)
    compiled()(select)(np.ascontiguousarray(z), made, place, none, expected, part, pool)
    found = np.moveaxis(convolution.convolve_at(x, weight, bias, window, at), 1, -1)
    scale = np.finfo(dtype).eps * np.abs(z).max()
    np.testing.assert_allclose(found, expected, atol=40 * scale)

    s = np.where(place == NO_WINNER, 0, rng.standard_normal(place.shape)).astype(dtype)
    everywhere = pooling.hand_to_winners(np.moveaxis(s, -1, 1), at)
    c = convolution.transpose(everywhere, weight, window, size)
    found = convolution.transpose(np.moveaxis(s, -1, 1), weight, window, size, at)
    np.testing.assert_allclose(found, c, atol=40 * np.finfo(dtype).eps * np.abs(c).max())


def test_the_rest_of_a_sum_is_its_terms_below_zero() -> None:
    rng = np.random.default_rng(6)
    above = rng.uniform(1, 2, (3, 40, 9000)).astype(np.float32)
    below = -rng.uniform(0.5, 4, above.shape).astype(np.float32)
    total = (above.astype(np.float64) + below).astype(np.float32)
    found = elementwise.rest_below_zero(total, above)
    assert found is not None and found.dtype == np.float32
    np.testing.assert_allclose(found, below, rtol=4 * EPS)
    np.testing.assert_array_equal(elementwise.rest_below_zero(above * 0, above * 0), above * 0)


@pytest.mark.parametrize("rest", [0.0, 1e-3, -1e-3, -0.03])
def test_there_is_no_rest_where_cancellation_would_eat_it(rest: float) -> None:
    above = np.ones((2, 3, 5), np.float32)
    total = above - 0.5
    assert elementwise.rest_below_zero(total, above) is not None
    total[1, 2, 4] = 1 + rest
    assert elementwise.rest_below_zero(total, above) is None


def test_sums_of_samples_are_added_in_float64() -> None:
    x = np.random.default_rng(5).standard_normal((3, 40, 9000)).astype(np.float32)
    expected = x.astype(np.float64).sum(axis=(1, 2))
    found = elementwise.sample_sums(x)
    np.testing.assert_allclose(found, expected, atol=1e-12 * np.abs(x).sum())


@pytest.mark.parametrize("last", [0.0, 1.0, -1e-30, np.nan])
def test_a_single_value_below_zero_is_found(last: float) -> None:
    x = np.abs(np.random.default_rng(5).standard_normal((3, 40, 9000))).astype(np.float32)
    x[2, 39, 8999] = last
    assert elementwise.any_negative(np.moveaxis(x, 1, -1)) == (not last >= 0)


def test_gates_and_winners_choose_the_same_in_float32() -> None:
    rng = np.random.default_rng(6)
    g, y = (rng.standard_normal(IMAGE).astype(np.float32) for _ in range(2))
    gated = elementwise.gate(g, y)
    np.testing.assert_array_equal(gated, np.where(y > 0, g, 0))
    pooled = pooling.maximum(y, POOL, (12, 11))
    share = rng.standard_normal(pooled.shape).astype(np.float32)
    single = pooling.to_winners(y, share, POOL)
    double = pooling.to_winners(*(a.astype(np.float64) for a in (y, share)), POOL)
    np.testing.assert_array_equal(single, double)


def test_adam_in_float32_steps_as_in_float64() -> None:
    rng = np.random.default_rng(7)
    arrays = [rng.standard_normal((50, 3000)).astype(np.float32) for _ in range(5)]
    arrays[3] = np.abs(arrays[3])  # a second moment
    found = {}
    for dtype in (np.float32, np.float64):
        p, g, m, v, average = (a.astype(dtype) for a in arrays)
        adam.update(p, g, (m, v), average, 3, 1e-3, 0.5, 0.01, 0.9)
        found[dtype] = np.stack([p, m, v, average])
    np.testing.assert_allclose(found[np.float32], found[np.float64], rtol=8 * EPS, atol=8 * EPS)


CASES = {
    "conv1d": lambda w: Conv1D(w((100, 64, 3)), w((100,)), pad=(1,)),
    "conv2d-groups": lambda w: Conv2D(w((64, 16, 5, 5)), w((64,)), pad=(2, 2), groups=2),
    "conv2d-stride": lambda w: Conv2D(w((48, 32, 11, 11)), w((48,)), stride=(4, 4)),
    "dense": lambda w: Dense(w((600, 5000)), w((600,))),
}
SHAPES = {
    "conv1d": (64, 3000),
    "conv2d-groups": (32, 27, 27),
    "conv2d-stride": (32, 59, 59),
    "dense": (5000,),
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("rule", [Epsilon(0.1), ZPlus(), AlphaBeta(2, 1)], ids=str)
def test_float32_relevance_stays_within_its_rounding_of_float64(case: str, rule: Rule) -> None:
    found = {}
    for dtype in (np.float32, np.float64):
        rng = np.random.default_rng(0)

        def draw(
            shape: tuple[int, ...], rng: np.random.Generator = rng, dtype: type = dtype
        ) -> NDArray[np.floating]:
            return rng.standard_normal(shape).astype(dtype)

        layer: LinearLayer = CASES[case](draw)
        x = rng.standard_normal((3, *SHAPES[case])).astype(dtype)
        z = layer.forward(x)
        relevance = rng.standard_normal(z.shape).astype(dtype) * np.abs(z)
        found[dtype] = layer.relevance(x, z, relevance, rule).relevance
    assert found[np.float32].dtype == np.float32
    difference = np.abs(found[np.float32] - found[np.float64]).max()
    assert difference <= 1e-4 * np.abs(found[np.float64]).max()


# --- images whose lines follow each other without a gap -------------------------------------------


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    ("length", "kernel", "settings"),
    [
        (40, 5, {}),
        (33, 64, {"pad": 31}),
        (61, 7, {"stride": 4, "pad": 2}),
        (50, 3, {"dilation": 5}),
        (29, 4, {"groups": 3, "stride": 2}),
    ],
)
def test_a_line_that_stands_is_as_one_that_lies(
    length: int, kernel: int, settings: dict[str, int], dtype: Any
) -> None:
    rng = np.random.default_rng(3)
    weight = rng.standard_normal((6, 9 // settings.get("groups", 1), kernel)).astype(dtype)
    bias = rng.standard_normal(6).astype(dtype)
    x = rng.standard_normal((2, 9, length)).astype(dtype)
    whole = {"stride": 1, "pad": 0, "dilation": 1} | settings
    pairs = {n: (v, 0 if n == "pad" else 1) for n, v in whole.items() if n != "groups"}
    lying = Conv1D(weight, bias, **settings)
    standing = Conv2D(weight[..., None], bias, **pairs, groups=settings.get("groups", 1))
    y = lying.forward(x)
    s = rng.standard_normal(y.shape).astype(dtype)
    c = lying.transpose(s, weight, x.shape)
    within = 1e-12 if dtype == np.float64 else 1e-5  # of the largest value
    close = {"rtol": within, "atol": within * max(np.abs(y).max(), np.abs(c).max())}
    np.testing.assert_allclose(standing.forward(x[..., None])[..., 0], y, **close)
    found = standing.transpose(s[..., None], weight[..., None], (*x.shape, 1))
    np.testing.assert_allclose(found[..., 0], c, **close)


@pytest.mark.parametrize("size", [(5, 7), (3, 16), (17, 2)])
@pytest.mark.parametrize("kernel", [1, 3])
def test_lines_without_gaps_are_convolved_as_with_gaps(size: tuple[int, int], kernel: int) -> None:
    rng = np.random.default_rng(4)
    weight = rng.standard_normal((20, 6, kernel, 1))
    x = rng.standard_normal((3, 6, *size))
    wider = np.concatenate([x, rng.standard_normal((3, 6, size[0], 1))], axis=3)
    layer = Conv2D(weight)
    np.testing.assert_array_equal(layer.forward(x), layer.forward(wider)[..., : size[1]])
