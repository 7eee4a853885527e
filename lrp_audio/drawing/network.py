"""A network with the relevance of one sample: its neurons if they are few, otherwise its layers."""

import math
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from lrp_audio.arguments import whole_number
from lrp_audio.drawing.layers import layers_figure
from lrp_audio.drawing.neurons import neurons_figure
from lrp_audio.drawing.stages import Stage, one_by_one, stages_of, without_loss
from lrp_audio.errors import ShapeError, TargetError
from lrp_audio.layers.arrays import as_floats
from lrp_audio.models.network import Network
from lrp_audio.rules.composite import Composite
from lrp_audio.rules.presets import composite
from lrp_audio.types import Array

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_MOST_NEURONS = 100


def network_figure(
    network: Network, x: ArrayLike, target: int | None, rules: str | Composite
) -> "Figure":
    """Draw `network` with LRP of one sample `x`; see `Network.draw`."""
    sample = _one_sample(network, x)
    activations = network.activations(sample)
    relevance = _start(activations[network.output], target)
    bounds = float(sample.min(initial=0)), float(sample.max(initial=0))
    steps = list(network.steps(activations, relevance, composite(rules, bounds)))
    neurons = stages_of(sample, steps, one_by_one)
    if sum(map(_size, neurons)) <= _MOST_NEURONS:
        return neurons_figure(neurons)
    return layers_figure(stages_of(sample, steps, without_loss))


def _size(stage: Stage) -> int:
    return math.prod(stage.shape)


def _one_sample(network: Network, x: ArrayLike) -> Array:
    sample = as_floats(x, "The sample of a network")
    if sample.ndim == len(network.input_shape):
        sample = sample[np.newaxis]
    if len(sample) != 1 or not sample.size:
        raise ShapeError(
            f"A network is drawn for one sample, not for an array of shape {sample.shape}: give "
            f"{network.input_shape} or a batch of one."
        )
    return sample


def _start(output: Array, target: int | None) -> Array:
    """Relevance at the `output` ``(1, outputs, ...)``: its values at `target`, elsewhere none."""
    of_each = output[0].reshape(output.shape[1], -1).sum(axis=1)
    if target is None:
        chosen = int(of_each.argmax())
    else:
        what = "The number of the output to explain"
        chosen = whole_number(target, what, 0, len(of_each) - 1, TargetError)
    relevance = np.zeros_like(output)
    relevance[0, chosen] = output[0, chosen]
    return relevance
