"""Log-mel spectrograms."""

from dataclasses import dataclass

from lrp_audio.fronts.logarithmic import Logarithmic
from lrp_audio.fronts.mel import Mel


@dataclass(frozen=True)
class LogMel(Mel, Logarithmic):
    """The logarithm of a mel spectrogram, ``(n_mels, frames)``, by default in decibels."""
