"""Reading, resampling and fitting clips, and every way in which a recording can be unusable."""

import io
import os
import struct
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.signal
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from lrp_audio.audio import files
from lrp_audio.audio.clip import (
    Clip,
    as_clip,
    at_rate,
    clip_from_samples,
    fit,
    read_clip,
)
from lrp_audio.audio.containers import inspect
from lrp_audio.audio.files import _decode, duration
from lrp_audio.audio.resample import resample
from lrp_audio.errors import ClipError
from lrp_audio.fronts import WAVEFORM


def tone(seconds: float, rate: int, hertz: float = 440.0, level: float = 0.5) -> np.ndarray:
    return level * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)


def noise(samples: int, seed: int = 0) -> np.ndarray:
    return 0.1 * np.random.default_rng(seed).standard_normal(samples)


# --- reading ---------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["wav", "flac", "ogg"])
@pytest.mark.parametrize("rate", [8000, 16000, 22050, 44100, 48000])
def test_every_format_and_rate_becomes_the_same_tone_at_8_khz(
    tmp_path: Path, kind: str, rate: int
) -> None:
    path = tmp_path / f"a.{kind}"
    soundfile.write(path, tone(1.0, rate), rate)
    recorded = read_clip(path)
    assert (recorded.rate, recorded.source_rate) == (rate, rate)
    clip = at_rate(recorded, 8000)
    assert (clip.rate, clip.source_rate) == (8000, rate)
    assert clip.name == str(path)
    assert len(clip.samples) == 8000
    spectrum = np.abs(np.fft.rfft(clip.samples))
    assert spectrum.argmax() == 440
    assert spectrum[440] == pytest.approx(0.5 * 32768 * 4000, rel=0.03)


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE"])
def test_samples_are_in_int16_scale_whatever_the_sample_format(
    tmp_path: Path, subtype: str
) -> None:
    soundfile.write(tmp_path / "a.wav", tone(0.5, 8000), 8000, subtype=subtype)
    clip = read_clip(tmp_path / "a.wav")
    step = 256 if subtype == "PCM_U8" else 1
    np.testing.assert_allclose(clip.samples, 32768 * tone(0.5, 8000), atol=step)


def test_channels_are_averaged(tmp_path: Path) -> None:
    left, right = tone(0.5, 8000, 440), tone(0.5, 8000, 1000)
    soundfile.write(tmp_path / "a.wav", np.column_stack((left, right)), 8000, subtype="FLOAT")
    clip = read_clip(tmp_path / "a.wav")
    np.testing.assert_allclose(clip.samples, 32768 * (left + right) / 2, atol=0.01)


def test_a_wav_written_to_a_pipe_with_unknown_length_is_read_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, tone(0.5, 8000), 8000, subtype="PCM_16")
    content = bytearray(path.read_bytes())
    content[40:44] = struct.pack("<I", 0xFFFFFFFF)
    path.write_bytes(content)
    assert len(read_clip(path).samples) == 4000


def test_a_wav_with_an_odd_chunk_before_its_samples_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, tone(0.5, 8000), 8000, subtype="PCM_16")
    content = path.read_bytes()
    path.write_bytes(content[:36] + b"note" + struct.pack("<I", 3) + b"odd\0" + content[36:])
    assert len(read_clip(path).samples) == 4000


def write_sound(path: Path) -> bytes:
    soundfile.write(path, noise(48000), 48000)
    return path.read_bytes()


@pytest.mark.parametrize("kind", ["wav", "flac", "ogg"])
@pytest.mark.parametrize("share", [0.001, 0.01, 0.3, 0.9, 0.9999])
def test_a_file_that_is_cut_off_is_refused(tmp_path: Path, kind: str, share: float) -> None:
    path = tmp_path / f"a.{kind}"
    content = write_sound(path)
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(ClipError, match="cut off"):
        read_clip(path)


