"""The published spectrogram: one second at 8 kHz as a picture of 227 x 227 decibels."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from lrp_audio.audio import audible
from lrp_audio.audio.clip import Clip
from lrp_audio.audio.domain import Carried, Domain
from lrp_audio.audio.levels import FLOOR, decibels
from lrp_audio.audio.segments import Tiles
from lrp_audio.audio.stft import Stft
from lrp_audio.fronts import parameters
from lrp_audio.fronts.base import FrontEnd
from lrp_audio.fronts.fitting import OFFSETS, fitted
from lrp_audio.types import Floats

SIZE = 227
"""Rows (frequencies) and columns (times) of the picture."""

PUBLISHED = Stft(win_length=455, hop_length=35, length=8000)
"""The transform behind the picture; its 228 x 230 bins lose one row and three columns."""

_ROWS, _COLUMNS = slice(0, SIZE), slice(2, 2 + SIZE)


@dataclass(frozen=True)
class Picture:
    """The bins of `PUBLISHED` that the picture shows, as a spectrogram network is given them."""

    rate: int = 8000

    name: ClassVar[str] = "time-frequency"
    along: ClassVar[tuple[str, ...]] = ("frequencies", "times")
    layers: ClassVar[tuple[str, ...]] = ()

    @property
    def stft(self) -> Stft:
        """`PUBLISHED`."""
        return PUBLISHED

    def carry(self, x: Floats, relevance: Floats, samples: Floats) -> Carried:
        """`relevance` itself, ``(227, 227)``."""
        return Carried(relevance)

    def axes(self, length: int) -> dict[str, NDArray[np.float64]]:
        """``frequencies``, 0 Hz first, 17.58 Hz apart; ``times``, 8.75 ms first, 4.375 ms apart."""
        return {
            "frequencies": PUBLISHED.frequencies(self.rate)[_ROWS],
            "times": PUBLISHED.times(self.rate)[_COLUMNS],
        }

    def heard(self, mask: Floats, samples: Floats) -> Floats:
        """The clip with its spectra masked; what the picture crops shares its neighbour's mask."""
        return audible.in_time_frequency(self.uncropped(mask), samples, PUBLISHED)

    def shown(self, samples: Floats) -> Floats:
        """The picture."""
        return spectrogram(samples)

    def cropped(self, bins: NDArray[Any]) -> NDArray[Any]:
        """The rows and columns ``(..., 227, 227)`` of `bins` that the picture shows."""
        return bins[..., _ROWS, _COLUMNS]

    def uncropped(self, values: Floats) -> Floats:
        """Values ``(..., 228, 230)`` of all bins of `PUBLISHED` from those of the picture.

        The top bin, the first two frames and the last one are not part of the network's input. The
        sound there overlaps with its neighbours, so they take their nearest neighbour's value:
        under a mask nothing of the sound then disappears unnoticed.
        """
        widths = [(_ROWS.start, PUBLISHED.bins - _ROWS.stop)]
        widths += [(_COLUMNS.start, PUBLISHED.frames - _COLUMNS.stop)]
        return np.pad(values, [(0, 0)] * (values.ndim - 2) + widths, mode="edge")


@dataclass(frozen=True)
class Spectrogram(FrontEnd):
    """The published spectrogram.

    The loudest bin is 0 dB: rules that weight relevance by the input would leave nothing to what is
    heard best. So zB, which measures from the floor of -80 dB, is the rule of the first layer.
    `offset` says whether the mean of a recording, 0 Hz in the picture, is removed before.
    """

    offset: str = "kept"

    rate = 8000
    length = 8000
    shape = (1, SIZE, SIZE)
    bounds = (FLOOR, 0.0)
    bounded = True
    silence = FLOOR
    centre = -60.0
    spread = 20.0
    segments = Tiles()

    def __post_init__(self) -> None:
        """Check the parameter; raises `FrontError`."""
        parameters.choice(self, offset=OFFSETS)

    @property
    def domains(self) -> tuple[Domain, ...]:
        """The picture alone: it has no phases, so there is no exact way back to samples."""
        return (self.time_frequency,)

    @property
    def time_frequency(self) -> Picture:
        """The picture."""
        return Picture(self.rate)

    def fit(self, clip: Clip) -> Clip:
        """`clip` as the network takes it; what was done is noted. Raises `ClipError` if silent."""
        return fitted(clip, self.rate, self.length, offset=self.offset)

    def transform(self, samples: NDArray[np.floating]) -> NDArray[np.floating]:
        """``(227, 227)``."""
        return spectrogram(samples)


SPECTROGRAM = Spectrogram()


def spectrogram(samples: NDArray[np.floating]) -> NDArray[np.float64]:
    """Decibels ``(227, 227)`` (frequency, time) of fitted samples ``(8000,)``, between -80 and 0.

    `decibels` of the cropped spectra, as published (Becker et al.).
    """
    return decibels(np.abs(PUBLISHED.spectra(samples)[_ROWS, _COLUMNS]))
