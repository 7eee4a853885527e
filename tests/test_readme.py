"""What the documents say is so: their Python runs, their commands, options and links exist."""

import importlib
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from documents import DOCUMENTS, ROOT, blocks, run

from benchmarks.summary import summary

TEST_COMMAND = 'pip install -e ".[test]" && python -m pytest'

_COMMAND = re.compile(r"python -m lrp_audio\.([a-z]+(?:\.[a-z]+)*)")
_LINK = re.compile(r"\]\(([^)#\s]+)")


def name(document: Path) -> str:
    return document.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("document", [d for d in DOCUMENTS if blocks(d, "python")], ids=name)
def test_the_python_of_a_document_runs_from_top_to_bottom(
    document: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    run(blocks(document, "python"), document)


def test_the_readme_saves_what_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    exec(blocks(ROOT / "README.md", "python")[0], {})
    table = re.findall(r"^\| `([a-z]+\.[a-z]+)` \|", (ROOT / "README.md").read_text(), re.MULTILINE)
    assert sorted(table) == sorted(path.name for path in (tmp_path / "out" / "seven").iterdir())


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


def test_options_named_in_the_text_of_the_readme_exist(capsys: pytest.CaptureFixture[str]) -> None:
    every = set()
    for command in ("explain", "train", "evaluate", "experiments.__main__", "study.__main__"):
        every |= offered(importlib.import_module(f"lrp_audio.{command}").main, capsys)
    named = set(re.findall(r"`(--[a-z-]+)", (ROOT / "README.md").read_text()))
    assert named
    assert named <= every


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


def test_the_readme_shows_what_the_benchmark_wrote() -> None:
    report = json.loads((ROOT / "benchmarks" / "results" / "latest.json").read_text())
    assert summary(report) in (ROOT / "README.md").read_text(encoding="utf-8")