@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_a_damaged_file_is_read_or_refused_with_a_sentence(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("damaged")
    kind = data.draw(st.sampled_from(["wav", "flac", "ogg"]))
    path = folder / f"a.{kind}"
    soundfile.write(path, noise(2000), 8000)
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 8))):
        content[data.draw(st.integers(0, min(len(content) - 1, 200)))] = data.draw(
            st.integers(0, 255)
        )
    path.write_bytes(content)
    try:
        clip = read_clip(path)
    except ClipError as error:
        assert str(path) in str(error)
    else:
        assert np.isfinite(clip.samples).all()


def wave(path: Path, samples: np.ndarray, rate: int = 8000) -> Path:
    soundfile.write(path, samples, rate, subtype="FLOAT")
    return path


class Shrinking(io.BytesIO):
    """A file that another program cuts off while it is read, after a number of reads."""

    reads = 0

    def read(self, size: int | None = -1) -> bytes:
        self.reads -= 1
        if self.reads < 0:
            self.truncate(5)
        return super().read(size)

    def readinto(self, buffer: Any) -> int:
        found = self.read(len(buffer))
        buffer[: len(found)] = found
        return len(found)


@pytest.mark.parametrize("reads", range(6))
@pytest.mark.parametrize("format", ["WAV", "AIFF", "W64", "CAF", "AU", "FLAC", "OGG"])
def test_a_file_that_shrinks_while_it_is_read_is_one_sentence(format: str, reads: int) -> None:
    content = io.BytesIO()
    soundfile.write(content, tone(1, 8000), 8000, format=format)
    shrinking = Shrinking(content.getvalue())
    shrinking.reads = reads
    size = len(content.getvalue())
    with suppress(ClipError):
        _decode(shrinking, "a", 1)
    shrinking = Shrinking(content.getvalue())
    shrinking.reads = reads
    inspect(shrinking, size)


def test_the_duration_of_a_file_is_what_it_holds_whatever_its_header_promises(
    tmp_path: Path,
) -> None:
    """The number of samples in the header of FLAC has 36 bits; here it is that of 20 minutes."""
    path = tmp_path / "a.flac"
    soundfile.write(path, tone(1, 8000), 8000)
    assert duration(path) == 1.0
    content = bytearray(path.read_bytes())
    content[21] &= 0xF0
    content[22:26] = (20 * 60 * 8000).to_bytes(4, "big")
    path.write_bytes(content)
    with pytest.raises(ClipError, match="cut off"):
        duration(path)


BAD_FILES: dict[str, tuple[Callable[[Path], object], str]] = {
    "missing": (lambda path: None, "does not exist"),
    "folder": (lambda path: path.mkdir(), "is a folder"),
    "pipe": (os.mkfifo, "not a regular file"),
    "endless": (lambda path: path.symlink_to("/dev/zero"), "not a regular file"),
    "link to itself": (lambda path: path.symlink_to(path), "cannot be read"),
    "no bytes": (lambda path: path.touch(), "is empty"),
    "no samples": (lambda path: wave(path, np.zeros(0)), "holds no samples"),
    "zeros": (lambda path: wave(path, np.zeros(8000)), "is silent"),
    "below one step": (lambda path: wave(path, tone(1, 8000, level=1e-5)), "is silent"),
    "constant": (lambda path: wave(path, np.full(8000, 0.5)), "is silent"),
    "nan": (lambda path: wave(path, np.where(np.arange(800) == 400, np.nan, 0.1)), "0.050 s"),
    "infinity": (lambda path: wave(path, np.full(800, np.inf)), "not finite"),
    "nan at another rate": (lambda path: wave(path, np.full(900, np.nan), 44100), "not finite"),
    "infinities that cancel": (
        lambda path: wave(path, np.full((800, 2), [np.inf, -np.inf])),
        "not finite",
    ),
    "beyond every sample": (lambda path: wave(path, np.full(800, 3e38)), r"reaches 3e\+38"),
    "text": (lambda path: path.write_text("seven\n" * 100), "is not a WAV, FLAC, Ogg"),
    "zero bytes": (lambda path: path.write_bytes(bytes(5000)), "is not a WAV, FLAC, Ogg"),
    "another RIFF": (
        lambda path: path.write_bytes(b"RIFF\x00\x01\x00\x00AVI " + bytes(300)),
        "is not a WAV, FLAC, Ogg",
    ),
    "too many channels": (lambda path: wave(path, np.ones((10, 65))), "65 channels"),
    "no rate of sound": (lambda path: wave(path, noise(100), 20), "rate of 20 Hz"),
    "31 minutes": (lambda path: wave(path, np.zeros(31 * 60 * 1000), 1000), "too long"),
}


