"""Spectrograms in decibels, or another logarithm."""

from dataclasses import dataclass

from lrp_audio.fronts.logarithmic import Logarithmic


@dataclass(frozen=True)
class LogSpectrogram(Logarithmic):
    """The logarithm of ``|X|^power``, ``(bins, frames)``, by default in decibels."""
