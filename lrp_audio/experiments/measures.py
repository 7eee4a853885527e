"""Measures of listenable maps: the network's output for the sound that an explanation leaves.

Definitions as in L-MAC (Paissan et al. 2024), with the mask M = relu(R) / max relu(R) and f the
softmax. `whole`, `kept` and `removed` are f of the explained class for the clip X, for what the
mask leaves of it and for what it removes, each ``(clips,)``.
"""

import numpy as np

from lrp_audio.kernels.blas import single_threaded_blas
from lrp_audio.types import Array


def average_drop(whole: Array, kept: Array) -> Array:
    """``100 max(0, f(X) - f(X M)) / f(X)``, smaller is better (Chattopadhay et al. 2018)."""
    return np.asarray(100 * np.maximum(whole - kept, 0) / whole)


def average_increase(whole: Array, kept: Array) -> Array:
    """``100 [f(X M) > f(X)]``, larger is better (Chattopadhay et al. 2018)."""
    return np.asarray(100.0 * (kept > whole))


def average_gain(whole: Array, kept: Array) -> Array:
    """``100 max(0, f(X M) - f(X)) / (1 - f(X))``, larger is better (Zhang et al. 2023).

    0 where f(X) is 1, so that nothing can be gained.
    """
    room = 1 - whole
    gain = np.zeros_like(whole)
    np.divide(100 * np.maximum(kept - whole, 0), room, out=gain, where=room > 0)
    return gain


def input_fidelity(predicted: Array, predicted_kept: Array) -> Array:
    """``100 [argmax f(X M) = argmax f(X)]``, larger is better (Paissan et al. 2023)."""
    return np.asarray(100.0 * (predicted == predicted_kept))


def faithfulness(whole: Array, removed: Array) -> Array:
    """``f(X) - f(X (1 - M))``, larger is better (Parekh et al. 2022)."""
    return np.asarray(whole - removed)


@single_threaded_blas()
def sparseness(relevance: Array) -> float:
    """Gini index of the magnitudes: 0 for equal ones, near 1 for a single one (Chalasani 2020)."""
    sizes = np.sort(np.abs(relevance).ravel().astype(np.float64))
    total = sizes.sum()
    if total == 0:
        return 0.0
    ranks = np.arange(1, sizes.size + 1)
    return float(((2 * ranks - sizes.size - 1) @ sizes) / (sizes.size * total))


@single_threaded_blas()
def complexity(relevance: Array) -> float:
    """Entropy in nats of the magnitudes' shares, smaller is better (Bhatt et al. 2020)."""
    sizes = np.abs(relevance).ravel().astype(np.float64)
    total = sizes.sum()
    shares = sizes[sizes > 0] / total if total > 0 else sizes[:0]
    return float(-(shares @ np.log(shares)))
