"""Attribution methods on networks for which the right attribution is known."""

import pickle
from dataclasses import replace
from inspect import isabstract
from itertools import combinations
from math import comb
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import lrp_audio.attributions
from lrp_audio.attributions import (
    Attribution,
    CosineKernel,
    EuclideanKernel,
    Gradient,
    GradientTimesInput,
    IntegratedGradients,
    KernelShap,
    Lime,
    Lrp,
    Occlusion,
    Random,
    RandomSegments,
    Segments,
    SmoothGrad,
    Tiles,
    TimeSegments,
    methods,
)
from lrp_audio.attributions.kernel_shap import coalitions
from lrp_audio.attributions.perturbation import MaskedSample
from lrp_audio.errors import AttributionError, RuleError, ShapeError, TargetError
from lrp_audio.fronts import SPECTROGRAM, WAVEFORM
from lrp_audio.layers import Conv1D, Conv2D, Dense, Flatten, Layer, MaxPool1D, MaxPool2D, ReLU
from lrp_audio.models.network import INPUT, Network, chain
from lrp_audio.rules import PRESETS, Epsilon

Array = NDArray[Any]
WAVE, IMAGE = (1, 24), (1, 6, 8)
DIVISION: dict[tuple[int, ...], Segments] = {WAVE: TimeSegments(5), IMAGE: Tiles(2, 3)}
BASELINE = -0.4
RULES = PRESETS["lrp-0"]((-9.0, 9.0))

both = pytest.mark.parametrize("shape", [WAVE, IMAGE], ids=["wave", "image"])


def deep(shape: tuple[int, ...], bias: bool = True) -> Network:
    """Convolution, ReLU, pool, dense, ReLU, dense; three classes."""
    rng = np.random.default_rng(3)

    def some(*size: int) -> Array:
        return rng.standard_normal(size)

    def shift(size: int) -> Array | None:
        return some(size) if bias else None

    layers: list[tuple[str, Layer]]
    if len(shape) == 2:
        layers = [("conv", Conv1D(some(4, 1, 3), shift(4), pad=(1,)))]
        layers += [("relu1", ReLU()), ("pool", MaxPool1D((2,), (2,)))]
    else:
        layers = [("conv", Conv2D(some(4, 1, 3, 3), shift(4), pad=(1, 1)))]
        layers += [("relu1", ReLU()), ("pool", MaxPool2D((2, 2), (2, 2)))]
    layers += [("flatten", Flatten()), ("fc1", Dense(some(6, 48), shift(6))), ("relu2", ReLU())]
    return Network(chain([*layers, ("fc2", Dense(some(3, 6), shift(3)))]), shape)


def linear(shape: tuple[int, ...]) -> tuple[Network, Array]:
    """A network that is one dense layer, and its weights ``(classes, *shape)``."""
    rng = np.random.default_rng(5)
    weight = rng.standard_normal((3, int(np.prod(shape))))
    layers: list[tuple[str, Layer]] = [("flatten", Flatten())]
    layers += [("dense", Dense(weight, rng.standard_normal(3)))]
    return Network(chain(layers), shape), weight.reshape(3, *shape)


def batch(shape: tuple[int, ...]) -> tuple[Array, Array]:
    rng = np.random.default_rng(7)
    return rng.standard_normal((4, *shape)), np.array([2, 0, 1, 2])


def every(shape: tuple[int, ...]) -> list[Attribution]:
    """One of each method, small enough for these networks, and LIME with its other kernel."""
    small = {
        "baseline": BASELINE,
        "rules": RULES,
        "samples": 20,
        "seed": 1,
        "segments": DIVISION[shape],
        "steps": 40,
    }
    found = [
        replace(method, **{name: small[name] for name in vars(method) if name in small})  # type: ignore[type-var]
        for method in methods(WAVEFORM).values()
    ]
    return [*found, Lime(DIVISION[shape], BASELINE, 20, kernel=EuclideanKernel())]


