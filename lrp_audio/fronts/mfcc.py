"""Mel-frequency cepstral coefficients."""

from dataclasses import dataclass, fields
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from lrp_audio.audio.dct import dct_matrix, lifters
from lrp_audio.errors import FrontError
from lrp_audio.fronts import parameters
from lrp_audio.fronts.log_mel import LogMel
from lrp_audio.fronts.steps import Cosines, FrontStep


@dataclass(frozen=True)
class Mfcc(LogMel):
    """The first `n_mfcc` cosine coefficients of a log-mel spectrogram, ``(n_mfcc, frames)``.

    `lifter` weights them, counted from `lifter_first`: 0 as Kaldi does, 1 as librosa. Relevance
    passes the cosine transform under zB. Exact is to fold that into the first layer: `folded`,
    `audio.dct`.
    """

    n_mfcc: int = 20
    lifter: float = 0.0
    lifter_first: int = 1

    @property
    def rows(self) -> int:
        """Number of coefficients."""
        return self.n_mfcc

    @cached_property
    def matrix(self) -> NDArray[np.float64]:
        """The cosine transform and lifter, ``(n_mfcc, n_mels)``."""
        weights = lifters(self.n_mfcc, self.lifter, self.lifter_first)
        return np.asarray(dct_matrix(self.n_mfcc, self.n_mels) * weights[:, None])

    @property
    def folded(self) -> tuple[LogMel, NDArray[np.float64], NDArray[np.float64]]:
        """Front end, matrix ``(n_mfcc, n_mels)`` and offset ``(n_mfcc,)`` of a folded network.

        Its first layer reads ``matrix @ log_mel + offset`` in place of coefficients. Raises
        `FrontError` where no weight can do that: for statistics of the clip, or for added frames
        of another value than 0.
        """
        if self._normalised.own or (self.frames is not None and self.pad_value != 0):
            raise FrontError(
                "Coefficients normalised by statistics of the clip, or with frames added of "
                f"another value than 0 (normalisation is {self.normalisation}, pad_value "
                f"{self.pad_value:g}), cannot be folded into a layer: keep the front end as it is."
            )
        kept = {field.name: getattr(self, field.name) for field in fields(LogMel)}
        front = LogMel(**kept | {"mean": 0.0, "deviation": 1.0, "epsilon": 0.0})
        mean, divisor = np.asarray(self.mean), np.asarray(self.deviation) + self.epsilon
        offset = np.broadcast_to(-mean / divisor, self.n_mfcc)
        return front, self.matrix / np.reshape(divisor, (-1, 1)), offset

    @property
    def _own_steps(self) -> tuple[FrontStep, ...]:
        return (*super()._own_steps, Cosines(self.matrix, *self.logarithm.bounds(self._largest)))

    def _check(self) -> None:
        super()._check()
        parameters.whole(self, n_mfcc=1, lifter_first=0)
        parameters.number(self, "lifter", 0.0)
        if self.n_mfcc > self.n_mels:
            raise FrontError(
                f"n_mfcc is {self.n_mfcc} and n_mels {self.n_mels}; expected no more coefficients "
                "than filters."
            )

    @property
    def bounded(self) -> bool:
        """No: coefficients lie around 0."""
        return self.normalisation == "range"

    @property
    def _value_bounds(self) -> tuple[float, float]:
        low, high = self.logarithm.bounds(self._largest)
        positive, negative = np.maximum(self.matrix, 0).sum(1), np.minimum(self.matrix, 0).sum(1)
        least, largest = positive * low + negative * high, positive * high + negative * low
        return float(least.min()), float(largest.max())
