"""Convolution over time."""

from typing import ClassVar

from lrp_audio.layers.convolution import Convolution


class Conv1D(Convolution):
    """`x` ``(batch, in, time)``, `weight` ``(out, in / groups, kernel)``."""

    rank: ClassVar[int] = 1
