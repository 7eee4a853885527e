"""The one oracle: a layer as its dense matrix, and each rule written out on plain matrices.

Nothing here calls the kernels' relevance: the matrix comes from unit vectors through the layer's
forward map, the rules are the formulas of the literature with explicit sums over k. Each formula
comes with a strategy that draws rules of its class.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st
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
    """sum_k parts_kj R_k / z_k; neurons with z_k = 0 give nothing."""
    s = np.where(z == 0, 0.0, r / np.where(z == 0, 1.0, z))
    return (parts * s[:, None]).sum(axis=0)


def stabilised(z: Array, epsilon: float) -> Array:
    return z + epsilon * np.where(z >= 0, 1.0, -1.0)


Formula = Callable[[Any, Dense, Array], Array]
FORMULAS: dict[type[Rule], Formula] = {}
RULES: dict[type[Rule], st.SearchStrategy[Any]] = {}


def oracle_of(kind: type[Rule], drawn: st.SearchStrategy[Any]) -> Callable[[Formula], Formula]:
    """Enter a formula into `FORMULAS`, and how rules of its class are `drawn` into `RULES`."""

    def enter(formula: Formula) -> Formula:
        FORMULAS[kind], RULES[kind] = formula, drawn
        return formula

    return enter


@oracle_of(LRP0, st.builds(LRP0))
def lrp_0(rule: LRP0, d: Dense, r: Array) -> Array:
    return shared(d.contributions, d.z, r)


@oracle_of(Epsilon, st.builds(Epsilon, st.floats(1e-6, 10)))
def epsilon(rule: Epsilon, d: Dense, r: Array) -> Array:
    return shared(d.contributions, stabilised(d.z, rule.epsilon), r)


@oracle_of(RelativeEpsilon, st.builds(RelativeEpsilon, st.floats(0.01, 1)))
def relative_epsilon(rule: RelativeEpsilon, d: Dense, r: Array) -> Array:
    return shared(d.contributions, stabilised(d.z, rule.share * np.sqrt((d.z**2).mean())), r)


@oracle_of(AlphaBeta, st.floats(0, 3).map(lambda beta: AlphaBeta(1 + beta, beta)))
def alpha_beta(rule: AlphaBeta, d: Dense, r: Array) -> Array:
    excite, inhibit = plus(d.contributions), minus(d.contributions)
    given = shared(excite, excite.sum(axis=1) + plus(d.bias), r)
    taken = shared(inhibit, inhibit.sum(axis=1) + minus(d.bias), r)
    return rule.alpha * given - rule.beta * taken


@oracle_of(ZPlus, st.builds(ZPlus))
def z_plus(rule: ZPlus, d: Dense, r: Array) -> Array:
    excite = plus(d.contributions)
    return shared(excite, excite.sum(axis=1) + plus(d.bias), r)


@oracle_of(Gamma, st.builds(Gamma, st.floats(0, 10)))
def gamma(rule: Gamma, d: Dense, r: Array) -> Array:
    parts = d.x * (d.matrix + rule.gamma * plus(d.matrix))
    return shared(parts, parts.sum(axis=1) + d.bias + rule.gamma * plus(d.bias), r)


@oracle_of(GeneralisedGamma, st.builds(GeneralisedGamma, st.floats(0, 10)))
def generalised_gamma(rule: GeneralisedGamma, d: Dense, r: Array) -> Array:
    total = np.zeros_like(d.x)
    for k in range(len(d.z)):
        side = plus if d.z[k] >= 0 else minus
        parts = d.contributions[k] + rule.gamma * side(d.contributions[k])
        z = parts.sum() + d.bias[k] + rule.gamma * side(d.bias[k])
        total += parts * (r[k] / z if z != 0 else 0.0)
    return total


@oracle_of(Box, st.builds(Box, st.floats(-5, -2), st.floats(2, 5)))
def box(rule: Box, d: Dense, r: Array) -> Array:
    parts = d.contributions - rule.low * plus(d.matrix) - rule.high * minus(d.matrix)
    return shared(parts, parts.sum(axis=1), r)


@oracle_of(WSquare, st.builds(WSquare))
def w_square(rule: WSquare, d: Dense, r: Array) -> Array:
    return shared(d.matrix**2, (d.matrix**2).sum(axis=1), r)


@oracle_of(Flat, st.builds(Flat))
def flat(rule: Flat, d: Dense, r: Array) -> Array:
    return shared(d.connected, d.connected.sum(axis=1), r)
