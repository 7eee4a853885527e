"""Convolution over height and width (frequency and time of a spectrogram)."""

from typing import ClassVar

from lrp_audio.layers.convolution import Convolution


class Conv2D(Convolution):
    """`x` ``(batch, in, height, width)``, `weight` ``(out, in / groups, height, width)``."""

    rank: ClassVar[int] = 2