def per_segment(values: Array, labels: Array) -> Array:
    """Sums of `values` over each segment, given to all of its values."""
    return np.bincount(labels.ravel(), values.ravel())[labels]


@both
def test_on_a_linear_network_each_value_or_segment_gets_weight_times_input(
    shape: tuple[int, ...],
) -> None:
    network, weight = linear(shape)
    x, targets = batch(shape)
    w = weight[targets]
    contribution = w * (x - BASELINE)
    segments = DIVISION[shape]
    labels = segments.labels(shape)
    by_segment = np.stack([per_segment(c, labels) for c in contribution])
    expected: dict[Attribution, Array] = {
        Gradient(): w,
        SmoothGrad(5): w,
        GradientTimesInput(): w * x,
        GradientTimesInput(BASELINE): contribution,
        IntegratedGradients(BASELINE, 3): contribution,
        Occlusion(segments, BASELINE): by_segment,
        KernelShap(segments, BASELINE, 20): by_segment,
        Lime(segments, BASELINE, 30, ridge=0): by_segment,
        Lime(segments, BASELINE, 30, ridge=0, kernel=EuclideanKernel(0.3)): by_segment,
    }
    for method, wanted in expected.items():
        found = method.attribute(network, x, targets)
        np.testing.assert_allclose(found, wanted, rtol=1e-9, atol=1e-12, err_msg=str(method))
    elsewhere = {Lrp, Random, RandomSegments}  # has a test of its own; are controls
    assert {type(method) for method in expected} | elsewhere == set(map(type, every(shape)))


@both
def test_integrated_gradients_add_up_to_the_difference_from_the_baseline(
    shape: tuple[int, ...],
) -> None:
    network = deep(shape)
    x, targets = batch(shape)
    rows = np.arange(len(x))
    there, absent = network.forward(x), network.forward(np.full_like(x, BASELINE))
    difference = (there - absent)[rows, targets]

    def apart(steps: int) -> float:
        found = IntegratedGradients(BASELINE, steps).attribute(network, x, targets)
        sums = found.reshape(len(x), -1).sum(axis=1)
        return float(np.abs(sums - difference).max() / np.abs(difference).max())

    near = apart(2000)
    assert near < 1e-3
    assert near < apart(20) / 10


def brute_force(masked: MaskedSample) -> Array:
    """Shapley values by their definition: a mean of gains over all coalitions without a segment."""
    count = masked.count
    found = np.zeros(count)
    for segment in range(count):
        others = [other for other in range(count) if other != segment]
        for size in range(count):
            for coalition in combinations(others, size):
                present = np.zeros((2, count))
                present[:, coalition] = 1
                present[1, segment] = 1
                before, after = masked.logits(present)
                found[segment] += (after - before) / (count * comb(count - 1, size))
    return found


@both
def test_kernel_shap_over_all_coalitions_is_the_shapley_value(shape: tuple[int, ...]) -> None:
    network, segments = deep(shape), DIVISION[shape]
    x, targets = batch(shape)
    labels = segments.labels(shape)
    count = int(labels.max()) + 1
    found = KernelShap(segments, BASELINE, 2**count - 2).attribute(network, x, targets)
    for sample, target, mine in zip(x, targets, found, strict=True):
        masked = MaskedSample(network, sample, int(target), labels, BASELINE)
        expected = brute_force(masked)
        np.testing.assert_allclose(mine, expected[labels], rtol=1e-10, atol=1e-12)


@both
def test_kernel_shap_is_efficient_however_few_coalitions_it_draws(shape: tuple[int, ...]) -> None:
    network = deep(shape)
    segments: Segments = TimeSegments(8) if len(shape) == 2 else Tiles(3, 4)
    x, targets = batch(shape)
    labels = segments.labels(shape)
    first = np.array([np.flatnonzero(labels.ravel() == s)[0] for s in range(labels.max() + 1)])
    rows = np.arange(len(x))
    absent = network.forward(np.full_like(x, BASELINE))[rows, targets]
    difference = network.forward(x)[rows, targets] - absent
    for samples in (13, 30, 100):
        found = KernelShap(segments, BASELINE, samples).attribute(network, x, targets)
        sums = found.reshape(len(x), -1)[:, first].sum(axis=1)
        np.testing.assert_allclose(sums, difference, rtol=1e-10, atol=1e-12)


