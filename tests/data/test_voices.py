"""Synthetic voices: what the programs say arrives as whole files, or not at all."""

import os
import stat
import sys
from pathlib import Path

import numpy as np
import pytest

from lrp_audio.audio.encoding import wav
from lrp_audio.audio.files import decode
from lrp_audio.data.voices import RATE, Voice, speak, voices
from lrp_audio.errors import LrpAudioError

TONE = 0.5 * np.sin(2 * np.pi * 440 * np.arange(11_025) / 22_050)
VOICES = {
    program: next(v for v in voices() if v.program == program) for program in ("espeak-ng", "flite")
}


@pytest.fixture(params=VOICES)
def voice(request: pytest.FixtureRequest) -> Voice:
    return VOICES[request.param]


def installed(folder: Path, name: str, content: bytes, more: str) -> None:
    """A program that writes `content` to stdout, and then does `more`."""
    (folder / "content").write_bytes(content)
    program = folder / name
    program.write_text(
        f"#!{sys.executable}\nimport sys\n"
        f"content = open({str(folder / 'content')!r}, 'rb').read()\n"
        f"sys.stdout.buffer.write(content)\n{more}\n"
    )
    program.chmod(program.stat().st_mode | stat.S_IXUSR)


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    return folder


def test_a_digit_is_written_at_the_rate_of_the_corpus(
    voice: Voice, programs: Path, tmp_path: Path
) -> None:
    installed(programs, voice.program, wav(TONE, 22_050), "")
    target = tmp_path / "out" / "7_ann_5.wav"
    target.parent.mkdir()
    speak(voice, 7, target)
    mono = decode(target)
    assert mono.rate == RATE
    assert len(mono.samples) == pytest.approx(0.5 * RATE, abs=200)
    assert [path.name for path in target.parent.iterdir()] == [target.name]


@pytest.mark.parametrize(
    ("content", "more", "said"),
    [
        (wav(TONE, 22_050), "sys.exit('no such voice')", "could not speak with .*no such voice"),
        (b"", "", "could not speak"),
        (wav(0 * TONE, 22_050), "", "only silence"),
        (wav(TONE, 22_050)[:-4_000], "", "cut off"),
        (b"no sound at all", "", "is not a"),
    ],
)
def test_what_a_program_does_not_say_whole_is_refused(
    content: bytes, more: str, said: str, voice: Voice, programs: Path, tmp_path: Path
) -> None:
    installed(programs, voice.program, content, more)
    target = tmp_path / "7_ann_5.wav"
    before = sorted(tmp_path.iterdir())
    with pytest.raises(LrpAudioError, match=said):
        speak(voice, 7, target)
    assert sorted(tmp_path.iterdir()) == before
