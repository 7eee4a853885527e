"""Files as recorders, converters and downloads leave them: read to their end, or refused."""

import io
import struct
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from lrp_audio.audio.clip import read_clip
from lrp_audio.audio.files import decode, duration
from lrp_audio.audio.formats import SUFFIXES, UNREADABLE
from lrp_audio.errors import ClipError

FRAMES = 12_345
NOISE = 0.1 * np.random.default_rng(3).standard_normal(FRAMES)
PCM = (32767 * NOISE).astype("<i2")
OVERSTATED = "promises more than there is in the complete file"
NOT_COUNTED = "says that it holds no samples"
NOT_SAID = "does not say how long it is"


def encoded(kind: str, subtype: str | None = None, samples: np.ndarray = NOISE) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, samples, 8000, format=kind, subtype=subtype)
    return file.getvalue()


def number(content: bytes, offset: int, form: str, *values: int) -> bytes:
    """`content` with other numbers from `offset` on."""
    new = struct.pack(form, *values)
    return content[:offset] + new + content[offset + len(new) :]


def wav(
    data: int | None = None, riff: int | None = None, before: bytes = b"", after: bytes = b""
) -> bytes:
    """A 16-bit WAV, by default with true lengths, and chunks before and after its samples."""
    raw = PCM.tobytes()
    head = b"fmt " + struct.pack("<IHHIIHH", 16, 1, 1, 8000, 16000, 2, 16)
    body = b"WAVE" + before + head + b"data"
    body += struct.pack("<I", len(raw) if data is None else data) + raw + after
    return b"RIFF" + struct.pack("<I", len(body) if riff is None else riff) + body


def rifx() -> bytes:
    raw = PCM.astype(">i2").tobytes()
    body = b"WAVEfmt " + struct.pack(">IHHIIHH", 16, 1, 1, 8000, 16000, 2, 16)
    body += b"data" + struct.pack(">I", len(raw)) + raw
    return b"RIFX" + struct.pack(">I", len(body)) + body


def chunk(name: bytes, content: bytes) -> bytes:
    return name + struct.pack("<I", len(content)) + content + bytes(len(content) % 2)


def at(content: bytes, mark: bytes) -> int:
    return content.index(mark) + len(mark)


AIFF, CAF, AU = (
    encoded("AIFF", "PCM_16", PCM),
    encoded("CAF", "PCM_16", PCM),
    encoded("AU", "PCM_16", PCM),
)
W64, RF64 = encoded("W64", "PCM_16", PCM), encoded("RF64", "PCM_16", PCM)
SIZE = 2 * FRAMES

WHOLE: dict[str, bytes] = {
    "plain": wav(),
    "big-endian": rifx(),
    "a chunk before the format": wav(before=chunk(b"JUNK", bytes(28))),
    "a broadcast chunk of odd length": wav(before=chunk(b"bext", bytes(603))),
    "a list after the samples": wav(after=chunk(b"LIST", b"INFOISFT" + bytes(9))),
    "an ID3 tag after the samples": wav(after=chunk(b"id3 ", b"ID3\3" + bytes(200))),
    "no chunk after the samples": wav(after=b"\xff" * 333),
    "extensible": encoded("WAVEX", "PCM_24"),
    "24 bits": encoded("WAV", "PCM_24"),
    "float64": encoded("WAV", "DOUBLE"),
    "A-law": encoded("WAV", "ALAW"),
    "mu-law": encoded("WAV", "ULAW"),
    "RF64": RF64,
    "BW64": b"BW64" + RF64[4:],
    "W64": W64,
    "AIFF": AIFF,
    "AIFC": encoded("AIFF", "FLOAT"),
    "AU": AU,
    "little-endian AU": b"dns." + struct.pack("<5I", 24, SIZE, 3, 8000, 1) + PCM.tobytes(),
    "CAF": CAF,
    "CAF with ALAC": encoded("CAF", "ALAC_16"),
    "NIST": encoded("NIST", "PCM_16"),
    "FLAC": encoded("FLAC"),
    "FLAC behind an ID3 tag": b"ID3\3\0\0\0\0\0\x64" + bytes(100) + encoded("FLAC"),
    "FLAC with something behind it": encoded("FLAC") + bytes(700),
    "Vorbis": encoded("OGG", "VORBIS"),
    "Vorbis with something behind it": encoded("OGG", "VORBIS") + bytes(70_000),
    "Opus": encoded("OGG", "OPUS"),
    "MP3": encoded("MP3"),
    "MP3 behind an ID3 tag": b"ID3\3\0\0\0\0\x07\x68" + bytes(1000) + encoded("MP3"),
    "MP3 before an ID3 tag": encoded("MP3") + b"TAG" + bytes(125),
    "differences with Huffman's code": encoded("AIFF", "DWVW_16"),
}


