"""Sound files: decoding with libsndfile; every failure becomes a `ClipError` of one sentence."""

import errno
import io
import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from hashlib import file_digest, sha256
from pathlib import Path
from typing import IO, BinaryIO

import numpy as np
import soundfile
from numpy.typing import NDArray

from lrp_audio.audio.channels import Levels, Mono, cancelled_note, check_level, require_channels
from lrp_audio.audio.containers import Finding, inspect
from lrp_audio.audio.formats import COMMON, LIBRARY, foreign
from lrp_audio.audio.guarded import Guarded
from lrp_audio.audio.patched import Patched
from lrp_audio.errors import ClipError
from lrp_audio.forking import fork_outside
from lrp_audio.interrupts import interrupts_after
from lrp_audio.regular import open_regular

MAX_MINUTES = 30
MAX_CHANNELS = 64
MIN_RATE, MAX_RATE = 1_000, 768_000
_MAX_FRAMES = MAX_MINUTES * 60 * 48_000
_BLOCK_FRAMES = 65_536
_AGAIN = "copy or record it again"
_CONVERT = "convert it, for example with `ffmpeg -i INPUT output.wav`"

_UNKNOWN_FRAMES = 2**63 - 1  # libsndfile's number of frames where it is unknown

# Newer versions of soundfile hold a lock while they open a file.
if (_opening := getattr(soundfile.SoundFile, "_sf_error_lock", None)) is not None:
    fork_outside(_opening)

_LARGEST = 1_000_000_000  # bytes of a recording; half an hour of 32-bit stereo has 0.7 GB
# Up to this size a recording is copied into memory, for its digest; a larger stream, which cannot
# be read twice, into a temporary file.
_IN_MEMORY = 64_000_000
_COPIED_UNSEEN = 4_000_000


class _Forwards(soundfile.SoundFile):  # type: ignore[misc]
    """A file that is read from front to back.

    `SoundFile` seeks after every read, which decoders cannot do in FLAC of unknown length.
    """

    def seekable(self) -> bool:
        return False


def decode(path: Path, channels: int = 1) -> Mono:
    """The mean of the channels of a file; one channel, and a note, where they cancel each other.

    For a network that takes several `channels` these are kept as well. The digest of the file
    is that of the bytes that were decoded. Raises `ClipError` for any file that cannot be read to
    its end, or has another number of channels than that.
    """
    name = str(path)
    with _open(path) as file:
        size = os.fstat(file.fileno()).st_size
        if size > _COPIED_UNSEEN:
            with _view(file, name) as (view, finding), _opened(view, name, finding, channels):
                pass  # raises where the header shows that it is no usable recording
            file.seek(0)
        if size > _LARGEST:
            raise _too_large(name)
        if size > _IN_MEMORY:
            return _decoded_in_place(file, name, channels)
        return _decoded(_blocks_of(file, name), name, channels)


def duration(path: Path) -> float:
    """Seconds of sound in a file, which is decoded, because a header may state any number.

    Raises `ClipError` for a file that cannot be read to its end.
    """
    name = str(path)
    with (
        _open(path) as file,
        _view(file, name) as (view, finding),
        _opened(view, name, finding) as sound,
    ):
        if os.fstat(file.fileno()).st_size > _LARGEST:
            raise _too_large(name)
        return sum(map(len, _blocks(sound, name, finding))) / int(sound.samplerate)


def recording_digest(path: Path) -> str:
    """The digest of a recording, as `decode` gives it, without decoding; empty for a larger file.

    Raises `ClipError` for a file that cannot be read.
    """
    with _open(path) as file:
        if os.fstat(file.fileno()).st_size > _LARGEST:
            return ""
        return file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]


def decode_stream(stream: IO[bytes], name: str, channels: int = 1) -> Mono:
    """As `decode`, for an open file or a stream of bytes; a seekable one is read from its start.

    Raises `ClipError` also where `stream` gives text, is closed or does not end.
    """
    try:
        if getattr(stream, "seekable", bool)():  # some streams have no method but `read`
            stream.seek(0)
        return _decoded(_blocks_of(stream, name), name, channels)
    except (OSError, ValueError, AttributeError) as error:
        raise ClipError(
            f"{name} cannot be read ({error}): give a file that is open for reading bytes."
        ) from error


