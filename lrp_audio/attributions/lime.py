"""LIME on segments."""

from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np

from lrp_audio.arguments import above_zero, finite, whole
from lrp_audio.attributions.base import generator
from lrp_audio.attributions.perturbation import Doubles, MaskedSample, SegmentAttribution
from lrp_audio.errors import AttributionError
from lrp_audio.kernels.blas import single_threaded_blas


class ProximityKernel(Protocol):
    """The weight of a perturbed sample by its distance from the sample itself."""

    def __call__(self, present: Doubles) -> Doubles:
        """Weights ``(n,)`` of rows ``(n, segments)`` that are 1 where a segment is present."""
        ...


@dataclass(frozen=True)
class CosineKernel:
    """``exp(-D^2 / (2 width^2))`` of the cosine distance between a row and the row of ones."""

    width: float = 0.25

    def __post_init__(self) -> None:
        above_zero(width=self.width)

    def __call__(self, present: Doubles) -> Doubles:
        """Weights ``(n,)``; the cosine of a row of zeros is taken as 0."""
        distance = 1 - np.sqrt(present.mean(axis=1))
        return _gaussian(distance / self.width)


@dataclass(frozen=True)
class EuclideanKernel:
    """``exp(-D^2 / (2 width^2))`` of the distance D = sqrt(share of absent segments)."""

    width: float = 0.5

    def __post_init__(self) -> None:
        above_zero(width=self.width)

    def __call__(self, present: Doubles) -> Doubles:
        """Weights ``(n,)``: 1 for the sample itself, smaller the more segments are absent."""
        return _gaussian(np.sqrt(1 - present.mean(axis=1)) / self.width)


def _gaussian(distance: Doubles) -> Doubles:
    return np.asarray(np.exp(-(distance**2) / 2))


@dataclass(frozen=True)
class Lime(SegmentAttribution):
    """The coefficients of a linear model that approximates the network near the sample.

    In each of `samples` perturbed samples each segment is present with probability 1/2; the first
    is the sample itself. The linear model is fitted by weighted least squares with the penalty
    `ridge` on all coefficients but the constant.
    """

    samples: int = 256
    ridge: float = 1.0
    kernel: ProximityKernel = CosineKernel()
    seed: int = 0
    name: ClassVar[str] = "lime"
    formula: ClassVar[str] = (
        "R = argmin_b min_a sum_z k(z) (f(x_z) - a - b z)^2 + ridge sum_s b_s^2, "
        "k(z) = exp(-D(z, 1)^2 / (2 width^2))"
    )
    source: ClassVar[str] = "Ribeiro et al. 2016"

    def __post_init__(self) -> None:
        super().__post_init__()
        whole(self, samples=2, seed=0)
        finite(ridge=self.ridge)
        if self.ridge < 0:
            raise AttributionError(f"ridge is {self.ridge!r}; expected a number of at least 0.")

    def scores(self, masked: MaskedSample) -> Doubles:
        """`samples` forward passes."""
        present = perturbed(masked.count, self.samples, generator(self.seed, masked.sample))
        return ridge_regression(present, masked.logits(present), self.kernel(present), self.ridge)


def perturbed(count: int, samples: int, rng: np.random.Generator) -> Doubles:
    """Rows ``(samples, count)`` of 1 where a segment is present, else 0; the first is all ones."""
    present = rng.integers(0, 2, (samples, count)).astype(float)
    present[0] = 1
    return present


@single_threaded_blas()
def ridge_regression(z: Doubles, y: Doubles, weights: Doubles, ridge: float) -> Doubles:
    """Coefficients ``(columns,)`` of `y` ``(n,)`` on `z` ``(n, columns)``, without the constant.

    Where the minimum is not unique, the solution of least norm.
    """
    z = z - np.average(z, axis=0, weights=weights)
    y = y - np.average(y, weights=weights)
    root = np.sqrt(weights)
    # The penalty as further observations, each of which says that a coefficient is 0.
    penalty = np.sqrt(ridge) * np.eye(z.shape[1])
    left = np.vstack([root[:, None] * z, penalty])
    right = np.concatenate([root * y, np.zeros(z.shape[1])])
    return np.asarray(np.linalg.lstsq(left, right, rcond=None)[0])
