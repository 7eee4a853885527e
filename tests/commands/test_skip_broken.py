"""Corpora with broken files: all are named in one go, and left out on demand."""

import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
import soundfile
from command_line import corpus, example

from lrp_audio.experiments import flipping
from lrp_audio.experiments.plan import ExperimentPlan
from lrp_audio.models.zoo import ARCHITECTURES
from lrp_audio.training import from_recordings

Run = Callable[..., tuple[int, str, list[str]]]
FLIPPING = ("flipping", "--models", "audionet-digit", "--clips", "20", "--out", "out")


@pytest.fixture
def digits(tmp_path: Path) -> Path:
    """Twenty test recordings of two speakers, of which three are broken in other ways."""
    folder = corpus(tmp_path / "digits")
    (folder / "0_male_0.wav").write_bytes(b"")
    (folder / "3_female_0.wav").write_text("no sound")
    soundfile.write(folder / "5_male_0.wav", np.zeros(4000), 8000)
    return folder


BROKEN = ("0_male_0.wav", "3_female_0.wav", "5_male_0.wav")


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a command beside the corpus; its code, what it prints, and its errors."""
    monkeypatch.chdir(tmp_path)

    def start(module: str, *arguments: str) -> tuple[int, str, list[str]]:
        code = import_module(f"lrp_audio.{module}").main(list(arguments))
        shown = capsys.readouterr()
        lines = [line for line in shown.err.splitlines() if line.startswith("error: ")]
        return code, shown.out, lines

    return start


def names(lines: Sequence[str], expected: Sequence[str]) -> bool:
    return len(lines) == len(expected) and all(
        name in line for name, line in zip(expected, sorted(lines), strict=True)
    )


def test_evaluate_names_all_and_measures_nothing(digits: Path, run: Run) -> None:
    code, out, lines = run("evaluate", "--data", "digits")
    assert (code, out) == (2, "")
    assert names(lines[:-1], BROKEN)
    assert "3 recordings or folders of the corpus cannot be used" in lines[-1]
    assert "--skip-broken" in lines[-1]


def test_evaluate_goes_on_without_them(digits: Path, run: Run, tmp_path: Path) -> None:
    code, _, lines = run("evaluate", "--data", "digits", "--skip-broken", "--json", "found.json")
    assert code == 2
    assert names(lines, BROKEN)
    for name in BROKEN:
        (digits / name).unlink()
    assert run("evaluate", "--data", "digits", "--json", "without.json")[0] == 0
    found, without = (json.loads(Path(f"{n}.json").read_text()) for n in ("found", "without"))
    assert found == without
    assert found["all"]["of"] == 17


def test_broken_sentences_of_emodb_are_named_with_the_other_broken_files(
    run: Run, tmp_path: Path
) -> None:
    folder = tmp_path / "mixed"
    folder.mkdir()
    (folder / "03a01Fa.wav").write_bytes(example(1, "male").read_bytes()[:500])
    (folder / "08a01Fa.wav").write_bytes(b"")
    (folder / "7_theo_0.wav").write_text("no sound")
    shutil.copyfile(example(2, "female"), folder / "09a01Fa.wav")
    speakers = ("--speakers", "03", "08", "09", "theo")
    given = ("evaluate", "--model", "audionet-sex", "--data", "mixed", *speakers)
    broken = ("03a01Fa.wav", "08a01Fa.wav", "7_theo_0.wav")
    code, out, lines = run(*given)
    assert (code, out) == (2, "")
    assert names(lines[:-1], broken)
    code, _, lines = run(*given, "--skip-broken", "--json", "found.json")
    assert code == 2
    assert names(lines, broken)
    assert json.loads(Path("found.json").read_text())["all"]["of"] == 1


def test_where_no_recording_is_left_one_sentence_says_so(digits: Path, run: Run) -> None:
    for path in digits.glob("*.wav"):
        path.write_bytes(b"RIFF")
    code, out, lines = run("evaluate", "--data", "digits", "--skip-broken")
    assert (code, out, len(lines)) == (2, "", 21)
    assert lines[-1] == "error: None of the recordings to test on can be read."


def test_train_names_all_and_goes_on_without_them(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = ARCHITECTURES["audionet"].recipes["digit"]
    small = replace(recipe, settings=replace(recipe.settings, batch=4, epochs=1))
    monkeypatch.setitem(ARCHITECTURES["audionet"].recipes, "digit", small)
    monkeypatch.setattr(from_recordings, "_TYPICAL", 4)
    folder = tmp_path / "few"
    folder.mkdir()
    for clip in corpus(tmp_path / "digits", (0, 7)).glob("[0-2]_male_*.wav"):
        shutil.copy(clip, folder)
    for name in ("1_male_0.wav", "2_male_7.wav"):
        (folder / name).write_text("no sound")
    given = ("train", "--data", "few", "--out", "a.npz")
    code, out, lines = run(*given)
    assert (code, out) == (2, "")
    assert names(lines[:-1], ("1_male_0.wav", "2_male_7.wav"))
    assert not list(tmp_path.glob("a.npz*"))
    code, out, lines = run(*given, "--skip-broken")
    assert code == 2
    assert names(lines, ("1_male_0.wav", "2_male_7.wav"))
    assert "2 recordings to train on, 2 to test on" in out
    assert (tmp_path / "a.npz").is_file()


def test_experiments_name_all_before_they_begin(digits: Path, run: Run, tmp_path: Path) -> None:
    code, out, lines = run("experiments.__main__", *FLIPPING, "--data", "digits")
    assert (code, out) == (2, "")
    assert names(lines[:-1], BROKEN)
    assert not list((tmp_path / "out").rglob("*.json"))


def test_a_recording_that_breaks_changes_no_unit_but_its_own(tmp_path: Path) -> None:
    digits = corpus(tmp_path / "digits")
    plan = ExperimentPlan(
        out=tmp_path / "out", data=(digits,), models=("audionet-digit",), clips=20
    )
    before, errors = flipping.units(plan)
    assert errors == []
    broken = before[1].portion.recordings[2]
    broken.path.write_bytes(b"")
    after, errors = flipping.units(plan)
    assert [broken.path.name in str(error) for error in errors] == [True]
    assert len(after) == len(before) == 3
    assert [a == b for a, b in zip(before, after, strict=True)] == [True, False, True]
    kept = [r for r in before[1].portion.recordings if r != broken]
    assert list(after[1].portion.recordings) == kept


@pytest.mark.parametrize(
    "given",
    [
        (
            "frequency-scaling",
            *("--models", "audionet-sex", "--hold-out", "espeakF1", "espeakM1"),
        ),
        ("accuracy", "--models", "audionet-sex", "--steps", "1", "--folds", "0"),
    ],
    ids=lambda given: str(given[0]),
)
def test_experiments_go_on_without_them(
    given: tuple[str, ...], run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = ARCHITECTURES["audionet"].recipes["sex"]
    small = replace(recipe, settings=replace(recipe.settings, batch=4))
    monkeypatch.setitem(ARCHITECTURES["audionet"].recipes, "sex", small)
    monkeypatch.setattr(from_recordings, "_TYPICAL", 4)
    folder = tmp_path / "voices"
    folder.mkdir()
    for sex in ("female", "male"):
        for number in range(1, 5):
            for digit in (3, 8):
                name = f"{digit}_espeakEnus{sex[0].upper()}{number}_5.wav"
                shutil.copyfile(example(digit, sex), folder / name)
    # One speaker of each sex at least is tested on; of each, one recording is broken.
    broken = sorted(path.name for path in folder.glob("8_*"))
    for name in broken:
        (folder / name).write_text("no sound")
    options = ("--data", "voices", "--out", "out", "--skip-broken")
    code, out, lines = run("experiments.__main__", *given, *options)
    assert code == 2
    assert lines
    assert all(any(name in line for name in broken) for line in lines)
    results = json.loads((tmp_path / "out" / "results.json").read_text())
    assert results["rows"]
    assert "wrote out/results.json" in out


def test_the_help_says_how_it_ends(capsys: pytest.CaptureFixture[str]) -> None:
    for module in ("evaluate", "train", "experiments.__main__"):
        with pytest.raises(SystemExit, match="0"):
            import_module(f"lrp_audio.{module}").main(["--help"])
        shown = " ".join(capsys.readouterr().out.split())
        assert "--skip-broken name the recordings that cannot be read and go on" in shown
        assert "the exit code is still 2" in shown
