"""A path means the file that is there now: after a change of folder, and after a change of file."""

import os
import time
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
import soundfile
from command_line import corpus

from lrp_audio.data import voices
from lrp_audio.data.corpus import find_recordings
from lrp_audio.data.reading import read, readable
from lrp_audio.errors import ClipError
from lrp_audio.experiments import frequency_scaling
from lrp_audio.experiments.plan import ExperimentPlan

pytestmark = pytest.mark.slow


def tone(path: Path, hertz: float, seconds: float = 2.5) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    samples = 0.3 * np.sin(2 * np.pi * hertz * np.arange(round(8000 * seconds)) / 8000)
    soundfile.write(path, samples, 8000)


def hertz(samples: np.ndarray) -> int:
    return int(np.abs(np.fft.rfft(samples)).argmax() * 8000 / len(samples))


def test_seconds_of_a_file_are_those_of_the_file_that_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder, pitch in (("one", 200), ("two", 300)):
        tone(tmp_path / folder / "rec" / "03a01Fa.wav", pitch)
        monkeypatch.chdir(tmp_path / folder)
        (first, *_) = find_recordings([Path("rec")])
        assert first.begin is not None
        assert hertz(read(first, 8000).samples) == pitch
    tone(first.path, 400)
    os.utime(first.path, ns=(0, 0))
    assert hertz(read(first, 8000).samples) == 400


@pytest.mark.parametrize("name", ["3_ann_0.wav", "03a01Fa.wav"])
def test_a_recording_that_was_read_before_is_the_same_or_is_refused(
    name: str, tmp_path: Path
) -> None:
    """Also where its time stamp and its size are those of before."""
    path = tmp_path / name
    tone(path, 250)
    os.utime(path, ns=(10**18, 10**18))
    found, errors = readable(find_recordings([tmp_path]), 8000)
    assert errors == []
    assert {recording.sha256 for recording in found} == {sha256(path.read_bytes()).hexdigest()}
    assert found == list(find_recordings([tmp_path]))
    assert hertz(read(found[0], 8000).samples) == 250
    tone(path, 350)
    os.utime(path, ns=(10**18, 10**18))
    with pytest.raises(ClipError, match="was replaced after it was read first"):
        read(found[0], 8000)
    again, _ = readable(find_recordings([tmp_path]), 8000)
    assert hertz(read(again[0], 8000).samples) == 350


def test_units_of_an_experiment_find_their_files_from_workers_of_another_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from lrp_audio.commands.workers import Workers

    found = []
    for folder in ("one", "two"):
        corpus(tmp_path / folder / "digits")
        for path in (tmp_path / folder / "digits").iterdir():
            digit, sex, _ = path.stem.split("_")
            number = 1 + int(digit) % 4
            path.rename(path.with_name(f"{digit}_espeakEnus{sex[0].upper()}{number}_5.wav"))
        monkeypatch.chdir(tmp_path / folder)
        plan = ExperimentPlan(
            out=Path("out"),
            data=(Path("digits"),),
            models=("audionet-sex",),
            clips=4,
            hold_out=("espeakF1", "espeakM1"),
        )
        units, errors = frequency_scaling.units(plan)
        assert errors == []
        assert not units[0].portion.recordings[0].path.is_absolute()
        pieces = [units[0], units[0]]
        found += [result["heard"] for _, result in Workers(2).run(type(units[0]).work, pieces)]
    assert found[0] == found[1] == found[2] == found[3]


def test_a_stop_of_the_synthesis_begins_no_other_word(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoken = []

    def speak(voice: object, digit: int, target: Path, extra: object) -> None:
        spoken.append(target)
        time.sleep(0.005)
        raise KeyboardInterrupt

    monkeypatch.setattr(voices, "require_programs", lambda *names: None)
    monkeypatch.setattr(voices, "speak", speak)
    assert voices.main([str(tmp_path / "out"), "--count-per-digit", "200"]) == 130
    assert len(spoken) < 1000  # of 2000
