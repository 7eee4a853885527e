"""Logits of a network and their gradients, in batches of bounded memory."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from lrp_audio.models.network import Network
from lrp_audio.types import Array


def one_hot(logits: Array, targets: Array) -> Array:
    """1 at the target of each row, 0 elsewhere; of the shape of `logits` ``(batch, classes)``."""
    encoded = np.zeros_like(logits)
    encoded[np.arange(len(logits)), targets] = 1
    return encoded


def logit(network: Network, batches: Iterable[Array], target: int) -> NDArray[np.float64]:
    """The logit of `target` for each input of `batches`, each ``(n, *input_shape)``."""
    found = [network.forward(x)[:, target].astype(np.float64) for x in batches]
    return np.concatenate(found)


def gradients(network: Network, x: Array, targets: Array) -> Array:
    """Gradient of each input's target logit, of the shape of `x` ``(n, *input_shape)``."""
    return network.input_gradient(x, lambda logits: one_hot(logits, targets))


def mean_gradient(network: Network, batches: Iterable[Array], target: int) -> Array:
    """Mean over all inputs of `batches` of the gradient of `target`'s logit, in float64."""
    total, count = np.zeros(network.input_shape), 0
    for x in batches:
        targets = np.full(len(x), target)
        total += gradients(network, x, targets).sum(axis=0, dtype=np.float64)
        count += len(x)
    return total / count