def test_more_coalitions_bring_kernel_shap_nearer_to_the_shapley_value() -> None:
    network, segments = deep(WAVE), TimeSegments(12)
    x, targets = batch(WAVE)
    exact = KernelShap(segments, BASELINE, 2**12).attribute(network, x, targets)

    def apart(samples: int) -> float:
        drawn = [KernelShap(segments, BASELINE, samples, seed) for seed in range(5)]
        found = [method.attribute(network, x, targets) - exact for method in drawn]
        return float(np.sqrt(np.mean(np.square(found))) / np.abs(exact).max())

    few, some, many = apart(50), apart(250), apart(2000)
    assert few / 2 > some > 2 * many
    assert many < 0.01


@pytest.mark.parametrize("count", [2, 3, 5, 8, 11])
@pytest.mark.parametrize("samples", [11, 40, 100, 300, 3000])
def test_coalitions_keep_within_their_number_and_weigh_what_the_kernel_weighs(
    count: int, samples: int
) -> None:
    present, weights = coalitions(count, samples, np.random.default_rng(0))
    sizes = present.sum(axis=1)
    assert 1 <= sizes.min() <= sizes.max() <= count - 1
    kernel = sum((count - 1) / (size * (count - size)) for size in range(1, count))
    assert weights.sum() == pytest.approx(kernel)
    if samples >= 2**count - 2:
        assert len(present) == len(np.unique(present, axis=0)) == 2**count - 2
        shapley = [(count - 1) / (comb(count, int(k)) * k * (count - k)) for k in sizes]
        np.testing.assert_allclose(weights, shapley)
    else:
        assert samples - 1 <= len(present) <= samples


def test_lime_without_ridge_comes_to_the_best_linear_model_of_all_coalitions() -> None:
    network, segments, kernel = deep(WAVE), TimeSegments(4), EuclideanKernel(0.7)
    x, targets = batch(WAVE)
    labels = segments.labels(WAVE)
    seeds = [Lime(segments, 0.0, 2000, 0.0, kernel, seed) for seed in range(8)]
    found = np.stack([method.attribute(network, x, targets)[:, 0, ::6] for method in seeds])
    error = found.std(axis=0, ddof=1) / np.sqrt(len(seeds))
    present = np.array([[row >> s & 1 for s in range(4)] for row in range(16)], float)
    root = np.sqrt(np.exp(-(1 - present.mean(axis=1)) / (2 * 0.7**2)))
    for index, sample in enumerate(x):
        y = MaskedSample(network, sample, int(targets[index]), labels, 0.0).logits(present)
        design = np.column_stack([np.ones(16), present])
        expected = np.linalg.lstsq(root[:, None] * design, root * y, rcond=None)[0][1:]
        assert np.all(error[index] < 0.05 * np.abs(expected).max())
        assert np.all(np.abs(found.mean(axis=0)[index] - expected) < 4 * error[index])


def test_a_strong_ridge_draws_the_coefficients_of_lime_to_zero() -> None:
    network, _ = linear(WAVE)
    x, targets = batch(WAVE)
    sizes = [
        np.abs(Lime(TimeSegments(4), 0.0, 50, ridge).attribute(network, x, targets)).max()
        for ridge in (0.0, 1.0, 100.0, 1e9)
    ]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[-1] < 1e-6 * sizes[0]


