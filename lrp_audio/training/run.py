"""A training run: epochs over shuffled, augmented recordings until the schedule ends."""

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from lrp_audio.commands.text import printable
from lrp_audio.models.network import Network
from lrp_audio.recipes.recipe import Settings
from lrp_audio.training.checkpoint import resume, save_checkpoint
from lrp_audio.training.loss import cross_entropy
from lrp_audio.training.optimiser import Adam
from lrp_audio.training.schedule import RateSchedule
from lrp_audio.types import Array, Parameters

_SECONDS_BETWEEN_CHECKPOINTS = 300.0
_LATE = ("epochs", "steps", "cooldown")  # settings that may be chosen while a run is under way


@dataclass(frozen=True)
class TrainingSet:
    """Recordings as signals ``(time,)`` of any length, their classes, and their sampling weights.

    Without `sampling_weights` every recording is drawn once an epoch; with them, each batch is
    drawn at random.
    """

    signals: Sequence[Array]
    labels: NDArray[np.intp]
    sampling_weights: NDArray[np.float64] | None = None

    def __len__(self) -> int:
        return len(self.signals)

    @property
    def sha256(self) -> str:
        """The digest of all that it holds, and of the order."""
        digest = sha256(np.asarray(self.labels, np.int64).tobytes())
        if self.sampling_weights is not None:
            digest.update(self.sampling_weights.tobytes())
        for signal in self.signals:
            digest.update(f"{signal.dtype} {signal.shape}".encode())
            digest.update(np.ascontiguousarray(signal).data)
        return digest.hexdigest()

    def batch(self, settings: Settings, step: int) -> NDArray[np.intp]:
        """Indices of the recordings in the batch of `step`, counted from 0."""
        if self.sampling_weights is not None:
            rng = np.random.default_rng([settings.seed, 0, step])
            return rng.choice(len(self), settings.batch, p=self.sampling_weights)
        steps_an_epoch = -(-len(self) // settings.batch)
        epoch, batch = divmod(step, steps_an_epoch)
        order = np.random.default_rng([settings.seed, 0, epoch]).permutation(len(self))
        return order[batch::steps_an_epoch]


def train(
    build: Callable[[Parameters], Network],
    parameters: Parameters,
    training: TrainingSet,
    prepare: Callable[[Array, np.random.Generator, float], Array],
    settings: Settings,
    checkpoint: Path,
    evaluate: Callable[[Parameters], str],
) -> Parameters:
    """Train the network that `build` makes of `parameters`, in place; returns their average.

    `prepare` makes a network input from a signal, a generator and the strength of augmentation.
    Resumes from `checkpoint` where that exists, and writes it every five minutes. `evaluate`
    describes the averaged parameters in a few words, printed at the end of every epoch. The time of
    the run, over all its parts, is printed at its end.
    """
    network = build(parameters)
    optimiser = Adam(parameters, settings.clip, settings.decay, settings.ema_decay)
    described = {k: v for k, v in asdict(settings).items() if k not in _LATE}
    described["recordings"] = training.sha256
    seconds = resume(checkpoint, optimiser, described) if checkpoint.exists() else 0.0
    begun = time.monotonic() - seconds
    steps_an_epoch = -(-len(training) // settings.batch)
    total = settings.steps or settings.epochs * steps_an_epoch
    schedule = RateSchedule(settings.rate, total, settings.warmup, settings.cooldown)
    saved = time.monotonic()
    name = printable(checkpoint.name.partition(".")[0])
    with tqdm(total=total, initial=optimiser.steps, desc=name, unit="step", smoothing=0.02) as bar:
        while optimiser.steps < total:
            step = optimiser.steps
            rng = np.random.default_rng([settings.seed, 1, step])
            chosen, strength = training.batch(settings, step), schedule.strength(step + 1)
            x = np.stack([prepare(training.signals[i], rng, strength) for i in chosen])
            logits, pullback = network.differentiable(x, rng)
            loss, g = cross_entropy(logits, training.labels[chosen], settings.smoothing)
            norm = optimiser.step(pullback(g), schedule.rate(step + 1))
            right = float((logits.argmax(axis=1) == training.labels[chosen]).mean())
            bar.set_postfix(loss=f"{loss:.3f}", right=f"{right:.2f}", norm=f"{norm:.1f}")
            bar.update()
            if optimiser.steps % steps_an_epoch == 0:
                epoch = optimiser.steps // steps_an_epoch
                bar.write(f"{name}, epoch {epoch}: loss {loss:.3f}, {evaluate(optimiser.average)}")
            if time.monotonic() - saved > _SECONDS_BETWEEN_CHECKPOINTS:
                saved = time.monotonic()
                save_checkpoint(checkpoint, optimiser, described, saved - begun)
    seconds = time.monotonic() - begun
    save_checkpoint(checkpoint, optimiser, described, seconds)
    print(f"{name}: {optimiser.steps} steps in {seconds / 60:.1f} minutes", flush=True)
    return optimiser.average
