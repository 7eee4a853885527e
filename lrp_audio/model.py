"""A model: a trained network with its front end and class names, which explains clips."""

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
from lrp_audio.explanation import Explanation, carry
from lrp_audio.fronts.base import FrontEnd
from lrp_audio.models.network import INPUT, Network, Step
from lrp_audio.models.zoo import load_network
from lrp_audio.rules.composite import Assignment, Composite
from lrp_audio.rules.ledger import Ledger
from lrp_audio.rules.presets import composite
from lrp_audio.targets import Target, Targets, chosen, class_indices
from lrp_audio.types import Array

AnyClip = str | os.PathLike[str] | Clip | tuple[Array, int]
_SINGLE = (str, bytes, bytearray, memoryview, os.PathLike, Clip)
_FROZEN = "frozen"
_BATCH = 32  # clips: with more, the time for each is the same and the memory grows


def load(name: str | os.PathLike[str], dtype: DTypeLike = "float32") -> "Model":
    """The shipped model `name`, such as ``audionet-digit``, or the weights file at that path.

    `dtype` is ``float32`` (speed) or ``float64`` (precision), in any of NumPy's spellings. Raises
    `ModelError` if there is no such model or its file is damaged, or for another dtype.
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
    """A network, the front end that makes its inputs, and the names of its classes."""

    name: str
    front: FrontEnd
    network: Network
    classes: tuple[str, ...]
    dtype: "np.dtype[Any]"

    def __repr__(self) -> str:
        classes = ", ".join(self.classes)
        return f"<Model {self.name} in {self.dtype}: {len(self.classes)} classes ({classes})>"

    def __getstate__(self) -> dict[str, object]:
        """All fields, and which parameters are read-only: pickled arrays become writeable."""
        parameters = self.network.parameters().items()
        frozen = [name for name, array in parameters if not array.flags.writeable]
        return {**vars(self), _FROZEN: frozen}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Restore which parameters are read-only: layers cache what they derive from these."""
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
        """The relevance of `clip` for the logit of class `target`, by default the predicted class.

        `clip` is a path, a `Clip`, or samples with their rate in Hz; `front` fits it.
        `rules` is a composite or its name; by default ``epsilon-plus``, with zB on the first layer
        of a spectrogram network. `domain` is where the relevance lies: ``time``, ``frequency``,
        ``time-frequency``, or a `Domain` such as
        ``model.front.choose("time-frequency", window=256, hop=64)``; by default that of the
        network's input. Raises `ClipError`, `TargetError`, `RuleError` or `SpectrumError`.
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

        `target` is one class for all of them, or a sequence with one for each. The computation
        takes the same memory for any number of clips; each explanation adds its own (4 MB for
        AudioNet, 2 MB for AlexNet). Raises as `explain` does, for the first clip that cannot be
        used.
        """
        rules = self._composite(rules)
        domain = self.front.as_domain(domain)
        given = _several(clips)
        wanted = class_indices(target, len(given), self.classes, self.name)
        explained: list[Explanation] = []
        together = 1 if self.front.length is None else _BATCH  # lengths may differ
        for first in range(0, len(given), together):
            piece = slice(first, first + together)
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
            begun = time.perf_counter()
            plane = self.front.plane(x[index]).copy()  # a view would keep the whole batch in memory
            relevance, carried = carry(domain, plane, self.front.plane(own[INPUT]), clip.samples)
            yield Explanation(
                model=self.name,
                rules=str(rules),
                front=self.front,
                clip=clip,
                input=plane,
                classes=self.classes,
                logits=found.output[index].copy(),
                target=targets[index],
                domain=domain,
                relevance=relevance,
                layers=own,
                ledger=Ledger(found.ledger.of(index).entries + carried),
                seconds=seconds + time.perf_counter() - begun,
            )

    def inputs(self, clips: AnyClip | Iterable[AnyClip]) -> Array:
        """The network's inputs for `clips`, ``(clips, *front.shape)``."""
        given = _several(clips)
        fitted = [self._fitted(clip).samples for clip in given]
        lengths = {len(samples) for samples in fitted} or {self.front.length or 0}
        if len(lengths) > 1:
            raise ClipError(
                f"This network takes clips of any length, and these have from {min(lengths)} to "
                f"{max(lengths)} samples: give it one at a time."
            )
        x = np.empty((len(given), *self.front.input_shape(lengths.pop())), self.dtype)
        for index, samples in enumerate(fitted):
            x[index] = self.front(samples)
        return x

    def classify(self, clip: AnyClip) -> int:
        """Index of the class with the largest logit."""
        return int(self.network.forward(self.inputs([clip]))[0].argmax())

    def steps(
        self,
        clip: AnyClip,
        target: Targets = None,
        rules: str | Composite | None = None,
    ) -> Iterator[Step]:
        """The same computation, one layer at a time from the output to the input.

        Each step holds the layer's name and rule, its input x and output y, the relevance of its
        output, and the flow: R_in, and z, s and c of each term.
        """
        rules = self._composite(rules)
        wanted = class_indices(target, 1, self.classes, self.name)
        activations = self.network.activations(self.inputs([clip]))
        logits = activations[self.network.output]
        return self.network.steps(activations, _start(logits, chosen(wanted, logits)), rules)

    def assignments(self, rules: str | Composite | None = None) -> list[Assignment]:
        """The rule of each layer, and the reason, from input to output."""
        return self.network.assign(self._composite(rules))

    def _composite(self, rules: str | Composite | None) -> Composite:
        return composite(self.front.rules if rules is None else rules, self.front.bounds)

    def _fitted(self, clip: AnyClip) -> Clip:
        return self.front.fit(as_clip(clip))


def _several(clips: AnyClip | Iterable[AnyClip]) -> list[AnyClip]:
    """The clips of an iterable, or a single clip, as a list."""
    if _is_one(clips):
        return [cast(AnyClip, clips)]
    if not isinstance(clips, Iterable) or isinstance(clips, Mapping):
        raise ClipError(
            f"{described(clips)} holds no clips: give a list of paths, or of samples with rates."
        )
    return list(cast(Iterable[AnyClip], clips))


def _is_one(clips: object) -> bool:
    """Whether `clips` is one: a path, `Clip`, file, bytes, samples, or samples and their rate."""
    if isinstance(clips, np.ndarray):
        return clips.dtype.kind not in "OSU"  # else an array of paths
    if isinstance(clips, tuple | list) and len(clips) == 2:
        return sum(as_number(part) is not None for part in clips) == 1
    return isinstance(clips, _SINGLE) or hasattr(clips, "read")


def _start(logits: Array, targets: Sequence[int]) -> Array:
    """The relevance of the output: of each sample its target's logit (not softmax), else 0."""
    relevance = np.zeros_like(logits)
    rows = np.arange(len(logits))
    relevance[rows, targets] = logits[rows, targets]
    return relevance
