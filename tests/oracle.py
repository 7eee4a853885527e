"""The one oracle: a layer as its dense matrix, and each rule written out on plain matrices.

Nothing here calls the kernels' relevance: the matrix comes from unit vectors through the layer's
forward map, the rules are the formulas of the literature with explicit sums over k.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lrp_audio.layers.base import LinearLayer
from lrp_audio.rules import LRP0, AlphaBeta, Epsilon, Rule, ZPlus

Array = NDArray[np.float64]


def dense_matrix(layer: LinearLayer, shape: tuple[int, ...]) -> Array:
    """Matrix ``(outputs, inputs)`` of the layer without bias, from unit vectors of `shape`."""
    count = int(np.prod(shape))
    units = np.eye(count).reshape(count, *shape)
    return layer.linear(units, layer.weight).reshape(count, -1).T


def dense_bias(layer: LinearLayer, shape: tuple[int, ...]) -> Array:
    """Bias of every output, flat."""
    size = layer.output_shape(shape)
    bias = np.zeros(size[0]) if layer.bias is None else layer.bias
    return np.broadcast_to(bias.reshape(-1, *[1] * (len(size) - 1)), size).reshape(-1)


def divided(r: Array, z: Array) -> Array:
    """R / z, and 0 where z is 0 (that share is dropped)."""
    return np.where(z == 0, 0.0, r / np.where(z == 0, 1.0, z))


def lrp_0(rule: LRP0, m: Array, b: Array, x: Array, r: Array) -> Array:
    return x * (m.T @ divided(r, m @ x + b))


def epsilon(rule: Epsilon, m: Array, b: Array, x: Array, r: Array) -> Array:
    z = m @ x + b
    return x * (m.T @ (r / (z + rule.epsilon * np.where(z >= 0, 1.0, -1.0))))


def alpha_beta(rule: AlphaBeta, m: Array, b: Array, x: Array, r: Array) -> Array:
    contributions = m * x
    excite, inhibit = np.maximum(contributions, 0), np.minimum(contributions, 0)
    z_plus = excite.sum(axis=1) + np.maximum(b, 0)
    z_minus = inhibit.sum(axis=1) + np.minimum(b, 0)
    given = rule.alpha * excite * divided(r, z_plus)[:, None]
    taken = rule.beta * inhibit * divided(r, z_minus)[:, None]
    return (given - taken).sum(axis=0)


def z_plus(rule: ZPlus, m: Array, b: Array, x: Array, r: Array) -> Array:
    excite = np.maximum(m * x, 0)
    return (excite * divided(r, excite.sum(axis=1) + np.maximum(b, 0))[:, None]).sum(axis=0)


FORMULAS: dict[type[Rule], Callable[[Any, Array, Array, Array, Array], Array]] = {
    LRP0: lrp_0,
    Epsilon: epsilon,
    AlphaBeta: alpha_beta,
    ZPlus: z_plus,
}
