"""What was asked for on the command line, and what a result says of it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lrp_audio


@dataclass(frozen=True)
class Plan:
    """An experiment's settings.

    `models` are names such as ``audionet-digit``, empty for all that the experiment is about;
    `trained` is the output folder of ``accuracy`` whose networks to ask instead of the shipped
    ones. `folds` are numbers from 0, empty for all. `clips` of each network are examined.
    """

    out: Path
    data: tuple[Path, ...]
    models: tuple[str, ...] = ()
    trained: Path | None = None
    folds: tuple[int, ...] = ()
    hold_out: tuple[str, ...] = ()
    clips: int | None = None
    steps: int | None = None
    seed: int = 0
    quick: bool = False

    def settings(self) -> dict[str, Any]:
        """All of them that shape the result, as plain values."""
        return {
            "version": lrp_audio.__version__,
            "data": [folder.name for folder in self.data],
            "models": list(self.models),
            "trained": self.trained is not None,
            "folds": list(self.folds),
            "hold out": list(self.hold_out),
            "clips": self.clips,
            "steps": self.steps,
            "seed": self.seed,
            "quick": self.quick,
        }
