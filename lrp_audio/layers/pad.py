"""Padding and cropping as a layer of its own."""

from collections.abc import Sequence
from typing import ClassVar, Literal

import numpy as np

from lrp_audio.arguments import described
from lrp_audio.errors import ShapeError
from lrp_audio.kernels.elementwise import sample_sums
from lrp_audio.layers.axes import whole_numbers
from lrp_audio.layers.base import Rearrangement, rule_class
from lrp_audio.rules.base import Propagation, Rule
from lrp_audio.rules.passing import PassCopies
from lrp_audio.types import Array

MODES = ("constant", "reflect", "edge")


class Pad(Rearrangement):
    """Adds positions before and after each axis of a sample; a negative number removes some.

    `pads` has a pair (before, after) for each axis but the batch. New positions hold `value`, or
    by `mode` what lies opposite the edge ("reflect") or at the edge ("edge"). Relevance goes to
    what was copied; that of constants, which no input influences, is dropped.
    """

    default_rule: ClassVar[Rule | None] = PassCopies()

    def __init__(
        self,
        pads: Sequence[Sequence[int]],
        mode: Literal["constant", "reflect", "edge"] = "constant",
        value: float = 0.0,
    ) -> None:
        self.pads = tuple(whole_numbers(pair, "The pads of an axis") for pair in pads)
        if any(len(pair) != 2 for pair in self.pads):
            raise ShapeError(f"The pads {self.pads} were given; expected pairs (before, after).")
        if mode not in MODES:
            raise ShapeError(
                f"The mode of a padding is {described(mode)}; expected one of {', '.join(MODES)}."
            )
        self.mode = mode
        self.value = value

    def output_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """The lengths with their padding."""
        if len(shape) != len(self.pads):
            raise ShapeError(
                f"A padding of {len(self.pads)} axes was given samples of shape {shape}."
            )
        kept = [
            length + min(b, 0) + min(a, 0) for length, (b, a) in zip(shape, self.pads, strict=True)
        ]
        if min(kept, default=1) < 1:
            raise ShapeError(
                f"A padding by {self.pads} was given samples of shape {shape}, of which it would "
                "leave nothing; expected longer ones."
            )
        return tuple(n + max(b, 0) + max(a, 0) for n, (b, a) in zip(kept, self.pads, strict=True))

    def forward(self, x: Array) -> Array:
        """`x`, first cropped, then padded."""
        self.output_shape(x.shape[1:])
        added = [(0, 0), *((max(b, 0), max(a, 0)) for b, a in self.pads)]
        cropped = x[self._kept(x.shape)]
        if self.mode == "constant":
            return np.pad(cropped, added, constant_values=self.value)
        return np.pad(cropped, added, self.mode)

    def gradient(self, x: Array, y: Array, g: Array) -> Array:
        """For each position of `x` the sum of `g` at its copies."""
        for axis, (before, after) in enumerate(self.pads, start=1):
            g = self._folded(g, axis, max(before, 0), max(after, 0))
        whole = np.zeros(x.shape, g.dtype)
        whole[self._kept(x.shape)] = g
        return whole

    def relevance(self, x: Array, y: Array, relevance: Array, rule: Rule) -> Propagation:
        """For each input the sum of the relevance of its copies; the rest is dropped."""
        found = self.gradient(x, y, relevance)
        accounts = np.zeros((len(x), 3))
        if self.mode == "constant":
            accounts[:, 2] = sample_sums(self._constants(relevance))
        return Propagation(found, accounts)

    @classmethod
    def accepts(cls, rule: Rule | type[Rule]) -> bool:
        """The rule of copies."""
        return issubclass(rule_class(rule), PassCopies)

    def _kept(self, shape: tuple[int, ...]) -> tuple[slice, ...]:
        """What no negative pad removes of an array of `shape`."""
        axes = zip(shape[1:], self.pads, strict=True)
        return (slice(None), *(slice(max(-b, 0), n - max(-a, 0)) for n, (b, a) in axes))

    def _constants(self, relevance: Array) -> Array:
        """Relevance at the padding, 0 elsewhere."""
        axes = zip(relevance.shape[1:], self.pads, strict=True)
        inside = tuple(slice(max(b, 0), n - max(a, 0)) for n, (b, a) in axes)
        rest = relevance.copy()
        rest[(slice(None), *inside)] = 0
        return rest

    def _folded(self, g: Array, axis: int, before: int, after: int) -> Array:
        """`g` without the padding of an axis, which is added to what it copies."""
        if not (before or after):
            return g
        along = np.moveaxis(g, axis, 0)
        length = len(along) - before - after
        inner = along[before : before + length]
        if self.mode != "constant":
            source = np.pad(np.arange(length), (before, after), self.mode)
            inner = inner.copy()
            for side in (slice(0, before), slice(before + length, None)):
                np.add.at(inner, source[side], along[side])
        return np.moveaxis(inner, 0, axis)
