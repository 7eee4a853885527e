"""The input of the peers of one row: weights, inputs and layers, as plain files in a folder.

The peer's process imports nothing of lrp_audio, so that its start and its memory are its own.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np

import lrp_audio
from lrp_audio import layers
from lrp_audio.audio.clip import read_clip
from lrp_audio.layers.convolution import Convolution
from lrp_audio.layers.max_pool import MaxPool
from lrp_audio.models.network import Network, chain
from lrp_audio.models.zoo import ARCHITECTURES, load_network
from lrp_audio.types import Array

CLASSES = 10
WEIGHTS = ("random", "shipped")


def network_of(net: str, weights: str, seed: int) -> Network:
    """The network `net` with random weights from `seed`, or with those shipped for digits."""
    if weights == "shipped":
        return load_network(f"{net}-digit", np.float32).network
    architecture = ARCHITECTURES[net]
    return architecture.build(architecture.initial(CLASSES, np.random.default_rng(seed)))


def inputs_of(net: str, weights: str, batch: int, seed: int) -> Array:
    """Inputs of a batch: noise for random weights, the bundled clips for the shipped ones."""
    front = ARCHITECTURES[net].front
    if weights == "random":
        rng = np.random.default_rng([seed, batch])
        return rng.standard_normal((batch, *front.shape), np.float32)
    clips = sorted(lrp_audio.example().parent.glob("*.wav"))
    chosen = [clips[index % len(clips)] for index in range(batch)]
    given = [front(front.fit(read_clip(clip)).samples) for clip in chosen]
    return np.stack(given).astype(np.float32)


def write_case(folder: Path, network: Network, x: Array, **about: Any) -> None:
    """Write everything that a peer needs into `folder`; `about` describes its task.

    `about` holds ``net``, ``task`` and whatever else that task needs.
    """
    folder.mkdir()
    described = {"layers": described_layers(network), **about}
    (folder / "case.json").write_text(json.dumps(described))
    np.savez(folder / "weights.npz", **network.parameters())  # type: ignore[arg-type]
    np.save(folder / "x.npy", x)


def read_case(folder: Path) -> tuple[dict[str, Any], Network, Array]:
    """What `write_case` wrote, for this engine: the description, the network, the inputs."""
    about = json.loads((folder / "case.json").read_text())
    dtype = np.dtype(about["dtype"])
    with np.load(folder / "weights.npz", allow_pickle=False) as archive:
        parameters = {name: archive[name].astype(dtype, copy=False) for name in archive.files}
    network = ARCHITECTURES[about["net"]].build(parameters)
    if about["task"] == "explain":
        network.freeze()
    elif not about["dropout"]:
        network = without_dropout(network)
    x = np.load(folder / "x.npy", allow_pickle=False).astype(dtype, copy=False)
    return about, network, x


def without_dropout(network: Network) -> Network:
    """The chain `network` without its dropout, so that two training steps can be compared."""
    kept = [(n.name, n.layer) for n in network.nodes if not isinstance(n.layer, layers.Dropout)]
    return Network(chain(kept), network.input_shape)


def described_layers(network: Network) -> list[tuple[str, str, dict[str, Any]]]:
    """Name, class in ``torch.nn`` and its options, for each layer of a chain."""
    return [(node.name, *_described(node.layer)) for node in network.nodes]


def _described(layer: layers.Layer) -> tuple[str, dict[str, Any]]:
    match layer:
        case layers.Dense():
            outputs, inputs = layer.weight.shape
            return "Linear", {"in_features": inputs, "out_features": outputs}
        case Convolution():
            outputs, width, *kernel = layer.weight.shape
            return f"Conv{layer.rank}d", {
                "in_channels": width * layer.groups,
                "out_channels": outputs,
                "kernel_size": kernel,
                "stride": layer.window.stride,
                "padding": tuple(before for before, _ in layer.window.pad),  # as many after
                "groups": layer.groups,
            }
        case MaxPool():
            window = layer.window
            return f"MaxPool{layer.rank}d", {
                "kernel_size": window.kernel,
                "stride": window.stride,
                "ceil_mode": window.ceil_mode,
            }
        case layers.Dropout():
            return "Dropout", {"p": layer.rate}
        case layers.ReLU() | layers.Flatten():
            return type(layer).__name__, {}
        case _:
            raise NotImplementedError(f"No torch layer is known for {type(layer).__name__}.")
