"""From recordings to a weights file: the whole of a training run."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

from lrp_audio.audio.clip import Clip, fit
from lrp_audio.data.corpus import read
from lrp_audio.data.split import Split
from lrp_audio.data.tasks import TASKS
from lrp_audio.layers.base import Gradients
from lrp_audio.models.network import Network
from lrp_audio.models.weights import Description, read_weights, save_weights
from lrp_audio.models.zoo import ARCHITECTURES
from lrp_audio.recipes.recipe import Settings
from lrp_audio.training.run import Samples, train
from lrp_audio.types import Array

_MOST_TESTED = 400  # recordings listened to after every epoch
_TYPICAL = 1024  # inputs by which the stored parts of the weights are chosen
_LONGEST = 1.25  # times an input: a random part of more might hold none of the voice


def train_network(
    architecture_name: str, task_name: str, split: Split, settings: Settings, out: Path
) -> str:
    """Train a network for a task, write its weights to `out`; returns words on their accuracy.

    Goes on from the checkpoint beside `out` where there is one. Raises `ClipError` for a recording
    that cannot be used and `ModelError` for a checkpoint of another run.
    """
    architecture, task = ARCHITECTURES[architecture_name], TASKS[task_name]
    front, build = architecture.front, architecture.build
    augmentation = architecture.recipe(task_name).augmentation

    def standard(samples: Array) -> Array:
        return np.asarray((front(samples) - front.centre) / front.spread, np.float32)

    def prepare(samples: Array, rng: np.random.Generator, strength: float) -> Array:
        placed, gain = augmentation(samples, front.length, rng, strength)
        return front.amplified(standard(placed), gain)

    test = split.test[:: -(-len(split.test) // _MOST_TESTED)]
    fitted = [front.fit(read(r, front.rate)).samples for r in test]
    labels = np.array([task.label(r) for r in test])
    samples = Samples(
        [_loudest(read(r, front.rate), front.length) for r in split.training],
        np.array([task.label(r) for r in split.training]),
        task.sampling_weights(split.training),
    )
    averaged = train(
        build,
        architecture.initial(len(task.classes), np.random.default_rng(settings.seed)),
        samples,
        prepare,
        settings,
        out.with_name(f"{out.name}.checkpoint"),
        partial(_accuracy, build, inputs=np.stack([standard(s) for s in fitted]), labels=labels),
    )
    typical = _typical(samples, prepare, settings)
    stored = architecture.compact(averaged, typical)
    stored = architecture.for_raw_input(stored)
    save_weights(out, Description(architecture_name, task.classes), stored)
    shipped = read_weights(out, architecture.shapes(len(task.classes)), np.float32)
    raw = np.stack([front(s) for s in fitted]).astype(np.float32)
    return _accuracy(build, shipped, raw, labels)


def _typical(
    samples: Samples, prepare: Callable[[Array, np.random.Generator, float], Array], s: Settings
) -> Array:
    """Inputs drawn as in the middle of the schedule's fall."""
    rng = np.random.default_rng([s.seed, 2])
    chosen = np.concatenate([samples.batch(s, step) for step in range(-(-_TYPICAL // s.batch))])
    return np.stack([prepare(samples.signals[i], rng, 0.5) for i in chosen[:_TYPICAL]])


def _loudest(clip: Clip, length: int) -> Array:
    """The samples of `clip`, of a long one the loudest part, in float32."""
    most = round(_LONGEST * length)
    fitted = fit(clip, clip.rate, most) if len(clip.samples) > most else clip
    return fitted.samples.astype(np.float32)


def _accuracy(
    build: Callable[[Gradients], Network],
    parameters: Gradients,
    inputs: Array,
    labels: Array,
    batch: int = 32,
) -> str:
    network = build(parameters)
    found = [
        network.forward(inputs[i : i + batch]).argmax(axis=1) for i in range(0, len(inputs), batch)
    ]
    right = np.concatenate(found) == labels
    return f"accuracy on {len(inputs)} test recordings {right.mean():.4f}"