def test_kernels_count_what_is_nearer_more() -> None:
    present = np.array([[1, 1, 1, 1], [1, 1, 1, 0], [1, 0, 0, 0], [0, 0, 0, 0]], float)
    cosine = np.exp(-((1 - np.array([1, 0.75**0.5, 0.5, 0])) ** 2) / (2 * 0.25**2))
    np.testing.assert_allclose(CosineKernel(0.25)(present), cosine)
    euclidean = np.exp(-np.array([0, 0.25, 0.75, 1]) / (2 * 0.5**2))
    np.testing.assert_allclose(EuclideanKernel(0.5)(present), euclidean)


def test_smooth_grad_comes_to_the_gradient_of_a_smoothed_network() -> None:
    # d/dx E max(w x + e, 0) = w P(w x + e > 0): half the slope at a kink.
    network = Network(chain([("relu", ReLU()), ("dense", Dense(np.array([[2.0, 4.0]])))]), (2,))
    x = np.array([[0.0, 1.0]])  # the spread of the noise is 0.1
    found = SmoothGrad(4000, 0.1).attribute(network, x, np.array([0]))
    np.testing.assert_allclose(found, [[1.0, 4.0]], atol=0.05)
    assert Gradient().attribute(network, x, np.array([0]))[0, 0] in (0.0, 2.0)


@both
def test_lrp_is_what_the_engine_explains(shape: tuple[int, ...]) -> None:
    network = deep(shape, bias=False)
    x, targets = batch(shape)
    found = Lrp(RULES).attribute(network, x, targets)
    start = np.eye(3)[targets]
    expected = network.propagate(x, lambda logits: logits * start, RULES).relevance[INPUT]
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    # Without biases, LRP-0 is gradient times input on a network of ReLUs.
    product = GradientTimesInput().attribute(network, x, targets)
    np.testing.assert_allclose(found, product, rtol=1e-9, atol=1e-12)


@both
def test_a_row_of_a_batch_is_explained_as_it_is_alone_and_in_any_place(
    shape: tuple[int, ...],
) -> None:
    network = deep(shape)
    x, targets = batch(shape)
    for method in every(shape):
        together = method.attribute(network, x, targets)
        swapped = method.attribute(network, x[::-1], targets[::-1])[::-1]
        np.testing.assert_allclose(swapped, together, rtol=1e-9, atol=1e-12, err_msg=str(method))
        for index in range(len(x)):
            row = slice(index, index + 1)
            alone = method.attribute(network, x[row], targets[row])
            near = {"rtol": 1e-9, "atol": 1e-12}
            np.testing.assert_allclose(alone, together[row], **near, err_msg=str(method))


def test_more_inputs_than_fit_into_one_batch_are_all_explained() -> None:
    network = deep(WAVE)
    x = np.random.default_rng(0).standard_normal((70, *WAVE))
    targets = np.arange(70) % 3
    for method in (Gradient(), Lrp(RULES), Random(2)):
        found = method.attribute(network, x, targets)
        last = method.attribute(network, x[-1:], targets[-1:])
        np.testing.assert_allclose(found[-1:], last, rtol=1e-9, atol=1e-12)
    assert Gradient().attribute(network, x[:0], targets[:0]).shape == (0, *WAVE)
    by_list = Gradient().attribute(network, x, targets.tolist())
    np.testing.assert_array_equal(by_list, Gradient().attribute(network, x, targets))


@both
def test_the_same_seed_gives_the_same_numbers_and_another_one_others(
    shape: tuple[int, ...],
) -> None:
    network = deep(shape)
    x, targets = batch(shape)
    drawing = [method for method in every(shape) if hasattr(method, "seed")]
    assert {"lime", "kernel-shap", "smooth-grad"} <= {method.name for method in drawing}
    for method in drawing:
        found = method.attribute(network, x, targets)
        np.testing.assert_array_equal(method.attribute(network, x, targets), found)
        other = replace(method, seed=99)  # type: ignore[type-var]
        assert not np.allclose(other.attribute(network, x, targets), found)


@both
def test_two_samples_get_different_random_numbers(shape: tuple[int, ...]) -> None:
    network = deep(shape)
    x, targets = batch(shape)
    for method in (Random(), RandomSegments(DIVISION[shape])):
        first, second, *_ = method.attribute(network, x, targets)
        assert not np.allclose(first, second)