@pytest.mark.parametrize("case", WHOLE)
def test_a_whole_recording_is_read_to_its_end_without_a_note(case: str, tmp_path: Path) -> None:
    path = tmp_path / "recording"  # what a file holds decides, and not its name
    path.write_bytes(WHOLE[case])
    sound = decode(path)
    assert sound.rate == 8000
    assert sound.samples.shape == (FRAMES,)
    assert sound.notes == ()
    assert duration(path) == FRAMES / 8000
    lossy = case.startswith(("Vorbis", "Opus", "MP3"))
    same = np.corrcoef(sound.samples, NOISE)[0, 1]
    assert same > (0.5 if lossy else 0.999)


def flac_of_unknown_length() -> bytes:
    content = bytearray(encoded("FLAC"))
    content[21] &= 0xF0
    content[22:26] = bytes(4)
    return bytes(content)


ODD: dict[str, tuple[bytes, str]] = {
    "the header counted among the samples": (wav(data=SIZE + 44), OVERSTATED),
    "the chunks counted among the samples": (wav(data=SIZE + 36), OVERSTATED),
    "the header counted in both lengths": (wav(SIZE + 44, SIZE + 80), OVERSTATED),
    "a longer header counted": (
        wav(data=SIZE + 44 + 36, before=chunk(b"JUNK", bytes(28))),
        OVERSTATED,
    ),
    "too long in a complete file": (wav(data=SIZE + 1000), OVERSTATED),
    "an interrupted recorder": (wav(data=0, riff=36), NOT_COUNTED),
    "an interrupted recorder that wrote no length": (wav(data=0, riff=0), NOT_COUNTED),
    "a pipe": (wav(data=0xFFFFFFFF, riff=0xFFFFFFFF), NOT_SAID),
    "another pipe": (wav(data=0x7FFFF000, riff=0x7FFFF024), NOT_SAID),
    "RF64 of an interrupted recorder": (
        number(number(RF64, 28, "<Q", 0), 20, "<Q", 0),
        NOT_COUNTED,
    ),
    "W64 of an interrupted recorder": (number(W64, len(W64) - SIZE - 8, "<Q", 24), NOT_COUNTED),
    "W64 without a length": (number(W64, len(W64) - SIZE - 8, "<Q", 0), NOT_COUNTED),
    "AIFF of an interrupted recorder": (number(AIFF, at(AIFF, b"SSND"), ">I", 0), NOT_COUNTED),
    "AIFF with its header counted": (
        number(AIFF, at(AIFF, b"SSND"), ">I", len(AIFF)),
        OVERSTATED,
    ),
    "AU from a pipe": (number(AU, 8, ">I", 0xFFFFFFFF), NOT_SAID),
    "AU of an interrupted recorder": (number(AU, 8, ">I", 0), NOT_COUNTED),
    "CAF from a pipe": (number(CAF, at(CAF, b"data"), ">q", -1), NOT_SAID),
    "CAF of an interrupted recorder": (number(CAF, at(CAF, b"data"), ">q", 0), NOT_COUNTED),
}


@pytest.mark.parametrize("case", ODD)
def test_a_header_that_is_wrong_is_noted_and_the_samples_are_read_to_their_end(
    case: str, tmp_path: Path
) -> None:
    content, said = ODD[case]
    (tmp_path / "a.wav").write_bytes(content)
    clip = read_clip(tmp_path / "a.wav")
    (note,) = clip.notes
    assert said in note
    np.testing.assert_array_equal(clip.samples, PCM)


