"""Logits of a network and their gradients, in batches of bounded memory."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from lrp_audio.models.network import Network
from lrp_audio.types import Array


def one_hot(logits: Array, targets: Array) -> Array:
    """1 at the target of each row, 0 elsewhere; of the shape of `logits` ``(batch, ...)``."""
    encoded = np.zeros((len(logits), logits[0].size), logits.dtype)
    encoded[np.arange(len(logits)), targets] = 1
    return encoded.reshape(logits.shape)


def logit(network: Network, batches: Iterable[Array], target: int) -> NDArray[np.float64]:
    """The logit of `target` for each input of `batches`, each ``(n, *input_shape)``."""
    found = [network.forward(x).reshape(len(x), -1)[:, target] for x in batches]
    return np.concatenate(found).astype(np.float64)


def gradients(network: Network, x: Array, targets: Array) -> Array:
    """Gradient of each input's target logit, of the shape of `x` ``(n, *input_shape)``."""
    return network.input_gradient(x, lambda logits: one_hot(logits, targets))


def mean_gradient(network: Network, batches: Iterable[Array], target: int) -> Array:
    """Mean over all inputs of `batches` of the gradient of `target`'s logit, in float64."""
    total, count = np.zeros(()), 0
    for x in batches:
        targets = np.full(len(x), target)
        total = total + gradients(network, x, targets).sum(axis=0, dtype=np.float64)
        count += len(x)
    return total / count
