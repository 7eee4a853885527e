"""Sound files: decoding through libsndfile, with every failure turned into one sentence."""

import struct
from pathlib import Path
from typing import BinaryIO

import numpy as np
import soundfile
from numpy.typing import NDArray

from lrp_audio.errors import ClipError
from lrp_audio.forking import fork_outside

MAX_MINUTES = 30
MAX_CHANNELS = 64
MIN_RATE, MAX_RATE = 1_000, 768_000
_MAX_FRAMES = MAX_MINUTES * 60 * 48_000
_BLOCK_FRAMES = 65_536
_AGAIN = "copy or record it again"

# libsndfile's frame count, and the chunk lengths of programs that write to a pipe, for "unknown".
_UNKNOWN_FRAMES = 2**63 - 1
_UNKNOWN_BYTES = 0x7FFF0000

# Newer versions of soundfile hold a lock while they open a file.
if (_opening := getattr(soundfile.SoundFile, "_sf_error_lock", None)) is not None:
    fork_outside(_opening)

_OGG_PAGE = 65_307  # the largest there is
_OGG_LAST_PAGE = 4


def decode(path: Path) -> tuple[NDArray[np.float32], int]:
    """Return the mean of the channels, ``(time,)`` with full scale 1.0, and the rate in Hz.

    Raises `ClipError` for whatever keeps the file from being read to its end.
    """
    try:
        size = _check_file(path)
        # Opened here, because libsndfile takes neither every file name nor tells its errors apart.
        with path.open("rb") as opened:
            _check_content(opened, size, path)
            opened.seek(0)
            with soundfile.SoundFile(opened) as sound:
                return _mono(sound, path), int(sound.samplerate)
    except OSError as error:
        raise ClipError(f"{path} cannot be read ({error.strerror}): check its rights.") from error
    except soundfile.LibsndfileError as error:
        raise ClipError(
            f"{path} cannot be decoded: it is cut off, damaged or holds something other than "
            f"sound; {_AGAIN}, or convert it to 16-bit WAV."
        ) from error


def check_size(name: str, frames: int, rate: int) -> None:
    """Raise `ClipError` for a rate that is no sound's or for more frames than are worth reading."""
    if not MIN_RATE <= rate <= MAX_RATE:
        raise ClipError(
            f"{name} has a rate of {rate} Hz: expected are {MIN_RATE} to {MAX_RATE} Hz."
        )
    if frames > min(MAX_MINUTES * 60 * rate, _MAX_FRAMES):
        raise ClipError(
            f"{name} is too long ({frames / rate / 60:.0f} minutes at {rate} Hz): give at most "
            f"{MAX_MINUTES} minutes at up to 48000 Hz; one second of it is explained."
        )


def _check_file(path: Path) -> int:
    """Return the size in bytes of what is a regular file that holds something."""
    if path.is_dir():
        raise ClipError(f"{path} is a folder: give the recordings in it, for example {path}/*.wav.")
    if not path.exists():
        raise ClipError(f"{path} does not exist: give the path of a WAV, FLAC or OGG recording.")
    if not path.is_file():
        raise ClipError(f"{path} is not a regular file: save the recording to one first.")
    size = path.stat().st_size
    if size == 0:
        raise ClipError(f"{path} is empty (0 bytes): {_AGAIN}.")
    return size


def _check_content(file: BinaryIO, size: int, path: Path) -> None:
    """Refuse, before libsndfile sees it, what is no audio or ends before its time."""
    head = file.read(12)
    if head[:4] == b"RIFF" and b"WAVE".startswith(head[8:]):
        cut = _wav_cut_off(file, size)
    elif head[:4] == b"OggS":
        cut = _ogg_cut_off(file, size)
    elif head[:4] == b"fLaC":
        cut = False  # one that ends early fails to decode
    else:
        raise ClipError(
            f"{path} is not a WAV, FLAC or OGG recording, whatever its name says: convert it, "
            "for example with `ffmpeg -i INPUT output.wav`."
        )
    if cut:
        raise ClipError(f"{path} is cut off (its header promises more than it holds): {_AGAIN}.")


def _mono(file: soundfile.SoundFile, path: Path) -> NDArray[np.float32]:
    if file.channels > MAX_CHANNELS:
        raise ClipError(
            f"{path} has {file.channels} channels: give a mono or stereo recording "
            f"(at most {MAX_CHANNELS} channels)."
        )
    known = file.frames != _UNKNOWN_FRAMES
    check_size(str(path), file.frames if known else 0, file.samplerate)
    # Channels are averaged block by block, so that memory is bounded by one channel.
    blocks: list[NDArray[np.float32]] = []
    frames = 0
    while len(block := file.read(_BLOCK_FRAMES, dtype="float32", always_2d=True)):
        frames += len(block)
        check_size(str(path), frames, file.samplerate)
        blocks.append(block.mean(axis=1))
    if known and frames < file.frames:
        raise ClipError(
            f"{path} is cut off ({frames} of the {file.frames} frames its header promises): "
            f"{_AGAIN}."
        )
    return np.concatenate(blocks) if blocks else np.zeros(0, np.float32)


def _wav_cut_off(file: BinaryIO, size: int) -> bool:
    """Whether the data chunk reaches beyond the end: libsndfile would shorten it in silence."""
    position = 12
    while position + 8 <= size:
        file.seek(position)
        name, length = struct.unpack("<4sI", file.read(8))
        if name == b"data":
            return bool(size < position + 8 + length and length < _UNKNOWN_BYTES)
        position += 8 + length + length % 2
    return True


def _ogg_cut_off(file: BinaryIO, size: int) -> bool:
    """Whether the last page is incomplete or not marked as the last of its stream."""
    file.seek(max(size - _OGG_PAGE, 0))
    tail = file.read()
    start = tail.rfind(b"OggS")
    if start < 0 or len(tail) < start + 27:
        return True
    segments = tail[start + 27 : start + 27 + tail[start + 26]]
    complete = len(tail) >= start + 27 + tail[start + 26] + sum(segments)
    return not (complete and tail[start + 5] & _OGG_LAST_PAGE)
