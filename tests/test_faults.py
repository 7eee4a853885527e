"""The fault-injection suite finds faults of each sort, and none in a few tries of the library."""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import pytest

ROOT = Path(__file__).parents[1]

pytestmark = [
    pytest.mark.skipif(
        not sys.platform.startswith("linux"),
        reason="limits memory and kills processes as Linux does",
    ),
    pytest.mark.slow,
]


def python(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=300
    )


SOME = [
    "evaluate --json",
    "train",
    "study simulate --into",
    "model check --write",
    "data download",
]


def test_hostile_inputs_kills_and_failing_writes_end_as_promised() -> None:
    from benchmarks.faults.kinds import KINDS

    few = ["--inputs", "25", "--kills", "2", "--writes", "2"]
    done = python("-m", "benchmarks.faults", "--jobs", "2", *few, "--only", *KINDS, *SOME)
    assert done.returncode == 0, done.stdout + done.stderr
    rows = [line for line in done.stdout.splitlines() if line.startswith("| ")]
    assert {row.split(" | ")[0].removeprefix("| ") for row in rows} > {*KINDS, *SOME}


# In a process of its own: it forks, and pytest may have threads.
BROKEN = """\
import errno, json, os, pathlib, sys, time
from tqdm import tqdm
from benchmarks.faults import children, kills, reading, writes
from benchmarks.faults.commands import Command
from benchmarks.faults.kinds.kind import file_kind
from benchmarks.faults.kinds import KINDS
from lrp_audio.commands.run import run
from lrp_audio.errors import DataError
from lrp_audio.files import write_bytes_aside

reading.SECONDS, reading.PATIENCE = 0.5, 1.0

def refuse(text):
    def read(path):
        raise DataError(text)
    return read

def loop(path):
    while True:
        pass

READERS = {
    "good": lambda path: path.read_bytes(),
    "refusing": refuse("It is no good: give another."),
    "raw": lambda path: [][0],
    "computing for ever": loop,
    "waiting for ever": lambda path: time.sleep(1000),
    "slow": lambda path: sum(range(3 * 10**7)) and sum(range(3 * 10**7)),
    "large": lambda path: len(bytes(400_000_000)),
    "crashing": lambda path: os.abort(),
    "exiting": lambda path: os._exit(0),
    "wordy": refuse("n" * 5000),
    "careless": refuse("Give allow_pickle=True to load it."),
}
for name, read in READERS.items():
    KINDS[name] = file_kind(name, "file", lambda rng: rng.bytes(9), read)

def command(body):
    return lambda again: run(lambda: body() or 0, "try again")

def whole():
    for name in "abc":
        write_bytes_aside(pathlib.Path(name), bytes(5000))

def in_place():
    with open("a", "wb", buffering=0) as file:
        file.write(bytes(5000))
        os.makedirs("made", exist_ok=True)
        file.write(bytes(5000))

def littering():
    pathlib.Path(f".{os.getpid()}").touch()
    whole()
    pathlib.Path(f".{os.getpid()}").unlink()

def silent():
    try:
        whole()
    except OSError:
        pass

def raising():
    try:
        whole()
    except OSError as error:
        raise RuntimeError("raw") from error

def once():
    os.mkdir(".started")
    whole()
    os.rmdir(".started")

def drawing():
    for name in "abc":
        with tqdm.get_lock():
            write_bytes_aside(pathlib.Path(name), bytes(5000))

def endless():
    if os.path.exists(".started"):
        time.sleep(1000)
    os.mkdir(".started")
    whole()
    os.rmdir(".started")

BODIES = {b.__name__: b for b in (whole, in_place, littering, silent, raising, once, drawing)}
found = {name: [f.what for f in reading.read_kind(name, 2, 0).failures] for name in READERS}
for name, body in BODIES.items():
    kills.COMMANDS[name] = Command(name, command(body))
    for what, trials in (
        ("kills", kills.kill_command(name, 8, 0)), ("writes", writes.fail_writes(name, 4))
    ):
        found[f"{name}, {what}"] = [f.what for f in trials.failures]
children.SECONDS = 2.0
kills.COMMANDS["endless"] = Command("endless", command(endless))
found["endless, kills"] = [f.what for f in kills.kill_command("endless", 2, 0).failures]
json.dump(found, sys.stdout)
"""


@pytest.fixture(scope="module")
def found() -> Mapping[str, list[str]]:
    """What the suite says of readers and commands that are broken, by their names."""
    done = python("-c", BROKEN)
    assert done.returncode == 0, done.stderr
    return MappingProxyType(json.loads(done.stdout))


@pytest.mark.parametrize(
    ("reader", "said"),
    [
        ("raw", "IndexError"),
        ("computing for ever", "computes for more than"),
        ("waiting for ever", "waits for more than"),
        ("slow", "it took"),
        ("large", "MemoryError"),
        ("crashing", "SIGABRT"),
        ("exiting", "exit code 0"),
        ("wordy", "5000 characters"),
        ("careless", "advises to trust"),
    ],
)
def test_a_reader_that_breaks_the_promise_is_found_for_every_input(
    reader: str, said: str, found: Mapping[str, list[str]]
) -> None:
    assert len(found[reader]) == 2
    assert all(said in what for what in found[reader]), found[reader]


@pytest.mark.parametrize(
    "name",
    ["good", "refusing", "whole, kills", "whole, writes", "drawing, kills", "drawing, writes"],
)
def test_what_keeps_the_promise_is_not_accused(name: str, found: Mapping[str, list[str]]) -> None:
    assert found[name] == []


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("in_place, kills", "a is not what an undisturbed run writes"),
        ("in_place, writes", "a is not what an undisturbed run writes"),
        ("littering, kills", "is still there after going on"),
        ("silent, writes", "it says nothing, but"),
        ("raising, writes", "a traceback"),
        ("once, kills", "going on ends with 2"),
        ("endless, kills", "in endless"),
    ],
)
def test_a_command_that_breaks_the_promise_is_found(
    name: str, said: str, found: Mapping[str, list[str]]
) -> None:
    assert any(said in what for what in found[name]), found[name]


def test_the_same_seed_makes_the_same_input(tmp_path: Path) -> None:
    from benchmarks.faults.kinds import KINDS
    from benchmarks.faults.reading import generator

    for name in ("FLAC", "weights (.npz)", "ONNX", "model.toml", "study key"):
        contents = []
        for folder in (tmp_path / f"{name} 1", tmp_path / f"{name} 2"):
            folder.mkdir()
            KINDS[name].write(folder, generator(name, 3, 14))
            contents.append({p.name: p.read_bytes() for p in folder.rglob("*") if p.is_file()})
        assert contents[0] == contents[1]
