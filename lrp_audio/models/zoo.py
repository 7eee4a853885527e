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
from lrp_audio.models.weights import read_weights_file

__all__ = ["ARCHITECTURES", "Loaded", "load_network", "shipped"]

ARCHITECTURES = {of.name: of for of in (AUDIONET, ALEXNET)}
"""Every architecture by name."""


@dataclass(frozen=True)
class Loaded:
    """A network with its name, front end, classes and the temperature of its probabilities.

    `sha256` is the digest of its file.
    """

    name: str
    front: FrontEnd
    network: Network
    classes: tuple[str, ...]
    temperature: float | None
    sha256: str


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
    file = read_weights_file(path)
    description = file.description()
    if description.architecture not in ARCHITECTURES:
        raise ModelError(
            f"The weights file {path} is for the architecture {description.architecture!r:.40}; "
            f"this version of lrp_audio knows {', '.join(ARCHITECTURES)}."
        )
    architecture = ARCHITECTURES[description.architecture]
    parameters = file.parameters(architecture.shapes(len(description.classes)), dtype)
    return Loaded(
        path.stem,
        architecture.front_for(description.offset),
        architecture.build(parameters),
        description.classes,
        description.temperature,
        file.sha256,
    )
