"""Rules with one fault each, which students are to find and mend."""

# ruff: noqa: D103

from typing import Any, TypeAlias

import numpy as np

Array: TypeAlias = Any  # the sources are shown without types


def gamma(x: Array, weight: Array, bias: Array, relevance: Array) -> Array:
    # The gamma rule, gamma = 0.25, for x >= 0.
    favoured = weight + 0.25 * np.maximum(weight, 0)
    z = weight @ x + bias + 0.25 * np.maximum(bias, 0)
    s = np.divide(relevance, z, out=np.zeros_like(z), where=z != 0)
    return x * (favoured.T @ s)


def epsilon(x: Array, weight: Array, bias: Array, relevance: Array) -> Array:
    # The epsilon rule, epsilon = 0.1.
    z = weight @ x + bias
    s = relevance / (z + 0.1 * np.sign(z))
    return x * (weight.T @ s)


def w_square(x: Array, weight: Array, bias: Array, relevance: Array) -> Array:
    # The w^2 rule: shares in proportion to squared weights; x and bias do not matter.
    squares = weight**2
    total = squares.sum(axis=0, keepdims=True)
    shares = np.divide(squares, total, out=np.zeros_like(squares), where=total != 0)
    return shares.T @ relevance


def alpha_beta(x: Array, weight: Array, bias: Array, relevance: Array) -> Array:
    # The alpha-beta rule, alpha = 2, beta = 1.
    contributions = weight * x

    def shares(part: Array, bias_part: Array) -> Array:
        z = part.sum(axis=1) + bias_part
        s = np.divide(relevance, z, out=np.zeros_like(z), where=z != 0)
        return part.T @ s

    excited = shares(np.maximum(contributions, 0), np.maximum(bias, 0))
    inhibited = shares(np.minimum(contributions, 0), np.minimum(bias, 0))
    return 2 * excited + 1 * inhibited


def z_plus(x: Array, weight: Array, bias: Array, relevance: Array) -> Array:
    # The z+ rule, for x >= 0.
    np.maximum(weight, 0, out=weight)
    z = weight @ x + np.maximum(bias, 0)
    s = np.divide(relevance, z, out=np.zeros_like(z), where=z != 0)
    return x * (weight.T @ s)
