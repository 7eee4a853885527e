"""Shipped models by name, and weights files by path."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from lrp_audio.audio.front import SPECTROGRAM, WAVEFORM, FrontEnd
from lrp_audio.errors import ModelError
from lrp_audio.layers.base import Array, Gradients
from lrp_audio.models import alexnet, audionet
from lrp_audio.models.compact import compact_dense_stack
from lrp_audio.models.network import Network
from lrp_audio.models.weights import read_description, read_weights


@dataclass(frozen=True)
class Architecture:
    """How a network of this kind is built.

    `front` makes its input; `shapes` gives those of its parameters for a number of classes,
    `build` the network on them, `initial` random ones to train from, `compact` what is stored of
    them, given typical inputs ``(n, *front.shape)``.
    """

    front: FrontEnd
    shapes: Callable[[int], Mapping[str, tuple[int, ...]]]
    build: Callable[[Gradients], Network]
    initial: Callable[[int, np.random.Generator], Gradients]
    compact: Callable[[Gradients, Array], Gradients]


ARCHITECTURES = {
    "audionet": Architecture(
        WAVEFORM,
        audionet.parameter_shapes,
        audionet.audionet,
        audionet.initial_parameters,
        lambda parameters, inputs: compact_dense_stack(parameters, ["fc7", "fc8", "fc9"]),
    ),
    "alexnet": Architecture(
        SPECTROGRAM,
        alexnet.parameter_shapes,
        alexnet.alexnet,
        alexnet.initial_parameters,
        alexnet.compact,
    ),
}


@dataclass(frozen=True)
class Loaded:
    """A network with its name, front end and classes."""

    name: str
    front: FrontEnd
    network: Network
    classes: tuple[str, ...]


def weights_folder() -> Path:
    """Where the shipped weights lie: inside the installed package, or beside it in a checkout."""
    package = Path(__file__).resolve().parent.parent
    installed = package / "weights"
    return installed if installed.is_dir() else package.parent / "weights"


def shipped() -> dict[str, Path]:
    """The shipped weights files by model name."""
    return {path.stem: path for path in sorted(weights_folder().glob("*.npz"))}


def load_network(name: str | os.PathLike[str], dtype: type[np.floating[Any]]) -> Loaded:
    """The network of a shipped model or of the weights file at a path ending in ``.npz``.

    Raises `ModelError` where there is none, its file is damaged, or its architecture is unknown.
    """
    known = shipped()
    path = known.get(os.fspath(name), Path(name))
    if path.suffix != ".npz":
        raise ModelError(
            f"There is no model {os.fspath(name)!r}; choose one of {', '.join(known) or '(none)'}, "
            "or give the path of a weights file ending in .npz."
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
    return Loaded(path.stem, architecture.front, network, description.classes)
