"""Options: numbers and paths that cannot be meant are refused in one short sentence."""

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

import pytest

from lrp_audio.__main__ import COMMANDS, _main_of

LONG = "7" * 6000
NUMBERS = [
    ("explain", ("--batch",)),
    ("explain", ("--jobs",)),
    ("explain", ("--threads",)),
    ("explain", ("--window",)),
    ("explain", ("--hop",)),
    ("evaluate", ("--data", ".", "--threads")),
    ("train", ("--data", ".", "--out", "a.npz", "--steps")),
    ("train", ("--data", ".", "--out", "a.npz", "--epochs")),
    ("train", ("--data", ".", "--out", "a.npz", "--batch")),
    ("train", ("--data", ".", "--out", "a.npz", "--seed")),
    ("train", ("--data", ".", "--out", "a.npz", "--rate")),
    ("experiments", ("flipping", "--data", ".", "--out", "o", "--folds")),
    ("experiments", ("flipping", "--data", ".", "--out", "o", "--seed")),
    ("experiments", ("flipping", "--data", ".", "--out", "o", "--clips")),
    ("study", ("build", "--out", "o", "--clips")),
    ("study", ("build", "--out", "o", "--seed")),
    ("study", ("simulate", "--heard", ".5", "--seen")),
    ("data.voices", ("o", "--count-per-digit")),
    ("data.voices", ("o", "--seed")),
    ("data.strangers", (".", "--seed")),
]
PATHS = [
    ("explain", ()),
    ("explain", ("--out",)),
    ("model", ("check",)),
    ("evaluate", ("--data",)),
    ("evaluate", ("--data", ".", "--json")),
    ("train", ("--out", "a.npz", "--data")),
    ("train", ("--data", ".", "--out")),
    ("experiments", ("flipping", "--out", "o", "--data")),
    ("experiments", ("flipping", "--data", ".", "--out")),
    ("experiments", ("flipping", "--data", ".", "--out", "o", "--trained")),
    ("study", ("build", "--out")),
    ("study", ("build", "--out", "o", "--consent")),
    ("study", ("analyse",)),
    ("study", ("simulate", "--seen", ".5", "--heard", ".6", "--into")),
    ("data", ("download", "fsdd")),
    ("data.voices", ()),
    ("data.examples", ()),
    ("data.strangers", ()),
]


def refusal(name: str, arguments: Sequence[str], capsys: pytest.CaptureFixture[str]) -> str:
    main = _main_of(name) if name in COMMANDS else import_module(f"lrp_audio.{name}").main
    with pytest.raises(SystemExit, match="2"):
        main(arguments)
    out, err = capsys.readouterr()
    assert out == ""
    return err.splitlines()[-1]


@pytest.mark.parametrize(("name", "given"), NUMBERS, ids=str)
@pytest.mark.parametrize("number", [LONG, f"-{LONG}", "", "\u0663", "1_0", "0x1", "nan"])
def test_a_number_that_is_none_or_endless_is_refused_shortly(
    name: str,
    given: tuple[str, ...],
    number: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    *rest, option = given
    said = refusal(name, [*rest, f"{option}={number}"], capsys)
    assert "error: " in said and option in said
    assert len(said) < 1200
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("name", "given"), PATHS, ids=str)
@pytest.mark.parametrize("path", ["", "a\0b", "\ud900"], ids=["empty", "NUL", "surrogate"])
def test_a_path_that_no_file_can_have_is_refused(
    name: str,
    given: tuple[str, ...],
    path: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    said = refusal(name, [*given, path], capsys)
    assert "is not the path of a file or folder" in said
    assert said.isprintable()
    assert list(tmp_path.iterdir()) == []
