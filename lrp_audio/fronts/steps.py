"""Steps from the bins of a transform to the input of a network, each with its rule of relevance.

A step maps values ``(..., rows, frames)`` to ``(..., rows', frames')``, where several channels are
the first axis, and takes relevance of its output back to its input. What it cannot take back is
dropped, and is a figure of its line in the ledger.
"""

from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from lrp_audio.audio.domain import Line
from lrp_audio.types import Floats

NORMALISATIONS = ("fixed", "clip", "clip-mean", "bin", "bin-mean", "range")
"""What is subtracted and divided by.

| normalisation | subtracts | divides by |
|---|---|---|
| fixed | the declared mean | the declared deviation |
| clip | the mean of all values of the clip | their standard deviation |
| clip-mean | the same | 1 |
| bin | the mean of each row over time | its standard deviation |
| bin-mean | the same | 1 |
| range | the smallest value of the clip | the largest less the smallest |
"""

_NONE = ("fixed", 0.0, 1.0)


class FrontStep(Protocol):
    """One step: its name and rule in the ledger, its map, and relevance taken back."""

    name: ClassVar[str]
    rule: ClassVar[str]

    def __call__(self, values: Floats) -> Floats:
        """The output ``(rows', frames')`` of `values` ``(rows, frames)``."""
        ...

    def carry(self, values: Floats, relevance: Floats) -> tuple[Floats, float]:
        """Relevance of `values` from that of the output, and how much was dropped."""
        ...


def carried(step: FrontStep, values: Floats, relevance: Floats) -> tuple[Floats, Line]:
    """Relevance of `values` from that of the output of `step`, and the line in the ledger."""
    found, dropped = step.carry(values, relevance)
    before, after = (float(each.sum(dtype=np.float64)) for each in (relevance, found))
    return found, Line(step.name, step.rule, before, after, dropped)


@dataclass(frozen=True, eq=False)
class Filters:
    """``F @ values`` with filters F >= 0 ``(rows', rows)``, under LRP-0.

    All terms are at least 0 and there is no bias: ``R_k = P_k sum_m F_mk R_m / S_m``. What a filter
    without any power got is dropped.
    """

    matrix: NDArray[np.float64]

    name: ClassVar[str] = "mel-filters"
    rule: ClassVar[str] = "lrp-0"

    def __call__(self, values: Floats) -> Floats:
        """``F @ values``."""
        return self.matrix @ values

    def carry(self, values: Floats, relevance: Floats) -> tuple[Floats, float]:
        """LRP-0."""
        total = self.matrix @ values
        heard = total > 0
        shares = np.where(heard, relevance / np.where(heard, total, 1.0), 0.0)
        return values * (self.matrix.T @ shares), float(relevance[~heard].sum())

    def lifted(self, mask: Floats) -> NDArray[np.float64]:
        """A mask ``(rows, frames)`` of bins from one of filters: each bin takes the mean.

        ``M_k = sum_m F_mk M_m / sum_m F_mk``; a bin that no filter reads takes its nearest
        neighbour's, so that under a mask nothing of the sound disappears unnoticed.
        """
        read = self.matrix.sum(axis=0)
        known = np.flatnonzero(read > 0)
        lifted = (self.matrix.T[known] @ mask) / read[known, None]
        nearest = np.abs(np.arange(len(read))[:, None] - known).argmin(axis=1)
        return np.asarray(lifted[nearest])


@dataclass(frozen=True)
class Logarithm:
    """A logarithm of values >= 0: natural, to base 10, or in decibels. Relevance passes.

    ``log(max(value + offset, floor)) - log(max(reference, floor))``, `reference` being a value or
    ``max`` for the largest of the clip; then at least the largest result less `top_db`, in decibels
    whatever the logarithm. Relevance of what the floor or `top_db` raised is dropped. `power` is
    that of the magnitudes: 20 / power decibels are one decade.
    """

    kind: str
    offset: float
    floor: float
    reference: float | str
    top_db: float
    power: float

    name: ClassVar[str] = "logarithm"
    rule: ClassVar[str] = "pass"

    def __call__(self, values: Floats) -> Floats:
        """The logarithm, of the same shape."""
        levels = self._levels(values, self._largest(values))
        return np.asarray(np.maximum(levels, levels.max(initial=-np.inf) - self._top))

    def carry(self, values: Floats, relevance: Floats) -> tuple[Floats, float]:
        """Passes but where the value was raised."""
        levels = self._levels(values, self._largest(values))
        raised = values + self.offset < self.floor
        raised |= levels < levels.max(initial=-np.inf) - self._top
        return np.where(raised, 0.0, relevance), float(relevance[raised].sum())

    def bounds(self, largest: float) -> tuple[float, float]:
        """Least and largest result where no value is above `largest`."""
        low, high = (float(self._levels(np.array(v), largest)) for v in (0.0, largest))
        return (max(low, high - self._top) if self.reference == "max" else low), high

    @property
    def _decade(self) -> float:
        return {"natural": float(np.log(10)), "log10": 1.0, "db": 20.0 / self.power}[self.kind]

    @property
    def _top(self) -> float:
        return self.top_db * self._decade * self.power / 20.0

    def _largest(self, values: Floats) -> float:
        return float(values.max(initial=0.0))

    def _levels(self, values: Floats, largest: float) -> NDArray[np.float64]:
        reference = largest + self.offset if isinstance(self.reference, str) else self.reference
        shares = np.maximum(values + self.offset, self.floor) / max(reference, self.floor)
        return np.asarray(self._decade * np.log10(shares))


