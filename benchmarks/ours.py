"""The tasks of this engine's process: explain a batch, or take one training step."""

import json
from pathlib import Path

import numpy as np

from benchmarks.case import read_case
from lrp_audio.models.network import INPUT
from lrp_audio.models.zoo import ARCHITECTURES
from lrp_audio.outputs import ENDINGS
from lrp_audio.rules.presets import composite
from lrp_audio.training.loss import cross_entropy
from lrp_audio.training.optimiser import Adam
from lrp_audio.types import Array


class Explain:
    """A batch's relevance, from the logits of the predicted classes down to the input."""

    def __init__(self, folder: Path, threads: int) -> None:
        about, self.network, self.x = read_case(folder)
        self.rules = composite(about["rules"], ARCHITECTURES[about["net"]].front.bounds)

    def __call__(self) -> dict[str, Array]:
        """One explanation of the batch: logits, and the relevance of the input."""
        found = self.network.propagate(self.x, predicted, self.rules)
        return {"logits": found.output, "relevance": found.relevance[INPUT]}


class ExplainFile:
    """A batch's relevance, as `Explain`, through the network in an ONNX file."""

    def __init__(self, folder: Path, threads: int) -> None:
        from lrp_audio.interchange.read import read_onnx_network  # the other tasks start without

        about = json.loads((folder / "case.json").read_text())
        self.read = read_onnx_network(about["file"])
        self.x = np.load(folder / "x.npy", allow_pickle=False)
        self.rules = composite(about["rules"], (float(self.x.min()), float(self.x.max())))

    def __call__(self) -> dict[str, Array]:
        """One explanation of the batch: the output of the file, and the relevance of the input."""
        found = self.read.network.propagate(self.x, predicted, self.rules)
        output = ENDINGS[self.read.ending](found.output)
        return {"output": output, "relevance": found.relevance[INPUT]}


def predicted(logits: Array) -> Array:
    """Each sample's largest logit, and 0 for the other classes."""
    start = np.zeros_like(logits)
    flat, of_start = logits.reshape(len(logits), -1), start.reshape(len(logits), -1)
    rows, predicted = np.arange(len(flat)), flat.argmax(axis=1)
    of_start[rows, predicted] = flat[rows, predicted]
    return start


class Train:
    """Forward, backward, and the update with clipping, weight decay and the moving average."""

    def __init__(self, folder: Path, threads: int) -> None:
        about, self.network, self.x = read_case(folder)
        settings = self.settings = about["settings"]
        self.labels = np.array(about["labels"])
        self.rng = np.random.default_rng(about["seed"])
        self.optimiser = Adam(
            self.network.parameters(), settings["clip"], settings["decay"], settings["ema_decay"]
        )

    def __call__(self) -> dict[str, Array]:
        """One step: its loss, and the gradient of every parameter."""
        logits, pullback = self.network.differentiable(self.x, self.rng)
        loss, g = cross_entropy(logits, self.labels, self.settings["smoothing"])
        gradients = pullback(g)
        self.optimiser.step(gradients, self.settings["rate"])
        return {"loss": np.array(loss), **gradients}


TASKS = {"explain": Explain, "onnx": ExplainFile, "train": Train}
