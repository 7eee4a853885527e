"""The one oracle: a layer as its dense matrix, and each rule written out on plain matrices.

Nothing here calls the kernels' relevance: the matrix comes from unit vectors through the layer's
forward map, the rules are the formulas of the literature with explicit sums over k.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lrp_audio.layers.base import LinearLayer
from lrp_audio.rules import (
    LRP0,
    AlphaBeta,
    Box,
    Epsilon,
    Flat,
    Gamma,
    GeneralisedGamma,
    RelativeEpsilon,
    Rule,
    WSquare,
    ZPlus,
)

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Dense:
    """A layer as plain arrays: matrix and connections ``(outputs, inputs)``, bias, a sample."""

    matrix: Array
    connected: Array
    bias: Array
    x: Array

    @property
    def contributions(self) -> Array:
        """``x_j w_jk`` as ``(outputs, inputs)``."""
        return self.matrix * self.x

    @property
    def z(self) -> Array:
        return self.matrix @ self.x + self.bias


def as_dense(layer: LinearLayer, x: Array) -> Dense:
    """`layer` at one sample `x` (no batch axis)."""
    units = np.eye(x.size).reshape(x.size, *x.shape)
    matrix = layer.linear(units, layer.weight).reshape(x.size, -1).T
    connected = layer.linear(units, np.ones_like(layer.weight)).reshape(x.size, -1).T != 0
    bias = layer.linear(np.zeros((1, *x.shape)), layer.weight, layer.bias).reshape(-1)
    return Dense(matrix, connected.astype(float), bias, x.reshape(-1))


def plus(a: Array) -> Array:
    return np.maximum(a, 0)


def minus(a: Array) -> Array:
    return np.minimum(a, 0)


def shared(parts: Array, z: Array, r: Array) -> Array:
    """sum_k parts_kj R_k / z_k; a neuron with z_k = 0 gives nothing."""
    s = np.where(z == 0, 0.0, r / np.where(z == 0, 1.0, z))
    return (parts * s[:, None]).sum(axis=0)


def padded(z: Array, epsilon: float) -> Array:
    return z + epsilon * np.where(z >= 0, 1.0, -1.0)


def lrp_0(rule: LRP0, d: Dense, r: Array) -> Array:
    return shared(d.contributions, d.z, r)


def epsilon(rule: Epsilon, d: Dense, r: Array) -> Array:
    return shared(d.contributions, padded(d.z, rule.epsilon), r)


def relative_epsilon(rule: RelativeEpsilon, d: Dense, r: Array) -> Array:
    return shared(d.contributions, padded(d.z, rule.share * np.sqrt((d.z**2).mean())), r)


def alpha_beta(rule: AlphaBeta, d: Dense, r: Array) -> Array:
    excite, inhibit = plus(d.contributions), minus(d.contributions)
    given = shared(excite, excite.sum(axis=1) + plus(d.bias), r)
    taken = shared(inhibit, inhibit.sum(axis=1) + minus(d.bias), r)
    return rule.alpha * given - rule.beta * taken


def z_plus(rule: ZPlus, d: Dense, r: Array) -> Array:
    excite = plus(d.contributions)
    return shared(excite, excite.sum(axis=1) + plus(d.bias), r)


def gamma(rule: Gamma, d: Dense, r: Array) -> Array:
    parts = d.x * (d.matrix + rule.gamma * plus(d.matrix))
    return shared(parts, parts.sum(axis=1) + d.bias + rule.gamma * plus(d.bias), r)


def generalised_gamma(rule: GeneralisedGamma, d: Dense, r: Array) -> Array:
    total = np.zeros_like(d.x)
    for k in range(len(d.z)):
        side = plus if d.z[k] >= 0 else minus
        parts = d.contributions[k] + rule.gamma * side(d.contributions[k])
        z = parts.sum() + d.bias[k] + rule.gamma * side(d.bias[k])
        total += parts * (r[k] / z if z != 0 else 0.0)
    return total


def box(rule: Box, d: Dense, r: Array) -> Array:
    parts = d.contributions - rule.low * plus(d.matrix) - rule.high * minus(d.matrix)
    return shared(parts, parts.sum(axis=1), r)


def w_square(rule: WSquare, d: Dense, r: Array) -> Array:
    return shared(d.matrix**2, (d.matrix**2).sum(axis=1), r)


def flat(rule: Flat, d: Dense, r: Array) -> Array:
    return shared(d.connected, d.connected.sum(axis=1), r)


FORMULAS: dict[type[Rule], Callable[[Any, Dense, Array], Array]] = {
    LRP0: lrp_0,
    Epsilon: epsilon,
    RelativeEpsilon: relative_epsilon,
    AlphaBeta: alpha_beta,
    ZPlus: z_plus,
    Gamma: gamma,
    GeneralisedGamma: generalised_gamma,
    Box: box,
    WSquare: w_square,
    Flat: flat,
}
