"""Shipped models by name, and weights files by path."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from lrp_audio.errors import ModelError
from lrp_audio.fronts.base import FrontEnd
from lrp_audio.models.alexnet import ALEXNET
from lrp_audio.models.audionet import AUDIONET
from lrp_audio.models.network import Network
from lrp_audio.models.shipped import shipped
from lrp_audio.models.weights import read_description, read_weights

__all__ = ["ARCHITECTURES", "Loaded", "load_network", "shipped"]

ARCHITECTURES = {of.name: of for of in (AUDIONET, ALEXNET)}
"""Every architecture by name."""


@dataclass(frozen=True)
class Loaded:
    """A network with its name, front end, classes and the temperature of its probabilities."""

    name: str
    front: FrontEnd
    network: Network
    classes: tuple[str, ...]
    temperature: float | None


def load_network(name: str | os.PathLike[str], dtype: type[np.floating[Any]]) -> Loaded:
    """The network of a shipped model or of the weights file at a path ending in ``.npz``.

    Raises `ModelError` where there is none, its file is damaged, or its architecture is unknown.
    """
    known = shipped()
    path = known.get(os.fspath(name), Path(name))
    if path.suffix != ".npz":
        raise ModelError(
            f"There is no model {os.fspath(name)!r}; choose one of {', '.join(known) or '(none)'}, "
            "or give the path of a weights file ending in .npz, or of a folder with a model.toml."
        )
    description = read_description(path)
    if description.architecture not in ARCHITECTURES:
        raise ModelError(
            f"The weights file {path} is for the architecture {description.architecture!r:.40}; "
            f"this version of lrp_audio knows {', '.join(ARCHITECTURES)}."
        )
    architecture = ARCHITECTURES[description.architecture]
    parameters = read_weights(path, architecture.shapes(len(description.classes)), dtype)
    network = architecture.build(parameters)
    front = architecture.front_for(description.offset)
    return Loaded(path.stem, front, network, description.classes, description.temperature)
