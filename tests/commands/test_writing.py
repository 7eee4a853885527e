"""Commands that write to one folder, at the same time and after a kill."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Timer

import pytest
from command_line import clips, corpus

from lrp_audio import files, locking
from lrp_audio.__main__ import main
from lrp_audio.commands import writing
from lrp_audio.commands.writing import sole_writer
from lrp_audio.errors import BusyError
from lrp_audio.files import remove_leftovers, staged
from lrp_audio.locking import Lock

HOLDING = """\
import sys, time
from pathlib import Path
from lrp_audio.commands.writing import sole_writer
from lrp_audio.files import staged

with sole_writer(Path(sys.argv[1]), sys.argv[2]), staged(Path(sys.argv[1])) as aside:
    (aside / "half.bin").write_bytes(bytes(1000))
    print("ready", flush=True)
    time.sleep(600)
"""


@contextmanager
def another_process(folder: Path, name: str = "") -> Iterator[subprocess.Popen[str]]:
    """A process that writes to `folder`, in the middle of its work."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDING, str(folder), name], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        assert process.stdout.readline() == "ready\n"
        yield process
    finally:
        process.kill()
        process.communicate()


def left_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


# --- one command at a time ----------------------------------------------------------------------

COMMANDS = {
    "explain": (["explain", "rec/a.wav", "--out", "out"], "out", ""),
    "resume": (["explain", "rec", "--out", "out", "--resume"], "out", ""),
    "experiments": (
        ["experiments", "flipping", "--data", "digits", "--out", "out", "--quick"],
        "out",
        "",
    ),
    "train": (
        ["train", "--data", "digits", "--steps", "1", "--out", "out/a.npz"],
        "out",
        "a.npz",
    ),
    "recipe": (
        [
            *("train", "--recipe", "standard", "--data", "digits", "--out", "out"),
            *("--model", "alexnet", "--task", "digit", "--steps", "1"),
        ],
        "out",
        "alexnet-digit.npz",
    ),
    "study": (["study", "build", "--data", "digits", "--out", "out/study"], "out", "study"),
    "data": (["data", "download", "fsdd", "out"], "out", "fsdd"),
    "voices": (["data.voices", "out", "--count-per-digit", "2"], "out", ""),
}


@pytest.mark.parametrize("case", COMMANDS)
def test_a_second_command_ends_with_a_sentence_that_names_the_first(
    case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments, folder, name = COMMANDS[case]
    clips(tmp_path / "rec", "a.wav")
    corpus(tmp_path / "digits", (0, 7))
    monkeypatch.chdir(tmp_path)
    with another_process(Path(folder), name) as process:
        before = left_in(Path(folder))
        assert main(arguments) == 2
        said = capsys.readouterr().err.strip().splitlines()[-1]
        assert f"is being written by process {process.pid} on " in said
        assert said.startswith("error: ")
        assert left_in(Path(folder)) == before


def test_other_files_in_the_folder_may_be_written_meanwhile(tmp_path: Path) -> None:
    with sole_writer(tmp_path, "a.npz"), sole_writer(tmp_path, "b.npz"):
        pass
    assert left_in(tmp_path) == []


def test_threads_are_kept_apart_as_well(tmp_path: Path) -> None:
    with (
        sole_writer(tmp_path / "out"),
        pytest.raises(BusyError, match=f"process {os.getpid()} on "),
        sole_writer(tmp_path / "out"),
    ):
        pass
    assert left_in(tmp_path) == []


def test_a_process_that_is_about_to_end_is_waited_for(tmp_path: Path) -> None:
    with another_process(tmp_path / "out") as process:
        Timer(0.1, process.kill).start()
        with sole_writer(tmp_path / "out"):
            pass


def test_after_a_kill_the_next_command_goes_on_and_clears_up(tmp_path: Path) -> None:
    with another_process(tmp_path / "out") as process:
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert len(left_in(tmp_path / "out")) == 2  # the lock file and what was half written
    with sole_writer(tmp_path / "out"):
        assert left_in(tmp_path / "out") == [".lrp_audio.lock"]
    assert left_in(tmp_path / "out") == []


def test_a_lock_file_that_anyone_wrote_brings_nothing_into_the_sentence(tmp_path: Path) -> None:
    with sole_writer(tmp_path):
        (tmp_path / ".lrp_audio.lock").write_bytes(b"7 \x1b[31mred\n")
        said = "is being written by another process: "
        with pytest.raises(BusyError, match=said), sole_writer(tmp_path):
            pass


def test_a_folder_that_was_made_for_nothing_is_removed(tmp_path: Path) -> None:
    with sole_writer(tmp_path / "deep" / "er"):
        (tmp_path / "deep" / "note").write_text("kept")
    assert left_in(tmp_path / "deep") == ["note"]


# --- what is left over --------------------------------------------------------------------------


def test_what_a_living_process_writes_is_left_alone(tmp_path: Path) -> None:
    with another_process(tmp_path) as process:
        (half,) = tmp_path.glob(".*.partial/half.bin")
        remove_leftovers(tmp_path)
        with staged(tmp_path) as aside:
            (aside / "whole").write_text("whole")
        assert half.stat().st_size == 1000
        process.send_signal(signal.SIGKILL)
        process.wait()
        with staged(tmp_path) as aside:
            (aside / "whole").write_text("again")
        assert not half.parent.exists()


def test_a_workspace_that_is_taken_for_a_leftover_is_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = []

    class Removed(files.TemporaryDirectory):  # type: ignore[type-arg]
        """A folder that another process removes before it is locked, the first time."""

        def __enter__(self) -> str:
            made.append(super().__enter__())
            if len(made) == 1:
                remove_leftovers(tmp_path)
            return made[-1]

    monkeypatch.setattr(files, "TemporaryDirectory", Removed)
    with staged(tmp_path) as aside:
        (aside / "whole").write_text("whole")
    assert len(made) == 2
    assert left_in(tmp_path) == ["whole"]


def test_files_and_folders_of_others_are_no_leftovers(tmp_path: Path) -> None:
    kept = [".abcdefgh.partial", ".abc.partial", "abcdefgh.partial", ".ABCDEFGH.partial"]
    (tmp_path / kept[0]).write_text("a file")
    for name in kept[1:]:
        (tmp_path / name).mkdir()
    os.mkfifo(tmp_path / ".fifofifo.partial")
    (tmp_path / "target").mkdir()
    (tmp_path / ".linklink.partial").symlink_to(tmp_path / "target")
    before = left_in(tmp_path)
    remove_leftovers(tmp_path)
    assert left_in(tmp_path) == before


def test_without_locks_nothing_is_prevented_and_only_old_leftovers_are_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (locking, writing):
        monkeypatch.setattr(module, "try_lock", lambda descriptor: Lock.NONE)
    for name in ("new", "mix", "old"):
        folder = tmp_path / f".{name}{name[:2]}aaa.partial"
        folder.mkdir()
        (folder / "half").write_text("half")
        old = time.time() - 90_000
        if name != "new":
            os.utime(folder, (old, old))
        if name == "old":
            os.utime(folder / "half", (old, old))
    with sole_writer(tmp_path), sole_writer(tmp_path):
        pass
    assert left_in(tmp_path) == [".mixmiaaa.partial", ".newneaaa.partial"]