@both
def test_float32_gives_float32_and_nearly_the_same(shape: tuple[int, ...]) -> None:
    network = deep(shape)
    rough = deep(shape)
    for node in rough.nodes:
        for name, array in node.layer.parameters().items():
            setattr(node.layer, name, array.astype(np.float32))
    # Numbers that float32 holds exactly: both draw the same.
    x, targets = batch(shape)
    x = x.astype(np.float32).astype(float)
    for method in every(shape):
        precise = method.attribute(network, x, targets)
        found = method.attribute(rough, x.astype(np.float32), targets)
        assert (precise.dtype, found.dtype) == (np.float64, np.float32)
        scale = np.abs(precise).max()
        np.testing.assert_allclose(found, precise, atol=1e-4 * scale, err_msg=str(method))


def test_inputs_and_targets_are_left_as_they_were() -> None:
    network = deep(WAVE)
    x, targets = batch(WAVE)
    x.setflags(write=False)
    targets.setflags(write=False)
    for method in every(WAVE):
        method.attribute(network, x, targets)


def test_time_segments_divide_time_evenly() -> None:
    labels = TimeSegments(3).labels((1, 8))
    np.testing.assert_array_equal(labels, [[0, 0, 0, 1, 1, 1, 2, 2]])
    over_image = TimeSegments(2).labels((1, 3, 4))
    np.testing.assert_array_equal(over_image, [[[0, 0, 1, 1]] * 3])
    sizes = np.bincount(TimeSegments(40).labels((1, 8000)).ravel())
    assert set(sizes) == {200}


def test_tiles_divide_frequency_and_time_evenly() -> None:
    labels = Tiles(2, 3).labels((1, 4, 5))
    low, high = [0, 0, 1, 1, 2], [3, 3, 4, 4, 5]
    np.testing.assert_array_equal(labels, [[low, low, high, high]])
    sizes = np.bincount(Tiles(6, 6).labels((1, 227, 227)).ravel())
    assert len(sizes) == 36
    assert set(sizes) <= {37 * 37, 37 * 38, 38 * 38}


def test_a_segment_that_holds_the_baseline_already_is_worth_nothing() -> None:
    network, segments = deep(WAVE), TimeSegments(4)
    x, targets = batch(WAVE)
    x[:, :, :6] = BASELINE
    for method in (Occlusion(segments, BASELINE), KernelShap(segments, BASELINE, 14)):
        found = method.attribute(network, x, targets)
        np.testing.assert_allclose(found[:, :, :6], 0, atol=1e-12)
        assert np.abs(found).max() > 0.1


