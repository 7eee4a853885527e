"""Front ends: how a fitted clip becomes the input of a network."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lrp_audio.audio.clip import INPUT_BOUNDS, RATE, waveform_input
from lrp_audio.audio.spectrogram import SIZE, SPECTROGRAM_BOUNDS, spectrogram


@dataclass(frozen=True)
class FrontEnd:
    """A map from fitted samples ``(length,)`` to an input of `shape`, the channel axis first.

    No value of an input lies outside `bounds` (what the zB rule asks for). In training the network
    sees ``(input - centre) / spread``, which is folded into its first layer afterwards.
    """

    name: str
    length: int
    shape: tuple[int, ...]
    bounds: tuple[float, float]
    centre: float
    spread: float
    transform: Callable[[NDArray[Any]], NDArray[Any]]

    def __call__(self, samples: NDArray[np.floating]) -> NDArray[np.floating]:
        """The input ``shape`` of fitted samples ``(length,)`` in int16 scale."""
        return np.asarray(self.transform(samples)).reshape(self.shape)


WAVEFORM = FrontEnd("waveform", RATE, (1, RATE), INPUT_BOUNDS, 0.0, 1.0, waveform_input)
SPECTROGRAM = FrontEnd(
    "spectrogram", RATE, (1, SIZE, SIZE), SPECTROGRAM_BOUNDS, -60.0, 20.0, spectrogram
)
