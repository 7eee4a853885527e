"""The short-time Fourier transform of other people's networks: any window, framing and FFT length.

`Stft` is the published transform and its exact inverse. An `Analysis` follows the conventions of
librosa, torch, Kaldi and TensorFlow, which differ in where frames begin and in how many there are.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from lrp_audio.types import Floats

Spectra = NDArray[np.complexfloating]


def _cosines(*terms: float) -> Callable[[Floats], Floats]:
    """The window ``a0 - a1 cos(phase) + a2 cos(2 phase) - ...``."""
    return lambda phase: np.asarray(
        sum((-1) ** order * term * np.cos(order * phase) for order, term in enumerate(terms))
    )


_HANN, _HAMMING, _BLACKMAN = _cosines(0.5, 0.5), _cosines(0.54, 0.46), _cosines(0.42, 0.5, 0.08)

_WINDOWS: dict[str, tuple[Callable[[Floats], Floats], bool]] = {
    "hann": (_HANN, True),
    "hamming": (_HAMMING, True),
    "blackman": (_BLACKMAN, True),
    "rectangular": (_cosines(1.0), True),
    "hann-symmetric": (_HANN, False),
    "hamming-symmetric": (_HAMMING, False),
    "blackman-symmetric": (_BLACKMAN, False),
    "povey": (lambda phase: _HANN(phase) ** 0.85, False),
}

WINDOWS = tuple(_WINDOWS)
"""Names of windows; periodic ones, but for the symmetric ones and Kaldi's own, povey."""

FRAMINGS = ("centred", "uncentred", "snip-edges", "kaldi-padded")
"""Where frames begin.

| framing | first sample of the first window | frames | as in |
|---|---|---|---|
| centred | the window's middle lies on sample 0 | ``1 + (length + 2 (n_fft // 2) - n_fft) // hop`` | librosa, torch |
| uncentred | the window lies in the middle of the first n_fft samples | ``1 + (length - n_fft) // hop`` | librosa, torch |
| snip-edges | sample 0 | ``1 + (length - win) // hop`` | Kaldi, TensorFlow |
| kaldi-padded | half a window less half a hop before sample 0 | ``(length + hop // 2) // hop`` | Kaldi without snip_edges |
"""  # noqa: E501

PAD_MODES = ("constant", "reflect")
"""What surrounds the signal of centred frames: zeros, or its mirror image."""


def window(name: str, length: int) -> NDArray[np.float64]:
    """The window of that name, ``(length,)``."""
    shape, periodic = _WINDOWS[name]
    points = length if periodic else max(length - 1, 1)
    return np.asarray(shape(2 * np.pi * np.arange(length) / points), np.float64)


