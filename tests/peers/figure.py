"""How far two engines are apart, and the table of it."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def relative_difference(ours: Array, theirs: Array) -> float:
    """Largest difference of any sample, in units of that sample's largest absolute relevance."""
    worst = 0.0
    for mine, other in zip(ours, theirs, strict=True):
        apart, scale = np.abs(mine - other).max(), np.abs(other).max()
        if not np.isfinite(apart):
            return np.inf
        worst = max(worst, float(apart / scale) if scale else float(apart > 0))
    return worst


@dataclass
class Figure:
    """The worst relative difference of each network, by the name of its rules."""

    worst: dict[str, dict[int, float]] = field(default_factory=dict)

    def note(self, rules: str, network: int, difference: float) -> None:
        self.worst.setdefault(rules, {})[network] = difference

    def lines(self) -> list[str]:
        """One line for each set of rules, and the total."""
        count = sum(len(found) for found in self.worst.values())
        table = [
            f"{rules:32} {len(found):4} networks: worst relative difference {_largest(found):.1e}"
            for rules, found in self.worst.items()
        ]
        worst = max(_largest(found) for found in self.worst.values())
        total = f"{count} comparisons: worst relative difference {worst:.1e}"
        return [*table, total]


def _largest(found: dict[int, float]) -> float:
    return max(found.values())
