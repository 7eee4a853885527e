"""Work on several processes and on a Dask cluster: the same results, and no run is lost."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from lrp_audio.commands.workers import Workers
from lrp_audio.errors import ClipError, WorkerError
from lrp_audio.kernels.threads import available_cores, thread_count, threads

pytestmark = pytest.mark.slow

PIECES = list(range(12))


def square(piece: int) -> int:
    return piece * piece


def threads_here(piece: int) -> int:
    return thread_count()


def die_once(marks: Path, piece: int) -> int:
    """Kills its own process at piece 3, the first time that it comes to it."""
    time.sleep(0.02)
    mark = marks / "died"
    if piece == 3 and not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return piece * piece


def die(piece: int) -> int:
    os.kill(os.getpid(), signal.SIGKILL)
    return piece


def refuse(piece: int) -> int:
    raise ClipError(f"Piece {piece} cannot be read.")


@pytest.mark.parametrize("jobs", [1, 2])
def test_every_piece_comes_back_with_its_own_result(jobs: int) -> None:
    found = list(Workers(jobs).run(square, PIECES))
    assert sorted(found) == [(piece, piece * piece) for piece in PIECES]


def test_equal_pieces_are_each_done() -> None:
    assert len(list(Workers(2).run(square, [5, 5, 5]))) == 3


def test_processes_share_the_cores() -> None:
    shared = {found for _, found in Workers(2).run(threads_here, [1, 2])}
    assert shared == {max(1, available_cores() // 2)}


def test_a_worker_that_dies_loses_nothing(tmp_path: Path) -> None:
    found = dict(Workers(2).run(partial(die_once, tmp_path), PIECES))
    assert (tmp_path / "died").exists()
    assert found == {piece: piece * piece for piece in PIECES}


def test_workers_that_keep_dying_end_with_a_sentence() -> None:
    with pytest.raises(WorkerError, match=r"died 3 times in a row: .* --jobs"):
        list(Workers(2).run(die, PIECES))


def test_an_error_in_a_piece_is_raised_here() -> None:
    with pytest.raises(ClipError, match="cannot be read"):
        list(Workers(2).run(refuse, PIECES))


# --- the caller's folder, environment and threads ------------------------------------------------


def content(path: Path) -> str:
    return path.read_text()


def variable(name: str) -> str | None:
    return os.environ.get(name)


def slowly(piece: int) -> tuple[int, int]:
    time.sleep(0.5)
    return os.getpid(), thread_count()


def three(piece: int) -> Iterator[int]:
    yield from range(piece, piece + 3)


def test_a_relative_path_means_the_same_after_a_change_of_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("one", "two", "one"):
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        for file in ("a.txt", "b.txt"):
            (folder / file).write_text(f"{name} {file}")
        monkeypatch.chdir(folder)
        found = dict(Workers(2).run(content, [Path("a.txt"), Path("b.txt")]))
        assert found == {Path(file): f"{name} {file}" for file in ("a.txt", "b.txt")}


def test_a_folder_that_is_gone_does_not_trouble_workers_that_were_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    assert len(list(Workers(2).run(square, PIECES))) == 12
    monkeypatch.chdir(tmp_path)
    gone.rmdir()
    assert len(list(Workers(2).run(square, PIECES))) == 12


def test_the_environment_is_that_of_the_caller_now(monkeypatch: pytest.MonkeyPatch) -> None:
    for value in ("first", "second", None):
        if value is None:
            monkeypatch.delenv("LRP_AUDIO_TRIED")
        else:
            monkeypatch.setenv("LRP_AUDIO_TRIED", value)
        found = {got for _, got in Workers(2).run(variable, ["LRP_AUDIO_TRIED"] * 2)}
        assert found == {value}


def test_no_more_processes_start_than_there_are_pieces_and_they_share_the_threads() -> None:
    try:
        for count in (24, 6):  # the second time, the workers are there already
            threads(count)
            found = [result for _, result in Workers(12).run(slowly, [1, 2])]
            assert len({process for process, _ in found}) == 2
            assert {its_threads for _, its_threads in found} == {count // 2}
    finally:
        threads(None)


STARTED = """\
import sys
from pathlib import Path
from lrp_audio.commands.workers import Workers

def started(piece):
    return piece

if __name__ == "__main__":
    for pieces in map(int, sys.argv[2:]):
        list(Workers(int(sys.argv[1])).run(started, range(pieces)))
        own = [p.read_text().split() for p in Path("/proc/self/task").glob("*/children")]
        lines = [Path(f"/proc/{n}/cmdline").read_bytes() for each in own for n in each]
        print(sum(b"popen_loky" in line for line in lines))
