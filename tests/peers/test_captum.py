"""Random networks under every method that captum has too: the attributions are the same."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
import pytest
from draws import Array, Draw, draw
from figure import relative_difference
from installed import REQUIRED, torch
from translate import graph

from lrp_audio.attributions import (
    Attribution,
    CosineKernel,
    EuclideanKernel,
    Gradient,
    GradientTimesInput,
    IntegratedGradients,
    KernelShap,
    Lime,
    Occlusion,
    Segments,
    SmoothGrad,
    Tiles,
    TimeSegments,
)
from lrp_audio.attributions.base import generator
from lrp_audio.attributions.kernel_shap import coalitions
from lrp_audio.attributions.lime import ProximityKernel, perturbed

try:
    import sklearn.linear_model
    from captum import attr
    from captum._utils.models.model import Model
    from captum.attr._core.lime import get_exp_kernel_similarity_function
except ImportError as error:
    if REQUIRED:
        raise
    pytest.skip(
        f"the comparison with captum needs the extra `peers` ({error}); see docs/peers.md",
        allow_module_level=True,
    )

LIMIT = 1e-10
ROUNDED = 1e-6
"""Where captum rounds to float32 on its way, whatever the input's type is."""
BASELINE = -0.4

pytestmark = [
    # torch remarks that it pads a copy for "same" with an even kernel, captum on what it does.
    pytest.mark.filterwarnings("ignore:Using padding='same':UserWarning"),
    pytest.mark.filterwarnings("ignore:Input Tensor:UserWarning"),
    pytest.mark.filterwarnings("ignore:Minimum element in feature mask:UserWarning"),
]


@dataclass(frozen=True)
class Case:
    """A network over one axis or two, here and in torch, with samples, targets and segments."""

    drawn: Draw
    module: Any
    targets: Array
    segments: Segments

    @property
    def x(self) -> Any:
        return torch.tensor(self.drawn.x)

    @property
    def labels(self) -> Array:
        return self.segments.labels(self.drawn.network.input_shape)

    @property
    def count(self) -> int:
        return int(self.labels.max()) + 1

    @property
    def mask(self) -> Any:
        return torch.tensor(self.labels)[None]

    @property
    def theirs(self) -> dict[str, Any]:
        """What captum's methods on segments are told."""
        return {"baselines": BASELINE, "target": self.target, "feature_mask": self.mask}

    @property
    def target(self) -> Any:
        return torch.tensor(self.targets)

    def ours(self, method: Attribution) -> Array:
        return method.attribute(self.drawn.network, self.drawn.x, self.targets)


@cache
def case(seed: int) -> Case | None:
    drawn = draw(seed)
    shape = drawn.network.input_shape
    if len(shape) == 1:
        return None  # no sound and no picture
    (classes,) = drawn.network.shapes[drawn.network.output]
    targets = np.random.default_rng(seed).integers(classes, size=len(drawn.x))
    segments: Segments = TimeSegments(4) if len(shape) == 2 else Tiles(2, 2)
    return Case(drawn, graph(drawn.network), targets, segments)


CASES = [found for found in map(case, range(80)) if found]
"""Networks of convolutions, pools, batch-norms, branches and seven activations."""
FEW = CASES[:16]
"""For methods that ask a network very often."""

Theirs = Callable[[Case], Any]


def gradient(given: Case) -> Any:
    return attr.Saliency(given.module).attribute(given.x, target=given.target, abs=False)


def gradient_times_input(given: Case) -> Any:
    return attr.InputXGradient(given.module).attribute(given.x, target=given.target)


def integrated_gradients(given: Case) -> Any:
    # captum rounds the width of a step to float32: that of a power of two is exact.
    options = {"n_steps": 64, "method": "riemann_middle", "target": given.target}
    return attr.IntegratedGradients(given.module).attribute(given.x, BASELINE, **options)


def feature_ablation(given: Case) -> Any:
    return attr.FeatureAblation(given.module).attribute(given.x, **given.theirs)


