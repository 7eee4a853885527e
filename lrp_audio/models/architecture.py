"""An architecture: how networks of a kind are built, trained and stored."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from lrp_audio.fronts.base import FrontEnd
from lrp_audio.models.network import Network
from lrp_audio.recipes.recipe import Recipe
from lrp_audio.types import Array, Parameters


@dataclass(frozen=True)
class Architecture:
    """How a network of this kind is built, trained and stored.

    `front` makes its input; `shapes` gives those of its parameters for a number of classes, the
    first layer's first, `build` the network on them, `initial` random ones to train from, `compact`
    what is stored of them, given typical inputs ``(n, *front.shape)``. `recipes` are those of the
    shipped networks by task.
    """

    name: str
    front: FrontEnd
    shapes: Callable[[int], Mapping[str, tuple[int, ...]]]
    build: Callable[[Parameters], Network]
    initial: Callable[[int, np.random.Generator], Parameters]
    compact: Callable[[Parameters, Array], Parameters]
    recipes: Mapping[str, Recipe]

    def for_raw_input(self, parameters: Parameters) -> Parameters:
        """Parameters for inputs as `front` makes them, from those for standardised inputs."""
        return for_raw_input(parameters, self.front.centre, self.front.spread)


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
