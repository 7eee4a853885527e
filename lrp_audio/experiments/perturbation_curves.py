"""Perturbation curves: what a network still recognises while values are silenced in an order.

Region perturbation (Samek et al. 2017) of single samples or bins, as Becker et al. applied it to
AudioMNIST. Silence is 0 in a waveform and -80 dB in a spectrogram; values that are silent already
are not counted.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from lrp_audio.experiments.classes import rivals
from lrp_audio.model import Model
from lrp_audio.models.batches import forward
from lrp_audio.models.network import Network
from lrp_audio.types import Array

SHARES = (0.0, 0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
"""Shares of the values that are not silent to be silenced."""

DIRECTIONS = ("most first", "least first")
"""Silenced first: the values with the highest scores, or those with the lowest."""

_TIE_SEED = 5
_SENSITIVITIES = ("gradient", "smooth-grad")  # the sign of a slope says nothing about evidence


def ranking(method: str, attribution: Array) -> Array:
    """Scores to silence by: of evidence its signed value, of a sensitivity its magnitude."""
    return np.abs(attribution) if method in _SENSITIVITIES else attribution


def silenced(sample: Array, scores: Array, silence: float) -> Array:
    """`sample` with a growing share of its values silenced, highest scores first.

    `scores` has the shape of the sample. Equal scores, such as those of a segment, go in a fixed
    random order; by position, one end of a clip would go first. Returns
    ``(len(SHARES), *sample.shape)``.
    """
    steps = np.repeat(sample[None], len(SHARES), axis=0)
    sounding = np.random.default_rng(_TIE_SEED).permutation(np.flatnonzero(sample != silence))
    order = sounding[np.argsort(-scores.ravel()[sounding], kind="stable")]
    for share, step in zip(SHARES, steps.reshape(len(SHARES), -1), strict=True):
        step[order[: round(share * len(order))]] = silence
    return steps


def decisions(
    network: Network, sample: Array, orders: Sequence[Array], silence: float, classes: Array
) -> Array:
    """The predicted one of `classes` for each order and share, ``(orders, len(SHARES))``.

    `classes` are numbers of the flattened output: all, or those of one frame.
    """
    steps = np.concatenate([silenced(sample, scores, silence) for scores in orders])
    scores = forward(network, steps).reshape(len(steps), -1)[:, classes]
    predicted: Array = classes[scores.argmax(axis=1)]
    return predicted.reshape(len(orders), len(SHARES))


def correct_by_order(
    model: Model, x: Array, targets: Array, scores: Mapping[str, Array]
) -> dict[str, list[list[int]]]:
    """Whether each clip is given its target, 1 or 0, by `order_name` of score and direction.

    `x` and each of the `scores` have shape ``(clips, *input shape)``, `targets` ``(clips,)`` (as
    attribution methods take them); the lists returned ``(clips, shares)``.
    """
    most, least = DIRECTIONS
    orders = {order_name(name, most): value for name, value in scores.items()}
    orders |= {order_name(name, least): -value for name, value in scores.items()}
    network, shape = model.network, model.network.output_shape(x.shape[1:])
    predicted = [
        decisions(
            network,
            sample,
            [of[i] for of in orders.values()],
            model.front.silence,
            rivals(model, shape, int(targets[i])),
        )
        for i, sample in enumerate(x)
    ]
    correct = np.stack(predicted, axis=1) == targets[:, None]
    return {name: of.astype(int).tolist() for name, of in zip(orders, correct, strict=True)}


def order_name(score: str, direction: str) -> str:
    """Name of the order by the scores of that name in one of the `DIRECTIONS`."""
    return f"{score}, {direction}"


def area(curves: Array) -> NDArray[np.float64]:
    """Area under curves ``(..., len(SHARES))`` over the share from 0 to 1, by trapezoids."""
    return np.asarray(np.trapezoid(curves.astype(np.float64), SHARES, axis=-1))
