"""From recordings to a weights file: a complete training run."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

from lrp_audio.audio.clip import Clip, fit
from lrp_audio.data.reading import read
from lrp_audio.data.split import Split
from lrp_audio.data.tasks import TASKS
from lrp_audio.models.batches import forward
from lrp_audio.models.network import Network
from lrp_audio.models.weights import Description, read_weights, save_weights
from lrp_audio.models.zoo import ARCHITECTURES
from lrp_audio.recipes.recipe import Settings
from lrp_audio.training.run import TrainingSet, train
from lrp_audio.types import Array, Parameters

_MOST_TESTED = 400  # recordings to test on after every epoch
_TYPICAL = 1024  # inputs by which the stored parts of the weights are chosen
_LONGEST = 1.25  # times the input: a random window of a longer part might miss the voice


def train_network(
    architecture_name: str, task_name: str, split: Split, settings: Settings, out: Path
) -> str:
    """Train a network for a task and write its weights to `out`; returns their accuracy as text.

    Resumes from the checkpoint beside `out` where there is one. Raises `ClipError` for a recording
    that cannot be used and `ModelError` for a checkpoint of another run.
    """
    architecture, task = ARCHITECTURES[architecture_name], TASKS[task_name]
    front, build = architecture.front, architecture.build
    augmentation = architecture.recipe(task_name).augmentation

    def standard(samples: Array) -> Array:
        return np.asarray((front(samples) - front.centre) / front.spread, np.float32)

    length = front.length
    assert length is not None  # the shipped architectures take clips of one length

    def prepare(samples: Array, rng: np.random.Generator, strength: float) -> Array:
        placed, gain = augmentation(samples, length, rng, strength)
        return front.amplified(standard(placed), gain)

    test = split.test[:: -(-len(split.test) // _MOST_TESTED)]
    fitted = [front.fit(read(r, front.rate)).samples for r in test]
    labels = np.array([task.label(r) for r in test])
    training = TrainingSet(
        [_loudest(read(r, front.rate), length) for r in split.training],
        np.array([task.label(r) for r in split.training]),
        task.sampling_weights(split.training),
    )
    averaged = train(
        build,
        architecture.initial(len(task.classes), np.random.default_rng(settings.seed)),
        training,
        prepare,
        settings,
        out.with_name(f"{out.name}.checkpoint"),
        partial(_accuracy, build, inputs=np.stack([standard(s) for s in fitted]), labels=labels),
    )
    typical = _typical(training, prepare, settings)
    stored = architecture.compact(averaged, typical)
    stored = architecture.for_raw_input(stored)
    save_weights(out, Description(architecture_name, task.classes), stored)
    shipped = read_weights(out, architecture.shapes(len(task.classes)), np.float32)
    raw = np.stack([front(s) for s in fitted]).astype(np.float32)
    return _accuracy(build, shipped, raw, labels)


def _typical(
    training: TrainingSet,
    prepare: Callable[[Array, np.random.Generator, float], Array],
    settings: Settings,
) -> Array:
    """Inputs drawn as in the middle of the cooldown."""
    rng = np.random.default_rng([settings.seed, 2])
    steps = range(-(-_TYPICAL // settings.batch))
    chosen = np.concatenate([training.batch(settings, step) for step in steps])
    return np.stack([prepare(training.signals[i], rng, 0.5) for i in chosen[:_TYPICAL]])


def _loudest(clip: Clip, length: int) -> Array:
    """The samples of `clip` in float32; of a long one, the loudest part."""
    most = round(_LONGEST * length)
    fitted = fit(clip, clip.rate, most) if len(clip.samples) > most else clip
    return fitted.samples.astype(np.float32)


def _accuracy(
    build: Callable[[Parameters], Network], parameters: Parameters, inputs: Array, labels: Array
) -> str:
    right = forward(build(parameters), inputs).argmax(axis=1) == labels
    return f"accuracy on {len(inputs)} test recordings {right.mean():.4f}"
