"""Front ends: how a fitted clip becomes the input of a network."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lrp_audio.audio.clip import INPUT_BOUNDS, RATE, waveform_input
from lrp_audio.audio.spectrogram import FLOOR, SIZE, SPECTROGRAM_BOUNDS, spectrogram


@dataclass(frozen=True)
class FrontEnd:
    """A map from fitted samples ``(length,)`` to an input of `shape`, the channel axis first.

    No value of an input lies outside `bounds` (what the zB rule asks for). `rules` names the
    composite that explains by default; `silence` is an input's value where nothing sounds. In
    training the network sees ``(input - centre) / spread``, which is folded into its first layer
    afterwards.
    """

    length: int
    shape: tuple[int, ...]
    bounds: tuple[float, float]
    rules: str
    silence: float
    centre: float
    spread: float
    transform: Callable[[NDArray[Any]], NDArray[Any]]

    def __call__(self, samples: NDArray[np.floating]) -> NDArray[np.floating]:
        """The input ``shape`` of fitted samples ``(length,)`` in int16 scale."""
        return np.asarray(self.transform(samples)).reshape(self.shape)


WAVEFORM = FrontEnd(RATE, (1, RATE), INPUT_BOUNDS, "epsilon-plus", 0.0, 0.0, 1.0, waveform_input)
# The loudest bin is 0 dB: rules that weight relevance by the input would leave nothing to what is
# heard best. zB measures from the floor of -80 dB instead.
SPECTROGRAM = FrontEnd(
    RATE,
    (1, SIZE, SIZE),
    SPECTROGRAM_BOUNDS,
    "epsilon-plus-box",
    FLOOR,
    -60.0,
    20.0,
    spectrogram,
)
