"""Frames of a waveform, each normalised by itself, as pitch trackers such as CREPE take them."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from lrp_audio.audio.analysis import PAD_MODES, Analysis
from lrp_audio.audio.clip import Clip
from lrp_audio.audio.domain import Carried, Domain, Frequency, Line, Time, TimeFrequency
from lrp_audio.audio.segments import Segments, TimeSegments
from lrp_audio.audio.stft import Stft
from lrp_audio.errors import FrontError
from lrp_audio.fronts import parameters
from lrp_audio.fronts.base import FrontEnd
from lrp_audio.fronts.bins import OfSamples, of_samples
from lrp_audio.fronts.fitting import SHORT, fitted, require_room
from lrp_audio.fronts.parameters import Scale
from lrp_audio.fronts.steps import Normalisation
from lrp_audio.fronts.waveform import OWN_STATISTICS, rescaled, usual_transform
from lrp_audio.types import Array, Floats

NORMALISATIONS = ("frame", "frame-mean", "fixed")
FRAMINGS = ("centred", "uncentred")
CHANNEL_AXES = ("first", "none")
_OF_ROWS = {"frame": "bin", "frame-mean": "bin-mean", "fixed": "fixed"}


@dataclass(frozen=True)
class Frames(FrontEnd):
    """Frames ``(frames, frame_length)``, `hop_length` samples apart, each normalised by itself.

    ``frame`` divides what is left of a frame without its mean by its deviation, ``frame-mean``
    takes the mean alone, ``fixed`` the declared values. ``centred`` frames have their middles on
    samples 0, `hop_length` and so on. Relevance goes back to the samples, where frames overlap as
    its sum.
    """

    rate: int
    length: int | None = None
    frame_length: int = 1024
    hop_length: int | None = None
    framing: str = "uncentred"
    pad_mode: str = "constant"
    scale: Scale = 1.0
    normalisation: str = "frame"
    mean: float = 0.0
    deviation: float = 1.0
    epsilon: float = 0.0
    ddof: int = 0
    channel_axis: str = "none"
    short: str = "zeros"

    def __post_init__(self) -> None:
        """Check every parameter; raises `FrontError`."""
        parameters.rate_and_length(self)
        parameters.whole(self, frame_length=4)
        parameters.whole(self, optional=True, hop_length=1)
        if self.hop_length is None:
            object.__setattr__(self, "hop_length", self.frame_length)
        parameters.scale(self)
        parameters.choice(
            self,
            framing=FRAMINGS,
            pad_mode=PAD_MODES,
            normalisation=NORMALISATIONS,
            channel_axis=CHANNEL_AXES,
            short=SHORT,
        )
        parameters.normalisation(self, None)
        if self.length is not None and self._frames.count(self.length) < 1:
            raise FrontError(
                f"length is {self.length}; expected at least {self._frames.shortest(1)} samples, "
                "which give one frame."
            )
        parameters.within_memory(self._frames.count(self.length or 0) * self.frame_length)

    def input_shape(self, length: int) -> tuple[int, ...]:
        """Frames and their samples."""
        plane = (self._frames.count(length), self.frame_length)
        return plane if self.channel_axis == "none" else (1, *plane)

    def plane(self, x: Array) -> Array:
        """``(frames, frame_length)``."""
        return x if self.channel_axis == "none" else np.asarray(x[0])

    @property
    def bounds(self) -> tuple[float, float]:
        """Those of samples within full scale, which floats may go beyond."""
        full = 1.0 if isinstance(self.scale, str) else self.scale
        return self._normalised.bounds(-full, full, self.frame_length)

    @property
    def bounded(self) -> bool:
        """No: a sample is 0 where nothing sounds, and zB would count from full scale."""
        return False

    @property
    def segments(self) -> Segments:
        """Parts of equal length, of every frame alike."""
        return TimeSegments()

    @property
    def domains(self) -> tuple[Domain, ...]:
        """Time, and frequency and both by DFT-LRP."""
        stft = usual_transform(self.rate, self.length)
        return of_samples(
            self, Time(self.rate), Frequency(self.rate), TimeFrequency(stft, self.rate)
        )

    def windowed(self, domain: Domain, window: int | None, hop: int | None) -> Domain:
        """Time-frequency with that `window` and `hop`, by default a quarter of the window."""
        if not (isinstance(domain, OfSamples) and isinstance(domain.domain, TimeFrequency)):
            return super().windowed(domain, window, hop)
        window = domain.domain.stft.win_length if window is None else window
        hop = max(window // 4, 1) if hop is None else hop
        stft = Stft(window, hop, self.length or max(window, self.rate))
        return OfSamples(self, TimeFrequency(stft, self.rate))

    def fit(self, clip: Clip) -> Clip:
        """`clip` as the network takes it; what was done is noted. Raises `ClipError` if silent."""
        note = None if self.normalisation == "fixed" else OWN_STATISTICS
        shortest = self._frames.shortest(1)
        clip = fitted(clip, self.rate, self.length, shortest, self.short, note)
        require_room(int(np.prod(self.input_shape(len(clip.samples)))), clip, "frames")
        return clip

    def transform(self, samples: NDArray[np.floating]) -> NDArray[np.floating]:
        """``(frames, frame_length)``, normalised."""
        return self._normalised(self._frames.framed(rescaled(samples, self.scale)))

    @property
    def sample_layers(self) -> tuple[str, ...]:
        """The one step from the frames to the samples."""
        return ("frames",)

    def to_samples(self, relevance: Floats, samples: Floats) -> Carried:
        """The sum over all frames that a sample is in; what lies on padding is dropped."""
        found = self._frames.unframed(relevance.astype(np.float64), len(samples))
        before, after = float(relevance.sum(dtype=np.float64)), float(found.sum())
        inside = self._frames.framed(np.ones(len(samples)))
        dropped = self._outside(relevance, inside)
        return Carried(found, (Line("frames", "pass", before, after, dropped),))

    @cached_property
    def _frames(self) -> Analysis:
        assert self.hop_length is not None  # set when made
        size = self.frame_length
        return Analysis(size, size, self.hop_length, "rectangular", self.framing, self.pad_mode)

    @property
    def _normalised(self) -> Normalisation:
        kind = _OF_ROWS[self.normalisation]
        return Normalisation(kind, self.mean, self.deviation, self.epsilon, self.ddof)

    def _outside(self, relevance: Floats, inside: Floats) -> float:
        return float(relevance[inside == 0].sum(dtype=np.float64))