def _blocks_of(stream: IO[bytes], name: str) -> Iterator[bytes]:
    while block := stream.read(1 << 20):
        if isinstance(block, str):
            raise ClipError(f"{name} gives text: open it in binary mode, 'rb'.")
        yield block


def _too_large(name: str) -> ClipError:
    return ClipError(
        f"{name} has more than {_LARGEST / 1e9:g} GB: save the part that is to be explained to a "
        "file of its own."
    )


def _decoded_in_place(file: BinaryIO, name: str, channels: int) -> Mono:
    """The sound in a large recording, which is read twice instead of copied.

    One that changes meanwhile is refused, so that the digest is that of what was decoded.
    """

    def version() -> tuple[int, ...]:
        found = os.fstat(file.fileno())
        return found.st_size, found.st_mtime_ns, found.st_ctime_ns

    before = version()
    mono = _decode(file, name, channels)
    file.seek(0)
    digest = file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]
    if version() != before:
        raise ClipError(f"{name} was changed while it was read: give the command again.")
    return mono._replace(sha256=digest)


def _decoded(content: Iterable[bytes], name: str, channels: int) -> Mono:
    """The sound in a recording that comes in blocks of bytes."""
    digest, total = sha256(), 0
    with tempfile.SpooledTemporaryFile(_IN_MEMORY) as kept:
        for block in content:
            digest.update(block)
            total += kept.write(block)
            if total > _LARGEST:
                raise _too_large(name)
        if total == 0:
            raise ClipError(f"{name} gives no bytes: it is empty, or was read to its end.")
        return _decode(kept, name, channels)._replace(sha256=digest.hexdigest())


def check_size(name: str, frames: int, rate: int, channels: int = 1) -> None:
    """Raise `ClipError` for a rate in Hz or a number of frames that is out of range.

    `channels` is the number of them that are kept.
    """
    if not MIN_RATE <= rate <= MAX_RATE:
        raise ClipError(
            f"{name} has a rate of {rate} Hz: expected are {MIN_RATE} to {MAX_RATE} Hz."
        )
    if frames > min(MAX_MINUTES * 60 * rate, _MAX_FRAMES):
        raise ClipError(
            f"{name} is too long ({frames / rate / 60:.0f} minutes at {rate} Hz): give at most "
            f"{MAX_MINUTES} minutes at up to 48000 Hz; one second of it is explained."
        )
    most = 2 * _MAX_FRAMES // channels
    if frames > most:
        raise ClipError(
            f"{name} is too long for {channels} channels ({frames / rate:.0f} s at {rate} Hz): "
            f"give at most {most / rate:.0f} s of it."
        )


@contextmanager
def _open(path: Path) -> Iterator[BinaryIO]:
    """The file at `path`, open; raises `ClipError` for an empty one or one that cannot be read."""
    try:
        # Opened here, because libsndfile does not support every file name nor distinguish errors.
        with open_regular(path) as file:
            if os.fstat(file.fileno()).st_size == 0:
                raise ClipError(f"{path} is empty (0 bytes): {_AGAIN}.")
            yield file
    except OSError as error:
        raise ClipError(_refusal(path, error)) from error


def _refusal(path: Path, error: OSError) -> str:
    if error.errno == errno.EISDIR:
        return f"{path} is a folder: give the recordings in it, for example {path}/*.wav."
    if error.errno in (errno.ENOENT, errno.ENOTDIR):
        return f"{path} does not exist: give the path of a recording ({COMMON})."
    return (
        f"{path} cannot be read ({error.strerror}): save it to another file, or check its rights."
    )


@contextmanager
def _view(file: IO[bytes], name: str) -> Iterator[tuple[Guarded, Finding]]:
    """A file as it is given to libsndfile, whose errors become `ClipError`.

    Ctrl-C takes effect at the end.
    """
    with interrupts_after():
        finding = inspect(file, file.seek(0, io.SEEK_END))
        if finding.cut:
            raise ClipError(
                f"{name} is cut off (its header promises more than it holds): {_AGAIN}."
            )
        patched = finding.prefix or finding.patches
        view = Guarded(Patched(file, finding) if patched else file)
        try:
            yield view, finding
        except soundfile.LibsndfileError as error:
            if view.error is None:
                raise ClipError(_reason(file, name, finding, error)) from error
        finally:
            if view.error is not None:
                raise ClipError(_refusal(Path(name), view.error)) from view.error