@pytest.mark.parametrize("case", BAD_FILES)
def test_an_unusable_file_is_refused_with_one_sentence_that_names_it(
    tmp_path: Path, case: str
) -> None:
    make, expected = BAD_FILES[case]
    path = tmp_path / "bad.wav"
    make(path)
    with pytest.raises(ClipError, match=expected) as caught:
        read_clip(path)
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)


def test_a_file_without_read_permission_is_refused(tmp_path: Path) -> None:
    path = wave(tmp_path / "a.wav", tone(1, 8000))
    path.chmod(0)
    if os.access(path, os.R_OK):
        pytest.skip("this user may read every file")
    with pytest.raises(ClipError, match="cannot be read"):
        read_clip(path)


# --- samples ---------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.int16, np.uint16, np.int32, np.uint32])
def test_integers_are_taken_by_the_full_scale_of_their_type(dtype: type[np.integer]) -> None:
    half = 2.0 ** (8 * np.dtype(dtype).itemsize - 1)
    centre = half if np.issubdtype(dtype, np.unsignedinteger) else 0
    clip = clip_from_samples((tone(1, 8000) * half + centre).astype(dtype), 8000)
    np.testing.assert_allclose(clip.samples, 32768 * tone(1, 8000), atol=32768 / half + 1e-6)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_floats_have_full_scale_one(dtype: type[np.floating]) -> None:
    clip = clip_from_samples(tone(1, 8000).astype(dtype), 8000)
    np.testing.assert_allclose(clip.samples, 32768 * tone(1, 8000), atol=16)


def test_samples_and_the_file_that_holds_them_give_the_same_clip(tmp_path: Path) -> None:
    stereo = (32767 * np.column_stack((noise(30000, 1), noise(30000, 2)))).astype(np.int16)
    soundfile.write(tmp_path / "a.wav", stereo, 44100)
    np.testing.assert_allclose(
        clip_from_samples(stereo, 44100).samples, read_clip(tmp_path / "a.wav").samples, atol=1e-2
    )