def test_a_flac_whose_length_nobody_wrote_is_read_to_its_end(tmp_path: Path) -> None:
    (tmp_path / "a.flac").write_bytes(flac_of_unknown_length())
    assert len(read_clip(tmp_path / "a.flac").samples) == FRAMES
    assert duration(tmp_path / "a.flac") == FRAMES / 8000


def test_a_wav_without_samples_but_with_other_chunks_holds_none(tmp_path: Path) -> None:
    content = wav(data=0, riff=0)[:44] + chunk(b"LIST", b"INFOISFT" + bytes(4000))
    (tmp_path / "a.wav").write_bytes(content)
    with pytest.raises(ClipError, match="holds no samples"):
        read_clip(tmp_path / "a.wav")


def frames_of(content: bytes) -> list[bytes]:
    """The frames of an MP3 of MPEG 2.5, layer III, at 8 kHz."""
    found = []
    while content:
        size = 72 * (content[2] >> 4) * 8000 // 8000 + (content[2] >> 1 & 1)
        found.append(content[:size])
        content = content[size:]
    return found


@pytest.mark.parametrize("before", [b"", b"ID3\3\0\0\0\0\x07\x68" + bytes(1000)])
def test_an_mp3_of_changing_bit_rate_that_nobody_counted_is_read_to_its_end(
    before: bytes, tmp_path: Path
) -> None:
    loud, quiet = 0.3 * np.random.default_rng(5).standard_normal((2, 30_000))
    content = encoded("MP3", samples=np.r_[loud, 0.001 * quiet, loud])
    xing, *frames = frames_of(content)
    assert b"Xing" in xing
    assert len({frame[2] >> 4 for frame in frames}) > 1
    for order in (frames, frames[::-1]):
        (tmp_path / "a.mp3").write_bytes(before + b"".join(order))
        assert len(decode(tmp_path / "a.mp3").samples) == pytest.approx(576 * len(frames), abs=1200)
        assert duration(tmp_path / "a.mp3") == pytest.approx(576 * len(frames) / 8000, abs=0.15)


# --- Ogg -------------------------------------------------------------------------------------


def pages(content: bytes) -> list[bytes]:
    found = []
    while content:
        count = content[26]
        size = 27 + count + sum(content[27 : 27 + count])
        found.append(content[:size])
        content = content[size:]
    return found


def page_with(page: bytes, flags: int | None = None, serial: int | None = None) -> bytes:
    """`page` with other flags or of another stream, and the checksum that belongs to it."""
    new = bytearray(page)
    if flags is not None:
        new[5] = flags
    if serial is not None:
        new[14:18] = struct.pack("<I", serial)
    new[22:26] = bytes(4)
    checksum = 0
    for byte in new:
        checksum ^= byte << 24
        for _ in range(8):
            checksum = (checksum << 1) ^ (0x104C11DB7 if checksum >> 31 else 0)
    new[22:26] = struct.pack("<I", checksum)
    return bytes(new)


LONG = 0.1 * np.random.default_rng(4).standard_normal(60_000)


def test_an_ogg_whose_last_page_is_not_marked_is_read_with_a_note(tmp_path: Path) -> None:
    *most, last = pages(encoded("OGG", "VORBIS", LONG))
    (tmp_path / "a.ogg").write_bytes(b"".join(most) + page_with(last, flags=0))
    clip = read_clip(tmp_path / "a.ogg")
    assert len(clip.samples) == 60_000
    assert clip.notes == ("its last page is not marked as the last: read to its end",)


