"""The evaluation command: who is tested on, and the figures that come of it."""

import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import mean
from typing import Any

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

import lrp_audio
from lrp_audio import evaluate
from lrp_audio.audio.clip import Clip, read_clip
from lrp_audio.data import reading
from lrp_audio.data.corpus import find_recordings
from lrp_audio.data.reading import read
from lrp_audio.data.split import split_speakers
from lrp_audio.data.tasks import SEXES, TASKS
from lrp_audio.fronts import Waveform
from lrp_audio.layers import Dense, Flatten
from lrp_audio.model import Model
from lrp_audio.models.network import Network, chain
from lrp_audio.outputs import Output

Array = NDArray[Any]
Run = Callable[..., tuple[dict[str, Any], list[list[str]]]]
WOMAN, MAN = 220, 110  # Hz


def listener(classes: Sequence[str], hears: Callable[[int], int]) -> Model:
    """A model that says the class ``hears(pitch)`` of the pitch in Hz."""

    class OneHot(Waveform):
        def input_shape(self, length: int) -> tuple[int, ...]:
            return (1, len(classes))

        def transform(self, samples: Array) -> Array:
            pitch = int(np.abs(np.fft.rfft(samples)).argmax())
            return np.eye(len(classes))[hears(pitch)]

    front = OneHot(8000, 8000)
    same = Dense(np.eye(len(classes), dtype=np.float32), np.zeros(len(classes), np.float32))
    network = Network(chain([("flatten", Flatten()), ("fc", same)]), front.shape)
    return Model("listener", network, Output(tuple(classes)), np.dtype(np.float32), front=front)


DIGITS = listener(TASKS["digit"].classes, lambda pitch: round(pitch / 100))
HIGH_IS_FEMALE = listener(SEXES, lambda pitch: int(pitch < 165))


def tone(path: Path, pitch: float, seconds: float = 1.0) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    samples = 0.3 * np.sin(2 * np.pi * pitch * np.arange(round(8000 * seconds)) / 8000)
    soundfile.write(path, samples, 8000)


def audiomnist(root: Path, pitches: dict[str, tuple[str, Sequence[float]]]) -> Path:
    """A corpus of AudioMNIST's layout: sex and pitches by speaker."""
    for speaker, (_, said) in pitches.items():
        for index, pitch in enumerate(said):
            tone(root / "data" / speaker / f"7_{speaker}_{index}.wav", pitch)
    facts = {speaker: {"gender": sex} for speaker, (sex, _) in pitches.items()}
    (root / "audioMNIST_meta.txt").write_text(json.dumps(facts))
    return root


