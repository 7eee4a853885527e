"""The package as a command: what it lists, the commands it runs, its version and its citation."""

import re
import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path

import pytest
from command_line import example

import lrp_audio
from lrp_audio.__main__ import COMMANDS, main

ROOT = Path(__file__).parents[2]
VERSION = f"lrp-audio {lrp_audio.__version__}\n"


def test_the_package_lists_its_commands(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    shown = capsys.readouterr().out
    for name, about in COMMANDS.items():
        assert re.search(rf"^  {re.escape(name)} +{re.escape(about)}$", shown, re.MULTILINE)


def test_every_module_that_is_a_command_is_listed_or_makes_what_the_project_ships() -> None:
    package = ROOT / "lrp_audio"
    modules = {
        ".".join(path.relative_to(package).with_suffix("").parts).removesuffix(".__main__")
        for path in package.rglob("*.py")
        if 'if __name__ == "__main__":' in path.read_text(encoding="utf-8")
    }
    assert modules == {*COMMANDS, "__main__", "data.examples", "data.strangers", "report.catalogue"}


def test_an_unknown_command_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["explian"])
    said = capsys.readouterr().err.splitlines()[-1]
    assert "'explian'" in said and "explain" in said


@pytest.mark.parametrize("command", [[], *([name] for name in COMMANDS), ["study", "simulate"]])
def test_every_command_says_its_version(
    command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="0"):
        main([*command, "--version"])
    assert capsys.readouterr().out == VERSION


def test_a_command_by_its_name_does_what_its_module_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    given = ["explain", str(example(1, "male")), "missing.wav"]
    done = subprocess.run(
        [sys.executable, "-m", "lrp_audio", *given, "--out", "a"], capture_output=True, text=True
    )
    name, _, function = _console_script().partition(":")
    assert getattr(import_module(name), function)([*given, "--out", "b"]) == done.returncode == 2
    shown = capsys.readouterr()
    assert shown.err == done.stderr

    def timeless(text: str, out: str) -> str:
        return re.sub(r"in [\d.]+ s", "in a while", text).replace(f"{out}/", "OUT/")

    assert timeless(shown.out, "b") == timeless(done.stdout, "a")
    assert sorted(p.name for p in Path("a").rglob("*")) == sorted(
        p.name for p in Path("b").rglob("*")
    )


def _console_script() -> str:
    scripts: dict[str, str] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"][
        "scripts"
    ]
    assert list(scripts) == ["lrp-audio"]
    return scripts["lrp-audio"]


def test_a_command_loads_nothing_slow_before_ctrl_c_is_handled() -> None:
    for name in COMMANDS:
        if name == "data.voices":
            continue  # synthesises with NumPy, which it loads
        module = name if name in ("explain", "evaluate", "train") else f"{name}.__main__"
        code = f"import sys, lrp_audio.{module}; print('numpy' in sys.modules)"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
        assert done.stdout == "False\n", name


def test_the_help_of_explain_is_printed_without_loading_the_engine() -> None:
    code = """
import sys
from lrp_audio.explain import main
try:
    main(["--help"])
except SystemExit:
    print("numba" in sys.modules, file=sys.stderr)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "False\n")
    assert "--domain" in done.stdout


def test_at_the_end_of_a_command_no_time_is_spent_on_collecting_objects() -> None:
    code = """
import gc, sys
from lrp_audio.explain import main
class Cycle:
    def __init__(self):
        self.itself = self
    def __del__(self):
        print("collected")
gc.disable()
Cycle()
if "run" in sys.argv:
    main(["--list-rules"])
"""
    for arguments, ending in ((["run"], "\n"), ([], "collected\n")):
        done = subprocess.run(
            [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True
        )
        assert ("collected" in done.stdout) == (not arguments) and done.stdout.endswith(ending)


def test_the_citation_is_of_this_version() -> None:
    lines = (ROOT / "CITATION.cff").read_text(encoding="utf-8").splitlines()
    assert "cff-version: 1.2.0" in lines
    assert f"version: {lrp_audio.__version__}" in lines
    assert "(CITATION.cff)" in (ROOT / "README.md").read_text(encoding="utf-8")
