"""The public face: a trained network with its front end and class names, asked for explanations."""

import os
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import DTypeLike

from lrp_audio.arguments import as_number, described
from lrp_audio.audio.clip import Clip, as_clip
from lrp_audio.audio.domain import Domain
from lrp_audio.errors import ClipError, ModelError
from lrp_audio.explanation import Explanation
from lrp_audio.fronts.base import FrontEnd
from lrp_audio.models.batches import batches, slices
from lrp_audio.models.network import INPUT, Network, Step
from lrp_audio.models.zoo import load_network
from lrp_audio.rules.composite import Assignment, Composite
from lrp_audio.rules.presets import composite
from lrp_audio.targets import Target, Targets, chosen, class_indices
from lrp_audio.types import Array

AnyClip = str | os.PathLike[str] | Clip | tuple[Array, int]
_SINGLE = (str, bytes, bytearray, memoryview, os.PathLike, Clip)
_FROZEN = "frozen"


def load(name: str | os.PathLike[str], dtype: DTypeLike = "float32") -> "Model":
    """The shipped model `name`, such as ``audionet-digit``, or the weights file at that path.

    `dtype` is ``float32`` (speed) or ``float64`` (truth), in any of NumPy's ways to say so. Raises
    `ModelError` where there is no such model, its file is damaged, or for another dtype.
    """
    if not isinstance(name, str | os.PathLike) or not isinstance(os.fspath(name), str):
        raise ModelError(
            f"{described(name)} names no model: give a name, such as 'audionet-digit', or the path "
            "of a weights file."
        )
    arithmetic = _arithmetic(dtype)
    loaded = load_network(name, arithmetic.type)
    return Model(loaded.name, loaded.front, loaded.network, loaded.classes, arithmetic)


def _arithmetic(dtype: DTypeLike) -> "np.dtype[Any]":
    with suppress(TypeError, ValueError):
        if dtype is not None and np.dtype(dtype) in (np.float32, np.float64):
            return np.dtype(dtype)
    raise ModelError(f"A model computes in float32 or float64, not in {described(dtype)}.")


def example(name: str = "7_female") -> Path:
    """Path of a bundled clip: ``0_female`` to ``9_female`` and ``0_male`` to ``9_male``.

    Raises `ClipError` for another name.
    """
    folder = Path(__file__).parent / "examples"
    known = {path.stem: path for path in sorted(folder.glob("*.wav"))}
    if not isinstance(name, str) or name not in known:
        raise ClipError(
            f"There is no bundled clip {described(name)}; choose one of {', '.join(known)}."
        )
    return known[name]


