"""Adam with clipping, decoupled weight decay and a moving average of the parameters."""

import math

import numpy as np

from lrp_audio.kernels import adam
from lrp_audio.types import Parameters

_FAN_IN = 1000


class Adam:
    """Updates `parameters` in place (Kingma & Ba 2015).

    The learning rate of a weight with a fan-in above 1000 is reduced in proportion (Yang et al.
    2022): Adam moves every entry by the same step, and their effects add up. The global norm of the
    gradients is clipped to `clip`; weights (not biases) decay by `decay`. `average` is the moving
    average of the parameters over about ``1 / (1 - ema_decay)`` steps, fewer at the start; it is
    what is tested and shipped.
    """

    def __init__(self, parameters: Parameters, clip: float, decay: float, ema_decay: float) -> None:
        self.parameters = parameters
        self.first = {name: np.zeros_like(p) for name, p in parameters.items()}
        self.second = {name: np.zeros_like(p) for name, p in parameters.items()}
        self.average = {name: p.copy() for name, p in parameters.items()}
        self.clip, self.decay, self.ema_decay = clip, decay, ema_decay
        self.steps = 0

    def step(self, gradients: Parameters, rate: float) -> float:
        """Update by one step with learning rate `rate`; returns the norm of the gradients."""
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

    def state(self) -> Parameters:
        """All arrays by the names that they have in a checkpoint."""
        groups = {
            "parameter": self.parameters,
            "first": self.first,
            "second": self.second,
            "average": self.average,
        }
        return {
            f"{group}/{name}": a for group, arrays in groups.items() for name, a in arrays.items()
        }

    def restore(self, state: Parameters, steps: int) -> None:
        """Restore the arrays of `state` and the number of `steps` taken."""
        for name, array in self.state().items():
            array[...] = state[name]
        self.steps = steps