def _reason(file: IO[bytes], name: str, finding: Finding, error: soundfile.LibsndfileError) -> str:
    """Why a file cannot be decoded, according to its first bytes and libsndfile."""
    file.seek(0)
    if other := foreign(file.read(16)):
        return f"{name} is {other}, which {LIBRARY} does not read: {_CONVERT}."
    if finding.kind is None:
        return (
            f"{name} is not a {COMMON} recording, nor any other that {LIBRARY} reads: if it holds "
            f"sound, {_CONVERT}."
        )
    said = error.error_string.rstrip(".")
    return (
        f"{name} is {finding.kind} but cannot be decoded ({said}): it is cut off, damaged or in an "
        f"encoding that {LIBRARY} does not read; {_AGAIN}, or convert it to 16-bit WAV."
    )


def _decode(file: IO[bytes], name: str, channels: int) -> Mono:
    with _view(file, name) as (view, finding):
        return _mono(view, name, finding, channels)


def _mono(view: Guarded, name: str, finding: Finding, channels: int) -> Mono:
    with _opened(view, name, finding, channels) as file:
        levels, given = Levels(file.channels), file.channels
        # Channels are averaged block by block, so that memory is that of one channel.
        means: list[NDArray[np.float32]] = []
        kept: list[NDArray[np.float32]] | None = [] if channels > 1 else None
        for block in _blocks(file, name, finding, channels):
            if kept is not None:
                kept.append(block.T.copy())
            with np.errstate(invalid="ignore", over="ignore"):
                mean = block.mean(axis=1)
            levels.add(block)
            means.append(mean)
        rate = int(file.samplerate)
    parts = np.concatenate(kept, axis=1) if kept else None
    chosen = levels.loudest_of_cancelled()
    if chosen is None:
        return Mono(_joined(means), rate, finding.notes, parts)
    note = cancelled_note(given, chosen, parts is not None)
    if parts is not None:
        return Mono(parts[chosen].copy(), rate, (*finding.notes, note), parts)
    means.clear()
    with _opened(view, name, finding) as file:
        means += (block[:, chosen].copy() for block in _blocks(file, name, finding))
    return Mono(_joined(means), rate, (*finding.notes, note))


def _opened(view: Guarded, name: str, finding: Finding, channels: int = 1) -> _Forwards:
    view.seek(0)
    file = _Forwards(view)
    if file.channels > MAX_CHANNELS:
        raise ClipError(
            f"{name} has {file.channels} channels: give a mono or stereo recording "
            f"(at most {MAX_CHANNELS} channels)."
        )
    if channels > 1:
        require_channels(name, file.channels, channels)
    check_size(name, _promised(file, finding) or 0, file.samplerate, channels)
    return file


def _promised(file: _Forwards, finding: Finding) -> int | None:
    """The number of frames in the header; None where it is unknown or an estimate."""
    known = finding.counted and file.frames != _UNKNOWN_FRAMES
    return int(file.frames) if known else None


def _blocks(
    file: _Forwards, name: str, finding: Finding, channels: int = 1
) -> Iterator[NDArray[np.float32]]:
    """Blocks ``(time, channels)`` of a file; raises `ClipError` where it ends too early."""
    promised = _promised(file, finding)
    frames = 0
    while True:
        # Beyond the last frame some decoders try to decode what follows, and fail.
        wanted = _BLOCK_FRAMES if promised is None else min(_BLOCK_FRAMES, promised - frames)
        block = file.read(wanted, dtype="float32", always_2d=True)
        if len(block) == 0:
            break
        frames += len(block)
        check_level(name, block)
        check_size(name, frames, file.samplerate, channels)
        yield block
    if promised is not None and frames < promised:
        raise ClipError(
            f"{name} is cut off ({frames} of the {promised} frames its header promises): {_AGAIN}."
        )


def _joined(blocks: list[NDArray[np.float32]]) -> NDArray[np.float32]:
    return np.concatenate(blocks) if blocks else np.zeros(0, np.float32)
