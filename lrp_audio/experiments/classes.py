"""The classes among which a network decides at the place of a target, and their probabilities."""

import numpy as np
from numpy.typing import NDArray

from lrp_audio.model import Model
from lrp_audio.models.batches import forward
from lrp_audio.outputs import sigmoid, softmax
from lrp_audio.types import Array


def rivals(model: Model, shape: tuple[int, ...], target: int) -> NDArray[np.intp]:
    """The numbers of all classes in the frame of `target`, in a flattened output of `shape`."""
    places = model.output.places(shape)
    frame = np.flatnonzero((places == target).any(axis=1))[0]
    found: NDArray[np.intp] = places[frame]
    return found


def probabilities(model: Model, x: Array, targets: NDArray[np.intp]) -> NDArray[np.float64]:
    """``(batch, classes)`` at the place of each of the `targets`, without calibration."""
    output = forward(model.network, x)
    classes = [rivals(model, output.shape[1:], target) for target in targets.tolist()]
    scores = np.take_along_axis(output.reshape(len(x), -1), np.stack(classes), axis=1)
    return sigmoid(scores) if model.output.ending == "sigmoid" else softmax(scores)