@dataclass(frozen=True)
class Model:
    """A network over one second of sound at 8 kHz, its front end, and the names of its classes."""

    name: str
    front: FrontEnd
    network: Network
    classes: tuple[str, ...]
    dtype: "np.dtype[Any]"

    def __repr__(self) -> str:
        classes = ", ".join(self.classes)
        return f"<Model {self.name} in {self.dtype}: {len(self.classes)} classes ({classes})>"

    def __getstate__(self) -> dict[str, object]:
        """All of it, and which parameters are read-only: pickled arrays are writeable again."""
        parameters = self.network.parameters().items()
        frozen = [name for name, array in parameters if not array.flags.writeable]
        return {**vars(self), _FROZEN: frozen}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Make read-only what was, so that layers remember what they make of a weight."""
        frozen = state.pop(_FROZEN)
        vars(self).update(state)
        parameters = self.network.parameters()
        for name in frozen:
            parameters[name].setflags(write=False)

    def explain(
        self,
        clip: AnyClip,
        target: Target = None,
        rules: str | Composite | None = None,
        domain: str | Domain | None = None,
    ) -> Explanation:
        """Why the network gives `clip` the logit of class `target` (by default the predicted one).

        `clip` is a path, a `Clip`, or samples with their rate in Hz; it is fitted to one second.
        `rules` are a composite or its name; by default ``epsilon-plus``, with zB on the first layer
        of a spectrogram network. Relevance starts as the target's logit. `domain` is where it ends:
        ``time``, ``frequency``, ``time-frequency``, or a `Domain` such as
        ``model.front.choose("time-frequency", window=256, hop=64)``; by default
        the network's own. Raises `ClipError`, `TargetError`, `RuleError` or `SpectrumError`.
        """
        return self.explain_batch([clip], target, rules, domain)[0]

    def explain_batch(
        self,
        clips: AnyClip | Iterable[AnyClip],
        target: Targets = None,
        rules: str | Composite | None = None,
        domain: str | Domain | None = None,
    ) -> list[Explanation]:
        """The same for several clips at once, which takes less time for each.

        `target` is one for all of them, or a sequence with one for each. Any number is computed in
        the same memory; what each explanation keeps comes on top (4 MB for AudioNet, 2 MB for
        AlexNet). Raises as `explain` does, for the first clip that cannot be used.
        """
        rules = self._composite(rules)
        domain = self.front.as_domain(domain)
        given = list(_several(clips))
        wanted = class_indices(target, len(given), self.classes, self.name)
        explained: list[Explanation] = []
        for piece in slices(len(given)):
            fitted = [self._fitted(clip) for clip in given[piece]]
            explained += self._explain(fitted, wanted[piece], rules, domain)
        return explained

    def _explain(
        self,
        clips: Sequence[Clip],
        wanted: Sequence[int | None],
        rules: Composite,
        domain: Domain,
    ) -> Iterator[Explanation]:
        started = time.perf_counter()
        x = self.inputs(clips)
        targets: list[int] = []

        def start(logits: Array) -> Array:
            targets.extend(chosen(wanted, logits))
            return _start(logits, targets)

        found = self.network.propagate(x, start, rules)
        seconds = (time.perf_counter() - started) / len(clips)
        for index, (clip, own) in enumerate(
            zip(clips, found.relevance.split(len(clips)), strict=True)
        ):
            explanation = Explanation(
                model=self.name,
                rules=str(rules),
                front=self.front,
                clip=clip,
                input=x[index, 0].copy(),  # a view would keep the whole batch in memory
                classes=self.classes,
                logits=found.output[index].copy(),
                target=targets[index],
                domain=self.front.domain,
                relevance=own[INPUT][0],
                layers=own,
                ledger=found.ledger.of(index),
                seconds=seconds,
            )
            yield explanation.in_domain(domain)

    def inputs(self, clips: AnyClip | Iterable[AnyClip]) -> Array:
        """What the network is given for each clip: ``(clips, *input shape)``."""
        return self._inputs(list(_several(clips)))

    def _inputs(self, clips: Sequence[AnyClip]) -> Array:
        x = np.empty((len(clips), *self.front.shape), self.dtype)
        for index, clip in enumerate(clips):
            x[index] = self.front(self._fitted(clip).samples)
        return x

    def logits(self, clips: AnyClip | Iterable[AnyClip]) -> Array:
        """Logits ``(clips, classes)``, computed in batches.

        Clips are taken from the iterable batch by batch, so that any number of them needs the same
        memory. Raises `ClipError` for the first one that cannot be used.
        """
        found = [self.network.forward(self._inputs(batch)) for batch in batches(_several(clips))]
        return np.concatenate([np.empty((0, len(self.classes)), self.dtype), *found])

    def classify_batch(self, clips: AnyClip | Iterable[AnyClip]) -> list[int]:
        """Index of the class with the largest logit for each clip; batches as in `logits`."""
        return [int(index) for index in self.logits(clips).argmax(axis=1)]

    def classify(self, clip: AnyClip) -> int:
        """Index of the class with the largest logit."""
        return self.classify_batch([clip])[0]

    def steps(
        self,
        clip: AnyClip,
        target: Targets = None,
        rules: str | Composite | None = None,
    ) -> Iterator[Step]:
        """The same, one layer at a time from the output to the input, to stop and look anywhere.

        Each step holds the layer's name and rule, its input x and output y, the relevance that
        arrived, and the flow: R_in, and z, s and c of each term.
        """
        rules = self._composite(rules)
        wanted = class_indices(target, 1, self.classes, self.name)
        activations = self.network.activations(self.inputs([clip]))
        logits = activations[self.network.output]
        return self.network.steps(activations, _start(logits, chosen(wanted, logits)), rules)

    def assignments(self, rules: str | Composite | None = None) -> list[Assignment]:
        """Which layer gets which rule, and why, from input to output."""
        return self.network.assign(self._composite(rules))

    def _composite(self, rules: str | Composite | None) -> Composite:
        return composite(self.front.rules if rules is None else rules, self.front.bounds)

    def _fitted(self, clip: AnyClip) -> Clip:
        return self.front.fit(as_clip(clip))


def _several(clips: AnyClip | Iterable[AnyClip]) -> Iterable[AnyClip]:
    """The clips of any iterable of them, and a single clip as the only one."""
    if _is_one(clips):
        return [cast(AnyClip, clips)]
    if not isinstance(clips, Iterable) or isinstance(clips, Mapping):
        raise ClipError(
            f"{described(clips)} holds no clips: give a list of paths, or of samples with rates."
        )
    return cast(Iterable[AnyClip], clips)


def _is_one(clips: object) -> bool:
    """Whether `clips` is one: a path, a `Clip`, a file, bytes, samples, or those and their rate."""
    if isinstance(clips, np.ndarray):
        return clips.dtype.kind not in "OSU"  # else an array of paths
    if isinstance(clips, tuple | list) and len(clips) == 2:
        return sum(as_number(part) is not None for part in clips) == 1
    return isinstance(clips, _SINGLE) or hasattr(clips, "read")


def _start(logits: Array, targets: Sequence[int]) -> Array:
    """Each sample's logit of its target (never its softmax), and 0 for the other classes."""
    relevance = np.zeros_like(logits)
    rows = np.arange(len(logits))
    relevance[rows, targets] = logits[rows, targets]
    return relevance