@dataclass(frozen=True, eq=False)
class Cosines:
    """``D @ values`` for MFCCs, D ``(coefficients, rows)``, under zB with values in [low, high].

    LRP-0 would multiply relevance hundredfold here; zB keeps signs and sizes. Exact is to fold D
    into the first layer: `lrp_audio.audio.dct`.
    """

    matrix: NDArray[np.float64]
    low: float
    high: float

    name: ClassVar[str] = "cosine-transform"
    rule: ClassVar[str] = "zB"

    def __call__(self, values: Floats) -> Floats:
        """``D @ values``."""
        return self.matrix @ values

    def carry(self, values: Floats, relevance: Floats) -> tuple[Floats, float]:
        """``R_m = sum_c (x_m D_cm - low D_cm+ - high D_cm-) / (sum over m of the same) R_c``."""
        positive, negative = np.maximum(self.matrix, 0), np.minimum(self.matrix, 0)
        above, below = values - self.low, values - self.high
        total = positive @ above + negative @ below
        heard = total > 0
        shares = np.where(heard, relevance / np.where(heard, total, 1.0), 0.0)
        found = above * (positive.T @ shares) + below * (negative.T @ shares)
        return found, float(relevance[~heard].sum())


@dataclass(frozen=True)
class FixedFrames:
    """The first `frames` frames, or as many with frames of `value` after the clip's own.

    Relevance of added frames is dropped; frames cut off have none.
    """

    frames: int
    value: float

    name: ClassVar[str] = "fixed-frames"
    rule: ClassVar[str] = "pass"

    def __call__(self, values: Floats) -> Floats:
        """``(rows, frames)``."""
        spare = max(self.frames - values.shape[-1], 0)
        return _extended(values[..., : self.frames], spare, self.value)

    def carry(self, values: Floats, relevance: Floats) -> tuple[Floats, float]:
        """Passes to the frames that the clip has."""
        kept = relevance[..., : values.shape[-1]]
        found = _extended(kept, values.shape[-1] - kept.shape[-1], 0.0)
        return found, float(relevance[..., values.shape[-1] :].sum())


@dataclass(frozen=True)
class Normalisation:
    """``(values - mean) / (deviation + epsilon)``; relevance passes.

    Statistics of the clip itself are taken as constants: the values that they were measured on get
    no share for having moved them. `ddof` is 1 for the deviation of a sample, as torch's default.
    """

    kind: str = "fixed"
    mean: float | tuple[float, ...] = 0.0
    deviation: float | tuple[float, ...] = 1.0
    epsilon: float = 0.0
    ddof: int = 0

    name: ClassVar[str] = "normalisation"
    rule: ClassVar[str] = "pass"

    @property
    def nothing(self) -> bool:
        """Whether values stay as they are."""
        return (self.kind, self.mean, self.deviation) == _NONE and self.epsilon == 0

    @property
    def own(self) -> bool:
        """Whether statistics are those of the clip."""
        return self.kind != "fixed"

    def __call__(self, values: Floats) -> Floats:
        """The normalised values, of the same shape; rows are on the last axis but one."""
        mean, deviation = self._statistics(values)
        divisor = deviation + self.epsilon
        return np.asarray((values - mean) / np.where(divisor > 0, divisor, 1.0))

    def carry(self, values: Floats, relevance: Floats) -> tuple[Floats, float]:
        """Passes."""
        return relevance, 0.0

    def bounds(self, low: float, high: float, count: int) -> tuple[float, float]:
        """Least and largest result of `count` values from `low` to `high`."""
        if self.kind == "range":
            return 0.0, 1.0
        if self.kind in ("clip-mean", "bin-mean"):
            return low - high, high - low
        if self.own:  # of n values none is further than sqrt(n - 1) deviations from the mean
            return -float(np.sqrt(count)), float(np.sqrt(count))
        mean, deviation = np.asarray(self.mean), np.asarray(self.deviation) + self.epsilon
        return float(((low - mean) / deviation).min()), float(((high - mean) / deviation).max())

    def _statistics(self, values: Floats) -> tuple[Floats, Floats]:
        if self.kind == "fixed":
            column = (-1, 1) if isinstance(self.mean, tuple) else ()
            return np.reshape(self.mean, column), np.reshape(
                self.deviation, (-1, 1) if isinstance(self.deviation, tuple) else ()
            )
        if self.kind == "range":
            least = values.min()
            return least, values.max() - least
        axis = -1 if self.kind.startswith("bin") else None
        mean = values.mean(axis=axis, keepdims=axis is not None)
        if self.kind.endswith("mean"):
            return mean, np.ones(())
        ddof = min(self.ddof, values.size - 1)
        return mean, values.std(axis=axis, keepdims=axis is not None, ddof=ddof)


def _extended(values: Floats, frames: int, value: float) -> Floats:
    """`values` ``(..., frames)`` with so many more frames of `value` after them."""
    return np.pad(values, [(0, 0)] * (values.ndim - 1) + [(0, frames)], constant_values=value)
