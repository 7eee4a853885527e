"""From recordings to a weights file: a complete training run."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lrp_audio.audio.clip import Clip, fit
from lrp_audio.data.reading import read
from lrp_audio.data.recording import Recording
from lrp_audio.data.split import Split
from lrp_audio.data.tasks import TASKS
from lrp_audio.fronts.fitting import without_offset
from lrp_audio.models.batches import forward
from lrp_audio.models.weights import Description, read_weights, save_weights
from lrp_audio.models.zoo import ARCHITECTURES
from lrp_audio.recipes.recipe import Recipe, Settings
from lrp_audio.training.run import TrainingSet, train
from lrp_audio.types import Array, Parameters

_MOST_TESTED = 400  # recordings to test on after every epoch
_TYPICAL = 1024  # inputs by which the stored parts of the weights are chosen
_LONGEST = 1.25  # times the input: a random window of a longer part might miss the voice


@dataclass(frozen=True)
class Classified:
    """The logits ``(recordings, classes)`` of a network on recordings, and their labels."""

    recordings: Sequence[Recording]
    labels: NDArray[np.intp]
    logits: Array

    @property
    def right(self) -> NDArray[np.bool_]:
        """Whether each recording is classified correctly."""
        return np.asarray(self.logits.argmax(axis=1) == self.labels)


def accuracy(tested: Classified) -> str:
    """The share of recordings that are classified correctly, in words."""
    right = tested.right
    return f"accuracy on {len(right)} test recordings {right.mean():.4f}"


def train_network(
    architecture_name: str,
    task_name: str,
    split: Split,
    recipe: Recipe,
    out: Path,
    sampling_weights: NDArray[np.float64] | None = None,
    measured: Callable[[Classified], str] = accuracy,
) -> Classified:
    """Train a network for a task and write its weights to `out`; returns what these were tested on.

    `sampling_weights` are the odds of the recordings in training, all alike if None. `measured`
    says how the network does on the recordings to test on, at most 400 of them, after every epoch.
    Resumes from the checkpoint beside `out` where there is one. Raises `ClipError` for a recording
    that cannot be used and `ModelError` for a checkpoint of another run.
    """
    architecture, task = ARCHITECTURES[architecture_name], TASKS[task_name]
    front, build, settings = architecture.front, architecture.build, recipe.settings

    def standard(samples: Array) -> Array:
        return np.asarray((front(samples) - front.centre) / front.spread, np.float32)

    length = front.length
    assert length is not None  # the shipped architectures take clips of one length
    signals = [_loudest(read(r, front.rate), length) for r in split.training]

    def prepare(samples: Array, rng: np.random.Generator, strength: float) -> Array:
        placed, gain = recipe.augmentation(samples, length, rng, strength, signals)
        return front.amplified(standard(placed), gain)

    labels = np.array([task.label(r) for r in split.training])
    training = TrainingSet(signals, labels, sampling_weights)
    test = split.test[:: -(-len(split.test) // _MOST_TESTED)]
    fitted = [front.fit(read(r, front.rate)).samples for r in test]
    inputs = np.stack([standard(samples) for samples in fitted])
    test_labels = np.array([task.label(r) for r in test])

    def tested(parameters: Parameters, x: Array) -> Classified:
        return Classified(test, test_labels, forward(build(parameters), x))

    averaged = train(
        build,
        architecture.initial(len(task.classes), np.random.default_rng(settings.seed)),
        training,
        prepare,
        settings,
        out.with_name(f"{out.name}.checkpoint"),
        lambda parameters: measured(tested(parameters, inputs)),
    )
    typical = _typical(training, prepare, settings)
    stored = architecture.for_raw_input(architecture.compact(averaged, typical))
    save_weights(out, Description(architecture_name, task.classes, front.offset), stored)
    shipped = read_weights(out, architecture.shapes(len(task.classes)), np.float32)
    return tested(shipped, np.stack([front(s) for s in fitted]).astype(np.float32))


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
    """The samples of `clip` in float32, without their mean; of a long one, the loudest part."""
    most = round(_LONGEST * length)
    clip = clip.changed(without_offset)
    fitted = fit(clip, clip.rate, most) if len(clip.samples) > most else clip
    return fitted.samples.astype(np.float32)
