"""The public face: a trained network with its front end and class names, asked for explanations."""

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lrp_audio.audio.clip import (
    INPUT_BOUNDS,
    Clip,
    clip_from_samples,
    fit,
    read_clip,
    waveform_input,
)
from lrp_audio.errors import ClipError, ModelError, TargetError
from lrp_audio.explanation import Explanation
from lrp_audio.models.network import Network, Step
from lrp_audio.models.zoo import load_network
from lrp_audio.rules.composite import Assignment, Composite
from lrp_audio.rules.presets import composite

Array = NDArray[Any]
AnyClip = str | os.PathLike[str] | Clip | tuple[Array, int]
PREDICTED = "predicted"


def load(name: str | os.PathLike[str], dtype: str = "float32") -> "Model":
    """The shipped model `name`, such as ``audionet-digit``, or the weights file at that path.

    `dtype` is ``float32`` (speed) or ``float64`` (truth). Raises `ModelError` where there is no
    such model, its file is damaged, or for another dtype.
    """
    if dtype not in ("float32", "float64"):
        raise ModelError(f"A model computes in float32 or float64, not in {dtype!r}.")
    loaded = load_network(name, np.dtype(dtype).type)
    return Model(loaded.name, loaded.network, loaded.classes, np.dtype(dtype))


def example(name: str = "7_female") -> Path:
    """Path of a bundled clip: ``0_female`` to ``9_female`` and ``0_male`` to ``9_male``.

    Raises `ClipError` for another name.
    """
    folder = Path(__file__).parent / "examples"
    known = {path.stem: path for path in sorted(folder.glob("*.wav"))}
    if name not in known:
        raise ClipError(f"There is no bundled clip {name!r}; choose one of {', '.join(known)}.")
    return known[name]


@dataclass(frozen=True)
class Model:
    """A network over one second of sound at 8 kHz, and the names of its classes."""

    name: str
    network: Network
    classes: tuple[str, ...]
    dtype: "np.dtype[Any]"

    def explain(
        self,
        clip: AnyClip,
        target: str | int | None = None,
        rules: str | Composite = "epsilon-plus",
    ) -> Explanation:
        """Why the network gives `clip` the logit of class `target` (by default the predicted one).

        `clip` is a path, a `Clip`, or samples with their rate in Hz; it is fitted to one second.
        Relevance starts as the target's logit. Raises `ClipError`, `TargetError` or `RuleError`.
        """
        started = time.perf_counter()
        rules = composite(rules, INPUT_BOUNDS)
        fitted, x = self._input(clip)
        activations = self.network.activations(x)
        logits = activations[self.network.output]
        index = self._target(target, logits[0])
        layers, ledger = self.network.relevance(activations, _start(logits, index), rules)
        return Explanation(
            model=self.name,
            rules=str(rules),
            clip=fitted,
            input=x[0, 0],
            classes=self.classes,
            logits=logits[0],
            target=index,
            layers={name: relevance[0] for name, relevance in layers.items()},
            ledger=ledger,
            seconds=time.perf_counter() - started,
        )

    def classify(self, clip: AnyClip) -> int:
        """Index of the class with the largest logit."""
        return int(self.network.forward(self._input(clip)[1])[0].argmax())

    def steps(
        self,
        clip: AnyClip,
        target: str | int | None = None,
        rules: str | Composite = "epsilon-plus",
    ) -> Iterator[Step]:
        """The same, one layer at a time from the output to the input, to stop and look anywhere.

        Each step holds the layer's name and rule, its input x and output y, the relevance that
        arrived, and the flow: R_in, and z, s and c of each term.
        """
        activations = self.network.activations(self._input(clip)[1])
        logits = activations[self.network.output]
        start = _start(logits, self._target(target, logits[0]))
        return self.network.steps(activations, start, composite(rules, INPUT_BOUNDS))

    def assignments(self, rules: str | Composite = "epsilon-plus") -> list[Assignment]:
        """Which layer gets which rule, and why, from input to output."""
        return self.network.assign(composite(rules, INPUT_BOUNDS))

    def _input(self, clip: AnyClip) -> tuple[Clip, Array]:
        if isinstance(clip, tuple):
            clip = clip_from_samples(*clip)
        elif not isinstance(clip, Clip):
            clip = read_clip(clip)
        fitted = fit(clip, self.network.input_shape[-1])
        x = waveform_input(fitted.samples).astype(self.dtype)
        return fitted, x[None, None]

    def _target(self, target: str | int | None, logits: Array) -> int:
        """Index of a class given by name or index; the predicted one for None and "predicted"."""
        if target is None or target == PREDICTED:
            return int(logits.argmax())
        if isinstance(target, str) and target in self.classes:
            return self.classes.index(target)
        if str(target).isdecimal() and int(target) < len(self.classes):
            return int(target)
        raise TargetError(
            f"The model {self.name} has no class {target!r}; choose {PREDICTED}, one of "
            f"{', '.join(self.classes)}, or a number from 0 to {len(self.classes) - 1}."
        )


def _start(logits: Array, target: int) -> Array:
    """The target's logit (never its softmax), and 0 for the other classes."""
    relevance = np.zeros_like(logits)
    relevance[:, target] = logits[:, target]
    return relevance
