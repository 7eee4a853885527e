"""The public face: a trained network with its front end and class names, asked for explanations."""

import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lrp_audio.audio.clip import Clip, clip_from_samples, fit, read_clip
from lrp_audio.audio.domain import Domain
from lrp_audio.errors import ClipError, ModelError, TargetError
from lrp_audio.explanation import Explanation
from lrp_audio.fronts.base import FrontEnd
from lrp_audio.models.network import INPUT, Network, Step
from lrp_audio.models.zoo import load_network
from lrp_audio.rules.composite import Assignment, Composite
from lrp_audio.rules.presets import composite

Array = NDArray[Any]
AnyClip = str | os.PathLike[str] | Clip | tuple[Array, int]
PREDICTED = "predicted"
_TOGETHER = 32  # clips of a batch: more of them save no time and take memory


def load(name: str | os.PathLike[str], dtype: str = "float32") -> "Model":
    """The shipped model `name`, such as ``audionet-digit``, or the weights file at that path.

    `dtype` is ``float32`` (speed) or ``float64`` (truth). Raises `ModelError` where there is no
    such model, its file is damaged, or for another dtype.
    """
    if dtype not in ("float32", "float64"):
        raise ModelError(f"A model computes in float32 or float64, not in {dtype!r}.")
    loaded = load_network(name, np.dtype(dtype).type)
    return Model(loaded.name, loaded.front, loaded.network, loaded.classes, np.dtype(dtype))


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
    """A network over one second of sound at 8 kHz, its front end, and the names of its classes."""

    name: str
    front: FrontEnd
    network: Network
    classes: tuple[str, ...]
    dtype: "np.dtype[Any]"

    def explain(
        self,
        clip: AnyClip,
        target: str | int | None = None,
        rules: str | Composite | None = None,
        domain: str | Domain | None = None,
    ) -> Explanation:
        """Why the network gives `clip` the logit of class `target` (by default the predicted one).

        `clip` is a path, a `Clip`, or samples with their rate in Hz; it is fitted to one second.
        `rules` are a composite or its name; by default ``epsilon-plus``, with zB on the first layer
        of a spectrogram network. Relevance starts as the target's logit. `domain` is where it ends:
        ``time``, ``frequency``, ``time-frequency``, or a `Domain` such as
        ``TimeFrequency(Stft(256, 64, 8000))``; by default
        the network's own. Raises `ClipError`, `TargetError`, `RuleError` or `SpectrumError`.
        """
        return self.explain_batch([clip], target, rules, domain)[0]

    def explain_batch(
        self,
        clips: Sequence[AnyClip],
        target: str | int | None = None,
        rules: str | Composite | None = None,
        domain: str | Domain | None = None,
    ) -> list[Explanation]:
        """The same for several clips at once, which takes less time for each.

        Any number is computed in the same memory; what each explanation keeps comes on top (4 MB
        for AudioNet, 2 MB for AlexNet). Raises as `explain` does, for the first clip that cannot
        be used.
        """
        rules = self._composite(rules)
        if domain is None or isinstance(domain, str):
            domain = self.front.choose(domain)
        explained: list[Explanation] = []
        for first in range(0, len(clips), _TOGETHER):
            fitted = [self._fitted(clip) for clip in clips[first : first + _TOGETHER]]
            explained += self._explain(fitted, target, rules, domain)
        return explained

    def _explain(
        self, clips: Sequence[Clip], target: str | int | None, rules: Composite, domain: Domain
    ) -> Iterator[Explanation]:
        started = time.perf_counter()
        x = self.inputs(clips)
        targets: list[int] = []

        def start(logits: Array) -> Array:
            targets.extend(self._target(target, row) for row in logits)
            return _start(logits, targets)

        found = self.network.propagate(x, start, rules)
        seconds = (time.perf_counter() - started) / len(clips)
        for index, (clip, own) in enumerate(
            zip(clips, found.relevance.split(len(clips)), strict=True)
        ):
            explanation = Explanation(
                model=self.name,
                rules=str(rules),
                clip=clip,
                input=x[index, 0],
                classes=self.classes,
                logits=found.output[index],
                target=targets[index],
                domain=self.front.domain,
                relevance=own[INPUT][0],
                layers=own,
                ledger=found.ledger.of(index),
                seconds=seconds,
            )
            yield explanation.within(domain)

    def inputs(self, clips: Sequence[AnyClip]) -> Array:
        """What the network is given for each clip: ``(clips, *input shape)``."""
        fitted = map(self._fitted, clips)
        return np.stack([self.front(clip.samples).astype(self.dtype) for clip in fitted])

    def classify(self, clip: AnyClip) -> int:
        """Index of the class with the largest logit."""
        return int(self.network.forward(self.inputs([clip]))[0].argmax())

    def steps(
        self,
        clip: AnyClip,
        target: str | int | None = None,
        rules: str | Composite | None = None,
    ) -> Iterator[Step]:
        """The same, one layer at a time from the output to the input, to stop and look anywhere.

        Each step holds the layer's name and rule, its input x and output y, the relevance that
        arrived, and the flow: R_in, and z, s and c of each term.
        """
        activations = self.network.activations(self.inputs([clip]))
        logits = activations[self.network.output]
        start = _start(logits, [self._target(target, logits[0])])
        return self.network.steps(activations, start, self._composite(rules))

    def assignments(self, rules: str | Composite | None = None) -> list[Assignment]:
        """Which layer gets which rule, and why, from input to output."""
        return self.network.assign(self._composite(rules))

    def _composite(self, rules: str | Composite | None) -> Composite:
        return composite(self.front.rules if rules is None else rules, self.front.bounds)

    def _fitted(self, clip: AnyClip) -> Clip:
        if isinstance(clip, tuple):
            clip = clip_from_samples(*clip)
        elif not isinstance(clip, Clip):
            clip = read_clip(clip)
        return fit(clip, self.front.length)

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


def _start(logits: Array, targets: Sequence[int]) -> Array:
    """Each sample's logit of its target (never its softmax), and 0 for the other classes."""
    relevance = np.zeros_like(logits)
    rows = np.arange(len(logits))
    relevance[rows, targets] = logits[rows, targets]
    return relevance