"""


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs /proc")
@pytest.mark.parametrize("pieces", [["2"], ["5", "3"]])
def test_no_worker_is_started_that_would_have_nothing_to_do(
    pieces: list[str], tmp_path: Path
) -> None:
    """Counted among the processes of the system: one without work reports nothing."""
    script = tmp_path / "started.py"
    script.write_text(STARTED, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, script, "9", *pieces], capture_output=True, text=True, timeout=120
    )
    assert done.stdout.split() == pieces, done.stderr


def test_one_piece_is_done_here_with_all_threads() -> None:
    ((_, (process, its_threads)),) = Workers(8).run(slowly, [1])
    assert (process, its_threads) == (os.getpid(), thread_count())


@pytest.mark.parametrize("jobs", [1, 2])
def test_results_of_a_piece_are_given_one_by_one(jobs: int) -> None:
    assert sorted(Workers(jobs).stream(three, [0, 10])) == [0, 1, 2, 10, 11, 12]


def test_here_results_come_as_soon_as_they_are_made() -> None:
    made = []

    def making(piece: int) -> Iterator[int]:
        for number in range(3):
            made.append(number)
            yield number

    assert next(Workers().stream(making, [0])) == 0
    assert made == [0]


# --- a cluster -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    distributed = pytest.importorskip("distributed", reason="needs the extra dask")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=None, silence_logs=50
    ) as cluster:
        yield cluster


def test_a_cluster_gives_the_same_results(cluster: Any) -> None:
    here = dict(Workers().run(square, PIECES))
    assert dict(Workers(dask=cluster.scheduler_address).run(square, PIECES)) == here


def test_a_worker_of_a_cluster_that_is_killed_in_mid_run_is_replaced(
    cluster: Any, tmp_path: Path
) -> None:
    workers = Workers(dask=cluster.scheduler_address)
    found = dict(workers.run(partial(die_once, tmp_path), PIECES))
    assert (tmp_path / "died").exists()
    assert found == {piece: piece * piece for piece in PIECES}


def test_a_cluster_reads_relative_paths_as_the_caller_does(
    cluster: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here.txt").write_text("found")
    monkeypatch.chdir(tmp_path)
    workers = Workers(dask=cluster.scheduler_address)
    assert [text for _, text in workers.run(content, [Path("here.txt")])] == ["found"]


def test_an_address_where_no_scheduler_answers_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("distributed", reason="needs the extra dask")
    monkeypatch.setattr("lrp_audio.commands.workers._PATIENCE", 0.5)
    with pytest.raises(WorkerError, match=r"No Dask scheduler answers at 'tcp://127.0.0.1:9'"):
        list(Workers(dask="tcp://127.0.0.1:9").run(square, PIECES))


IDLE = """\
import time, warnings
from joblib import parallel_config
from lrp_audio.commands.workers import Workers

def work(piece):
    time.sleep(0.03 * (piece % 3))
    return piece

if __name__ == "__main__":
    warnings.simplefilter("error")
    with parallel_config(backend="loky", idle_worker_timeout=0.05):
        for _ in range(15):
            assert sorted(found for _, found in Workers(2).run(work, range(4))) == [0, 1, 2, 3]
            time.sleep(0.05)
"""


def test_workers_that_stop_when_idle_are_replaced_where_warnings_are_errors(
    tmp_path: Path,
) -> None:
    script = tmp_path / "idle.py"
    script.write_text(IDLE, encoding="utf-8")
    subprocess.run([sys.executable, script], check=True, timeout=120)


GIVEN_UP = """\
from joblib.externals.loky import process_executor
from lrp_audio.commands.workers import Workers

submit = process_executor._ExecutorManagerThread.add_call_item_to_queue

def fail_after_a_stop(self):
    if self.executor_flags.kill_workers and not self.pending_work_items:
        raise KeyError(17)
    submit(self)

process_executor._ExecutorManagerThread.add_call_item_to_queue = fail_after_a_stop

if __name__ == "__main__":
    for _ in range(2):
        results = Workers(2).run(abs, range(40))
        next(results)
        results.close()
    print(sorted(found for _, found in Workers(2).run(abs, range(3))))
"""


def test_no_traceback_is_shown_of_pieces_that_are_given_up(tmp_path: Path) -> None:
    """joblib's thread fails where it has a piece left to submit: by chance, here always."""
    script = tmp_path / "given_up.py"
    script.write_text(GIVEN_UP, encoding="utf-8")
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=120)
    assert done.stdout == "[0, 1, 2]\n"
    # joblib's tracker may warn, in a process of its own, of what a broken pool left to it.
    of_tracker = re.compile(r".*resource_tracker.*\n(  warnings\.warn\(.*\n)?")
    assert of_tracker.sub("", done.stderr) == ""
