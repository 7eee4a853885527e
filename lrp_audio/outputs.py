"""The meaning of a network's output: classes or values, for a whole clip or for its frames."""

import difflib
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, cast

import numpy as np
from numpy.typing import NDArray

from lrp_audio.arguments import as_number, as_whole, described, scalar
from lrp_audio.errors import ModelError, TargetError
from lrp_audio.types import Array, Floats

Kind = Literal["class", "value"]
Ending = Literal["none", "softmax", "log-softmax", "sigmoid"]

PREDICTED = "predicted"
SURE = 0.7
"""Probability of the likeliest class from which a calibrated network counts as sure of it."""

_LISTED = 20  # names in a message
_EXAMPLES = 8  # of them, where there are more
_LONGEST = 100  # characters of a target that are compared with names
_MOST_SECONDS = 1e6
_DIGITS = 10  # a number of so many digits or more is no class of any model

Target = str | int | None
Targets = Target | Sequence[Target] | Array
"""One target for all clips, or a sequence with one for each; None is the predicted class.

A name or number of a class or value; of a network with frames ``NAME@SECONDS``.
"""


@dataclass(frozen=True)
class Wanted:
    """A target as it was given: index of its name, None for the largest; moment in seconds."""

    index: int | None
    seconds: float | None


@dataclass(frozen=True)
class Position:
    """Where a target stands in the scores of a sample."""

    frame: int
    index: int


@dataclass(frozen=True)
class FrameTimes:
    """Output for moments of a clip: frame k lies at ``start + k * step`` seconds.

    `axis` is the axis of the output, without the batch axis, along which the frames lie. Raises
    `ModelError` for a step that is not above 0, and for values of other types.
    """

    step: float
    start: float = 0.0
    axis: int = 0

    def __post_init__(self) -> None:
        """Check what may come from a file."""
        step, start, axis = as_number(self.step), as_number(self.start), as_whole(self.axis)
        if step is None or not 0 < step < math.inf:
            raise ModelError(f"The step of frames is {described(self.step)}: give seconds above 0.")
        if start is None or not math.isfinite(start):
            raise ModelError(f"The start of frames is {described(self.start)}: give seconds.")
        if axis is None:
            raise ModelError(f"The axis of frames is {described(self.axis)}: give a whole number.")
        object.__setattr__(self, "axis", axis)