@pytest.mark.parametrize(
    ("samples", "rate", "expected"),
    [
        (np.zeros(0), 8000, "holds no samples"),
        (np.zeros(8000), 8000, "is silent"),
        (np.full(8000, 128, np.uint8), 8000, "is silent"),
        (np.array([0.1, np.nan] * 100), 8000, "not finite"),
        (np.array([0.1, np.inf] * 100), 16000, "not finite"),
        (np.array([0.1, 1e300] * 100), 8000, "full scale 1.0"),
        (np.float64(0.5), 8000, r"shape \(\)"),
        (np.ones((65, 8000)), 8000, r"shape \(65, 8000\)"),
        (np.ones((0, 8000)), 8000, r"shape \(0, 8000\)"),
        (np.ones((8000, 0)), 8000, r"shape \(8000, 0\)"),
        (np.ones((10, 2, 2)), 8000, r"shape \(10, 2, 2\)"),
        ([[0.1], [0.1, 0.2]], 8000, "one array of numbers"),
        (np.ones(10, np.int64), 8000, "int64"),
        (np.ones(10, complex), 8000, "complex128"),
        (np.ones(10, bool), 8000, "bool"),
        (["a", "b"], 8000, "type <U1"),
        (noise(800), 0, "rate of 0 Hz"),
        (noise(800), -8000, "rate of -8000 Hz"),
        (noise(800), 48, "rate of 48 Hz"),
        (noise(800), 44100.5, "whole number of Hz"),
        (noise(800), True, "whole number of Hz"),
        (noise(800), "16000", "rate '16000': give a whole number"),
        (noise(800), None, "rate None: give a whole number"),
        (noise(800), np.nan, "whole number of Hz"),
        (noise(800), np.inf, "whole number of Hz"),
        (noise(800), 16000 + 0j, "whole number of Hz"),
        (noise(800), [8000, 16000], "whole number of Hz"),
        (noise(800), 10**30, "rate"),
        (iter(noise(800)), 8000, "is not an array of numbers"),
        ([object()], 8000, "is not an array of numbers"),
        (np.broadcast_to(np.float32(0), 10**9), 48000, "too long"),
    ],
)
def test_unusable_samples_are_refused_with_a_sentence(
    samples: np.ndarray, rate: int, expected: str
) -> None:
    with pytest.raises(ClipError, match=expected):
        clip_from_samples(samples, rate, "a recording")


@pytest.mark.parametrize(
    ("samples", "rate"),
    [(np.ones((2, 8000)), 8000), (np.arange(8000), 8000)],
)
def test_a_clip_cannot_hold_what_its_class_excludes(samples: np.ndarray, rate: int) -> None:
    with pytest.raises(ClipError, match="use clip_from_samples"):
        Clip(samples, rate)


@pytest.mark.parametrize("rate", [16000.0, np.float32(16000), np.int64(16000), np.array([16000])])
def test_a_rate_may_be_any_whole_number(rate: float) -> None:
    expected = clip_from_samples(noise(3000), 16000)
    np.testing.assert_array_equal(clip_from_samples(noise(3000), rate).samples, expected.samples)


@pytest.mark.parametrize("channels", [1, 2, 5])
def test_channels_may_be_rows_where_they_can_be_nothing_else(channels: int) -> None:
    columns = np.stack([noise(700, seed) for seed in range(channels)], axis=1)
    expected = clip_from_samples(columns, 8000).samples
    np.testing.assert_array_equal(clip_from_samples(columns.T, 8000).samples, expected)
    few = columns[:60]  # sixty frames of as many channels, or the other way about: as documented
    np.testing.assert_array_equal(clip_from_samples(few, 8000).samples, few.mean(axis=1) * 32768)


def test_one_row_is_one_channel_however_short() -> None:
    row = noise(40)[None]
    np.testing.assert_array_equal(clip_from_samples(row, 8000).samples, row[0] * 32768)


# --- channels that cancel --------------------------------------------------------------------

SPEECH = noise(20000)
CANCELLING = {
    "out of phase": np.c_[SPEECH, -SPEECH],
    "one a little quieter": np.c_[SPEECH, -0.99 * SPEECH],
    "three": np.c_[0.3 * SPEECH, 0.7 * SPEECH, -SPEECH],
    "an offset remains": np.c_[SPEECH + 0.2, -0.995 * SPEECH + 0.3],
    "quiet": np.c_[0.001 * SPEECH, -0.001 * SPEECH],
}


@pytest.mark.parametrize("case", CANCELLING)
def test_of_channels_that_cancel_each_other_the_loudest_is_used_with_a_note(
    case: str, tmp_path: Path
) -> None:
    channels = CANCELLING[case]
    soundfile.write(tmp_path / "a.wav", channels, 8000, subtype="FLOAT")
    loudest = int(channels.std(axis=0).argmax())
    for clip in (clip_from_samples(channels, 8000), read_clip(tmp_path / "a.wav")):
        np.testing.assert_allclose(clip.samples, channels[:, loudest] * 32768, atol=1e-2)
        (note,) = clip.notes
        assert f"the {channels.shape[1]} channels cancel each other" in note
        assert f"channel {loudest + 1} is used" in note