@pytest.fixture
def evaluated(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> Run:
    """Run the command with a model; gives its JSON file and the cells of what it prints."""

    def run(model: Model, *arguments: str | Path) -> tuple[dict[str, Any], list[list[str]]]:
        monkeypatch.setattr(lrp_audio, "load", lambda name: model)
        out = tmp_path / "out" / "figures.json"
        given = [*map(str, arguments), "--model", "mine.npz", "--json", str(out)]
        assert evaluate.main(given) == 0, capsys.readouterr().err
        assert [path.name for path in out.parent.iterdir()] == [out.name]
        return json.loads(out.read_text()), [x.split() for x in capsys.readouterr().out.split("\n")]

    return run


def recordings_of(figures: dict[str, Any]) -> dict[str, int]:
    return {row["who"]: row["of"] for row in figures["by speaker"]}


# --- digits -------------------------------------------------------------------------------------


@pytest.fixture
def digits(tmp_path: Path) -> Path:
    """Two speakers of whom ann is heard right in her first test recording only; and EmoDB."""
    for index in (0, 1, 5):
        tone(tmp_path / "mine" / f"3_ann_{index}.wav", 300 + 100 * index)
        tone(tmp_path / "mine" / f"7_theo_{index}.wav", 700)
    tone(tmp_path / "mine" / "03a01Fa.wav", 300)
    return tmp_path / "mine"


def test_digits_are_tested_on_the_official_test_recordings(digits: Path, evaluated: Run) -> None:
    figures, lines = evaluated(DIGITS, "--data", digits)
    assert recordings_of(figures) == {"fsdd/theo": 2, "mine/ann": 2}
    assert figures["all"] == {"speakers": 2, "right": 3, "of": 4, "accuracy": 0.75}
    assert lines[:4] == [
        ["listener", "sex", "right", "of", "accuracy"],
        ["fsdd/theo", "male", "2", "2", "100.0%"],
        ["mine/ann", "-", "1", "2", "50.0%"],
        ["all", "-", "3", "4", "75.0%"],
    ]


@pytest.mark.parametrize("name", ["ann", "mine/ann"])
def test_every_recording_of_the_named_speakers_is_tested_on(
    name: str, digits: Path, evaluated: Run
) -> None:
    figures, _ = evaluated(DIGITS, "--data", digits, "--speakers", name)
    assert recordings_of(figures) == {"mine/ann": 3}


def test_held_out_speakers_are_tested_on_besides(digits: Path, evaluated: Run) -> None:
    figures, _ = evaluated(DIGITS, "--data", digits, "--hold-out", "theo")
    assert recordings_of(figures) == {"fsdd/theo": 3, "mine/ann": 2}


def test_a_batch_hears_what_one_recording_at_a_time_does(evaluated: Run) -> None:
    model = lrp_audio.load("audionet-digit")
    folder = Path(lrp_audio.__file__).parent / "examples"
    figures, _ = evaluated(model, "--data", folder)
    alone = [model.classify(r.path) == r.digit for r in find_recordings([folder])]
    assert figures["all"] == {"speakers": 2, "right": sum(alone), "of": 20, "accuracy": mean(alone)}


def test_more_recordings_than_a_batch_stay_in_order(tmp_path: Path, evaluated: Run) -> None:
    for index in range(75):
        tone(tmp_path / "mine" / f"{index % 10}_ann_{index}.wav", 100 * (index % 10) or 20, 0.2)
    figures, _ = evaluated(DIGITS, "--data", tmp_path / "mine", "--speakers", "ann")
    assert figures["all"] == {"speakers": 1, "right": 75, "of": 75, "accuracy": 1.0}


# --- sexes --------------------------------------------------------------------------------------


@pytest.fixture
def sexes(tmp_path: Path) -> tuple[Path, Path]:
    """Corpora in which women are heard right 3 times of 4 and 0 of 1, men 1 of 2 and 3 of 3."""
    one = audiomnist(
        tmp_path / "one",
        {
            "01": ("female", [WOMAN, WOMAN]),
            "02": ("female", [WOMAN, MAN]),
            "03": ("male", [MAN, WOMAN]),
            "04": ("unknown", [MAN]),
        },
    )
    two = audiomnist(
        tmp_path / "two", {"01": ("female", [MAN]), "02": ("male", [MAN] * 2), "05": ("male", [90])}
    )
    return one, two


ALL = ("--speakers", "01", "02", "03", "05")


def test_the_figures_by_sex_are_balanced(sexes: tuple[Path, Path], evaluated: Run) -> None:
    figures, lines = evaluated(HIGH_IS_FEMALE, "--data", *sexes, *ALL)
    assert figures["all"] == {"speakers": 6, "right": 7, "of": 10, "accuracy": 0.7}
    groups = [tuple(group.values()) for group in figures["by corpus and sex"]]
    assert groups == [
        ("one", "female", 2, 3, 4, 0.75),
        ("one", "male", 1, 1, 2, 0.5),
        ("two", "female", 1, 0, 1, 0.0),
        ("two", "male", 2, 3, 3, 1.0),
    ]
    balanced = figures["balanced"]
    assert balanced["by corpus"] == {"one": 0.625, "two": 0.5}
    assert balanced["all recordings alike"] == pytest.approx((3 / 5 + 4 / 5) / 2)
    assert balanced["all corpora alike"] == pytest.approx((0.75 / 2 + 1.5 / 2) / 2)
    assert ["one", "female", "2", "3", "4", "75.0%"] in lines
    assert ["one/03", "male", "1", "2", "50.0%"] in lines
    assert ["all", "recordings", "alike", "70.0%"] in lines
    assert ["all", "corpora", "alike", "56.2%"] in lines


def test_a_mean_over_the_sexes_is_not_given_where_one_is_missing(
    sexes: tuple[Path, Path], evaluated: Run
) -> None:
    figures, lines = evaluated(HIGH_IS_FEMALE, "--data", *sexes, "--speakers", "one/03", "two/02")
    assert figures["balanced"] == {
        "by corpus": {"one": None, "two": None},
        "all recordings alike": None,
        "all corpora alike": None,
    }
    assert ["all", "corpora", "alike", "-"] in lines


@pytest.mark.parametrize("more", [0, 1])
def test_sexes_are_tested_on_the_speakers_that_training_keeps_for_it(
    more: int, tmp_path: Path, evaluated: Run
) -> None:
    people = {f"{i:02}": (SEXES[i % 2], [WOMAN]) for i in range(12)}
    folder = audiomnist(tmp_path / "many", people)
    recordings = find_recordings([folder])
    held_out = [r.speaker for r in split_speakers(recordings).training][:more]
    named = ["--hold-out", *held_out] if held_out else []
    figures, _ = evaluated(HIGH_IS_FEMALE, "--data", folder, *named)
    split = split_speakers(recordings, held_out=held_out)
    assert set(recordings_of(figures)) == {r.who for r in split.test}
    assert len(split.test) == 4 + more


# --- what goes wrong ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "arguments", "said"),
    [
        (DIGITS, ["--speakers", "eve"], r"no speaker 'eve' whose digit is known; .* mine/ann"),
        (HIGH_IS_FEMALE, ["--speakers", "ann"], "no speaker 'ann' whose sex is known"),
        (listener(["cat", "dog"], int), [], "listener tells cat, dog apart; only .* digit and sex"),
        (HIGH_IS_FEMALE, [], "both sexes are needed"),
    ],
)
def test_what_cannot_be_evaluated_is_one_sentence(
    model: Model,
    arguments: list[str],
    said: str,
    digits: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(lrp_audio, "load", lambda name: model)
    assert evaluate.main(["--data", str(digits), "--model", "mine.npz", *arguments]) == 2
    shown = capsys.readouterr()
    assert not shown.out
    assert shown.err.startswith("error: ")
    assert len(shown.err.splitlines()) == 1
    assert re.search(said, shown.err)


def test_sound_that_is_passed_over_is_named(
    digits: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(lrp_audio, "load", lambda name: DIGITS)
    tone(digits / "seven.wav", 440)
    (digits / "7_ann_3.m4a").touch()
    assert evaluate.main(["--data", str(digits)]) == 0
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("Passed over: 1 file ('seven.wav'): expected are names like")
    assert "1 file ('7_ann_3.m4a'): libsndfile" in line


def test_digits_without_a_test_recording_are_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    tone(tmp_path / "7_ann_5.wav", 700)
    tone(tmp_path / "03a01Fa.wav", 700)
    monkeypatch.setattr(lrp_audio, "load", lambda name: DIGITS)
    assert evaluate.main(["--data", str(tmp_path), "--model", "mine.npz"]) == 2
    assert "No recording here is a test recording" in capsys.readouterr().err


def test_figures_that_cannot_be_written_are_shown_and_then_one_sentence(
    digits: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(lrp_audio, "load", lambda name: DIGITS)
    given = ["--data", str(digits), "--model", "mine.npz", "--json", str(digits)]
    assert evaluate.main(given) == 2
    shown = capsys.readouterr()
    assert "75.0%" in shown.out
    assert shown.err == f"error: {digits} cannot be written (Is a directory).\n"


def test_speakers_and_hold_out_exclude_each_other(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        evaluate.main(["--data", "x", "--speakers", "ann", "--hold-out", "theo"])
    assert "not allowed with" in capsys.readouterr().err


# --- reading ------------------------------------------------------------------------------------


def test_a_file_is_decoded_once_for_all_its_seconds_and_they_share_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    decoded: list[Path] = []

    def counted(path: Path) -> Clip:
        decoded.append(path)
        return read_clip(path)

    monkeypatch.setattr(reading, "read_clip", counted)
    for name in ("03a01Fa.wav", "08a01Fa.wav"):
        tone(tmp_path / name, 300, 3.5)
    recordings = find_recordings([tmp_path])
    clips = [read(r, 8000) for r in recordings]
    assert [path.name for path in decoded] == ["03a01Fa.wav", "08a01Fa.wav"]
    before = clips[-1].samples.copy()
    clips[-1].samples[:] = 0
    np.testing.assert_array_equal(read(recordings[-1], 8000).samples, before)
    assert len(decoded) == 2
