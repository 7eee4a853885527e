"""A case: one dense layer with an input and the relevance of its output, in plain arrays."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lrp_audio.layers import Dense
from lrp_audio.rules.base import LinearRule

Numbers = NDArray[np.float64]

VALUES = (1.0, 0.0, -1.0, 2.0, -2.0, 3.0, -3.0, 0.5, -0.5)
"""The values that all arrays of a case take."""


@dataclass(frozen=True)
class Case:
    """`x` ``(inputs,)``, `weight` ``(outputs, inputs)``, `bias` and `relevance` ``(outputs,)``."""

    x: Numbers
    weight: Numbers
    bias: Numbers
    relevance: Numbers

    @property
    def z(self) -> Numbers:
        """The layer's output ``weight x + bias``, ``(outputs,)``."""
        return self.weight @ self.x + self.bias

    @property
    def contributions(self) -> Numbers:
        """``x_j w_jk``, ``(outputs, inputs)``."""
        return self.weight * self.x

    def copies(self) -> tuple[Numbers, Numbers, Numbers, Numbers]:
        """Copies of the four arrays, in the order in which a rule takes them."""
        return self.x.copy(), self.weight.copy(), self.bias.copy(), self.relevance.copy()

    def relevance_under(self, rule: LinearRule) -> Numbers:
        """The relevance of `x` under a rule of this project, ``(inputs,)``."""
        layer = Dense(self.weight, self.bias)
        batch = self.x[np.newaxis], self.z[np.newaxis], self.relevance[np.newaxis]
        return np.asarray(layer.relevance(*batch, rule).relevance[0])


def made_of(values: list[float], inputs: int, outputs: int) -> Case:
    """The case of that size with these values, in the order of its arrays."""
    lengths = (inputs, outputs * inputs, outputs, outputs)
    x, weight, bias, relevance = np.split(np.array(values), np.cumsum(lengths)[:-1])
    return Case(x, weight.reshape(outputs, inputs), bias, relevance)


def spread(positive_inputs: bool) -> Iterator[Case]:
    """Always the same cases of many kinds, to find what is common to those that go wrong."""
    rng = np.random.default_rng(0)
    for _ in range(300):
        outputs, inputs = rng.integers(1, 4, 2)
        shapes = (inputs,), (outputs, inputs), (outputs,), (outputs,)
        x, weight, bias, relevance = (rng.choice(VALUES, shape) for shape in shapes)
        x, weight, relevance = (
            np.abs(array) if rng.random() < 0.4 else array for array in (x, weight, relevance)
        )
        bias = bias * (rng.random() < 0.6)
        yield Case(np.abs(x) if positive_inputs else x, weight, bias, relevance)
