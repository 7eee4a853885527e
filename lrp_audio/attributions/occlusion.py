"""Occlusion."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from lrp_audio.attributions.perturbation import Doubles, Game, OnSegments


@dataclass(frozen=True)
class Occlusion(OnSegments):
    """By how much the logit falls when a segment alone is absent."""

    name: ClassVar[str] = "occlusion"
    formula: ClassVar[str] = "R_s = f(x) - f(x without s)"
    source: ClassVar[str] = "Zeiler & Fergus 2014"

    def scores(self, game: Game) -> Doubles:
        """One forward pass more than there are segments."""
        all_but_one = ~np.eye(game.count, dtype=bool)
        whole, *without = game.values(np.vstack([np.ones(game.count, bool), all_but_one]))
        return np.asarray(whole - np.array(without))
