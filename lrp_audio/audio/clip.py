"""Clips: a mono recording at 8 kHz, read from a file or taken from samples, fitted to a second."""

import io
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lrp_audio.audio.channels import Levels, cancelled_note
from lrp_audio.audio.files import MAX_CHANNELS, Sound, check_size, decode, decode_stream
from lrp_audio.audio.resample import resample
from lrp_audio.errors import ClipError

RATE = 8000
"""Samples a second that every clip is resampled to."""

FULL_SCALE = 32768.0
"""One step of a 16-bit recording is 1, full scale is 32768, whatever the source's format."""

_PERCENTILE = 95
_OFFSET = 0.001
_LARGEST_INPUT = 32.0

INPUT_BOUNDS = (-_LARGEST_INPUT, _LARGEST_INPUT)
"""No value that `waveform_input` gives lies outside."""
# Windows whose energy differs by less are equally loud: the middle one of them centres the word.
_EQUALLY_LOUD = 1e-4
# Beyond this a float is no sample of sound, and its square would leave float32.
_LARGEST_FLOAT = 1e9


@dataclass(frozen=True, eq=False)
class Clip:
    """A mono recording at 8 kHz that is known to hold sound.

    ``samples`` has shape ``(time,)``, float32 or float64, in int16 scale (full scale is 32768).
    ``name`` says where it came from (the path as given); ``notes`` are sentences on what was done;
    ``source_rate`` is the rate of the recording in Hz, before resampling.
    Raises `ClipError` for samples that are empty, silent, not finite or of another shape or type.
    """

    samples: NDArray[np.floating]
    rate: int = RATE
    name: str = "samples"
    notes: tuple[str, ...] = ()
    source_rate: int = RATE

    def __post_init__(self) -> None:
        """Check what the class promises, so that no function below has to."""
        samples = self.samples
        if samples.ndim != 1 or samples.dtype not in (np.float32, np.float64):
            raise ClipError(
                f"{self.name} is {samples.dtype} of shape {samples.shape}, but a Clip holds "
                "float32 or float64 of shape (time,): use clip_from_samples."
            )
        if self.rate != RATE:
            raise ClipError(
                f"{self.name} is at {self.rate} Hz, but a Clip is at {RATE} Hz: use "
                "clip_from_samples, which resamples."
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
                f"{self.name} is silent: as mono at {RATE} Hz it never moves by one step of a "
                "16-bit recording; give a recording with audible sound."
            )

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
        first, second = source
        if _is_rate(first) != _is_rate(second):
            samples, rate = (second, first) if _is_rate(first) else (first, second)
            return clip_from_samples(samples, rate, name or "samples")
    raise ClipError(_no_recording(source))


