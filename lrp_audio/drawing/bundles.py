"""Bundles: the connections between two stages of a network, with the relevance of each."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lrp_audio.drawing.stages import Stage
from lrp_audio.layers.base import LinearLayer
from lrp_audio.models.lrp import Step
from lrp_audio.rules.input_independent import Flat
from lrp_audio.types import Array


@dataclass(frozen=True)
class Bundle:
    """The connections from the neurons of one stage to those of another.

    `relevance` ``(outputs, inputs)`` is what each neuron of `target` gave to each of `source`;
    `connected` says which connections the layer has: of a max-pool those of the winners.
    """

    source: str
    target: str
    relevance: NDArray[np.float64]
    connected: NDArray[np.bool_]


def bundles_of(stages: Sequence[Stage]) -> list[Bundle]:
    """The connections between all `stages`."""
    found: dict[tuple[str, str], Bundle] = {}
    for stage in stages:
        if not stage.sources:
            continue
        step = stage.steps[0]
        given = step.connections.relevance
        parts = zip(stage.sources, _parts(step, given), _parts(step, _connected(step)), strict=True)
        for source, relevance, connected in parts:
            key = (source, stage.name)
            if key in found:  # a layer may read the same output twice
                relevance = relevance + found[key].relevance
                connected = connected | found[key].connected
            found[key] = Bundle(*key, relevance, connected)
    return list(found.values())


def _parts(step: Step, at_input: Array) -> list[Array]:
    """What belongs to each source, ``(outputs, inputs)``, of an array at the layer's input."""
    return [share.reshape(len(share), -1) for _, share in step.node.shares(at_input)]


def _connected(step: Step) -> Array:
    """Where the layer has connections: what each output would give to with a relevance of 1."""
    layer = step.node.layer
    rule = Flat() if isinstance(layer, LinearLayer) else step.assignment.rule
    x, y = (np.repeat(values, step.y.size, axis=0) for values in (step.x, step.y))
    each = np.eye(step.y.size, dtype=y.dtype).reshape(y.shape)
    return np.not_equal(layer.relevance(x, y, each, rule).relevance, 0)