@pytest.mark.parametrize("codec", ["VORBIS", "OPUS"])
def test_an_ogg_that_ends_between_two_pages_is_read_with_a_note(codec: str, tmp_path: Path) -> None:
    *most, last = pages(encoded("OGG", codec, LONG))
    (tmp_path / "a.ogg").write_bytes(b"".join(most))
    clip = read_clip(tmp_path / "a.ogg")
    assert 40_000 < len(clip.samples) < 60_000
    assert "not marked as the last" in clip.notes[0]
    (tmp_path / "b.ogg").write_bytes(b"".join(most) + last[: len(last) // 2])
    with pytest.raises(ClipError, match="cut off"):
        read_clip(tmp_path / "b.ogg")


def test_of_several_oggs_one_after_the_other_the_first_is_read_with_a_note(
    tmp_path: Path,
) -> None:
    first = encoded("OGG", "VORBIS", LONG)
    second = b"".join(page_with(page, serial=77) for page in pages(encoded("OGG", "VORBIS")))
    (tmp_path / "a.ogg").write_bytes(first + second)
    clip = read_clip(tmp_path / "a.ogg")
    assert len(clip.samples) == 60_000
    assert "several recordings" in clip.notes[0]


# --- cut off, damaged, or no sound -----------------------------------------------------------

CUT = ("plain", "big-endian", "extensible", "24 bits", "RF64", "BW64", "W64", "AIFF", "AIFC", "AU")
CUT += ("CAF", "CAF with ALAC", "FLAC", "Vorbis", "Opus", "MP3")


@pytest.mark.parametrize("case", CUT)
@pytest.mark.parametrize("share", [0.01, 0.5, 0.97])
def test_what_was_cut_off_is_refused(case: str, share: float, tmp_path: Path) -> None:
    content = WHOLE[case]
    (tmp_path / "a.wav").write_bytes(content[: int(share * len(content))])
    with pytest.raises(ClipError, match="cut off"):
        read_clip(tmp_path / "a.wav")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\0\0\0\x20ftypM4A " + bytes(500), "is MP4 or M4A, which libsndfile"),
        (bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c") + bytes(500), "is Windows Media"),
        (bytes.fromhex("1a45dfa3") + bytes(500), "is Matroska or WebM"),
        (b"\xff\xf1\x50\x80" + bytes(range(256)), "is AAC"),
        (b"#!AMR\n" + bytes(500), "is AMR"),
        (b"<!DOCTYPE html><title>404</title>" * 9, "is not a WAV, FLAC, Ogg, MP3 or AIFF"),
        ("seven\n".encode("utf-16") * 99, "is not a WAV, FLAC, Ogg, MP3 or AIFF"),
        (b"ID3\3\0\0\x7f\x7f\x7f\x7f" + bytes(500), "is not a WAV, FLAC, Ogg, MP3 or AIFF"),
        (b"PK\3\4" + bytes(500), "is not a WAV, FLAC, Ogg, MP3 or AIFF"),
        (number(wav(), 20, "<H", 0x161), "is WAV but cannot be decoded"),
    ],
)
def test_what_is_no_readable_sound_gets_its_true_reason(
    content: bytes, said: str, tmp_path: Path
) -> None:
    (tmp_path / "a.mp3").write_bytes(content)
    with pytest.raises(ClipError) as caught:
        read_clip(tmp_path / "a.mp3")
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


@given(data=st.data())
@settings(deadline=None)
def test_damaged_bytes_of_any_format_are_read_or_refused_in_little_memory(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    content = bytearray(WHOLE[data.draw(st.sampled_from(sorted(WHOLE)))])
    for _ in range(data.draw(st.integers(1, 6))):
        place = data.draw(st.integers(0, min(len(content), 300) - 1))
        content[place] = data.draw(st.sampled_from([0, 0x7F, 0x80, 0xFF]) | st.integers(0, 255))
    path = tmp_path_factory.mktemp("damaged") / "a.wav"
    path.write_bytes(content)
    tracemalloc.start()
    try:
        clip = read_clip(path)
    except ClipError as error:
        assert str(path) in str(error)
    else:
        assert np.isfinite(clip.samples).all()
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < 50_000_000


# --- suffixes --------------------------------------------------------------------------------


def test_the_suffixes_are_those_of_formats_that_are_read() -> None:
    assert {".wav", ".wave", ".flac", ".ogg", ".oga", ".aiff", ".aif", ".au", ".caf"} <= set(
        SUFFIXES
    )
    assert not set(SUFFIXES) & set(UNREADABLE)
    assert all(suffix == suffix.lower() for suffix in (*SUFFIXES, *UNREADABLE))
    for suffix in (".mp3", ".opus"):
        assert (suffix in SUFFIXES) == (suffix not in UNREADABLE)