def test_channels_cancel_over_the_whole_of_a_file_and_not_in_one_block(tmp_path: Path) -> None:
    left = noise(200_000)
    right = np.r_[-left[:100_000], left[100_000:]]
    soundfile.write(tmp_path / "a.wav", np.c_[left, right], 8000, subtype="FLOAT")
    clip = read_clip(tmp_path / "a.wav")
    assert clip.notes == ()
    np.testing.assert_allclose(clip.samples, (left + right) * 16384, atol=1e-2)
    soundfile.write(tmp_path / "b.wav", np.c_[left, -left], 8000, subtype="FLOAT")
    np.testing.assert_allclose(read_clip(tmp_path / "b.wav").samples, left * 32768, atol=1e-2)


@pytest.mark.parametrize(
    "channels",
    [
        np.c_[SPEECH, np.zeros(20000)],
        np.c_[SPEECH, np.full(20000, 0.5)],
        np.c_[SPEECH, -0.9 * SPEECH],
        np.c_[SPEECH, noise(20000, 9)],
        np.c_[SPEECH, np.zeros((20000, 63))],
    ],
)
def test_of_channels_that_do_not_cancel_the_mean_is_used(channels: np.ndarray) -> None:
    clip = clip_from_samples(channels, 8000)
    assert clip.notes == ()
    np.testing.assert_allclose(clip.samples, channels.mean(axis=1) * 32768, atol=1e-9)


def test_channels_that_are_all_silent_are_silent() -> None:
    with pytest.raises(ClipError, match="is silent"):
        clip_from_samples(np.c_[np.full(100, 0.5), np.full(100, -0.5)], 8000)


# --- whichever way a clip is given -----------------------------------------------------------


class Tensor:
    """What other libraries' arrays look like from here."""

    def __init__(self, values: np.ndarray) -> None:
        self._values = values

    def __array__(self, dtype: object = None, copy: bool | None = None) -> np.ndarray:
        return self._values


class Response(io.RawIOBase):
    """A stream that comes once and cannot go back, as from a server or a pipe."""

    def __init__(self, content: bytes) -> None:
        self._rest = content

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        part = self._rest[: min(len(buffer), 1000)]
        self._rest = self._rest[len(part) :]
        buffer[: len(part)] = part
        return len(part)


class Reader:
    """The least that a stream can do."""

    def __init__(self, content: bytes) -> None:
        self.read = io.BytesIO(content).read


class Untold(Tensor):
    """An array on another device, which numpy is refused."""

    def __array__(self, dtype: object = None, copy: bool | None = None) -> np.ndarray:
        raise TypeError("move it to the host first")


def at_its_end(content: bytes) -> io.BytesIO:
    file = io.BytesIO()
    file.write(content)
    return file


