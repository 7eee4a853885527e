"""Ctrl-C ends every command with code 130, a sentence, and nothing left running."""

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from command_line import clips, command, corpus

pytestmark = [
    pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="needs /proc"),
    pytest.mark.slow,
]


def running(group: int) -> list[str]:
    """The processes of a group that have not ended, as far as this system tells."""
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, its_group = status.read_text().rpartition(")")[2].split()[:3]
        except OSError:
            continue  # it has ended just now
        if int(its_group) == group and state != "Z":
            found.append(status.parent.name)
    return found


def workers(group: int) -> int:
    """How many of a group are worker processes; from their start, when they load their modules."""
    lines = [Path(f"/proc/{process}/cmdline").read_bytes() for process in running(group)]
    return sum(b"loky.backend.popen" in line for line in lines)


def stopped_when(ready: Callable[[], bool], process: subprocess.Popen[str]) -> tuple[int, str]:
    """Press Ctrl-C when `ready`, to all processes of the command; its exit code and stderr."""
    deadline = time.monotonic() + 60
    try:
        while not ready() and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.02)
        assert process.poll() is None
        os.killpg(process.pid, signal.SIGINT)
        _, said = process.communicate(timeout=60)
        while running(process.pid) and time.monotonic() < deadline:
            time.sleep(0.02)
        assert running(process.pid) == []
    finally:
        if running(process.pid):
            os.killpg(process.pid, signal.SIGKILL)
    return process.returncode, said


def after(seconds: float) -> Callable[[], bool]:
    begun = time.monotonic()
    return lambda: time.monotonic() > begun + seconds


COMMANDS = {
    "explain": ("digits",),
    "evaluate": ("--data", "digits"),
    "train": ("--data", "digits", "--out", "a.npz"),
    "experiments": ("flipping", "--data", "digits", "--out", "out"),
    "study": ("build", "--data", "digits", "--out", "study", "--cdn"),
}


@pytest.mark.parametrize("name", COMMANDS)
def test_a_stop_while_a_command_starts_is_one_sentence(name: str, tmp_path: Path) -> None:
    corpus(tmp_path / "digits", range(12))
    process = command(
        name, *COMMANDS[name], folder=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    maps = Path(f"/proc/{process.pid}/maps")
    code, said = stopped_when(lambda: "numpy" in maps.read_text(), process)
    assert code == 130, said
    assert said.startswith("\nStopped; ")
    assert len(said.splitlines()) == 2


@pytest.mark.parametrize("wait", [0.0, 0.1, 0.3, 2.0])
def test_a_stop_ends_the_workers_too_and_they_say_nothing(wait: float, tmp_path: Path) -> None:
    clips(tmp_path / "rec", *(f"{index}.wav" for index in range(40)))
    process = command(
        "explain",
        *("rec", "--jobs", "2", "--batch", "1"),
        folder=tmp_path,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    waited: list[Callable[[], bool]] = []

    def workers_have_run() -> bool:
        if not waited and workers(process.pid) == 2:
            waited.append(after(wait))
        return bool(waited) and waited[0]()

    code, said = stopped_when(workers_have_run, process)
    assert code == 130
    assert said == "\nStopped; the same command with --resume goes on from here.\n"
