"""A model over recordings: a network with the front end that makes its inputs."""

import os
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import cast

import numpy as np

from lrp_audio.arguments import as_number, described
from lrp_audio.audio.clip import Clip, as_clip
from lrp_audio.audio.domain import Domain
from lrp_audio.errors import ClipError
from lrp_audio.explanation import Explanation, carry
from lrp_audio.fronts.base import FrontEnd
from lrp_audio.model.arrays import ArrayModel
from lrp_audio.models.batches import batches, slices
from lrp_audio.models.lrp import Propagated
from lrp_audio.models.network import INPUT, Step
from lrp_audio.models.shapes import with_ones
from lrp_audio.outputs import Position, Target, Targets, Wanted
from lrp_audio.rules.composite import Assignment, Composite
from lrp_audio.rules.ledger import Ledger
from lrp_audio.rules.presets import composite
from lrp_audio.types import Array

AnyClip = str | os.PathLike[str] | Clip | tuple[Array, int]
_SINGLE = (str, bytes, bytearray, memoryview, os.PathLike, Clip)


@dataclass(frozen=True, repr=False)
class Model(ArrayModel):
    """A network, the front end that makes its inputs, and the meaning of its output."""

    front: FrontEnd = field(kw_only=True)

    def explain(
        self,
        clip: AnyClip,
        target: Target = None,
        rules: str | Composite | None = None,
        domain: str | Domain | None = None,
    ) -> Explanation:
        """The relevance of `clip` for the output `target`, by default the predicted class.

        `clip` is a path, a `Clip`, an open file, bytes, or samples with their rate in Hz; `front`
        fits it. `target` is a class or value by name or number; of a network with frames
        ``NAME@SECONDS``, by default where the class is largest. `rules` is a composite or its name;
        by default ``epsilon-plus``, with zB on the first layer of a spectrogram network. `domain`
        is where the relevance lies: ``time``, ``frequency``, ``time-frequency``, or a `Domain` such
        as ``model.front.choose("time-frequency", window=256, hop=64)``; by default that of the
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

        `target` is one for all of them, or a sequence with one for each. The computation takes the
        same memory for any number of clips; each explanation adds its own (4 MB for AudioNet, 2 MB
        for AlexNet). Raises as `explain` does, for the first clip that cannot be used.
        """
        rules = self._composite(rules)
        domain = self.front.as_domain(domain)
        given = list(_several(clips))
        wanted = self.output.wanted(target, len(given), self.name)
        explained: list[Explanation] = []
        for piece in slices(len(given), 1 if self.front.length is None else None):
            fitted = [self._fitted(clip) for clip in given[piece]]
            explained += self._explain(fitted, [wanted[piece]], rules, domain)
        return explained

    def explain_targets(
        self,
        clip: AnyClip,
        targets: Sequence[Target],
        rules: str | Composite | None = None,
        domain: str | Domain | None = None,
    ) -> list[Explanation]:
        """The same for several `targets` of one clip, with a single forward pass."""
        rules, domain = self._composite(rules), self.front.as_domain(domain)
        wanted = self.output.wanted(list(targets), len(targets), self.name)
        return list(self._explain([self._fitted(clip)], [[one] for one in wanted], rules, domain))

    def _explain(
        self,
        clips: Sequence[Clip],
        wanted: Sequence[Sequence[Wanted]],
        rules: Composite,
        domain: Domain,
    ) -> Iterator[Explanation]:
        """Explanations of `clips` for each item of `wanted`, which has one target for each clip."""
        started = time.perf_counter()
        x = self._inputs(clips)
        places: list[list[Position]] = []

        def start(each: Sequence[Wanted], output: Array) -> Array:
            places.append(self.output.positions(each, self.output.scores(output)))
            return self.output.start(output, places[-1])

        for found in self.network.propagate_each(x, [partial(start, e) for e in wanted], rules):
            seconds = (time.perf_counter() - started) / len(clips)
            yield from self._explanations(clips, x, found, places[-1], rules, domain, seconds)
            started = time.perf_counter()

    def _explanations(
        self,
        clips: Sequence[Clip],
        x: Array,
        found: Propagated,
        positions: Sequence[Position],
        rules: Composite,
        domain: Domain,
        seconds: float,
    ) -> Iterator[Explanation]:
        scores = self.output.scores(found.output)
        for index, (clip, own) in enumerate(
            zip(clips, found.relevance.split(len(clips)), strict=True)
        ):
            begun = time.perf_counter()
            shape = self.front.input_shape(len(clip.samples))
            # Copied, because a view would keep the whole batch in memory.
            plane = self.front.plane(x[index].reshape(shape)).copy()
            own_plane = self.front.plane(own[INPUT].reshape(shape))
            relevance, carried = carry(domain, plane, own_plane, self.front.samples_of(clip))
            at = positions[index]
            yield Explanation(
                model=self.name,
                rules=str(rules),
                front=self.front,
                clip=clip,
                input=plane,
                output=self.output,
                moment=self.output.seconds(at.frame),
                logits=scores[index, at.frame].copy(),
                target=at.index,
                domain=domain,
                relevance=relevance,
                layers=own,
                ledger=Ledger(found.ledger.of(index).entries + carried),
                seconds=seconds + time.perf_counter() - begun,
            )

    def inputs(self, clips: AnyClip | Iterable[AnyClip]) -> Array:
        """The network's inputs for `clips`, ``(clips, *input_shape)``.

        Raises `ClipError` for clips of several lengths where the network takes any length.
        """
        return self._inputs(list(_several(clips)))

    def _inputs(self, clips: Sequence[AnyClip]) -> Array:
        fitted = [self.front.samples_of(self._fitted(clip)) for clip in clips]
        lengths = {samples.shape[-1] for samples in fitted} or {self.front.length or 0}
        if len(lengths) > 1:
            raise ClipError(
                f"This network takes clips of any length, and these have from {min(lengths)} to "
                f"{max(lengths)} samples: give it one at a time."
            )
        made = self.front.input_shape(lengths.pop())
        x = np.empty((len(clips), *made), self.dtype)
        for index, samples in enumerate(fitted):
            x[index] = self.front(samples)
        return x.reshape(len(clips), *with_ones(made, self.network.input_shape))

    def logits(self, clips: AnyClip | Iterable[AnyClip]) -> Array:
        """The network's output for `clips`, ``(clips, *output shape)``, computed in batches.

        Clips are taken from the iterable batch by batch, so that any number of them needs the same
        memory. Raises `ClipError` for the first one that cannot be used.
        """
        found = list(self._batch_logits(clips))
        shape = self.network.shapes[self.network.output]
        if len({logits.shape[1:] for logits in found}) > 1:
            raise ClipError(
                "The output of this network has more frames for longer clips: give it clips of "
                "one length, or one at a time."
            )
        return np.concatenate(found) if found else np.empty((0, *shape), self.dtype)

    def _batch_logits(self, clips: AnyClip | Iterable[AnyClip]) -> Iterator[Array]:
        size = 1 if self.front.length is None else None
        for batch in batches(_several(clips), size):
            yield self.network.forward(self._inputs(batch))

    def classify_batch(self, clips: AnyClip | Iterable[AnyClip]) -> list[int]:
        """Index of the class with the largest logit for each clip; batches as in `logits`."""
        found: list[int] = []
        for logits in self._batch_logits(clips):
            scores = self.output.scores(logits)
            wanted = self.output.wanted(None, len(scores), self.name)
            found += [position.index for position in self.output.positions(wanted, scores)]
        return found

    def classify(self, clip: AnyClip) -> int:
        """Index of the class with the largest logit."""
        return self.classify_batch([clip])[0]

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
        wanted = self.output.wanted(target, 1, self.name)
        activations = self.network.activations(self.inputs([clip]))
        output = activations[self.network.output]
        positions = self.output.positions(wanted, self.output.scores(output))
        return self.network.steps(activations, self.output.start(output, positions), rules)

    def assignments(self, rules: str | Composite | None = None) -> list[Assignment]:
        """The rule of each layer, and the reason, from input to output."""
        return self.network.assign(self._composite(rules))

    def _composite(self, rules: str | Composite | None) -> Composite:
        return composite(self.front.rules if rules is None else rules, self.front.bounds)

    def _fitted(self, clip: AnyClip) -> Clip:
        return self.front.fit(as_clip(clip, channels=self.front.channels))


def _several(clips: AnyClip | Iterable[AnyClip]) -> Iterable[AnyClip]:
    """The clips of an iterable, or a single clip."""
    if _is_one(clips):
        return [cast(AnyClip, clips)]
    if not isinstance(clips, Iterable) or isinstance(clips, Mapping):
        raise ClipError(
            f"{described(clips)} holds no clips: give a list of paths, or of samples with rates."
        )
    return cast(Iterable[AnyClip], clips)


def _is_one(clips: object) -> bool:
    """Whether `clips` is one: a path, `Clip`, file, bytes, samples, or samples and their rate."""
    if isinstance(clips, np.ndarray):
        return clips.dtype.kind not in "OSU"  # else an array of paths
    if isinstance(clips, tuple | list) and len(clips) == 2:
        return sum(as_number(part) is not None for part in clips) == 1
    return isinstance(clips, _SINGLE) or hasattr(clips, "read")