@dataclass(frozen=True)
class Analysis:
    """Frames of `win_length` samples every `hop_length`, tapered, in FFTs of `n_fft` points.

    `preemphasis` subtracts that share of the sample before, in the whole signal or, with Kaldi's
    framings, in each frame; `remove_dc` subtracts the mean of each frame first. Parameters are
    those that a front end has checked.
    """

    n_fft: int
    win_length: int
    hop_length: int
    window: str = "hann"
    framing: str = "centred"
    pad_mode: str = "constant"
    preemphasis: float = 0.0
    remove_dc: bool = False

    @property
    def bins(self) -> int:
        """Number of frequencies, from 0 to at most half the rate."""
        return self.n_fft // 2 + 1

    @cached_property
    def taper(self) -> NDArray[np.float64]:
        """The window itself, ``(win_length,)``."""
        return window(self.window, self.win_length)

    def count(self, length: int) -> int:
        """Number of frames of a signal of `length` samples, 0 where it is too short for one."""
        if self.framing == "kaldi-padded":
            return (length + self.hop_length // 2) // self.hop_length
        spare = length - self._needed
        return 0 if spare < 0 or length < 1 else 1 + spare // self.hop_length

    def shortest(self, frames: int) -> int:
        """The least number of samples that gives that many `frames`."""
        if self.framing == "kaldi-padded":
            return frames * self.hop_length - self.hop_length // 2
        return max((frames - 1) * self.hop_length + self._needed, 1)

    def frequencies(self, rate: int) -> NDArray[np.float64]:
        """Frequency of each bin in Hz, ``(bins,)``."""
        return np.arange(self.bins) * rate / self.n_fft

    def times(self, rate: int, frames: int) -> NDArray[np.float64]:
        """Time of the middle of each frame in seconds, ``(frames,)``."""
        middle = self._first + self.win_length // 2
        return (middle + np.arange(frames) * self.hop_length) / rate

    def spectra(self, samples: Floats) -> Spectra:
        """Complex spectrum ``(bins, frames)`` of `samples` ``(length,)``, not scaled."""
        signal = samples.astype(np.float64)
        if self.preemphasis and not self._in_frames:
            signal = np.append(signal[:1], signal[1:] - self.preemphasis * signal[:-1])
        frames = self.framed(signal)
        if self.remove_dc:
            frames = frames - frames.mean(axis=1, keepdims=True)
        if self.preemphasis and self._in_frames:
            before = np.concatenate([frames[:, :1], frames[:, :-1]], axis=1)
            frames = frames - self.preemphasis * before
        return np.fft.rfft(frames * self.taper, self.n_fft).T

    def transposed(self, spectra: Spectra, length: int) -> NDArray[np.float64]:
        """The transpose of `spectra`, a linear map to real and imaginary parts: ``(length,)``."""
        halved = np.array(spectra.T)
        halved[:, 1 : (self.n_fft + 1) // 2] /= 2  # irfft counts each of these bins twice
        frames = np.fft.irfft(halved, self.n_fft)[:, : self.win_length] * (self.n_fft * self.taper)
        if self.preemphasis and self._in_frames:
            after = np.zeros_like(frames)
            after[:, :-1] = frames[:, 1:]
            after[:, 0] += frames[:, 0]
            frames = frames - self.preemphasis * after
        if self.remove_dc:
            frames = frames - frames.mean(axis=1, keepdims=True)
        signal = self.unframed(frames, length)
        if self.preemphasis and not self._in_frames:
            signal[:-1] -= self.preemphasis * signal[1:]
        return signal

    def masked(self, mask: Floats, samples: Floats) -> NDArray[np.float64]:
        """`samples` ``(length,)`` with their spectra times `mask` ``(bins, frames)``.

        Phases are the recording's own. So that every sample is heard through some window, frames go
        on before the first and after the last one, and between them where they overlap by less than
        half; each takes the mask of the nearest frame.
        """
        hop = min(self.hop_length, max(self.win_length // 2, 1))
        before = -(-(self._first + self.win_length) // hop)
        first = self._first - before * hop
        count = -(-(len(samples) - first) // hop)
        starts = first + hop * np.arange(count)
        nearest = np.rint((starts - self._first) / self.hop_length).astype(np.intp)
        chosen = mask[:, np.clip(nearest, 0, mask.shape[1] - 1)]
        after = first + (count - 1) * hop + self.win_length - len(samples)
        extended = np.pad(samples.astype(np.float64), (-first, after))
        spectra = np.fft.rfft(_framed(extended, self.win_length, hop) * self.taper, self.n_fft)
        heard = np.fft.irfft(spectra * chosen.T, self.n_fft)[:, : self.win_length] * self.taper
        cover = _overlap_added(np.broadcast_to(self.taper**2, heard.shape), hop)
        own = slice(-first, -first + len(samples))
        return np.asarray(_overlap_added(heard, hop)[own] / cover[own])

    def framed(self, signal: Floats) -> NDArray[np.float64]:
        """Frames ``(frames, win_length)`` of a signal ``(length,)``, with what surrounds it."""
        read = np.append(signal, 0.0)[self._sources(len(signal))]
        return _framed(read, self.win_length, self.hop_length)

    def unframed(self, frames: NDArray[np.float64], length: int) -> NDArray[np.float64]:
        """The transpose of `framed`; what lies on padded zeros is left out."""
        sources = self._sources(length)
        read = _overlap_added(frames, self.hop_length)
        # Place `length` stands for the zeros, which -1 means above.
        whole = np.bincount(sources % (length + 1), read, length + 1)
        return np.asarray(whole[:length], np.float64)

    @property
    def _in_frames(self) -> bool:
        return self.framing in ("snip-edges", "kaldi-padded")

    @property
    def _padding(self) -> int:
        """Samples around the signal on each side."""
        return self.n_fft // 2 if self.framing == "centred" else 0

    @property
    def _needed(self) -> int:
        """Samples of the signal itself that the first frame needs; below 1 for padding alone."""
        size = self.win_length if self.framing == "snip-edges" else self.n_fft
        return size - 2 * self._padding

    @property
    def _first(self) -> int:
        """Sample on which the first window begins; it may lie before the signal."""
        if self.framing == "snip-edges":
            return 0
        if self.framing == "kaldi-padded":
            return self.hop_length // 2 - self.win_length // 2
        return (self.n_fft - self.win_length) // 2 - self._padding

    def _sources(self, length: int) -> NDArray[np.intp]:
        """Which sample each value is that the windows read, in order; -1 for a zero."""
        begin = self._first
        end = begin + (self.count(length) - 1) * self.hop_length + self.win_length
        before, around = max(-begin, 0), (max(-begin, 0), max(end - length, 0))
        own = np.arange(length)
        if self.framing == "kaldi-padded":
            extended = np.pad(own, around, mode="symmetric")
        elif self.pad_mode == "reflect":
            extended = np.pad(own, around, mode="reflect")
        else:
            extended = np.pad(own, around, constant_values=-1)
        return np.asarray(extended[begin + before : end + before], np.intp)


def _framed(signal: NDArray[np.float64], win_length: int, hop: int) -> NDArray[np.float64]:
    """The frames ``(frames, win_length)`` of a signal, as a view."""
    return np.lib.stride_tricks.sliding_window_view(signal, win_length)[::hop]


def _overlap_added(frames: NDArray[np.float64], hop: int) -> NDArray[np.float64]:
    """The sum of `frames` at their places: the transpose of `_framed`."""
    count, win_length = frames.shape
    total = np.zeros((count - 1) * hop + win_length)
    # Cut into pieces of one hop, the same piece of every frame is added at once.
    for begin in range(0, win_length, hop):
        piece = frames[:, begin : begin + hop]
        size = piece.shape[1]
        view = np.lib.stride_tricks.sliding_window_view(total[begin:], size, writeable=True)
        view[::hop][:count] += piece
    return total