def read_clip(path: str | os.PathLike[str]) -> Clip:
    """Read a file that libsndfile knows, of any rate: one channel of it at 8 kHz, float64.

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
    array = _array(samples, name)
    if array.ndim == 2 and array.shape[1] > 1:
        rows, columns = array.shape
        if rows == 1 or rows <= MAX_CHANNELS < columns:
            array = array.T
    if array.ndim not in (1, 2) or (array.ndim == 2 and not 1 <= array.shape[1] <= MAX_CHANNELS):
        raise ClipError(
            f"{name} has shape {array.shape}: give (time,) or (time, channels) with at most "
            f"{MAX_CHANNELS} channels."
        )
    hertz = _whole(rate, name)
    check_size(name, len(array), hertz)
    scaled = _int16_scale(array, name)
    if scaled.ndim == 1:
        return _clip_at_rate(scaled, hertz, name)
    mean = scaled.mean(axis=1)
    levels = Levels(scaled.shape[1])
    levels.add(scaled, mean)
    chosen = levels.loudest_of_cancelled()
    if chosen is None:
        return _clip_at_rate(mean, hertz, name)
    return _clip_at_rate(scaled[:, chosen], hertz, name, (cancelled_note(len(scaled.T), chosen),))


def fit(clip: Clip, length: int = RATE) -> Clip:
    """Bring a clip to ``length`` samples and note what was done.

    A longer one is cut to the loudest window (largest energy; where several are equally loud, the
    middle one), a shorter one is centred between zeros. One that fits is returned as it is.
    """
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


def waveform_input(samples: NDArray[np.floating]) -> NDArray[np.floating]:
    """Scale fitted samples ``(time,)`` as published: ``x / (percentile(x, 95) + 0.001)``.

    The percentile is that of the signed, padded signal; type and shape are kept. This project's
    own addition: it counts at least as much as 1/32 of the peak, because it falls to zero for a
    word of less than about 0.1 s. One clip in a hundred is so short.
    """
    level = float(np.percentile(samples.astype(np.float64), _PERCENTILE))
    floor = float(np.abs(samples).max()) / _LARGEST_INPUT
    return samples / (max(level, floor) + _OFFSET)


def _read_stream(stream: IO[bytes], name: str) -> Clip:
    return _clip_of(decode_stream(stream, name), name)


def _clip_of(sound: Sound, name: str) -> Clip:
    samples = sound.samples
    samples *= np.float32(FULL_SCALE)  # in place: half an hour of it is large
    return _clip_at_rate(samples, sound.rate, name, sound.notes)


def _name_of(stream: object) -> str:
    """The name of an open file, or what kind of stream it is."""
    name = getattr(stream, "name", None)
    return name if isinstance(name, str) and name else f"the {type(stream).__name__}"


def _is_rate(value: object) -> bool:
    """Whether one of a pair is a single number, and so its rate."""
    if isinstance(value, str | bytes | os.PathLike | Iterator) or value is None:
        return False
    try:
        array = np.asarray(value)
    except ValueError:  # rows of different lengths
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


def _array(samples: ArrayLike, name: str) -> NDArray[Any]:
    """Samples as an array, as they are."""
    try:
        array = np.asarray(samples)
    except (ValueError, TypeError, RuntimeError) as error:
        raise ClipError(
            f"{name} is not one array of numbers: give shape (time,) or (time, channels)."
        ) from error
    if array.dtype == object:
        raise ClipError(
            f"{name} ({type(samples).__name__}) is not an array of numbers: make one of it first, "
            "for example with np.fromiter."
        )
    return array


def _whole(rate: object, name: str) -> int:
    """A rate as an int; it may be a float or an array of one number."""
    array = np.asarray(rate)
    whole = array.size == 1 and array.dtype.kind in "iuf" and float(array.item()).is_integer()
    if not whole:
        raise ClipError(f"{name} comes with the rate {rate!r:.60}: give a whole number of Hz.")
    return int(array.item())


def _clip_at_rate(
    mono: NDArray[np.floating], rate: int, name: str, notes: tuple[str, ...] = ()
) -> Clip:
    """Resample to 8 kHz; NaN and infinity are refused first, for a transform would spread them."""
    if not np.isfinite(mono).all():
        first = int(np.argmin(np.isfinite(mono))) / rate
        raise ClipError(
            f"{name} holds samples that are not finite numbers (NaN or infinity), the first at "
            f"{first:.3f} s: export it again from the program that made it."
        )
    if rate < RATE:
        low = f"{rate} Hz: upsampled to {RATE} Hz, with nothing above {rate // 2} Hz to hear"
        notes = (*notes, low)
    return Clip(resample(mono, rate, RATE), RATE, name, notes, rate)


def _int16_scale(array: NDArray[np.generic], name: str) -> NDArray[np.float64]:
    kind, bits = array.dtype.kind, 8 * array.dtype.itemsize
    if kind == "f":
        values = array.astype(np.float64)
        if (np.abs(values) > _LARGEST_FLOAT).any() and np.isfinite(values).all():
            raise ClipError(
                f"{name} reaches {np.abs(values).max():.3g}, where samples as floats have full "
                "scale 1.0: divide by the full scale of its source."
            )
        return values * FULL_SCALE
    if kind in "iu" and bits <= 32:
        half = 2.0 ** (bits - 1)
        return (array.astype(np.float64) - (half if kind == "u" else 0.0)) * (FULL_SCALE / half)
    raise ClipError(
        f"{name} is of type {array.dtype}, which has no agreed full scale: give floats in [-1, 1] "
        "or integers of 8, 16 or 32 bits."
    )


def _loudest(samples: NDArray[np.floating], length: int) -> int:
    """First sample of the window of ``length`` samples with the largest energy."""
    total = np.concatenate(([0.0], np.cumsum(np.square(samples, dtype=np.float64))))
    energy = total[length:] - total[:-length]
    equal = np.flatnonzero(energy >= (1 - _EQUALLY_LOUD) * energy.max())
    return int(equal[len(equal) // 2])