WAYS: dict[str, Callable[[Path], object]] = {
    "a path": lambda path: path,
    "a path as text": str,
    "a clip": read_clip,
    "an open file": lambda path: path.open("rb"),
    "an open file without a buffer": lambda path: path.open("rb", buffering=0),
    "bytes": Path.read_bytes,
    "a bytearray": lambda path: bytearray(path.read_bytes()),
    "a view of bytes": lambda path: memoryview(path.read_bytes()),
    "bytes in memory": lambda path: io.BytesIO(path.read_bytes()),
    "bytes in memory just written": lambda path: at_its_end(path.read_bytes()),
    "a stream that comes once": lambda path: Response(path.read_bytes()),
    "a stream that can only read": lambda path: Reader(path.read_bytes()),
    "samples and rate": lambda path: (noise(5000), 11025),
    "rate and samples": lambda path: (11025, noise(5000)),
    "rate as a float and samples": lambda path: (np.float64(11025), noise(5000)),
    "a list of the two": lambda path: [noise(5000), 11025],
    "samples as a list": lambda path: (noise(5000).tolist(), 11025),
    "one row": lambda path: (noise(5000)[None], 11025),
    "one column": lambda path: (noise(5000)[:, None], 11025),
    "another library's array": lambda path: (Tensor(noise(5000)), Tensor(np.array(11025))),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_clip_may_be_given_in_every_way_that_has_a_plain_meaning(
    way: str, tmp_path: Path
) -> None:
    path = wave(tmp_path / "a.wav", noise(5000), 11025)
    source = WAYS[way](path)
    clip = as_clip(source)
    if isinstance(source, io.IOBase):
        assert not source.closed
        source.close()
    np.testing.assert_allclose(clip.samples, read_clip(path).samples, atol=1e-2)
    assert clip.source_rate == 11025


def test_a_stream_is_named_by_its_file_or_as_told(tmp_path: Path) -> None:
    path = wave(tmp_path / "a.wav", noise(5000), 11025)
    with path.open("rb") as file:
        assert as_clip(file).name == str(path)
        assert as_clip(file, "seven").name == "seven"
        assert not file.closed
    assert as_clip((noise(100), 8000), "nine").name == "nine"
    assert as_clip(path.read_bytes()).name == f"the recording of {path.stat().st_size} bytes"


def closed() -> io.BytesIO:
    file = io.BytesIO(b"RIFF")
    file.close()
    return file


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (noise(800), r"Samples \(ndarray\) come without their rate.*\(samples, 16000\)"),
        ([0.1, 0.2, 0.3], r"Samples \(list\) come without their rate"),
        (Tensor(noise(800)), r"Samples \(Tensor\) come without their rate"),
        ((x for x in noise(80)), "generator is no recording.*np.fromiter"),
        (((x for x in noise(80)), 8000), "pair of generator and int|not an array of numbers"),
        ((0.1, 0.2), "pair of float and float is no recording"),
        ((noise(80), noise(80)), "pair of ndarray and ndarray is no recording"),
        ((noise(80), None), "pair of ndarray and NoneType is no recording"),
        ((noise(80), "8000"), "pair of ndarray and str is no recording"),
        (("seven.wav", 8000), "pair of str and int is no recording"),
        ((noise(80), 8000, "seven"), r"\(tuple\) is no recording: give a path"),
        ((), r"\(tuple\) is no recording"),
        (None, r"None \(NoneType\) is no recording: give a path, a Clip"),
        (7, r"7 \(int\) is no recording"),
        ({"array": [0.1]}, r"\(dict\) is no recording"),
        ("no such file.wav", "does not exist"),
        ("", "folder"),
        (Path(), "is a folder"),
        (b"", "gives no bytes"),
        (b"seven", "is not a WAV, FLAC, Ogg"),
        (io.BytesIO(), "BytesIO gives no bytes"),
        (io.StringIO("seven"), "StringIO gives text: open it in binary mode"),
        (closed(), "BytesIO cannot be read .*closed file"),
        (io.BufferedWriter(io.BytesIO()), "cannot be read"),
        ((Untold(noise(80)), 8000), "not one array of numbers"),
        ((noise(80), 0), "rate of 0 Hz"),
        ((-8000, noise(80)), "rate of -8000 Hz"),
        ((8000.5, noise(80)), "whole number of Hz"),
    ],
)
def test_what_is_no_clip_is_one_sentence(source: object, said: str) -> None:
    with pytest.raises(ClipError, match=said) as caught:
        as_clip(source)
    assert "\n" not in str(caught.value)


# --- resampling ------------------------------------------------------------------------------


