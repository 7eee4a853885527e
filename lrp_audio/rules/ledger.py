"""The ledger: where relevance went, layer by layer, so that conservation can be checked."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from lrp_audio.rules.composite import Assignment


@dataclass(frozen=True)
class Entry:
    """What one rule kept and lost at one layer; all amounts are ``(batch,)`` in float64.

    ``relevance_out`` is what reached the layer's output, ``relevance_in`` what its input received.
    ``bias`` and ``stabiliser`` absorbed their shares of the denominator; ``dropped`` belonged to
    neurons whose denominator is zero (for a one-sided rule, without contributions of that sign).
    """

    layer: str
    rule: str
    relevance_out: NDArray[np.float64]
    relevance_in: NDArray[np.float64]
    bias: NDArray[np.float64]
    stabiliser: NDArray[np.float64]
    dropped: NDArray[np.float64]

    @classmethod
    def of(
        cls,
        assignment: Assignment,
        relevance_out: NDArray[np.float64],
        relevance_in: NDArray[np.float64],
        accounts: NDArray[np.float64],
    ) -> Self:
        """The line of a layer under its rule; `accounts` as in a `Propagation`."""
        bias, stabiliser, dropped = accounts.T
        name, rule = assignment.layer, str(assignment.rule)
        return cls(name, rule, relevance_out, relevance_in, bias, stabiliser, dropped)

    @classmethod
    def passing(cls, assignment: Assignment, relevance: NDArray[np.float64]) -> Self:
        """The line of a layer that passes on all of the `relevance` of each sample."""
        nothing = np.zeros_like(relevance)
        name, rule = assignment.layer, str(assignment.rule)
        return cls(name, rule, relevance, relevance, nothing, nothing, nothing)

    def __repr__(self) -> str:
        figures = ("relevance_out", "relevance_in", "bias", "stabiliser", "dropped")
        sums = ", ".join(f"{name} {getattr(self, name).sum():.4g}" for name in figures)
        of = "" if len(self.relevance_out) == 1 else f" of {len(self.relevance_out)} samples"
        return f"<Entry{of}: {self.layer} under {self.rule}, {sums}>"

    @property
    def residual(self) -> NDArray[np.float64]:
        """What is unaccounted for, shape ``(batch,)``: zero up to float rounding."""
        spent = self.relevance_in + self.bias + self.stabiliser + self.dropped
        return self.relevance_out - spent

    def sample(self, index: int) -> dict[str, str | float]:
        """One sample's figures as plain Python values, in the order in which they are printed."""
        return {
            "layer": self.layer,
            "rule": self.rule,
            "relevance_out": float(self.relevance_out[index]),
            "relevance_in": float(self.relevance_in[index]),
            "bias": float(self.bias[index]),
            "stabiliser": float(self.stabiliser[index]),
            "dropped": float(self.dropped[index]),
            "residual": float(self.residual[index]),
        }


@dataclass(frozen=True)
class Ledger:
    """One entry per layer, from the output of the model to its input."""

    entries: tuple[Entry, ...]

    def __repr__(self) -> str:
        if not self.entries:
            return "<Ledger without entries>"
        first, last = self.entries[0], self.entries[-1]
        samples = len(first.relevance_out)
        return (
            f"<Ledger of {samples} sample{'s' * (samples != 1)}: {len(self)} layers from "
            f"{first.layer} to {last.layer}, relevance {first.relevance_out.sum():.4g} to "
            f"{last.relevance_in.sum():.4g}>"
        )

    def __iter__(self) -> Iterator[Entry]:
        return iter(self.entries)

    def __len__(self) -> int:
        return len(self.entries)

    def of(self, index: int) -> "Ledger":
        """The ledger of one sample, with a batch of one."""
        fields = ("relevance_out", "relevance_in", "bias", "stabiliser", "dropped")
        own = slice(index, index + 1)
        return Ledger(
            tuple(
                # Copies, because a view would keep the figures of the whole batch in memory.
                Entry(e.layer, e.rule, *(getattr(e, field)[own].copy() for field in fields))
                for e in self.entries
            )
        )

    def sample(self, index: int) -> list[dict[str, str | float]]:
        """One sample's ledger as a list of plain dictionaries (see `Entry.sample`)."""
        return [entry.sample(index) for entry in self.entries]

    def worst_residual(self) -> float:
        """Largest absolute residual over layers and samples, in the unit of the logit."""
        return max(float(np.abs(entry.residual).max(initial=0)) for entry in self.entries)
