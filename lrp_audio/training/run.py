"""A training run: epochs over shuffled, augmented recordings, until the schedule ends."""

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from lrp_audio.layers.base import Gradients
from lrp_audio.models.network import Network
from lrp_audio.training.augmentation import Augmentation
from lrp_audio.training.checkpoint import resume, save_checkpoint
from lrp_audio.training.loss import cross_entropy
from lrp_audio.training.optimiser import Adam
from lrp_audio.training.schedule import Schedule

Array = NDArray[Any]

_SECONDS_BETWEEN_CHECKPOINTS = 300.0


@dataclass(frozen=True)
class Settings:
    """What defines a run beside its data; the same settings and seed give the same weights."""

    epochs: int = 46
    batch: int = 64
    rate: float = 1.5e-3
    warmup: int = 100
    fall: float = 0.4
    clip: float = 1.0
    decay: float = 0.01
    keep: float = 0.999
    smoothing: float = 0.05
    seed: int = 0


@dataclass(frozen=True)
class Samples:
    """Recordings as signals ``(time,)`` of any length, and their classes."""

    signals: Sequence[Array]
    labels: NDArray[np.intp]

    def __len__(self) -> int:
        return len(self.signals)


def train(
    build: Callable[[Gradients], Network],
    parameters: Gradients,
    samples: Samples,
    settings: Settings,
    checkpoint: Path,
    evaluate: Callable[[Gradients], str],
) -> Gradients:
    """Train the network that `build` makes over `parameters`, in place; returns their average.

    Goes on from `checkpoint` where that exists, and writes it every five minutes. `evaluate` gives
    a few words on the averaged parameters, shown at the end of every epoch.
    """
    network = build(parameters)
    optimiser = Adam(parameters, settings.clip, settings.decay, settings.keep)
    described = {k: v for k, v in asdict(settings).items() if k not in ("epochs", "fall")}
    described["recordings"] = len(samples)
    if checkpoint.exists():
        resume(checkpoint, optimiser, described)
    steps_an_epoch = -(-len(samples) // settings.batch)
    total = settings.epochs * steps_an_epoch
    schedule = Schedule(settings.rate, total, settings.warmup, settings.fall)
    augment = Augmentation()
    saved = time.monotonic()
    with tqdm(total=total, initial=optimiser.steps, unit="step", smoothing=0.02) as bar:
        while optimiser.steps < total:
            step = optimiser.steps
            rng = np.random.default_rng([settings.seed, 1, step])
            epoch, batch = divmod(step, steps_an_epoch)
            chosen = _order(len(samples), settings.seed, epoch)[batch::steps_an_epoch]
            length, strength = network.input_shape[-1], schedule.strength(step + 1)
            x = np.stack([augment(samples.signals[i], length, rng, strength) for i in chosen])
            logits, pullback = network.differentiable(x[:, None], rng)
            loss, g = cross_entropy(logits, samples.labels[chosen], settings.smoothing)
            norm = optimiser.step(pullback(g), schedule.rate(step + 1))
            right = float((logits.argmax(axis=1) == samples.labels[chosen]).mean())
            bar.set_postfix(loss=f"{loss:.3f}", right=f"{right:.2f}", norm=f"{norm:.1f}")
            bar.update()
            if optimiser.steps % steps_an_epoch == 0:
                bar.write(f"epoch {epoch + 1}: loss {loss:.3f}, {evaluate(optimiser.average)}")
            if time.monotonic() - saved > _SECONDS_BETWEEN_CHECKPOINTS:
                save_checkpoint(checkpoint, optimiser, described)
                saved = time.monotonic()
    save_checkpoint(checkpoint, optimiser, described)
    return optimiser.average


def _order(count: int, seed: int, epoch: int) -> NDArray[np.intp]:
    return np.random.default_rng([seed, 0, epoch]).permutation(count)