@given(length=st.integers(1, 3000), rates=st.permutations([8000, 11025, 16000, 44100]))
@settings(deadline=None)
def test_resampling_is_scipys_fft_resampling(length: int, rates: list[int]) -> None:
    rate, new_rate = rates[:2]
    samples = noise(length, length)
    expected = scipy.signal.resample(samples, -(-length * new_rate // rate))
    np.testing.assert_allclose(resample(samples, rate, new_rate), expected, atol=1e-12)


@pytest.mark.parametrize("rate", [11025, 44100])
def test_a_long_recording_is_resampled_in_blocks_without_seams(rate: int) -> None:
    def sound(rate: int) -> np.ndarray:
        return tone(65, rate, 300) + tone(65, rate, 3000.7, 0.2)

    # One sample of slip would be an error of 0.2.
    inside = slice(200, -200)
    resampled = resample(sound(rate), rate, 8000)
    np.testing.assert_allclose(resampled[inside], sound(8000)[inside], atol=2e-3)


@pytest.mark.parametrize("extra", [-1, 0, 1, 5000])
def test_a_long_recording_keeps_the_published_length(extra: int) -> None:
    samples = noise(40 * 11025 + extra)
    assert len(resample(samples, 11025, 8000)) == -(-len(samples) * 8000 // 11025)


# --- fitting ---------------------------------------------------------------------------------


def test_a_clip_of_one_second_is_left_as_it_is() -> None:
    clip = at_rate(clip_from_samples(noise(8000), 8000), 8000)
    assert fit(clip, 8000, 8000) is clip


@given(length=st.integers(1, 7999))
def test_a_short_clip_is_centred_between_zeros(length: int) -> None:
    clip = clip_from_samples(np.where(np.arange(length + 1) % 2, 0.5, -0.5), 8000)
    fitted = fit(clip, 8000, 8001)
    before, after = np.flatnonzero(fitted.samples)[[0, -1]] - [0, 8000]
    assert len(fitted.samples) == 8001
    assert abs(before + after) <= 1
    np.testing.assert_array_equal(fitted.samples[before : before + length + 1], clip.samples)
    assert "centred" in fitted.notes[-1]


@given(
    samples=hnp.arrays(np.float64, st.integers(9, 60), elements=st.floats(-1, 1)),
    length=st.integers(4, 8),
)
def test_the_loudest_window_has_the_largest_energy(samples: np.ndarray, length: int) -> None:
    samples = samples + np.where(np.arange(len(samples)) % 2, 0.01, -0.01)
    try:
        clip = clip_from_samples(samples, 8000)
    except ClipError:  # the drawn values may cancel the wave: nothing to fit
        return
    fitted = fit(clip, 8000, length).samples
    windows = np.lib.stride_tricks.sliding_window_view(clip.samples, length)
    assert any(np.array_equal(fitted, window) for window in windows)
    assert (fitted**2).sum() >= 0.999 * (windows**2).sum(axis=1).max()


def test_the_loudest_second_is_named_in_a_note_and_centres_its_word() -> None:
    samples = np.zeros(24000)
    samples[10000:14000] = noise(4000)
    fitted = fit(clip_from_samples(samples, 8000), 8000, 8000)
    assert fitted.notes == ("3.00 s long: the loudest second, 1.00 s to 2.00 s, is explained",)
    assert np.flatnonzero(fitted.samples)[0] == pytest.approx(2000, abs=5)


# --- the network's input ---------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_input_is_divided_by_the_signed_95th_percentile(dtype: type[np.floating]) -> None:
    samples = (1000 * noise(8000) + 20).astype(dtype)
    scaled = WAVEFORM.transform(samples)
    assert scaled.dtype == dtype
    np.testing.assert_allclose(scaled, samples / (np.percentile(samples, 95) + 0.001), rtol=1e-5)


def test_the_input_does_not_depend_on_the_recording_level() -> None:
    quiet, loud = (
        WAVEFORM.fit(clip_from_samples(g * noise(4000), 8000)).samples for g in (0.1, 5.0)
    )
    np.testing.assert_allclose(WAVEFORM.transform(quiet), WAVEFORM.transform(loud), rtol=1e-4)


def test_a_word_too_short_for_the_percentile_is_scaled_by_its_peak() -> None:
    click = np.zeros(8000)
    click[4000:4100] = np.linspace(-1000, 500, 100)
    scaled = WAVEFORM.transform(click)
    assert np.abs(scaled).max() == pytest.approx(32, rel=1e-3)
    np.testing.assert_allclose(scaled / scaled[4000], click / click[4000])


@given(samples=hnp.arrays(np.float32, 200, elements=st.floats(-1e9, 1e9, width=32)))
def test_the_input_is_always_finite_and_bounded(samples: np.ndarray) -> None:
    assert np.abs(WAVEFORM.transform(samples)).max() <= 32 * (1 + 1e-6)


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("level", [1e33, 2e20, 1.01e9, 0.99e9, 4e5])
def test_a_level_is_refused_from_a_file_as_it_is_from_an_array(
    level: float, sign: int, channels: int, tmp_path: Path
) -> None:
    samples = np.tile(noise(800)[:, None], channels)
    samples[700, 0] = sign * level
    samples[700, 1:] = -sign * level  # which their mean does not show
    path = tmp_path / "loud.wav"
    soundfile.write(path, samples.astype(np.float32), 8000, subtype="FLOAT")
    for source in (path, path.read_bytes(), (samples, 8000), (samples.astype(np.float32), 8000)):
        if level > 1e9:
            with pytest.raises(ClipError, match="samples as floats have full scale"):
                as_clip(source)
        else:
            assert np.isfinite(as_clip(source).samples).all()


def test_a_clip_has_the_digest_of_the_bytes_it_was_decoded_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, noise(5000), 8000)
    digest = sha256(path.read_bytes()).hexdigest()
    for limit in (10**9, 100):  # in memory, and in a temporary file after a look at the header
        monkeypatch.setattr(files, "_IN_MEMORY", limit)
        monkeypatch.setattr(files, "_COPIED_UNSEEN", limit)
        clip = read_clip(path)
        assert clip.sha256 == at_rate(clip, 4000).sha256 == digest
        assert as_clip(path.read_bytes()).sha256 == digest
    assert files.recording_digest(path) == digest
    assert as_clip((noise(800), 8000)).sha256 == ""


PRESSED = """\
import os, signal, sys, threading, time
from pathlib import Path
from lrp_audio.audio.clip import read_clip
from lrp_audio.errors import ClipError

signal.signal(signal.SIGINT, signal.default_int_handler)
path, ended = Path(sys.argv[1]), False
read_clip(path)

def press():
    time.sleep(0.2)
    for number in range(60):
        time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGINT)
    time.sleep(0.1)
    global ended
    ended = True

pressing = threading.Thread(target=press)
pressing.start()
stops = 0
while not ended:
    try:
        while not ended:
            read_clip(path)
    except KeyboardInterrupt:
        stops += 1
print(stops)
"""


def test_ctrl_c_while_a_file_is_decoded_is_neither_lost_nor_taken_for_damage(
    tmp_path: Path,
) -> None:
    path = tmp_path / "a.flac"
    soundfile.write(path, noise(60_000), 48_000)
    done = subprocess.run(
        [sys.executable, "-c", PRESSED, path], capture_output=True, text=True, timeout=60
    )
    assert done.stderr == ""
    assert done.returncode == 0
    assert int(done.stdout) > 40  # of 60; several presses during one decoding are one stop


def test_a_large_recording_that_changes_while_it_is_read_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, noise(5000), 8000)
    monkeypatch.setattr(files, "_IN_MEMORY", 100)
    decoded = files._decode

    def decoded_and_changed(*given: Any) -> Any:
        found = decoded(*given)
        with path.open("r+b") as file:
            file.seek(-2, os.SEEK_END)
            file.write(b"\x01\x02")
        return found

    monkeypatch.setattr(files, "_decode", decoded_and_changed)
    with pytest.raises(ClipError, match="was changed while it was read"):
        read_clip(path)