def test_one_segment_alone_is_worth_the_whole_difference() -> None:
    network = deep(WAVE)
    x, targets = batch(WAVE)
    shap = KernelShap(TimeSegments(1), BASELINE).attribute(network, x, targets)
    occlusion = Occlusion(TimeSegments(1), BASELINE).attribute(network, x, targets)
    np.testing.assert_allclose(shap, occlusion, rtol=1e-12)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: IntegratedGradients(0.0, 0), "steps is 0; expected a whole number of at least 1"),
        (lambda: IntegratedGradients(0.0, 2.5), "steps is 2.5; expected a whole number"),  # type: ignore[arg-type]
        (lambda: IntegratedGradients(np.inf), "baseline is inf; expected a finite number"),
        (lambda: GradientTimesInput(np.nan), "baseline is nan; expected a finite number"),
        (lambda: SmoothGrad(0), "samples is 0; expected a whole number of at least 1"),
        (lambda: SmoothGrad(noise=0), "noise is 0; expected a number above 0"),
        (lambda: SmoothGrad(seed=-1), "seed is -1; expected a whole number of at least 0"),
        (lambda: Occlusion(TimeSegments(2), np.nan), "baseline is nan; expected a finite number"),
        (lambda: Lime(TimeSegments(2), 0.0, 1), "samples is 1; expected a whole number of at"),
        (lambda: Lime(TimeSegments(2), np.nan), "baseline is nan; expected a finite number"),
        (
            lambda: Lime(TimeSegments(2), 0.0, ridge=-1),
            "ridge is -1; expected a number of at least",
        ),
        (lambda: CosineKernel(0), "width is 0; expected a number above 0"),
        (lambda: EuclideanKernel(-1), "width is -1; expected a number above 0"),
        (lambda: KernelShap(TimeSegments(2), 0.0, 1), "samples is 1; expected a whole number of"),
        (lambda: KernelShap(TimeSegments(2), np.inf), "baseline is inf; expected a finite number"),
        (lambda: Random(-1), "seed is -1; expected a whole number of at least 0"),
        (lambda: RandomSegments(TimeSegments(2), -1), "seed is -1; expected a whole number of at"),
        (lambda: TimeSegments(0), "count is 0; expected a whole number of at least 1"),
        (lambda: Tiles(0, 2), "rows is 0; expected a whole number of at least 1"),
        (lambda: Tiles(2, -2), "columns is -2; expected a whole number of at least 1"),
    ],
)
def test_a_bad_parameter_is_refused_in_one_sentence(make: Any, said: str) -> None:
    with pytest.raises(AttributionError) as refused:
        make()
    assert str(refused.value).startswith(said)


@pytest.mark.parametrize(
    ("method", "said"),
    [
        (Occlusion(TimeSegments(25), 0.0), "24 samples cannot be divided into 25; take fewer."),
        (RandomSegments(Tiles(2, 2)), "Tiles divide inputs of shape (channels, frequency, time)"),
        (KernelShap(TimeSegments(9), 0.0, 8), "8 samples cannot tell 9 segments apart"),
    ],
)
def test_a_method_that_does_not_fit_the_input_is_refused_in_one_sentence(
    method: Attribution, said: str
) -> None:
    with pytest.raises(AttributionError) as refused:
        method.attribute(deep(WAVE), *batch(WAVE))
    assert str(refused.value).startswith(said)


def test_inputs_and_targets_that_do_not_fit_are_refused_in_one_sentence() -> None:
    network = deep(WAVE)
    x, targets = batch(WAVE)
    method = Gradient()
    for wrong in (x[..., :-1], x[0], x.astype(int)):
        with pytest.raises(ShapeError, match="expected float32 or float64 of shape"):
            method.attribute(network, wrong, targets)
    for bad in (targets[:-1], targets[:, None], targets.astype(float)):
        with pytest.raises(ShapeError, match="a class for each input"):
            method.attribute(network, x, bad)
    for unknown in (3, -1):
        with pytest.raises(TargetError, match="expected class numbers from 0 to 2"):
            method.attribute(network, x, np.full(len(x), unknown))


def exported() -> set[type]:
    """The attribution methods that the package exports."""
    named = [getattr(lrp_audio.attributions, name) for name in lrp_audio.attributions.__all__]
    return {
        each
        for each in named
        if isinstance(each, type) and issubclass(each, Attribution) and not isabstract(each)
    }


@pytest.mark.parametrize("front", [WAVEFORM, SPECTROGRAM], ids=["waveform", "spectrogram"])
def test_methods_are_all_that_are_exported_with_silence_as_the_baseline(front: Any) -> None:
    found = methods(front, seed=4)
    assert {type(method) for method in found.values()} == exported()
    assert all(name == method.name for name, method in found.items())
    baselines = {m.baseline for m in found.values() if hasattr(m, "baseline")}
    assert baselines == {front.silence}
    np.testing.assert_array_equal(front(np.zeros(front.length)), front.silence)
    assert {m.seed for m in found.values() if hasattr(m, "seed")} == {4}


def test_methods_can_be_sent_to_another_process() -> None:
    found = methods(WAVEFORM, seed=3)
    assert pickle.loads(pickle.dumps(found)) == found


