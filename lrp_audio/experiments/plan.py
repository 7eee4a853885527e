"""The settings of an experiment, as given on the command line."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lrp_audio


@dataclass(frozen=True, kw_only=True)
class ExperimentPlan:
    """The settings of one run of an experiment.

    `models` are names such as ``audionet-digit``; empty stands for all that the experiment is
    about. `trained` is the output folder of ``accuracy`` whose networks are examined instead of the
    shipped ones. `folds` are numbers from 0, empty for all. `clips` is the number of recordings
    examined for each network, `steps` that of training steps; None stands for the experiment's own.
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

    def clip_count(self, usual: int, quick: int) -> int:
        """How many recordings to examine for each network, unless `clips` says otherwise."""
        return self.clips or (quick if self.quick else usual)

    def step_count(self, usual: int, quick: int) -> int:
        """How many steps to train for, unless `steps` says otherwise."""
        return self.steps or (quick if self.quick else usual)

    def settings(self) -> dict[str, Any]:
        """The settings that shape the results, as plain values."""
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
