"""What an attribution method is: it gives each value of an input a number."""

import math
from abc import ABC, abstractmethod
from typing import ClassVar
from zlib import crc32

import numpy as np
from numpy.typing import ArrayLike

from lrp_audio.arguments import described
from lrp_audio.errors import AttributionError, ShapeError, TargetError
from lrp_audio.models.batches import slices
from lrp_audio.models.network import Network
from lrp_audio.types import Array


class Attribution(ABC):
    """A method that says how much each value of an input matters for a logit.

    Methods are immutable and comparable. Random numbers depend on the method's seed and on the
    sample only: a row of a batch is explained as it is alone, and two samples get different
    numbers.
    """

    name: ClassVar[str]
    formula: ClassVar[str]
    source: ClassVar[str]

    def attribute(self, network: Network, x: ArrayLike, targets: ArrayLike) -> Array:
        """How much each value of `x` ``(batch, *input_shape)`` matters for the logit of its target.

        `targets` are class numbers ``(batch,)``; where a network gives more than one number for
        each class, as for each frame, they count all its numbers, as `model.targets` does. Returns
        an array of the shape and type of `x`; values above 0 are evidence for the target, below 0
        against it. Memory does not grow with the batch. Raises `ShapeError`, `TargetError`, or
        `AttributionError` where the method does not fit.
        """
        x, targets = _checked(network, x, targets)
        found = np.empty_like(x)
        for piece in slices(len(x)):
            found[piece] = self.attribute_batch(network, x[piece], targets[piece])
        return found

    @abstractmethod
    def attribute_batch(self, network: Network, x: Array, targets: Array) -> Array:
        """The same for a batch of at most 32 inputs that have been checked."""

    def __str__(self) -> str:
        values = ", ".join(str(value) for value in vars(self).values())
        return f"{self.name}({values})" if values else self.name


class PerSampleAttribution(Attribution):
    """A method that takes the samples of a batch one by one, mostly with many passes for each."""

    def attribute_batch(self, network: Network, x: Array, targets: Array) -> Array:
        """The samples one after the other."""
        each = zip(x, targets, strict=True)
        return np.stack(
            [self.attribute_one(network, sample, int(target)) for sample, target in each]
        )

    @abstractmethod
    def attribute_one(self, network: Network, sample: Array, target: int) -> Array:
        """The attribution of one `sample` ``(*input_shape)``."""


def generator(seed: int, sample: Array) -> np.random.Generator:
    """A generator seeded with `seed` and `sample`; the same in float32 and in float64."""
    content = np.ascontiguousarray(sample, np.float32)
    return np.random.default_rng([seed, crc32(content.tobytes())])


def _checked(network: Network, x: ArrayLike, targets: ArrayLike) -> tuple[Array, Array]:
    """Inputs and targets as arrays that fit the network."""
    if not isinstance(network, Network):
        raise AttributionError(
            f"{described(network)} is not a network: give one, such as `model.network`."
        )
    try:
        x, targets = np.asarray(x), np.asarray(targets)
    except ValueError as error:
        raise ShapeError(
            "The inputs or targets are not one array of numbers: give inputs (batch, "
            f"{', '.join(map(str, network.input_shape))}) and targets (batch,)."
        ) from error
    if x.dtype not in (np.float32, np.float64) or not network.takes(x.shape[1:]):
        raise ShapeError(
            f"The inputs are {x.dtype} of shape {x.shape}; expected float32 or float64 of shape "
            f"(batch, {network.lengths})."
        )
    if targets.shape != x.shape[:1] or not np.issubdtype(targets.dtype, np.integer):
        raise ShapeError(
            f"The targets are {targets.dtype} of shape {targets.shape}; expected whole numbers of "
            f"shape ({len(x)},), a class for each input."
        )
    count = math.prod(network.output_shape(x.shape[1:]))
    if len(targets) and not 0 <= targets.min() <= targets.max() < count:
        raise TargetError(
            f"The targets lie between {targets.min()} and {targets.max()}; expected class numbers "
            f"from 0 to {count - 1}."
        )
    return x, targets
