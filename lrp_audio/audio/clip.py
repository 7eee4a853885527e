"""Clips: a recording, read from a file or taken from samples, fitted to a network."""

import io
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import ArrayLike

from lrp_audio.audio.channels import Mono
from lrp_audio.audio.files import decode, decode_stream
from lrp_audio.audio.resample import resample
from lrp_audio.audio.samples import from_array
from lrp_audio.errors import ClipError
from lrp_audio.types import Floats

FULL_SCALE = 32768.0
"""One step of a 16-bit recording is 1, full scale is 32768, whatever the source's format."""

# Types that are neither samples nor a rate.
_NO_SAMPLES = (str, bytes, os.PathLike, Iterator, type(None))
# Windows whose energies differ by less are equally loud; the middle one of them centres the word.
_EQUALLY_LOUD = 1e-4


@dataclass(frozen=True, eq=False)
class Clip:
    """A recording as mono that is not silent; for networks that take several channels, with these.

    ``samples`` has shape ``(time,)``, float32 or float64, in int16 scale (full scale is 32768), at
    ``rate`` Hz. ``name`` is its source (the path as given); ``notes`` are sentences on how it was
    changed; ``source_rate`` is the rate of the recording in Hz before resampling, by default
    ``rate``. ``channels`` has shape ``(channels, time)`` and the type of ``samples``; None where
    only the mono signal is kept. ``sha256`` is the digest of the bytes that it was decoded from,
    empty for one made of samples. ``centred`` says that the mean of the recording was removed, so
    that it is not removed again from a part of it. Raises `ClipError` for samples that are empty,
    silent, not finite or of another shape or type.
    """

    samples: Floats
    rate: int
    name: str = "samples"
    notes: tuple[str, ...] = ()
    source_rate: int = 0
    channels: Floats | None = None
    sha256: str = ""
    centred: bool = False

    def __post_init__(self) -> None:
        """Check what the class guarantees, so that other functions need not."""
        object.__setattr__(self, "source_rate", self.source_rate or self.rate)
        samples = self.samples
        if samples.ndim != 1 or samples.dtype not in (np.float32, np.float64):
            raise ClipError(
                f"{self.name} is {samples.dtype} of shape {samples.shape}, but a Clip holds "
                "float32 or float64 of shape (time,): use clip_from_samples."
            )
        if samples.size == 0:
            raise ClipError(f"{self.name} holds no samples: give a recording with some sound.")
        parts = self.channels
        if parts is not None and (parts.shape[1:], parts.dtype) != (samples.shape, samples.dtype):
            raise ClipError(
                f"{self.name} has channels of {parts.dtype} and shape {parts.shape}, but those of "
                f"a Clip are {samples.dtype} of shape (channels, {len(samples)}), as its samples."
            )
        if not all(np.isfinite(part).all() for part in (samples, parts) if part is not None):
            raise ClipError(
                f"{self.name} holds samples that are not finite numbers (NaN or infinity): "
                "export it again from the program that made it."
            )
        if float(samples.max()) - float(samples.min()) < 1.0:
            raise ClipError(
                f"{self.name} is silent: as mono at {self.rate} Hz it never moves by one step of a "
                "16-bit recording; give a recording with audible sound."
            )

    def __repr__(self) -> str:
        return f"<Clip {self.name!r}: {self.seconds:.3f} s at {self.rate} Hz>"

    @property
    def seconds(self) -> float:
        """Duration in seconds."""
        return len(self.samples) / self.rate

    def changed(self, change: Callable[[Floats], Floats], *notes: str, rate: int = 0) -> "Clip":
        """The clip after a `change` of samples ``(time,)``, which every channel takes alike.

        `notes` are added to its own; `rate` in Hz is that of the result where it is another one.
        """
        parts = self.channels
        return replace(
            self,
            samples=change(self.samples),
            channels=None if parts is None else np.stack([change(part) for part in parts]),
            rate=rate or self.rate,
            notes=(*self.notes, *notes),
        )


def as_clip(source: object, name: str | None = None, channels: int = 1) -> Clip:
    """The clip that `source` stands for.

    | `source` | |
    |---|---|
    | a path | read as by `read_clip` |
    | a `Clip` | returned unchanged |
    | `(samples, rate)` or `(rate, samples)` | converted as by `clip_from_samples` |
    | bytes, or a file opened in binary mode | decoded; a seekable file, from its start |

    `name` is used in messages, by default the path or a description. `channels` is the number that
    a network takes: several are kept, as by `read_clip`. Raises `ClipError`.
    """
    if isinstance(source, Clip):
        return source
    if isinstance(source, str | os.PathLike):
        return read_clip(source, channels)
    if isinstance(source, bytes | bytearray | memoryview):
        stream = io.BytesIO(source)
        return _read_stream(stream, name or f"the recording of {len(source)} bytes", channels)
    if callable(getattr(source, "read", None)):
        return _read_stream(source, name or _name_of(source), channels)  # type: ignore[arg-type]
    if isinstance(source, tuple | list) and len(source) == 2:
        samples, rate = source if not _is_rate(source[0]) else reversed(source)
        if _is_rate(rate) and not _is_rate(samples) and not isinstance(samples, _NO_SAMPLES):
            return clip_from_samples(samples, rate, name or "samples", channels)
    raise ClipError(_no_recording(source))


