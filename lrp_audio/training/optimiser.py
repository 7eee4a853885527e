"""Adam with clipping, decoupled weight decay and a moving average of the parameters."""

import math

import numpy as np

from lrp_audio.kernels import adam
from lrp_audio.layers.base import Gradients

_FAN_IN = 1000


class Adam:
    """Changes `parameters` in place (Kingma & Ba 2015).

    A weight that reads more than 1000 inputs learns more slowly in proportion (Yang et al. 2022):
    Adam moves every entry by the same step, and their effects add up.
    The global norm of the gradients is clipped to `clip`; weights (not biases) decay by `decay`.
    `average` follows the parameters with a memory of about ``1 / (1 - ema_decay)`` steps, shorter
    at the start; it is what is tested and shipped.
    """

    def __init__(self, parameters: Gradients, clip: float, decay: float, ema_decay: float) -> None:
        self.parameters = parameters
        self.first = {name: np.zeros_like(p) for name, p in parameters.items()}
        self.second = {name: np.zeros_like(p) for name, p in parameters.items()}
        self.average = {name: p.copy() for name, p in parameters.items()}
        self.clip, self.decay, self.ema_decay = clip, decay, ema_decay
        self.steps = 0

    def step(self, gradients: Gradients, rate: float) -> float:
        """Update by one step with learning rate `rate`; returns the gradients' norm."""
        self.steps += 1
        norm = math.sqrt(sum(float(np.vdot(g, g)) for g in gradients.values()))
        scale = min(1.0, self.clip / norm) if norm > 0 else 1.0
        keep = min(self.ema_decay, self.steps / (self.steps + 10))
        for name, parameter in self.parameters.items():
            adam.update(
                parameter,
                gradients[name],
                (self.first[name], self.second[name]),
                self.average[name],
                self.steps,
                rate * min(1.0, _FAN_IN / math.prod(parameter.shape[1:])),
                scale,
                self.decay if name.endswith("weight") else 0.0,
                keep,
            )
        return norm

    def state(self) -> Gradients:
        """All arrays under names for a checkpoint."""
        groups = {
            "parameter": self.parameters,
            "first": self.first,
            "second": self.second,
            "average": self.average,
        }
        return {
            f"{group}/{name}": a for group, arrays in groups.items() for name, a in arrays.items()
        }

    def restore(self, state: Gradients, steps: int) -> None:
        """Take over the arrays of `state` and the number of steps they have seen."""
        for name, array in self.state().items():
            array[...] = state[name]
        self.steps = steps