PAIRS: dict[str, tuple[Callable[[Case], Attribution], Theirs]] = {
    "Saliency": (lambda given: Gradient(), gradient),
    "InputXGradient": (lambda given: GradientTimesInput(), gradient_times_input),
    "IntegratedGradients": (lambda given: IntegratedGradients(BASELINE), integrated_gradients),
    "FeatureAblation": (lambda given: Occlusion(given.segments, BASELINE), feature_ablation),
}


@pytest.mark.parametrize("name", PAIRS)
def test_what_is_computed_in_double_there_is_the_same(name: str) -> None:
    make, theirs = PAIRS[name]
    apart = []
    for given in CASES:
        found = theirs(given).detach().numpy()
        apart.append(relative_difference(given.ours(make(given)), found))
    assert len(apart) >= 60
    assert max(apart) <= LIMIT


def test_occlusion_of_segments_of_one_length_is_that_of_a_window_without_overlap() -> None:
    compared = 0
    for given in CASES:
        channels, *_, length = shape = given.drawn.network.input_shape
        count = next((count for count in (5, 4, 3, 2) if length % count == 0), 1)
        if len(shape) == 2 and count > 1:
            window = (channels, length // count)
            theirs = attr.Occlusion(given.module).attribute(
                given.x, window, strides=window, baselines=BASELINE, target=given.target
            )
            mine = given.ours(Occlusion(TimeSegments(count), BASELINE))
            assert relative_difference(mine, theirs.detach().numpy()) <= ROUNDED
            compared += 1
    assert compared >= 20


def test_kernel_shap_over_all_coalitions_is_the_mean_over_all_orders() -> None:
    for given in FEW:
        theirs = attr.ShapleyValues(given.module).attribute(given.x, **given.theirs)
        mine = given.ours(KernelShap(given.segments, BASELINE, 2**given.count - 2))
        assert relative_difference(mine, theirs.detach().numpy()) <= ROUNDED


class Regression(Model):
    """scikit-learn's weighted linear model, as captum's LIME wants one."""

    def __init__(self, model: Any) -> None:
        self.model = model

    def fit(self, train_data: Any, **_: Any) -> None:
        ((z, y, weights),) = train_data
        self.model.fit(z.double().numpy(), y.double().numpy(), weights.double().numpy())

    def representation(self) -> Any:
        return torch.tensor(self.model.coef_)

    def __call__(self, x: Any) -> Any:
        raise NotImplementedError("LIME asks for the coefficients only.")


def captums_lime(given: Case, index: int, model: Any, present: Array, weights: Array) -> Array:
    """Scores of the segments of one sample, over given rows and their weights."""
    rows, each = iter(torch.tensor(present).long()), iter(weights)
    sample = given.x[index : index + 1]
    offset = given.module(sample).detach()
    lime = attr.Lime(
        lambda x: given.module(x) - offset,  # captum rounds the outputs: let them be small
        Regression(model),
        similarity_func=lambda *_, **__: float(next(each)),
        perturb_func=lambda *_, **__: next(rows)[None],
    )
    found = lime.attribute(
        sample,
        n_samples=len(present),
        return_input_shape=False,
        **given.theirs | {"target": int(given.targets[index])},
    )
    return np.asarray(found.numpy().ravel()[given.labels])


@pytest.mark.parametrize("kernel", [CosineKernel(), EuclideanKernel()], ids=str)
@pytest.mark.parametrize("ridge", [0.0, 1.0])
def test_lime_over_the_same_draws_is_that_of_captum(kernel: ProximityKernel, ridge: float) -> None:
    for given in FEW:
        method = Lime(given.segments, BASELINE, 60, ridge, kernel)
        mine = given.ours(method)
        for index, sample in enumerate(given.drawn.x):
            present = perturbed(given.count, 60, generator(0, sample))
            model = sklearn.linear_model.Ridge(ridge, solver="svd")
            theirs = captums_lime(given, index, model, present, kernel(present))
            assert relative_difference(mine[index : index + 1], theirs[None]) <= ROUNDED


def test_the_weights_of_lime_are_those_of_captum_where_all_values_are_one() -> None:
    present = perturbed(6, 20, np.random.default_rng(0))
    whole = torch.ones(6)
    for kernel, mode, width in (
        (CosineKernel(0.3), "cosine", 0.3),
        (EuclideanKernel(0.5), "euclidean", 0.5 * 6**0.5),  # D is relative to all absent
    ):
        similarity = get_exp_kernel_similarity_function(mode, width)
        theirs = [similarity(whole, torch.tensor(row), None) for row in present]
        np.testing.assert_allclose(kernel(present), theirs, rtol=1e-5)


def test_kernel_shap_over_the_same_draws_is_captums_regression() -> None:
    for given in FEW:
        finer = replace(given, segments=TimeSegments(6))
        mine = finer.ours(KernelShap(finer.segments, BASELINE, 24))
        for index, sample in enumerate(given.drawn.x):
            present, weights = coalitions(6, 24, generator(0, sample))
            assert len(present) == 24 < 2**6 - 2
            ends = np.outer([0, 1], np.ones(6))
            # As captum's KernelShap does: the constraint is a weight of a million.
            rows, each = np.vstack([ends, present]), np.append([1e6, 1e6], weights)
            model = sklearn.linear_model.LinearRegression()
            theirs = captums_lime(finer, index, model, rows, each)
            assert relative_difference(mine[index : index + 1], theirs[None]) <= ROUNDED


def departures(mine: Array, theirs: Array) -> Array:
    """How far the means of two sets of runs ``(runs, ...)`` are apart, in standard errors."""
    error = np.sqrt((mine.var(axis=0, ddof=1) + theirs.var(axis=0, ddof=1)) / len(mine))
    apart = np.abs(mine.mean(axis=0) - theirs.mean(axis=0))
    scale = np.abs(theirs).max()
    drawn = error > 1e-6 * scale
    assert np.all(apart[~drawn] <= ROUNDED * scale)
    return np.asarray((apart / np.where(drawn, error, 1))[drawn])


def test_smooth_grad_is_that_of_captum_up_to_its_draws() -> None:
    torch.manual_seed(0)
    found = []
    for given in FEW:
        sample, target = given.drawn.x[:1], given.targets[:1]
        tunnel = attr.NoiseTunnel(attr.Saliency(given.module))
        spread = 0.2 * float(np.ptp(sample))
        options = {"nt_type": "smoothgrad", "nt_samples": 100, "stdevs": spread, "abs": False}
        chosen = torch.tensor(target)
        theirs = [
            tunnel.attribute(torch.tensor(sample), target=chosen, **options).detach().numpy()
            for _ in range(10)
        ]
        mine = [
            SmoothGrad(100, 0.2, seed).attribute(given.drawn.network, sample, target)
            for seed in range(10)
        ]
        found.append(departures(np.array(mine), np.array(theirs)))
    every = np.concatenate(found)
    # Of a right method the mean square is that of Student's t with 18 degrees of freedom, 18 / 16.
    assert len(every) > 200
    assert 0.9 < np.mean(every**2) < 1.35


def test_captums_kernel_shap_comes_to_the_exact_values() -> None:
    torch.manual_seed(0)
    for given in FEW[:3]:
        method = attr.KernelShap(given.module)
        alone = given.theirs | {"target": int(given.targets[0])}
        exact = given.ours(KernelShap(given.segments, BASELINE, 14))[:1]
        apart = []
        for samples in (40, 640):
            runs = [
                method.attribute(
                    given.x[:1], n_samples=samples, perturbations_per_eval=40, **alone
                ).numpy()
                for _ in range(8)
            ]
            apart.append(np.sqrt(np.mean((np.array(runs) - exact) ** 2)))
        few, many = apart
        assert many < few / 2 or few < ROUNDED * np.abs(exact).max()
        assert many < 0.1 * np.abs(exact).max()