@dataclass(frozen=True)
class Output:
    """Names of what a network gives, in their order, and what kind of numbers they are.

    Of a ``class`` the largest is the prediction; a ``value`` stands for itself, as in regression.
    `ending` is the activation that makes probabilities of the network's numbers, none for values.
    It is applied to the numbers over `temperature` where the probabilities were calibrated by one
    (Guo et al. 2017), so that they are the shares of such clips that are classified correctly. Then
    a network is not sure of a clip whose likeliest class has a probability below `sure`.
    """

    names: tuple[str, ...]
    kind: Kind = "class"
    ending: Ending = "softmax"
    frames: FrameTimes | None = None
    temperature: float | None = None
    sure: float = SURE

    def check(self, shape: tuple[int, ...]) -> None:
        """Raise `ModelError` where an output of `shape`, without the batch axis, does not fit."""
        count = int(np.prod(shape))
        if self.frames is not None:
            if not -len(shape) <= self.frames.axis < len(shape):
                raise ModelError(
                    f"The output has shape {shape}: axis {self.frames.axis} of its frames is none."
                )
            count //= max(1, shape[self.frames.axis])
        if count != len(self.names):
            raise ModelError(
                f"The output has shape {shape}, {count} numbers for {len(self.names)} names: give "
                "one name for each."
            )

    def scores(self, output: Array) -> Array:
        """The output of a batch as ``(batch, frames, names)``; of a whole clip, as one frame."""
        if self.frames is None:
            return output.reshape(len(output), 1, len(self.names))
        frames_first = np.moveaxis(output, self._axis(output.ndim), 1)
        return frames_first.reshape(len(output), frames_first.shape[1], len(self.names))

    def start(self, output: Array, positions: Sequence[Position]) -> Array:
        """The relevance to start from: the output at each sample's position, and 0 elsewhere."""
        scores = self.scores(output)
        relevance = np.zeros_like(scores)
        for sample, at in enumerate(positions):
            relevance[sample, at.frame, at.index] = scores[sample, at.frame, at.index]
        if self.frames is None:
            return relevance.reshape(output.shape)
        axis = self._axis(output.ndim)
        moved = np.moveaxis(output, axis, 1).shape
        return np.moveaxis(relevance.reshape(moved), 1, axis)

    def wanted(self, targets: Targets, count: int, model: str) -> list[Wanted]:
        """The targets of `count` clips.

        Raises `TargetError` for one that `model` does not have, or another number of targets.
        """
        if not (isinstance(targets, list | tuple | range) or getattr(targets, "shape", None)):
            return [self._wanted(targets, model)] * count
        each = list(cast(Sequence[Target], targets))
        if len(each) != count:
            raise TargetError(
                f"{len(each)} targets were given for {count} clip{'s' * (count != 1)}: give one "
                "for each clip, or a single class for all."
            )
        return [self._wanted(target, model) for target in each]

    def positions(self, wanted: Sequence[Wanted], scores: Floats) -> list[Position]:
        """Where each sample's target stands in its `scores` ``(batch, frames, names)``.

        Without a moment that is the frame in which the target has its largest score. Raises
        `TargetError` for a moment beyond the frames.
        """
        return [self._position(one, own) for one, own in zip(wanted, scores, strict=True)]

    def places(self, shape: tuple[int, ...]) -> NDArray[np.intp]:
        """``(frames, names)``: where each score stands in an output of `shape`, flattened."""
        counted = np.arange(math.prod(shape)).reshape(1, *shape)
        return np.asarray(self.scores(counted)[0], np.intp)

    def seconds(self, frame: int) -> float | None:
        """The moment of a frame; None where the output is that of a whole clip."""
        return None if self.frames is None else self.frames.start + frame * self.frames.step

    def probabilities(self, logits: Floats) -> NDArray[np.float64] | None:
        """The probabilities of scores ``(..., names)``; None for values."""
        if self.kind == "value":
            return None
        if self.temperature is not None:
            logits = logits.astype(np.float64) / self.temperature
        return sigmoid(logits) if self.ending == "sigmoid" else softmax(logits)

    def is_sure(self, logits: Floats) -> bool | None:
        """Whether the likeliest class of ``(names,)`` scores is sure; None if not calibrated."""
        shares = self.probabilities(logits)
        if shares is None or self.temperature is None:
            return None
        return bool(shares.max() >= self.sure)

    def _axis(self, rank: int) -> int:
        assert self.frames is not None
        return self.frames.axis + 1 if self.frames.axis >= 0 else rank + self.frames.axis

    def _position(self, wanted: Wanted, scores: Floats) -> Position:
        if wanted.seconds is None or self.frames is None:
            best = scores if wanted.index is None else scores[:, [wanted.index]]
            frame, index = map(int, np.unravel_index(int(best.argmax()), best.shape))
            return Position(frame, index if wanted.index is None else wanted.index)
        start, step = self.frames.start, self.frames.step
        frame = int(np.rint((wanted.seconds - start) / step))
        if not 0 <= frame < len(scores):
            raise TargetError(
                f"There is no frame at {wanted.seconds:g} s: the frames lie from {start:g} to "
                f"{start + (len(scores) - 1) * step:g} s."
            )
        index = int(scores[frame].argmax()) if wanted.index is None else wanted.index
        return Position(frame, index)

    def _wanted(self, target: object, model: str) -> Wanted:
        target = scalar(target)
        if isinstance(target, str) and target not in self.names and "@" in target:
            name, _, moment = target.rpartition("@")
            seconds = _seconds(moment)
            if self.frames is None or seconds is None:
                raise TargetError(
                    f"{described(target)} asks for a moment, "
                    + (
                        f"but {model} has one output for a whole clip: give the name alone."
                        if self.frames is None
                        else "which is no number of seconds: write it as in NAME@1.25."
                    )
                )
            return Wanted(self._index(name, model), seconds)
        return Wanted(self._index(target, model), None)

    def _index(self, target: object, model: str) -> int | None:
        if target is None or target == PREDICTED:
            if self.kind == "value" and len(self.names) > 1:
                raise TargetError(
                    f"The model {model} gives values, of which none is predicted: choose one of "
                    f"{self._listed()}."
                )
            return 0 if self.kind == "value" else None
        if isinstance(target, str) and target in self.names:
            return self.names.index(target)
        digits = isinstance(target, str) and target.isdecimal() and len(target) < _DIGITS
        number = int(str(target)) if digits else as_whole(target)
        if number is not None and 0 <= number < len(self.names):
            return number
        raise TargetError(
            f"The model {model} has no {self.kind} {described(target)}; choose "
            + (f"{PREDICTED}, " if self.kind == "class" else "")
            + f"one of {self._listed(target)}, or a number from 0 to {len(self.names) - 1}."
        )

    def _listed(self, meant: object = "") -> str:
        """The names; of many, those most like the one that was `meant`, or else the first."""
        if len(self.names) <= _LISTED:
            return ", ".join(self.names)
        close = difflib.get_close_matches(str(meant)[:_LONGEST], self.names, 5)
        return ", ".join([*(close or self.names[:_EXAMPLES]), "..."])


def _seconds(text: str) -> float | None:
    """The moment that `text` holds; None for one that is no number, or beyond all recordings."""
    try:
        number = float(text)
    except ValueError:
        return None
    return number if abs(number) < _MOST_SECONDS else None


def softmax(logits: Array) -> NDArray[np.float64]:
    """Probabilities ``(..., classes)`` of `logits`, in float64."""
    powers = np.exp(logits.astype(np.float64) - logits.max(axis=-1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True))


def sigmoid(logits: Array) -> NDArray[np.float64]:
    """Probabilities of `logits` that do not exclude each other, in float64."""
    return np.asarray(0.5 * (1 + np.tanh(0.5 * logits.astype(np.float64))))


ENDINGS: dict[Ending, Callable[[Array], Array]] = {
    "none": lambda logits: logits,
    "softmax": softmax,
    "log-softmax": lambda logits: np.log(softmax(logits)),
    "sigmoid": sigmoid,
}
"""What follows the scores ``(..., names)`` in the network as it was trained."""