def test_methods_are_comparable_and_print_their_parameters() -> None:
    assert KernelShap(TimeSegments(4), 0.0) == KernelShap(TimeSegments(4), 0.0)
    assert KernelShap(TimeSegments(4), 0.0) != KernelShap(TimeSegments(5), 0.0)
    assert str(Gradient()) == "gradient"
    assert str(Lrp(PRESETS["epsilon-plus"]((0.0, 1.0)))) == "lrp(epsilon-plus)"
    shap = KernelShap(Tiles(2, 3), -80.0, 64, 1)
    assert str(shap) == "kernel-shap(2 x 3 tiles, -80.0, 64, 1)"


def test_the_document_names_every_method_with_formula_and_source() -> None:
    text = (Path(__file__).parents[2] / "docs" / "attributions.md").read_text(encoding="utf-8")
    for method in every(WAVE):
        row = f"| `{method.name}` | `{method.formula}` | {method.source} |"
        assert row in text


def test_whole_floats_and_lists_are_taken_as_what_they_mean() -> None:
    network = deep(WAVE)
    x, targets = batch(WAVE)
    for one, two in (
        (IntegratedGradients(BASELINE, 5), IntegratedGradients(BASELINE, 5.0)),  # type: ignore[arg-type]
        (Occlusion(TimeSegments(4), 0.0), Occlusion(TimeSegments(np.int64(4)), np.float32(0))),  # type: ignore[arg-type]
        (SmoothGrad(3, 0.2, 1), SmoothGrad(3.0, 0.2, np.float64(1))),  # type: ignore[arg-type]
    ):
        assert one == two
        assert str(one) == str(two)
        expected = one.attribute(network, x, targets)
        np.testing.assert_array_equal(two.attribute(network, x.tolist(), list(targets)), expected)


@pytest.mark.parametrize(
    "make",
    [
        lambda: IntegratedGradients(0.0, True),
        lambda: IntegratedGradients("0", 5),  # type: ignore[arg-type]
        lambda: SmoothGrad("3"),  # type: ignore[arg-type]
        lambda: SmoothGrad(noise=None),  # type: ignore[arg-type]
        lambda: Occlusion(40, 0.0),  # type: ignore[arg-type]
        lambda: Occlusion(TimeSegments, 0.0),  # type: ignore[arg-type]
        lambda: RandomSegments(None),  # type: ignore[arg-type]
        lambda: Lime(TimeSegments(2), 0.0, ridge="1"),  # type: ignore[arg-type]
    ],
)
def test_a_parameter_of_another_kind_is_refused_in_one_sentence(make: Any) -> None:
    with pytest.raises(AttributionError, match=r" is .*; expected a"):
        make()


@pytest.mark.parametrize("rules", ["epsilon", None, Epsilon(1e-6), PRESETS["epsilon"]])
def test_lrp_under_what_is_no_composite_is_refused(rules: Any) -> None:
    with pytest.raises(RuleError, match="composite"):
        Lrp(rules)


def test_what_does_not_fit_a_network_is_refused_in_one_sentence() -> None:
    network = deep(WAVE)
    x, targets = batch(WAVE)
    for given, wanted in ((x[0], targets), (x, targets[:2]), (x, targets[:, None]), (x, 2)):
        with pytest.raises(ShapeError, match="expected"):
            Gradient().attribute(network, given, wanted)
    for given, wanted in (([[1.0], [1.0, 2.0]], targets), (x, [[1], [1, 2]])):
        with pytest.raises(ShapeError, match="not one array of numbers"):
            Gradient().attribute(network, given, wanted)
    for wanted in ([True] * 4, [0.0] * 4, ["one"] * 4, [None] * 4):
        with pytest.raises(ShapeError, match="expected whole numbers"):
            Gradient().attribute(network, x, wanted)
    with pytest.raises(AttributionError, match=r"is not a network: give one, such as"):
        Gradient().attribute("audionet-digit", x, targets)  # type: ignore[arg-type]
