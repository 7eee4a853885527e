"""Runs the explain command as a user does, and reads what it leaves."""

import csv
import io
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import chdir, redirect_stderr, redirect_stdout
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import Any

from lrp_audio.explain import main

EXAMPLES = Path(str(files("lrp_audio") / "examples"))
FILES = ["audible.wav", "heatmap.png", "relevance.npz", "summary.json"]


class Terminal(io.StringIO):
    """What a user sees, as far as the command can tell."""

    def isatty(self) -> bool:
        return True


def explain(
    folder: Path, *arguments: str | Path, stderr: type[io.StringIO] = io.StringIO
) -> subprocess.CompletedProcess[str]:
    """Run the command in ``folder``, in this process: a new one takes seconds to start."""
    out, err = io.StringIO(), stderr()
    given = list(map(str, arguments))
    with chdir(folder), redirect_stdout(out), redirect_stderr(err):
        try:
            code = main(given)
        except SystemExit as stop:
            code = int(stop.code or 0)
    return subprocess.CompletedProcess(given, code, out.getvalue(), err.getvalue())


def explain_as_a_user(folder: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """The same in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "lrp_audio.explain", *map(str, arguments)],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert "Traceback" not in done.stderr
    return done


def errors(done: subprocess.CompletedProcess[str]) -> list[str]:
    return [line for line in done.stderr.splitlines() if line.startswith("error: ")]


def results(folder: Path, besides: Sequence[str] = ("report.html",)) -> dict[str, list[str]]:
    paths = [path for path in folder.iterdir() if path.name not in besides]
    assert len(list(folder.iterdir())) == len(paths) + len(besides)
    return {path.name: sorted(file.name for file in path.iterdir()) for path in paths}


def example(digit: int, voice: str) -> Path:
    return next(EXAMPLES.glob(f"{digit}_{voice}.*"))


def clips(folder: Path, *names: str) -> Path:
    """Copies of bundled clips in `folder`, which is made; the digit is the place in `names`."""
    for digit, name in enumerate(names):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(example(digit % 10, "male"), path)
    return folder


def below(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def explained(out: Path) -> list[str]:
    folders = [path.parent for path in out.rglob("summary.json")]
    return sorted(f.relative_to(out).as_posix() for f in folders if not f.name.startswith("."))


def stopped(*arguments: object) -> list[object]:
    """Stands for work during which Ctrl-C is pressed."""
    raise KeyboardInterrupt


def table(out: Path) -> list[dict[str, str]]:
    with (out / "results.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def buffered() -> dict[str, str]:
    """The environment, in which Python keeps back what it writes to a pipe, as it does by default.

    What it keeps until its end it writes to a pipe that may be closed by then.
    """
    return {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}


def command(
    name: str,
    *arguments: str | Path,
    folder: Path,
    more: Mapping[str, str] = MappingProxyType({}),
    **settings: Any,
) -> subprocess.Popen[str]:
    """Start ``python -m lrp_audio.NAME`` in `folder`, in a group of processes of its own.

    `more` is added to its environment.
    """
    # A suite that runs in the background ignores Ctrl-C, which processes inherit.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    return subprocess.Popen(
        [sys.executable, "-m", f"lrp_audio.{name}", *map(str, arguments)],
        cwd=folder,
        env=buffered() | more,
        text=True,
        start_new_session=True,
        **settings,
    )


def corpus(folder: Path, indices: Sequence[int] = (0,)) -> Path:
    """The bundled clips as FSDD names its own, the same for each of the `indices`."""
    folder.mkdir(parents=True, exist_ok=True)
    for clip in EXAMPLES.glob("*.wav"):
        for index in indices:
            shutil.copyfile(clip, folder / f"{clip.stem}_{index}.wav")
    return folder
