"""Mel spectrograms."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from lrp_audio.audio.mel import MEL_SCALES, mel_filters
from lrp_audio.errors import FrontError
from lrp_audio.fronts import parameters
from lrp_audio.fronts.steps import Filters
from lrp_audio.fronts.stft_front import StftFront

MEL_NORMS = ("slaney", "none")
BIN_SPACINGS = ("exact", "nyquist")


@dataclass(frozen=True)
class Mel(StftFront):
    """Bins summed in `n_mels` triangular filters from `fmin` to `fmax` Hz, by default rate / 2.

    `audio.mel` says what scales and norms mean. `bin_spacing` is ``nyquist`` where bins are taken
    to lie evenly from 0 to half the rate, as torchaudio does: for an odd `n_fft` they do not.
    """

    hop_length: int | None = 512
    n_mels: int = 128
    fmin: float = 0.0
    fmax: float | None = None
    mel_scale: str = "slaney"
    mel_norm: str = "slaney"
    bin_spacing: str = "exact"

    @cached_property
    def filters(self) -> Filters:
        """The filters ``(n_mels, bins)``."""
        assert self.fmax is not None  # set when made
        bins = self.analysis.frequencies(self.rate)
        if self.bin_spacing == "nyquist":
            bins = np.linspace(0, self.rate / 2, self.analysis.bins)
        scale, norm = self.mel_scale, self.mel_norm
        return Filters(mel_filters(bins, self.n_mels, self.fmin, self.fmax, scale, norm))

    def _check(self) -> None:
        super()._check()
        parameters.whole(self, n_mels=1)
        parameters.choice(self, mel_scale=MEL_SCALES, mel_norm=MEL_NORMS, bin_spacing=BIN_SPACINGS)
        half = self.rate / 2
        if self.fmax is None:
            object.__setattr__(self, "fmax", half)
        fmin, fmax = (parameters.number(self, name, 0.0, half) for name in ("fmin", "fmax"))
        if fmin >= fmax:
            raise FrontError(f"fmin is {fmin:g} and fmax {fmax:g} Hz; expected fmin below fmax.")
        if not self.filters.matrix.any():
            raise FrontError(
                f"No bin lies in any of {self.n_mels} filters from {fmin:g} to {fmax:g} Hz: give a "
                "wider band or a larger n_fft."
            )
