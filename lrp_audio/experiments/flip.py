"""Flipping: values of an input are silenced in an order, and the network is asked again.

Samek et al. 2017 (region perturbation) for single samples or bins, as Becker et al. did with
AudioMNIST. Silence is 0 in a waveform and -80 dB in a spectrogram; values that are silent already
are not counted.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from lrp_audio.models.batches import forward
from lrp_audio.models.network import Network
from lrp_audio.types import Array

SHARES = (0.0, 0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
"""How much of what sounds is silenced."""

_TIES = 5  # a seed


def flipped(sample: Array, scores: Array, silence: float) -> Array:
    """`sample` with a growing share of its values silenced, highest scores first.

    `scores` has the shape of the sample. Equal ones, such as those of a segment, go in a random
    order that is always the same: by their place, one end of a clip would go first. Gives
    ``(len(SHARES), *sample.shape)``.
    """
    steps = np.repeat(sample[None], len(SHARES), axis=0)
    sounding = np.random.default_rng(_TIES).permutation(np.flatnonzero(sample != silence))
    order = sounding[np.argsort(-scores.ravel()[sounding], kind="stable")]
    for share, step in zip(SHARES, steps.reshape(len(SHARES), -1), strict=True):
        step[order[: round(share * len(order))]] = silence
    return steps


def decisions(network: Network, sample: Array, orders: Sequence[Array], silence: float) -> Array:
    """The class that is heard for each order and share, ``(orders, len(SHARES))``."""
    steps = np.concatenate([flipped(sample, scores, silence) for scores in orders])
    classes: Array = forward(network, steps).argmax(axis=1)
    return classes.reshape(len(orders), len(SHARES))


def area(right: Array) -> NDArray[np.float64]:
    """Area under curves ``(..., len(SHARES))`` over the share from 0 to 1, by trapezoids."""
    return np.asarray(np.trapezoid(right.astype(np.float64), SHARES, axis=-1))
