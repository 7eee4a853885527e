"""Names that command a terminal, or that no encoding fits, are escaped where they are printed."""

import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import soundfile
from command_line import command, example

from lrp_audio.commands.options import Parser
from lrp_audio.commands.text import aligned, printable
from lrp_audio.experiments.results import ExperimentResults, ResultTable

pytestmark = pytest.mark.slow

EVIL = "evil\x1b[2J\r\n\x9b31m"
RAW = os.fsdecode(b"raw\xff\xfe")


def spoken(folder: Path, speakers: Sequence[str], digits: Sequence[int] = (1, 2)) -> None:
    """Recordings of `speakers`, whose names may be anything."""
    folder.mkdir(parents=True)
    try:
        for speaker in speakers:
            for digit in digits:
                shutil.copyfile(example(digit, "male"), folder / f"{digit}_{speaker}_0.wav")
    except OSError:
        pytest.skip("this disk takes no such file names")


def said(name: str, *arguments: str, folder: Path) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of a command whose terminal knows ASCII alone."""
    ascii_alone = {"PYTHONIOENCODING": "ascii"}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    process = command(name, *arguments, folder=folder, more=ascii_alone, **pipes)
    out, err = process.communicate(timeout=120)
    assert "Traceback" not in err
    return process.returncode, out, err


def harmless(text: str) -> bool:
    return text.isascii() and all(c.isprintable() or c in "\n" for c in text)


def test_evaluate_escapes_speakers_and_folders(tmp_path: Path) -> None:
    spoken(tmp_path / f"corpus {EVIL}", [EVIL, RAW, "Zoë"])
    code, out, err = said(
        "evaluate", "--data", f"corpus {EVIL}", "--json", "a.json", folder=tmp_path
    )
    assert (code, err) == (0, "")
    assert harmless(out)
    for shown in ("evil\\x1b[2J\\r\\n\\x9b31m", "raw\\udcff\\udcfe", "Zo\\xeb"):
        assert shown in out
    lines = out.splitlines()
    assert len(lines) == 5  # a header, three speakers, all
    speakers = [row["who"] for row in json.loads((tmp_path / "a.json").read_text())["by speaker"]]
    assert sorted(s.rpartition("/")[2] for s in speakers) == sorted([EVIL, RAW, "Zoë"])


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("explain", (f"{EVIL}.wav",)),
        ("explain", (RAW, "--model", EVIL)),
        ("evaluate", ("--data", EVIL)),
        ("evaluate", ("--data", ".", "--model", EVIL)),
        ("train", ("--data", EVIL, "--out", "a.npz")),
        ("experiments", ("accuracy", "--data", EVIL, "--out", "out")),
        ("study", ("build", "--data", RAW, "--out", "out", "--cdn")),
        ("study", ("analyse", EVIL)),
        ("explain", (f"--{EVIL}",)),
        ("train", (f"--model={EVIL}", "--data", ".", "--out", "a.npz")),
        ("data", (EVIL,)),
    ],
    ids=lambda given: given if isinstance(given, str) else "",
)
def test_an_error_about_a_name_is_harmless(
    name: str, given: tuple[str, ...], tmp_path: Path
) -> None:
    code, out, err = said(name, *given, folder=tmp_path)
    assert code == 2
    assert harmless(out) and harmless(err)
    assert "error: " in err.splitlines()[-1]


def test_a_bar_and_the_end_of_training_are_harmless(tmp_path: Path) -> None:
    spoken(tmp_path / "data", ["ann"], range(10))
    for path in list((tmp_path / "data").iterdir()):
        shutil.copyfile(path, path.with_name(path.name.replace("_0.wav", "_7.wav")))
    given = ("--data", "data", "--out", f"{EVIL}.npz", "--epochs", "1", "--batch", "5")
    code, out, err = said("train", *given, folder=tmp_path)
    assert code == 0
    assert harmless(out)
    assert harmless(err.replace("\r", ""))
    assert "evil\\x1b" in err and "evil\\x1b" in out


def test_a_result_keeps_names_that_are_no_text(tmp_path: Path) -> None:
    rows = [{"clip": f"{RAW}.wav", "value": 1.0}, {"clip": "a\n|b", "value": 2.0}]
    results = ExperimentResults([ResultTable("T", "R", rows)], rows, lambda figure: None)
    results.save(tmp_path, "named", {})
    assert json.loads((tmp_path / "results.json").read_text())["rows"] == rows
    assert "raw\\udcff\\udcfe.wav" in (tmp_path / "named.csv").read_text(encoding="utf-8")
    table = (tmp_path / "named.md").read_text(encoding="utf-8").splitlines()
    assert table[-2:] == ["| raw\\udcff\\udcfe.wav | 1 |", "| a\\n\\|b | 2 |"]


def test_a_corpus_whose_folder_is_named_by_bytes_is_split(tmp_path: Path) -> None:
    folder = tmp_path / RAW
    people = {f"{number:02}": "female" if number < 3 else "male" for number in range(1, 5)}
    try:
        for speaker in people:
            (folder / speaker).mkdir(parents=True)
            clip = np.sin(np.arange(4000) / int(speaker))
            with (folder / speaker / f"7_{speaker}_0.wav").open("wb") as file:
                soundfile.write(file, clip, 8000, format="WAV")
    except OSError:
        pytest.skip("this disk takes no such file names")
    facts = {speaker: {"gender": sex} for speaker, sex in people.items()}
    (folder / "audioMNIST_meta.txt").write_text(json.dumps(facts))
    given = ("--data", RAW, "--model", "audionet-sex")
    code, out, err = said("evaluate", *given, folder=tmp_path)
    assert (code, err) == (0, "")
    assert harmless(out)


def test_printable_is_one_line_and_keeps_what_can_be_read() -> None:
    assert printable("Zoë 語 a.wav") == "Zoë 語 a.wav"
    assert printable("a\tb\u2028\u202e\x7f\ud800") == "a\\tb\\u2028\\u202e\\x7f\\ud800"


def test_cells_of_a_table_are_printable_and_still_aligned() -> None:
    lines = aligned([("name", "n"), ("\x1b[1m", "1"), ("plain", "22")], left=1).splitlines()
    assert lines == ["name      n", "\\x1b[1m   1", "plain    22"]


def test_a_refused_argument_is_one_harmless_line(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        Parser(prog="x").parse_args(["\x1b]0;title\x07"])
    assert capsys.readouterr().err.splitlines()[-1] == (
        "x: error: unrecognized arguments: \\x1b]0;title\\x07"
    )
