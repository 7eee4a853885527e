"""Occlusion."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from lrp_audio.attributions.perturbation import Doubles, MaskedSample, SegmentAttribution


@dataclass(frozen=True)
class Occlusion(SegmentAttribution):
    """By how much the logit falls when only that segment is absent."""

    name: ClassVar[str] = "occlusion"
    formula: ClassVar[str] = "R_s = f(x) - f(x without s)"
    source: ClassVar[str] = "Zeiler & Fergus 2014"

    def scores(self, masked: MaskedSample) -> Doubles:
        """One forward pass for the sample and one for each segment."""
        all_but_one = ~np.eye(masked.count, dtype=bool)
        whole, *without = masked.logits(np.vstack([np.ones(masked.count, bool), all_but_one]))
        return np.asarray(whole - np.array(without))
