"""What the documents say is so: their Python runs, their commands, options and links exist."""

import importlib
import json
import re
import shlex
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
import soundfile
from documents import DOCUMENTS, ROOT, blocks, rows, run

import lrp_audio
from benchmarks.faults import __main__ as faults
from benchmarks.summary import phrase, summary
from lrp_audio.__main__ import COMMANDS
from lrp_audio.__main__ import main as lrp_audio_main

TEST_COMMAND = 'pip install -e ".[test]" && python -m pytest'

# What commands make or read that run elsewhere in the documents.
_MADE = {"mynet", "my.npz"}
_EXPLAIN = ["python", "-m", "lrp_audio.explain"]
_OF_OTHER_TOOLS = {"--graphdef"}

_COMMAND = re.compile(r"python -m lrp_audio\.([a-z]+(?:\.[a-z]+)*)")
_LINK = re.compile(r"\]\(([^)#\s]+)")


def name(document: Path) -> str:
    return document.relative_to(ROOT).as_posix()


def _explained_in(document: Path) -> list[list[str]]:
    """The arguments of each explain command of a document that needs no other file than clips."""
    lines = [line for block in blocks(document, "sh") for line in block.splitlines()]
    given = [shlex.split(line, comments=True) for line in lines]
    return [words[3:] for words in given if words[:3] == _EXPLAIN and not _MADE & {*words}]


@pytest.mark.parametrize("document", [d for d in DOCUMENTS if blocks(d, "python")], ids=name)
def test_the_python_of_a_document_runs_from_top_to_bottom(
    document: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    run(blocks(document, "python"), document)


def test_a_result_has_the_files_that_the_page_lists(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    exec(blocks(ROOT / "README.md", "python")[0], {})
    listed = [file.strip("`") for file, _ in rows(ROOT / "docs" / "command-line.md", "file")]
    assert sorted(listed) == sorted(path.name for path in (tmp_path / "out" / "seven").iterdir())


def offered(main: Callable[[list[str]], int], capsys: pytest.CaptureFixture[str]) -> set[str]:
    """The options in a command's help, and in that of its subcommands, if it has any."""
    with pytest.raises(SystemExit, match="0"):
        main(["--help"])
    text = capsys.readouterr().out
    subcommands = text.partition("  COMMAND\n")[2].partition("\n\n")[0]
    for name in re.findall(r"^ +(\w+) ", subcommands, re.MULTILINE):
        with pytest.raises(SystemExit, match="0"):
            main([name, "--help"])
        text += capsys.readouterr().out
    return set(re.findall(r"--[a-z-]+", text))


def test_commands_and_their_options_exist(capsys: pytest.CaptureFixture[str]) -> None:
    lines = [line for document in DOCUMENTS for line in document.read_text().splitlines()]
    seen = set()
    for line in lines:
        for command in _COMMAND.findall(line):
            module = importlib.import_module(f"lrp_audio.{command}")
            if hasattr(module, "__path__"):
                module = importlib.import_module(f"lrp_audio.{command}.__main__")
            main = getattr(module, "main", None)
            options = re.findall(r"(?<!\S)--[a-z-]+", line)
            if main is None:
                assert not options
                continue
            assert set(options) <= offered(main, capsys), line
            seen.add(command)
    assert seen >= {"explain", "train", "evaluate", "experiments", "data", "data.voices"}


def test_options_named_in_the_text_of_a_document_exist(capsys: pytest.CaptureFixture[str]) -> None:
    mains = [partial(_run_command, name) for name in COMMANDS] + [faults.main]
    every = set().union(*(offered(main, capsys) for main in mains)) | _OF_OTHER_TOOLS
    for document in DOCUMENTS:
        named = set(re.findall(r"`(--[a-z-]+)", document.read_text(encoding="utf-8")))
        assert named <= every, document


def _run_command(name: str, arguments: list[str]) -> int:
    return lrp_audio_main([name, *arguments])


@pytest.mark.slow
@pytest.mark.parametrize("document", [d for d in DOCUMENTS if _explained_in(d)], ids=name)
def test_what_a_document_explains_on_the_command_line_is_explained(
    document: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for clip in ("seven.wav", "my_recording.wav", "recordings/ann/7.wav"):
        Path(clip).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(lrp_audio.example("7_female"), clip)
    shutil.copytree(ROOT / "lrp_audio" / "examples", "lrp_audio/examples")
    samples, rate = soundfile.read("seven.wav")
    Path("more/bob").mkdir(parents=True)
    soundfile.write("more/bob/7.flac", samples, rate)
    for arguments in _explained_in(document):
        assert _run_command("explain", arguments) == 0, arguments


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_links_to_files_of_the_project_lead_somewhere(document: Path) -> None:
    targets = _LINK.findall(document.read_text(encoding="utf-8"))
    missing = [t for t in targets if "://" not in t and not (document.parent / t).exists()]
    assert missing == []


def test_the_checks_run_the_test_command_of_the_readme() -> None:
    assert any(TEST_COMMAND in block for block in blocks(ROOT / "README.md", "sh"))
    assert TEST_COMMAND in (ROOT / ".ci" / "run").read_text().splitlines()


def test_the_map_names_every_room_and_file() -> None:
    described = (ROOT / "CONTRIBUTING.md").read_text()
    package = ROOT / "lrp_audio"
    rooms = [path.parent.name for path in package.glob("*/__init__.py")]
    assert rooms
    for room in rooms:
        assert f"`lrp_audio/{room}/`" in described
    rows = re.findall(r"^\| (.*?) \|", described, re.MULTILINE)
    named = {Path(name).name for row in rows for name in re.findall(r"`([^`]+\.py)`", row)}
    assert named == {path.name for path in package.glob("*.py")} - {"__init__.py"}


def test_the_speed_that_is_stated_is_what_the_benchmark_wrote() -> None:
    report = json.loads((ROOT / "benchmarks" / "results" / "latest.json").read_text())
    documents = [ROOT / "README.md", ROOT / "docs" / "speed.md"]
    readme, page = (path.read_text(encoding="utf-8") for path in documents)
    assert summary(report) in page
    for text in (readme, page):
        assert phrase(report) in " ".join(text.split())
