"""The short-time Fourier transform and its inverse, equal to `scipy.signal.stft` and `istft`.

Importing `scipy.signal` takes most of a second, longer than an explanation.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from lrp_audio.errors import SpectrumError
from lrp_audio.types import Floats

# Where the summed squared window is below this share of its largest value, it is no divisor.
_LEAST_SUM = 1e-6


@dataclass(frozen=True)
class Stft:
    """Hann windows of `win_length` samples every `hop_length`, over signals of `length` samples.

    The signal is extended by half a window of zeros on both sides, and at its end by zeros that
    complete the last frame. The spectrum of a frame is divided by the sum of the window, so that a
    sine of amplitude a has the magnitude a / 2. Raises `SpectrumError` for a window or hop that is
    out of range, or with which some samples are in no frame (overlap-add condition).
    """

    win_length: int
    hop_length: int
    length: int

    def __post_init__(self) -> None:
        """Check that the frames cover the signal, so that the inverse exists."""
        if not 2 <= self.win_length <= self.length:
            raise SpectrumError(
                f"A window of {self.win_length} samples does not fit a clip of {self.length}: "
                f"choose 2 to {self.length} samples."
            )
        if not 1 <= self.hop_length <= self.win_length:
            raise SpectrumError(
                f"A hop of {self.hop_length} samples does not fit a window of {self.win_length}: "
                f"choose 1 to {self.win_length} samples, usually a quarter of the window."
            )
        total = self.window_sumsquare
        if total.min() < _LEAST_SUM * total.max():
            raise SpectrumError(
                f"With a window of {self.win_length} and a hop of {self.hop_length} samples some "
                "samples are heard by no frame (overlap-add condition): choose a hop of at most "
                f"{max(self.win_length // 2, 1)} samples."
            )

    @cached_property
    def window(self) -> NDArray[np.float64]:
        """The periodic Hann window, ``(win_length,)``."""
        return np.asarray(
            0.5 - 0.5 * np.cos(2 * np.pi * np.arange(self.win_length) / self.win_length)
        )

    @cached_property
    def window_sumsquare(self) -> NDArray[np.float64]:
        """Sum of the squared windows at every sample, ``(length,)``: the divisor of overlap-add."""
        squares = np.broadcast_to(self.window**2, (self.frames, self.win_length))
        return np.asarray(self._overlap_add(squares), np.float64)

    @property
    def frames(self) -> int:
        """Number of frames."""
        return (
            -(-(self.length + 2 * (self.win_length // 2) - self.win_length) // self.hop_length) + 1
        )

    @property
    def bins(self) -> int:
        """Number of frequencies, from 0 to at most half the sample rate."""
        return self.win_length // 2 + 1

    def frequencies(self, rate: int) -> NDArray[np.float64]:
        """Frequency of each bin in Hz, ``(bins,)``."""
        return np.arange(self.bins) * rate / self.win_length

    def times(self, rate: int) -> NDArray[np.float64]:
        """Time of the middle of each frame in seconds, ``(frames,)``; that of the first is 0."""
        return np.arange(self.frames) * self.hop_length / rate

    def spectra(self, x: Floats) -> NDArray[np.complexfloating]:
        """Complex spectra ``(..., bins, frames)`` of `x` ``(..., length)``."""
        tapered = self.framed(x) * (self.window / self.window.sum())
        return np.fft.rfft(tapered).swapaxes(-1, -2)

    def signal(self, spectra: NDArray[np.complexfloating]) -> Floats:
        """The signal ``(..., length)`` of spectra ``(..., bins, frames)``: inverse of `spectra`.

        Spectra that belong to no signal give the one whose spectra are closest to them (Griffin &
        Lim 1984).
        """
        frames = np.fft.irfft(spectra.swapaxes(-1, -2), self.win_length)
        tapered = frames * (self.window * self.window.sum())
        return np.asarray(self._overlap_add(tapered) / self.window_sumsquare)

    def framed(self, x: Floats) -> Floats:
        """Overlapping frames ``(..., frames, win_length)`` of the extended signal."""
        before = self.win_length // 2
        total = (self.frames - 1) * self.hop_length + self.win_length
        widths = [(0, 0)] * (x.ndim - 1) + [(before, total - before - self.length)]
        views = np.lib.stride_tricks.sliding_window_view(
            np.pad(x, widths), self.win_length, axis=-1
        )
        return np.asarray(views[..., :: self.hop_length, :])

    def _overlap_add(self, frames: Floats) -> Floats:
        """Sum of frames ``(..., frames, win_length)`` at their positions, without the extension."""
        # In pieces of one hop, the k-th piece of every frame lies k hops after its start.
        pieces = -(-self.win_length // self.hop_length)
        widths = [(0, 0)] * (frames.ndim - 1) + [(0, pieces * self.hop_length - self.win_length)]
        padded = np.pad(frames, widths).reshape(*frames.shape[:-1], pieces, self.hop_length)
        total = np.zeros(
            (*frames.shape[:-2], self.frames + pieces - 1, self.hop_length), frames.dtype
        )
        for piece in range(pieces):
            total[..., piece : piece + self.frames, :] += padded[..., piece, :]
        before = self.win_length // 2
        whole = total.reshape(*frames.shape[:-2], -1)
        return np.asarray(whole[..., before : before + self.length])