def read_clip(path: str | os.PathLike[str], channels: int = 1) -> Clip:
    """Read a file of any format that libsndfile supports, as mono at the rate of the recording.

    The samples are the mean of all channels or, where these cancel each other, the loudest channel.
    For a network that takes several `channels` these are kept as well. Raises `ClipError` with one
    sentence for a file that is missing, a folder, empty, silent, cut off, too large, contains NaN,
    is no audio or has another number of channels than that.
    """
    return _clip_of(decode(Path(path), channels), str(path))


def clip_from_samples(
    samples: ArrayLike, rate: float, name: str = "samples", channels: int = 1
) -> Clip:
    """Make a clip of samples ``(time,)`` or ``(time, channels)`` at `rate` Hz.

    ``(channels, time)`` is recognised where the shape cannot mean anything else: one row, or at
    most `MAX_CHANNELS` rows and more columns than that. Floats have full scale 1.0, integers of up
    to 32 bits that of their type (unsigned ones are centred on half their range, as in WAV). `rate`
    is a whole number of any type. Several `channels` are kept, and `ClipError` raised, as by
    `read_clip`.
    """
    return _clip_of(from_array(samples, rate, name, channels), name)


def at_rate(clip: Clip, rate: int) -> Clip:
    """`clip` resampled to `rate` Hz, float64; raises `ClipError` where the result is silent."""
    if clip.rate == rate and clip.samples.dtype == np.float64:
        return clip
    notes: tuple[str, ...] = ()
    if clip.rate < rate:
        notes += (
            f"{clip.rate} Hz: upsampled to {rate} Hz, with nothing above {clip.rate // 2} Hz to "
            "hear",
        )
    return clip.changed(lambda samples: resample(samples, clip.rate, rate), *notes, rate=rate)


def fit(clip: Clip, rate: int, length: int) -> Clip:
    """Bring a clip to `rate` Hz and `length` samples; a note records the change.

    A longer clip is cut to the loudest window (largest energy as mono; the middle one of several
    equally loud ones), a shorter clip is centred between zeros; channels stay aligned. A clip that
    fits is returned unchanged.
    """
    clip = at_rate(clip, rate)
    samples = clip.samples
    if len(samples) == length:
        return clip
    given, seconds = f"{clip.seconds:.2f} s long", length / clip.rate
    window = "second" if seconds == 1 else f"{seconds:g} s"
    if len(samples) > length:
        start = _loudest(samples, length)
        begin, end = start / clip.rate, (start + length) / clip.rate
        note = f"{given}: the loudest {window}, {begin:.2f} s to {end:.2f} s, is explained"
        return clip.changed(lambda signal: signal[start : start + length].copy(), note)
    before = (length - len(samples)) // 2
    after = length - len(samples) - before
    note = f"{given}: centred in {seconds:g} s, with zeros around it"
    return clip.changed(lambda signal: np.pad(signal, (before, after)), note)


def _read_stream(stream: IO[bytes], name: str, channels: int) -> Clip:
    return _clip_of(decode_stream(stream, name, channels), name)


def _clip_of(mono: Mono, name: str) -> Clip:
    """The clip in int16 scale; a value that is not finite is refused with its position."""
    samples, rate, notes, channels, digest = mono
    with np.errstate(over="ignore"):
        samples *= np.float32(FULL_SCALE)  # in place, because half an hour is large
        if channels is not None:
            channels *= np.float32(FULL_SCALE)
    if not np.isfinite(samples).all():
        first = int(np.argmin(np.isfinite(samples))) / rate
        raise ClipError(
            f"{name} holds samples that are not finite numbers (NaN or infinity), the first at "
            f"{first:.3f} s: export it again from the program that made it."
        )
    return Clip(samples, rate, name, notes, channels=channels, sha256=digest)


def _name_of(stream: object) -> str:
    """The name of an open file, or the type of a stream without one."""
    name = getattr(stream, "name", None)
    return name if isinstance(name, str) and name else f"the {type(stream).__name__}"


def _is_rate(value: object) -> bool:
    """Whether a value of a pair is a single number, which must be the rate."""
    if isinstance(value, _NO_SAMPLES):
        return False
    try:
        array = np.asarray(value)
    except (ValueError, TypeError, RuntimeError):  # such as rows of different lengths
        return False
    return array.ndim == 0 and array.dtype != object


def _no_recording(source: object) -> str:
    """The message for a `source` that is no recording, or one without its rate."""
    if isinstance(source, tuple) and len(source) == 2:
        kinds = " and ".join(type(part).__name__ for part in source)
        return (
            f"A pair of {kinds} is no recording: give samples and their rate in Hz, such as "
            "(samples, 16000)."
        )
    if isinstance(source, Iterator):
        return (
            f"A {type(source).__name__} is no recording: make an array of its samples and give it "
            "with their rate in Hz, such as (np.fromiter(numbers, float), 16000)."
        )
    if isinstance(source, list) or (hasattr(source, "__array__") and np.ndim(source) > 0):
        return (
            f"Samples ({type(source).__name__}) come without their rate: give both, with the rate "
            "in Hz, such as (samples, 16000)."
        )
    return (
        f"{source!r:.60} ({type(source).__name__}) is no recording: give a path, a Clip, an open "
        "file or bytes, or samples with their rate in Hz, such as (samples, 16000)."
    )


def _loudest(samples: Floats, length: int) -> int:
    """First sample of the window of `length` samples with the largest energy."""
    total = np.concatenate(([0.0], np.cumsum(np.square(samples, dtype=np.float64))))
    energy = total[length:] - total[:-length]
    equal = np.flatnonzero(energy >= (1 - _EQUALLY_LOUD) * energy.max())
    return int(equal[len(equal) // 2])
