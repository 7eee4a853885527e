"""Clips: a mono recording, read from a file or taken from samples, fitted to a network."""

import io
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lrp_audio.audio.channels import Sound
from lrp_audio.audio.files import decode, decode_stream
from lrp_audio.audio.resample import resample
from lrp_audio.audio.samples import from_array
from lrp_audio.errors import ClipError

FULL_SCALE = 32768.0
"""One step of a 16-bit recording is 1, full scale is 32768, whatever the source's format."""

# What is never one of a pair of samples and rate.
_NO_SAMPLES = (str, bytes, os.PathLike, Iterator, type(None))
# Windows whose energy differs by less are equally loud: the middle one of them centres the word.
_EQUALLY_LOUD = 1e-4


@dataclass(frozen=True, eq=False)
class Clip:
    """A mono recording that is known to hold sound.

    ``samples`` has shape ``(time,)``, float32 or float64, in int16 scale (full scale is 32768),
    taken ``rate`` times a second. ``name`` says where it came from (the path as given); ``notes``
    are sentences on what was done; ``source_rate`` is the rate of the recording in Hz before it was
    resampled, by default ``rate``.
    Raises `ClipError` for samples that are empty, silent, not finite or of another shape or type.
    """

    samples: NDArray[np.floating]
    rate: int
    name: str = "samples"
    notes: tuple[str, ...] = ()
    source_rate: int = 0

    def __post_init__(self) -> None:
        """Check what the class promises, so that no function below has to."""
        object.__setattr__(self, "source_rate", self.source_rate or self.rate)
        samples = self.samples
        if samples.ndim != 1 or samples.dtype not in (np.float32, np.float64):
            raise ClipError(
                f"{self.name} is {samples.dtype} of shape {samples.shape}, but a Clip holds "
                "float32 or float64 of shape (time,): use clip_from_samples."
            )
        if samples.size == 0:
            raise ClipError(f"{self.name} holds no samples: give a recording with some sound.")
        if not np.isfinite(samples).all():
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


def as_clip(source: object, name: str | None = None) -> Clip:
    """The clip that `source` means, whichever way it is given.

    | `source` | |
    |---|---|
    | a path | read as `read_clip` does |
    | a `Clip` | itself |
    | `(samples, rate)` or `(rate, samples)` | taken as `clip_from_samples` does |
    | bytes, or a file opened in binary mode | decoded; a file that can go back, from its start |

    `name` stands for it in sentences, by default its path or what it is. Raises `ClipError`.
    """
    if isinstance(source, Clip):
        return source
    if isinstance(source, str | os.PathLike):
        return read_clip(source)
    if isinstance(source, bytes | bytearray | memoryview):
        return _read_stream(io.BytesIO(source), name or f"the recording of {len(source)} bytes")
    if callable(getattr(source, "read", None)):
        return _read_stream(source, name or _name_of(source))  # type: ignore[arg-type]
    if isinstance(source, tuple | list) and len(source) == 2:
        samples, rate = source if not _is_rate(source[0]) else reversed(source)
        if _is_rate(rate) and not _is_rate(samples) and not isinstance(samples, _NO_SAMPLES):
            return clip_from_samples(samples, rate, name or "samples")
    raise ClipError(_no_recording(source))


def read_clip(path: str | os.PathLike[str]) -> Clip:
    """Read a file that libsndfile knows: one channel of it at the rate of the recording.

    The channel is the mean of all; where they cancel each other, the loudest one. Raises
    `ClipError` with one sentence for a file that is missing, a folder, empty, silent, cut off, too
    large, holds NaN or is no audio.
    """
    return _clip_of(decode(Path(path)), str(path))


def clip_from_samples(samples: ArrayLike, rate: float, name: str = "samples") -> Clip:
    """Make a clip of samples ``(time,)`` or ``(time, channels)`` taken ``rate`` times a second.

    ``(channels, time)`` is taken as such where it can mean nothing else: one row, or no more rows
    than `MAX_CHANNELS` and more columns than that. Floats have full scale 1.0, integers of up to 32
    bits their type's own (unsigned ones are centred on half their range, as in WAV). `rate` is a
    whole number of any type. Raises `ClipError` as `read_clip` does.
    """
    return _clip_of(from_array(samples, rate, name), name)


def at_rate(clip: Clip, rate: int) -> Clip:
    """`clip` resampled to `rate` Hz, float64; raises `ClipError` where that leaves silence."""
    if clip.rate == rate and clip.samples.dtype == np.float64:
        return clip
    notes = clip.notes
    if clip.rate < rate:
        notes += (
            f"{clip.rate} Hz: upsampled to {rate} Hz, with nothing above {clip.rate // 2} Hz to "
            "hear",
        )
    samples = resample(clip.samples, clip.rate, rate)
    return Clip(samples, rate, clip.name, notes, clip.source_rate)


def fit(clip: Clip, rate: int, length: int) -> Clip:
    """Bring a clip to `rate` Hz and `length` samples, and note what was done.

    A longer one is cut to the loudest window (largest energy; where several are equally loud, the
    middle one), a shorter one is centred between zeros. One that fits is returned as it is.
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
        fitted = samples[start : start + length].copy()
        note = f"{given}: the loudest {window}, {begin:.2f} s to {end:.2f} s, is explained"
    else:
        before = (length - len(samples)) // 2
        fitted = np.pad(samples, (before, length - len(samples) - before))
        note = f"{given}: centred in {seconds:g} s, with zeros around it"
    return Clip(fitted, clip.rate, clip.name, (*clip.notes, note), clip.source_rate)


def _read_stream(stream: IO[bytes], name: str) -> Clip:
    return _clip_of(decode_stream(stream, name), name)


def _clip_of(sound: Sound, name: str) -> Clip:
    """Bring to int16 scale; what is not finite is refused with its place."""
    mono, rate, notes = sound
    with np.errstate(over="ignore"):
        mono *= np.float32(FULL_SCALE)  # in place: half an hour of it is large
    if not np.isfinite(mono).all():
        first = int(np.argmin(np.isfinite(mono))) / rate
        raise ClipError(
            f"{name} holds samples that are not finite numbers (NaN or infinity), the first at "
            f"{first:.3f} s: export it again from the program that made it."
        )
    return Clip(mono, rate, name, notes)


def _name_of(stream: object) -> str:
    """The name of an open file, or what kind of stream it is."""
    name = getattr(stream, "name", None)
    return name if isinstance(name, str) and name else f"the {type(stream).__name__}"


def _is_rate(value: object) -> bool:
    """Whether one of a pair is a single number, and so its rate."""
    if isinstance(value, _NO_SAMPLES):
        return False
    try:
        array = np.asarray(value)
    except (ValueError, TypeError, RuntimeError):  # such as rows of different lengths
        return False
    return array.ndim == 0 and array.dtype != object


def _no_recording(source: object) -> str:
    """The sentence for what is no recording, or one without its rate."""
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


def _loudest(samples: NDArray[np.floating], length: int) -> int:
    """First sample of the window of ``length`` samples with the largest energy."""
    total = np.concatenate(([0.0], np.cumsum(np.square(samples, dtype=np.float64))))
    energy = total[length:] - total[:-length]
    equal = np.flatnonzero(energy >= (1 - _EQUALLY_LOUD) * energy.max())
    return int(equal[len(equal) // 2])
