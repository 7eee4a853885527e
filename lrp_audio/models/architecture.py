"""An architecture: how networks of a kind are built, trained and stored."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from lrp_audio.errors import ModelError
from lrp_audio.fronts import Spectrogram, Waveform
from lrp_audio.models.network import Network
from lrp_audio.recipes.recipe import Recipe
from lrp_audio.types import Array, Parameters


@dataclass(frozen=True)
class Architecture:
    """How a network of this kind is built, trained and stored.

    `front` makes its input; `shapes` gives the shapes of its parameters for a number of classes,
    those of the first layer first; `build` makes the network over given parameters, without copying
    them; `initial` draws parameters to train from; `compact` makes parameters smaller for a file,
    given typical inputs ``(n, *front.shape)``. `recipes` are those of its networks on any
    recordings, by task, and `standard` those of the shipped networks.
    """

    name: str
    front: Waveform | Spectrogram
    shapes: Callable[[int], Mapping[str, tuple[int, ...]]]
    build: Callable[[Parameters], Network]
    initial: Callable[[int, np.random.Generator], Parameters]
    compact: Callable[[Parameters, Array], Parameters]
    recipes: Mapping[str, Recipe]
    standard: Mapping[str, Recipe] = field(default_factory=dict)

    def recipe(self, task: str) -> Recipe:
        """The recipe for `task`; raises `ModelError` if there is none."""
        return self._of(self.recipes, "recipe", task)

    def standard_recipe(self, task: str) -> Recipe:
        """The standard recipe for `task`; raises `ModelError` if there is none."""
        return self._of(self.standard, "standard recipe", task)

    def _of(self, recipes: Mapping[str, Recipe], what: str, task: str) -> Recipe:
        if task not in recipes:
            raise ModelError(
                f"The architecture {self.name} has no {what} for the task {task!r}; choose one of "
                f"{', '.join(recipes) or '(none)'}, or add a {what} where it is defined."
            )
        return recipes[task]

    def front_for(self, offset: str) -> Waveform | Spectrogram:
        """The front end with that `offset`, as weights of this architecture state it."""
        return replace(self.front, offset=offset)

    def for_raw_input(self, parameters: Parameters) -> Parameters:
        """Parameters for inputs as `front` makes them, from those for standardised inputs."""
        return for_raw_input(parameters, self.front.centre, self.front.spread)


def he_normal(
    shapes: Mapping[str, tuple[int, ...]],
    gain: Callable[[str], float],
    rng: np.random.Generator,
) -> Parameters:
    """Random float32 parameters of `shapes`, biases zero: gaussian as He et al. 2015.

    The variance of the weight `name` is ``gain(name)`` over its number of inputs; 2 keeps the scale
    from one ReLU to the next.
    """
    parameters = {}
    for name, shape in shapes.items():
        inputs = math.prod(shape[1:])
        deviation = math.sqrt(gain(name) / inputs) if len(shape) > 1 else 0.0
        parameters[name] = (deviation * rng.standard_normal(shape, np.float32)).astype(np.float32)
    return parameters


def for_raw_input(parameters: Parameters, centre: float, spread: float) -> Parameters:
    """Parameters of the same function of ``x`` instead of ``(x - centre) / spread``.

    Exact where the first layer, whose parameters come first, has no padding or `centre` is 0:
    ``W (x - centre) / spread + b`` is ``(W / spread) x + b - centre / spread sum(W)``.
    """
    first = next(iter(parameters)).partition(".")[0]
    weight = parameters[f"{first}.weight"].astype(np.float64) / spread
    bias = parameters[f"{first}.bias"] - centre * weight.reshape(len(weight), -1).sum(axis=1)
    dtype = parameters[f"{first}.weight"].dtype
    raw = {f"{first}.weight": weight.astype(dtype), f"{first}.bias": bias.astype(dtype)}
    return parameters | raw
